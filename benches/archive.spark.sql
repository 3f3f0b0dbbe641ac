-- What archive.sql needs in Spark SQL 4: names in double quotes, backslashes in patterns as they stand, and two functions of Athena and Trino.
SET spark.sql.ansi.enabled = true;
SET spark.sql.ansi.doubleQuotedIdentifiers = true;
SET spark.sql.parser.escapedStringLiterals = true;
CREATE TEMPORARY FUNCTION from_iso8601_timestamp(text STRING) RETURNS TIMESTAMP RETURN CAST(text AS TIMESTAMP);
CREATE TEMPORARY FUNCTION to_unixtime(instant TIMESTAMP) RETURNS BIGINT RETURN unix_timestamp(instant);
