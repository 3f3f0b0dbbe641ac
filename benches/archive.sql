-- The rows that `unseen learn`, `detect` and `replay` read, out of an archive of CloudTrail: one a role, a call, and a part of an hour.
-- For Athena (its CloudTrail table) and Trino; DuckDB and Spark run it as it stands, behind archive.duckdb.sql and archive.spark.sql.
WITH calls AS (
    SELECT
        coalesce(nullif(useridentity.sessioncontext.sessionissuer.accountid, ''), nullif(useridentity.accountid, '')) AS account,
        coalesce(nullif(useridentity.sessioncontext.sessionissuer.username, ''),
                 nullif(regexp_extract(useridentity.arn, ':assumed-role/([^/]+)', 1), '')) AS role,
        coalesce(nullif(regexp_extract(useridentity.arn, '^(.*:assumed-role/[^/]+)', 1), ''), useridentity.arn) AS arn,
        regexp_replace(eventsource, '\.amazonaws\.com$', '') || ':' || eventname AS command,
        CAST(to_unixtime(from_iso8601_timestamp(eventtime)) AS BIGINT) AS seconds
    FROM cloudtrail_logs
    WHERE useridentity.type = 'AssumedRole' AND lower(coalesce(errorcode, '')) IN ('', 'success', 'null')
)
SELECT
    coalesce(account || ':role/' || role, arn) AS "user",
    command,
    min(seconds) AS "firstTime",
    max(seconds) AS "lastTime"
FROM calls
WHERE coalesce(account || ':role/' || role, arn) IS NOT NULL AND command IS NOT NULL
GROUP BY
    coalesce(account || ':role/' || role, arn),
    command,
    -- The app's searches begin and end at the minutes 0, 11, 17 and 41 of an hour, so calls between two of these are one to a replay.
    -- `learn` and `detect` need only the two columns above: leave these out for fewer rows.
    seconds - seconds % 3600,
    CASE WHEN seconds % 3600 < 660 THEN 0 WHEN seconds % 3600 < 1020 THEN 1 WHEN seconds % 3600 < 2460 THEN 2 ELSE 3 END
