"""Runs benches/archive.sql in DuckDB over CloudTrail files and writes its rows as CSV: in_archive.py <csv> <file> ...

Stands in for Athena: its table is made here, the query is the same to the letter.
"""

import sys
from pathlib import Path

import duckdb

RECORD = """{"eventTime": "VARCHAR", "eventSource": "VARCHAR", "eventName": "VARCHAR", "errorCode": "VARCHAR",
    "userIdentity": {"type": "VARCHAR", "arn": "VARCHAR", "accountId": "VARCHAR",
        "sessionContext": {"sessionIssuer": {"accountId": "VARCHAR", "userName": "VARCHAR"}}}}"""

BENCHES = Path(__file__).resolve().parent.parent
query = (BENCHES / "archive.sql").read_text()
answer, *files = sys.argv[1:]
db = duckdb.connect()
db.execute((BENCHES / "archive.duckdb.sql").read_text())
db.execute(f"""
    CREATE VIEW cloudtrail_logs AS
    WITH documents AS (SELECT json FROM read_json_objects({files}, maximum_object_size = 1000000000)),
    lists AS (
        SELECT CASE WHEN json_exists(json, '$.Records') THEN from_json(json->'Records', '["JSON"]') ELSE [json] END AS list
        FROM documents),
    records AS (SELECT unnest(list) AS record FROM lists)
    SELECT unnest(json_transform(record, '{RECORD}')) FROM records
""")
db.execute(f"COPY ({query}) TO '{answer}' (HEADER)")
