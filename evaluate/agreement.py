"""Small random worlds through the real pipe, compared with the second implementation: what the simulated organisations never have.

Forgotten rows, rows learned within the window, a pair stored several times, chunks cut anywhere, names without a service, roles of one call, ties.
"""

import numpy as np
from scoring import formula, pipe
from scoring.unseen import OBSERVED, apart, unseen_args
from simulator.clock import DAY, midnight

CALLS = ["s3:Get", "s3:Put", "ec2:Run", "ec2:Stop", "iam:Create", "kms:Sign", "Verify", ":Odd", "kms:Sign:Twice", "ünïcode:Call"]
ROLES, OLDEST = 40, 100 * DAY


def random_rows(rng, as_of):
    """Stored rows (role, call, first, last), some of them forgotten, some from the window, some twice; and observed pairs."""
    stored = []
    for _ in range(int(rng.integers(1, 300))):
        last = as_of - int(rng.choice([0, 1, 30, 89, 95])) * DAY - int(rng.integers(0, DAY))
        first = last - int(rng.integers(0, OLDEST)) * int(rng.integers(0, 2))
        stored.append((f"r{rng.integers(0, ROLES)}", str(rng.choice(CALLS)), first, last))
    observed = {(f"r{rng.integers(0, ROLES)}", str(rng.choice(CALLS))) for _ in range(int(rng.integers(1, 40)))}
    return stored, sorted(observed)


def difference(program, seed):
    """The greatest difference of one random world; fails if other pairs are reported than the definition says."""
    rng = np.random.default_rng(seed)
    as_of = midnight(200)
    stored, observed = random_rows(rng, as_of)
    anchor = ("r0", "s3:Get", as_of - OLDEST, as_of)  # so that the baseline is mature
    live = [row for row in [*stored, anchor] if row[3] > as_of - 90 * DAY]
    rows = pipe.run(program, "unseen", unseen_args(as_of), chunks(rng, [*stored, anchor], observed, as_of))
    return compare(live, observed, as_of - DAY, rows)


def chunks(rng, stored, observed, as_of):
    """All rows in any order, in three chunks or fewer."""
    rows = [(role, call, None, None, first, last, 1) for role, call, first, last in stored]
    rows += [(role, call, as_of - 60, as_of - 30, None, None, None) for role, call in observed]
    rows = [rows[place] for place in rng.permutation(len(rows))]
    cuts = np.sort(rng.integers(0, len(rows) + 1, 2))
    return [pipe.body(OBSERVED, part) for part in (rows[: cuts[0]], rows[cuts[0] : cuts[1]], rows[cuts[1] :])]


def compare(live, observed, opens, rows):
    known = {}
    for role, call, first, _ in live:
        if first <= opens:
            known[role, call] = min(first, known.get((role, call), first))
    learned = {(role, call) for role, call, _, _ in live if (role, call) not in known}
    expected = [pair for pair in observed if pair not in known]
    if sorted((row["user"], row["command"]) for row in rows) != expected:
        raise AssertionError(f"{len(rows)} pairs reported, expected {len(expected)}")
    terms = formula.explain(known, learned | set(expected), opens, formula.service)
    return max((apart(terms[row["user"], row["command"]], row) for row in rows), default=0.0)
