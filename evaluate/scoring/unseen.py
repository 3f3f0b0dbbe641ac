"""The program of this repository as a method: `seen` learns, `unseen … explain=true` ranks, both through the real pipe.

Rows have the shape that the app's searches give them: observations with the stored values joined, then the whole baseline. Each day's terms are
compared with the second implementation in `formula.py`; `difference` is the greatest found so far.
"""

from . import families, formula, pipe
from .method import Baseline, Ranking

OBSERVED = ("user", "command", "firstTime", "lastTime", "firstTimeSeen", "lastTimeSeen", "enough_data")
STORED = OBSERVED[4:]
NUMBERS = ("surprise", "surprise_peers", "surprise_service", "surprise_rollout", "surprise_weight")


def seen_args(as_of, *more):
    return ["by", "user", "command", "forget_window=-90d@d", "learning_window=-7d@d", f"as_of={as_of}", *more]


def unseen_args(as_of, *more):
    return ["by", "user", "command", "activity_window=-24h@h", "forget_window=-90d@d", f"as_of={as_of}", "explain=true", *more]


class Unseen:
    """The program. Roles and calls are numbers outside and names in the pipe."""

    name = "unseen"
    options = ()  # beside `explain=true`

    def __init__(self, program, roles, calls):
        self.program, self.roles, self.calls = program, roles, calls
        self.number = {name: number for number, name in enumerate(roles)}, {name: number for number, name in enumerate(calls)}
        self.stored = {}  # (user, command) -> the stored values, as text
        self.baseline = Baseline()
        self.difference = 0.0

    def judge(self, day):
        rows = pipe.run(self.program, "unseen", unseen_args(day.as_of, *self.options), [self.body(day.observed)])
        explained = {(self.number[0][row["user"]], self.number[1][row["command"]]): row for row in rows}
        self.compare(day, explained)
        return Ranking.summed({pair: float(row["surprise"]) for pair, row in explained.items()})

    def learn(self, day):
        start = [] if self.stored else ["start=true"]
        rows = pipe.run(self.program, "seen", seen_args(day.as_of, *start), [self.body(day.learned)])
        self.stored = {(row["user"], row["command"]): tuple(row[column] for column in STORED) for row in rows}
        self.baseline.learn(day)

    def names(self, pair):
        return self.roles[pair[0]], self.calls[pair[1]]

    def body(self, observed):
        none = (None,) * len(STORED)
        rows = [(*self.names(pair), *times, *self.stored.get(self.names(pair), none)) for pair, times in observed.items()]
        return pipe.body(OBSERVED, rows + [(*key, None, None, *values) for key, values in self.stored.items()])

    def compare(self, day, explained):
        """Fails if other pairs are reported than the rule says; else notes how far the terms are apart."""
        known = self.baseline.known(day)
        new = [pair for pair in day.observed if pair not in known]
        if set(new) != set(explained):
            raise AssertionError(f"day {day.number}: {len(explained)} pairs reported, expected {len(new)}")
        terms = self.expected(known, new, day.opens)
        self.difference = max([self.difference, *(apart(terms[pair], row) for pair, row in explained.items())])

    def expected(self, known, new, opens):
        """The terms of the second implementation."""
        return formula.explain(known, new, opens, self.service_of)

    def service_of(self, call):
        return formula.service(self.calls[call])


class UnseenFamilies(Unseen):
    """The program with `families=true`."""

    name = "families"
    options = ("families=true",)

    def expected(self, known, new, opens):
        return families.explain(known, new, opens, self.service_of, lambda role: families.family_of(self.roles[role]))


def apart(terms, row):
    """The greatest difference between the terms and a row's columns; columns that are no measurements must be equal."""
    exact = {"novelty": terms.novelty, "role_calls": str(terms.role_calls), "call_roles": str(terms.call_roles)}
    exact["role_first_seen"] = "" if terms.role_first_seen is None else f"{terms.role_first_seen:.0f}"
    wrong = {column: row[column] for column, value in exact.items() if row[column] != value}
    if wrong:
        raise AssertionError(f"{row['user']} {row['command']}: got {wrong}, expected {exact}")
    expected = (terms.surprise, terms.peers, terms.service, terms.rollout, terms.weight)
    return max(abs(float(row[column]) - value) for column, value in zip(NUMBERS, expected, strict=True))
