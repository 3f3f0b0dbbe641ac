"""Holds the rows of benches/archive.sql in Spark against those in DuckDB and against the files: check.py <unseen>

The records are those of tests/data, real and simulated. An answer is the same if its bytes are, in any order of lines.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SETS = {
    "real records": sorted((ROOT / "tests/data/cloudtrail").glob("*.gz")),
    "the simulated month": sorted((ROOT / "tests/data/simulated").glob("*.gz")),
}
COMPARED = ("time", "search", "user", "command", "firstTime", "surprise", "reason")

unseen = Path(sys.argv[1]).resolve()
failed = 0


def check(claim, holds):
    """One line a claim."""
    global failed
    failed += not holds
    print("ok   " if holds else "FAIL ", claim, flush=True)
    return 1


def run(*command, allowed=(0, 3)):
    """Its output. Exit code 3 says that the sample records hold some that cannot be used, as they should."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in allowed:
        sys.exit(f"{command[0]} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return done.stdout


def rows_of(program, files, answer):
    run(sys.executable, "-B", program, answer, *files)
    return sorted(answer.read_text().split())


def alerts(*files):
    lines = run(unseen, "replay", "--initial-days=14", "--format=json", *files).splitlines()
    return [[json.loads(line)[name] for name in COMPARED] for line in lines]


def baseline(folder, name, *files):
    path = folder / f"{name}.csv"
    run(unseen, "learn", "--baseline", path, *files)
    return path.read_text()


checks = 0
with tempfile.TemporaryDirectory() as temporary:
    for name, files in SETS.items():
        folder = Path(temporary, name.replace(" ", "-"))
        folder.mkdir()
        spark, duckdb = folder / "spark.csv", folder / "duckdb.csv"
        rows = rows_of(ROOT / "tests/archive/in_spark.py", files, spark)
        others = rows_of(ROOT / "benches/peers/in_archive.py", files, duckdb)
        checks += check(f"{name}: Spark gives the rows that DuckDB gives: {len(rows) - 1}", rows == others)
        learned = baseline(folder, "rows", spark)
        checks += check(f"{name}: learn makes one baseline of Spark's rows and of the files", learned == baseline(folder, "files", *files))
    found = alerts(spark)
    is_same = found == alerts(*files) and len(found) > 100
    checks += check(f"{name}: replay finds the same {len(found)} alerts in Spark's rows and in the files, ranked alike", is_same)
print(f"{checks - failed} passed, {failed} failed")
sys.exit(failed > 0)
