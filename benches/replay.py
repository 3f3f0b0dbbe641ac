"""`make bench-replay`: `unseen replay` over a year of half a million pairs, and over a tenth of that, side by side.

Programs take turns; what is printed is the median of each, with the peak of memory as the kernel counts it. Not a test: no number makes
it fail. The histories are written below target/bench by benches/generate, 0.9 GB in all.

    replay.py [--rounds N] [--ranked]       --ranked: also ranks the large one, minutes
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
FOLDER = TARGET / "bench"
HISTORIES = {"1,000,000 events, 50,000 pairs": (50_000, 1_000_000), "10,000,000 events, 500,000 pairs": (500_000, 10_000_000)}
UNRANKED = {"learn, for comparison": None, "replay --no-ranking": ["--no-ranking"], "replay --no-ranking --grid": ["--no-ranking", "--grid"]}


def built():
    """The release binary and the generator."""
    subprocess.run(["cargo", "build", "--release", "--quiet", "--bin", "unseen", "--bench", "generate"], cwd=ROOT, check=True)
    generators = [path for path in (TARGET / "release/deps").glob("generate-*") if path.suffix == ""]
    return TARGET / "release/unseen", max(generators, key=lambda path: path.stat().st_mtime)


def history(generate, pairs, events):
    folder = FOLDER / f"history-{pairs}-{events}"
    if not folder.exists():
        print(f"writing {folder}", file=sys.stderr)
        subprocess.run([generate, "history", str(pairs), "365", str(events), folder], check=True)
    return folder


def measured(command):
    """Seconds and MB of one run."""
    begun = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command} ended with {status}")
    return time.monotonic() - begun, usage.ru_maxrss / 1000


def command_of(unseen, folder, options):
    if options is None:
        baseline = FOLDER / "replay-baseline.csv"
        baseline.unlink(missing_ok=True)
        return [unseen, "learn", "--baseline", baseline, folder]
    return [unseen, "replay", *options, folder]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ranked", action="store_true")
    options = parser.parse_args()
    unseen, generate = built()
    print("| history | run | seconds | of replay | MB |\n| --- | --- | ---: | ---: | ---: |")
    for name, (pairs, events) in HISTORIES.items():
        folder = history(generate, pairs, events)
        runs = dict(UNRANKED)
        if options.ranked or pairs < 100_000:
            runs["replay"] = []
        turns = [{run: measured(command_of(unseen, folder, given)) for run, given in runs.items()} for _ in range(options.rounds)]
        for run in runs:
            seconds = statistics.median(turn[run][0] for turn in turns)
            ratio = statistics.median(turn[run][0] / turn["replay --no-ranking"][0] for turn in turns)
            memory = statistics.median(turn[run][1] for turn in turns)
            print(f"| {name} | `{run}` | {seconds:.1f} | {ratio:.2f} x | {memory:.0f} |", flush=True)


main()
