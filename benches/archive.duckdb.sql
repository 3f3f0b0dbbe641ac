-- What archive.sql needs in DuckDB: the functions of Athena and Trino that DuckDB has under another name.
CREATE MACRO from_iso8601_timestamp(text) AS text::TIMESTAMPTZ;
CREATE MACRO to_unixtime(instant) AS epoch(instant);
