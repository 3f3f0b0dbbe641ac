-- The rows that `unseen learn` and `unseen detect` read, out of an archive of CloudTrail: one a role and call.
-- For Athena (its CloudTrail table) and Trino; DuckDB runs it as it stands (benches/peers/in_archive.py).
-- Spark SQL: `user` in backticks, and to_unix_timestamp(eventtime, "yyyy-MM-dd'T'HH:mm:ssX") for the time.
WITH calls AS (
    SELECT
        coalesce(nullif(useridentity.sessioncontext.sessionissuer.accountid, ''), nullif(useridentity.accountid, '')) AS account,
        coalesce(nullif(useridentity.sessioncontext.sessionissuer.username, ''),
                 nullif(regexp_extract(useridentity.arn, ':assumed-role/([^/]+)', 1), '')) AS role,
        coalesce(nullif(regexp_extract(useridentity.arn, '^.*:assumed-role/[^/]+'), ''), useridentity.arn) AS arn,
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
GROUP BY 1, 2
