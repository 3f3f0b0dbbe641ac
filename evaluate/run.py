"""`make evaluate`: runs every method on every world and seed, and renders docs/evaluation.md. `make evaluate-quick`: one small world, with checks.

    run.py [--quick] [--world NAME ...] [--seeds N] [--engine pipe|formula] [--program PATH] [--render]

Results go to target/evaluate/results.json; --render only draws what is there. With --engine formula the Python implementation stands in for the
program: for trying things out; the page says so.
"""

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import agreement
import days
import measure
import numpy as np
import worked
from scoring import pipe
from scoring.formula import Formula, service
from scoring.peers import Count, Escu, NewTerms, Popularity
from scoring.unseen import Unseen
from simulator.history import simulate

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
RESULTS = TARGET / "evaluate" / "results.json"
WORLDS = ("shop", "platform", "redeploy", "people", "laboratory")
TOLERANCE = 1e-5
RANDOM_WORLDS = 60


def methods(engine, program, stream):
    ours = Unseen(program, stream.roles, stream.calls) if engine == "pipe" else Formula(lambda call: service(stream.calls[call]))
    return [ours, Count(), Popularity(), NewTerms(), Escu()]


def evaluate(job):
    """The figures of every method in one world and seed, by the method's name."""
    world, seed, engine, program = job
    stream = simulate(tomllib.loads((HERE / "worlds" / f"{world}.toml").read_text()), seed)
    before, scored = days.history(stream), list(days.scored(stream))
    return world, {method.name: judged(method, before, scored, stream, seed) for method in methods(engine, program, stream)}


def judged(method, before, scored, stream, seed):
    """Plays all days to one method, and measures."""
    rng, roles, pairs = np.random.default_rng(seed), [], []
    method.learn(before)
    for day in scored:
        ranking = method.judge(day)
        settled = {role for role, _ in method.baseline.known(day)}
        roles += measure.role_rows(day, ranking, settled, rng)
        pairs += measure.pair_rows(day, ranking, rng)
        method.learn(day)
    figures = measure.figures(roles, pairs, [attack.kind for attack in stream.attacks], len(scored))
    return figures | {"difference": getattr(method, "difference", None)}


def full(options):
    jobs = [(world, seed, options.engine, options.program) for world in options.world for seed in range(1, options.seeds + 1)]
    results = {}
    with multiprocessing.Pool(min(2, os.cpu_count())) as pool:
        for number, (world, figures) in enumerate(pool.imap(evaluate, jobs), 1):
            results.setdefault(world, []).append(figures)
            print(f"{number} of {len(jobs)}: {world}", file=sys.stderr)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps({"engine": options.engine, "seeds": options.seeds, "worlds": results}))


def quick(options):
    """Fails if program, second implementation and worked examples disagree, if the small world's attacks are not found, or if stored data is stale."""
    stored = subprocess.run([sys.executable, ROOT / "tests" / "data" / "simulated" / "generate.py", "--check"])
    check(stored.returncode == 0, "tests/data/simulated is stale")
    check(worked.difference() < 1e-6, f"the second implementation is {worked.difference()} off the worked examples")
    _, first = evaluate(("small", 1, options.engine, options.program))
    _, second = evaluate(("small", 1, options.engine, options.program))
    check(first == second, "the same seed gave two results")
    ours = first["unseen" if options.engine == "pipe" else "formula"]
    if options.engine == "pipe":
        apart = max(ours["difference"], *(agreement.difference(options.program, seed) for seed in range(RANDOM_WORLDS)))
        check(apart <= TOLERANCE, f"program and definition are {apart} apart, expected at most {TOLERANCE}")
    check(ours["recall"] >= 0.75, f"{ours['recall']:.2f} of the attacks are in the first five of their day, expected 0.75")
    check(ours["read"] < first["count"]["read"], f"{ours['read']:.1f} role-days a day to read for 80 %, and {first['count']['read']:.1f} by count")
    print(f"ok: {ours['recall']:.2f} of the attacks in the first five of their day, {ours['read']:.1f} role-days a day to read for 80 % of them")


def check(holds, message):
    if not holds:
        sys.exit(f"evaluate: {message}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--render", action="store_true")
    parser.add_argument("--world", nargs="+", choices=WORLDS, default=WORLDS)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--engine", choices=("pipe", "formula"), default="pipe")
    parser.add_argument("--program", default=str(TARGET / "release" / "unseen"))
    return parser.parse_args()


def main():
    options = arguments()
    if options.quick:
        return quick(options)
    if not options.render:
        full(options)
    import report  # needs matplotlib, which the quick run does without

    report.render(json.loads(RESULTS.read_text()), ROOT / "docs")


if __name__ == "__main__":
    try:
        main()
    except (pipe.CommandFailed, AssertionError) as error:
        sys.exit(f"evaluate: {error}")
