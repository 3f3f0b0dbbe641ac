"""Runs benches/archive.sql in Spark over CloudTrail files and writes its rows as CSV: in_spark.py <csv> <file> ...

Stands in for a Spark over a bucket: its table is made here of files on this disk, in local mode; the query is the same to the letter.
"""

import csv
import gzip
import json
import sys
import tempfile
from pathlib import Path

from pyspark.sql import SparkSession

RECORD = """eventTime STRING, eventSource STRING, eventName STRING, errorCode STRING,
    userIdentity STRUCT<type: STRING, arn: STRING, accountId: STRING,
        sessionContext: STRUCT<sessionIssuer: STRUCT<accountId: STRING, userName: STRING>>>"""
BENCHES = Path(__file__).resolve().parents[2] / "benches"


def records(file):
    """The records of a CloudTrail file: a document, or one a line."""
    text = gzip.decompress(Path(file).read_bytes()).decode()
    documents = [json.loads(text)] if '"Records"' in text[:100] else map(json.loads, text.splitlines())
    for document in documents:
        yield from document.get("Records", [document])


answer, *files = sys.argv[1:]
spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC").getOrCreate()
spark.sparkContext.setLogLevel("ERROR")
with tempfile.NamedTemporaryFile("w", suffix=".json") as lines:
    lines.writelines(json.dumps(record) + "\n" for file in files for record in records(file))
    lines.flush()
    spark.read.schema(RECORD).json(lines.name).createOrReplaceTempView("cloudtrail_logs")
    prelude = (BENCHES / "archive.spark.sql").read_text()
    statements = " ".join(line for line in prelude.splitlines() if not line.startswith("--"))
    for statement in statements.split(";"):
        if statement.strip():
            spark.sql(statement)
    rows = spark.sql((BENCHES / "archive.sql").read_text())
    with open(answer, "w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(rows.columns)
        writer.writerows(rows.collect())
spark.stop()
