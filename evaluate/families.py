"""What families change, measured: the formula before and with them where stacks are deployed anew, with attackers who know of them.

    families.py [--seeds N]

Writes the table between the markers in docs/evaluation.md. The worlds are those of `run.py`, the streams are the same: only the names of the roles that attackers
make are changed here, or the role in which an attack happens. Not part of `make evaluate`: the program has no families.
"""

import argparse
import multiprocessing
import re
import tomllib
from dataclasses import replace

import days
import numpy as np
import run
from report import mean_and_spread, table
from scoring.families import Families, family_of
from scoring.formula import Formula, service
from simulator.history import simulate
from simulator.organisation import suffix

PAGE = run.ROOT / "docs" / "evaluation.md"
MARK = re.compile(r"(<!-- evaluate: families -->\n).*?(<!-- /evaluate -->)", re.S)
FIGURES = (("read", "A80", 1), ("recall", "recall at 5", 2), ("precision", "precision in the first five", 2))


def as_it_is(stream, rng):
    """The role made for an attack has a name of its own."""
    return stream


def any_family(stream, rng):
    """The role made for an attack is named like one of a family, drawn at random."""
    return named(stream, rng, lambda families: rng.choice(sorted(families)))


def widest_family(stream, rng):
    """The role made for an attack is named like one of the family that makes the most calls."""
    return named(stream, rng, lambda families: max(sorted(families), key=lambda family: len(families[family])))


def named(stream, rng, choose):
    families = calls_of_families(stream)
    names = [choose(families) + suffix(rng) if name.startswith("maintenance-") else name for name in stream.roles]
    return replace(stream, roles=names)


def calls_of_families(stream):
    """The calls that each family made before the scored days."""
    families = {}
    before = days.history(stream).observed
    for role, call in before:
        if family := family_of(stream.roles[role]):
            families.setdefault(family, set()).add(call)
    return families


def inside_redeployed(stream, rng):
    """The calls of the role made for an attack are made by a role of a family that is new on that day, wherever there is one."""
    role, at = stream.events["role"].copy(), stream.events["at"]
    first = {number: at[role == number].min() for number in np.unique(role)}
    for attack in stream.attacks:
        newborn = [number for number, born in first.items() if family_of(stream.roles[number]) and same_day(born, attack.day)]
        if attack.kind == "new role" and newborn:
            role[stream.events["attack"] == attack.number] = rng.choice(newborn)
    return replace(stream, events=stream.events | {"role": role})


def same_day(at, day):
    return days.midnight(day) <= at < days.midnight(day + 1)


VARIANTS = {
    "as it is": as_it_is, "named like any family": any_family, "named like the widest family": widest_family, "inside a redeployed role": inside_redeployed,
}  # fmt: skip


def evaluate(job):
    """The figures of both methods for each variant of one seed, and how many roles become new that have a known sibling."""
    world, seed = job
    stream = simulate(tomllib.loads((run.HERE / "worlds" / f"{world}.toml").read_text()), seed)
    return {variant: compare(change(stream, np.random.default_rng(seed)), seed) for variant, change in VARIANTS.items()}


def compare(stream, seed):
    service_of = lambda call: service(stream.calls[call])
    before, scored = days.history(stream), list(days.scored(stream))
    methods = Formula(service_of), Families(service_of, stream.roles)
    return {method.name: run.judged(method, before, scored, stream, seed) for method in methods}


def rows(results):
    for variant in VARIANTS:
        for method in ("formula", "families"):
            figures = [seed[variant][method] for seed in results]
            cells = [mean_and_spread([one[name] for one in figures], decimals) for name, _, decimals in FIGURES]
            yield [variant, method, *cells, f"{np.mean([one['by_kind']['new role'] for one in figures]):.2f}"]


def siblings(world, seed):
    """How many roles of a world begin on a scored day with a sibling that is known by then."""
    stream = simulate(tomllib.loads((run.HERE / "worlds" / f"{world}.toml").read_text()), seed)
    known, count = set(), 0
    for day in [days.history(stream), *days.scored(stream)]:
        families = {family_of(stream.roles[role]) for role in known} - {None}
        seen = {role for role, _ in day.observed}
        count += sum(family_of(stream.roles[role]) in families for role in seen - known)
        known |= seen
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    seeds = range(1, parser.parse_args().seeds + 1)
    with multiprocessing.Pool(2) as pool:
        results = pool.map(evaluate, [("redeploy", seed) for seed in seeds], chunksize=1)
    text = table(["role made for an attack", "method", *(title for _, title, _ in FIGURES), "new role"], rows(results))
    for world in run.WORLDS:
        print(world, "new roles with a known sibling, first seed:", siblings(world, 1))
    print(text)
    PAGE.write_text(MARK.sub(lambda mark: f"{mark[1]}{text}\n{mark[2]}", PAGE.read_text()))


if __name__ == "__main__":
    main()
