"""What families change, measured: the formula before and with them where stacks are deployed anew, with attackers who know of them.

    families.py [--seeds N] [--engine pipe|formula] [--program PATH]

Writes the table between the markers in docs/evaluation.md. The worlds are those of `run.py`, the streams are the same: only names of roles are
changed here, or the role in which an attack happens. With --engine formula the Python implementations rank instead of the program.
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
from scoring.unseen import Unseen, UnseenFamilies
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


def administrators(stream, rng):
    """All roles of administrators have names of one family, as IAM Identity Center gives them, and so has the role made for an attack."""
    digits = lambda: "".join(rng.choice(list("0123456789abcdef"), size=16))
    is_one = lambda name: name.startswith(("SSO_Admin", "maintenance-"))
    return replace(stream, roles=[f"AWSReservedSSO_Admin_{digits()}" if is_one(name) else name for name in stream.roles])


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
    "as it is": as_it_is, "named like any family": any_family, "named like the widest family": widest_family,
    "named like administrators": administrators, "inside a redeployed role": inside_redeployed,
}  # fmt: skip


def evaluate(job):
    """The figures of both methods for each variant of one seed."""
    world, seed, program = job
    stream = simulate(tomllib.loads((run.HERE / "worlds" / f"{world}.toml").read_text()), seed)
    return {variant: compare(change(stream, np.random.default_rng(seed)), seed, program) for variant, change in VARIANTS.items()}


def compare(stream, seed, program):
    before, scored = days.history(stream), list(days.scored(stream))
    return {families: run.judged(method, before, scored, stream, seed) for families, method in methods(stream, program).items()}


def methods(stream, program):
    """Without and with families: the program or, if there is none, the Python implementations."""
    service_of = lambda call: service(stream.calls[call])
    if program:
        return {"without": Unseen(program, stream.roles, stream.calls), "with": UnseenFamilies(program, stream.roles, stream.calls)}
    return {"without": Formula(service_of), "with": Families(service_of, stream.roles)}


def rows(results):
    for variant in VARIANTS:
        for families in ("without", "with"):
            figures = [seed[variant][families] for seed in results]
            cells = [mean_and_spread([one[name] for one in figures], decimals) for name, _, decimals in FIGURES]
            yield [variant, families, *cells, f"{np.mean([one['by_kind']['new role'] for one in figures]):.2f}"]


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
    parser.add_argument("--engine", choices=("pipe", "formula"), default="pipe")
    parser.add_argument("--program", default=str(run.TARGET / "release" / "unseen"))
    options = parser.parse_args()
    program = options.program if options.engine == "pipe" else None
    with multiprocessing.Pool(2) as pool:
        results = pool.map(evaluate, [("redeploy", seed, program) for seed in range(1, options.seeds + 1)], chunksize=1)
    apart = max((one["difference"] or 0 for seed in results for variant in seed.values() for one in variant.values()), default=0)
    print(f"the program and the second implementation are at most {apart:.0e} apart")
    text = table(["role made for an attack", "families", *(title for _, title, _ in FIGURES), "new role"], rows(results))
    for world in run.WORLDS:
        print(world, "new roles with a known sibling, first seed:", siblings(world, 1))
    print(text)
    PAGE.write_text(MARK.sub(lambda mark: f"{mark[1]}{text}\n{mark[2]}", PAGE.read_text()))


if __name__ == "__main__":
    main()
