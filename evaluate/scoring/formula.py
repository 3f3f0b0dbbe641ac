"""The surprise of a new pair, written a second time, straight from its definition and slowly: the program is checked against it.

Shares no code with the program. Step numbers are those of the definition in docs/surprise.md. A pair is (role, call), each any hashable value.
"""

import math
from collections import Counter, defaultdict
from dataclasses import dataclass

from .method import Baseline, Ranking

LIKE, DOUBT, SERVICE, ROLLOUT, ORDINARY, PRIOR = 25, 0.05, 3, 2, 8, 3
DAY = 86_400
HISTORY, SETTLING = 28 * DAY, 7 * DAY


@dataclass
class Terms:
    """What `explain=true` appends to a row."""

    surprise: float
    peers: float
    service: float
    rollout: float
    weight: float
    novelty: str
    role_first_seen: float
    role_calls: int
    call_roles: int


class World:
    """The known pairs of one run. `known` maps a pair to its first sighting, all of them at or before `opens`."""

    def __init__(self, known, new, opens, service_of):
        self.opens, self.service_of = opens, service_of
        self.calls, self.makers = defaultdict(dict), defaultdict(set)
        for (role, call), first in known.items():
            self.calls[role][call] = first
            self.makers[call].add(role)
        self.adopters = Counter(call for _, call in new)

    def calls_of(self, role):
        """The calls that a role is known to make, each with its first sighting."""
        return self.calls.get(role, {})

    def alike(self, role):
        """Step 1: the weights of the roles most like `role`, all that tie with the last of them included."""
        own = self.calls_of(role)
        shared = Counter(other for call in own for other in self.makers[call] if other != role)
        likeness = {other: count / (len(own) + len(self.calls[other]) - count) for other, count in shared.items()}
        ranked = sorted(likeness.values(), reverse=True)
        least = ranked[LIKE - 1] if len(ranked) > LIKE else 0
        return {other: value**2 for other, value in likeness.items() if value >= least}

    def peers(self, role, call, alike):
        """Step 2."""
        others = len(self.calls.keys() - {role})
        makers = self.makers[call] - {role} if call in self.makers else set()
        share = (len(makers) + 0.5) / (others + 1)
        votes = total(weight for other, weight in alike.items() if other in makers)
        return -math.log((votes + DOUBT * share) / (total(alike.values()) + DOUBT)), len(makers)

    def new_service(self, role, call):
        """Step 3."""
        used = {self.service_of(own) for own in self.calls_of(role)} - {None}
        service = self.service_of(call)
        return math.log(SERVICE) if service is not None and used and service not in used else 0.0

    def weight(self, role):
        """Step 6."""
        firsts = self.calls_of(role).values()
        since = max(self.opens - HISTORY, min(firsts) + SETTLING) if firsts else self.opens
        if since >= self.opens:
            return 1.0
        return math.sqrt(((self.opens - since) / DAY + PRIOR) / (sum(first > since for first in firsts) + PRIOR))

    def terms(self, role, call, alike):
        peers, makers = self.peers(role, call, alike)
        unused, rollout, weight = self.new_service(role, call), -ROLLOUT * math.log(self.adopters[call]), self.weight(role)
        surprise = weight * max(0.0, peers + unused + rollout - math.log(ORDINARY))
        known = self.calls.get(role, {})
        novelty = "role" if not known else "pair" if makers else "call"
        return Terms(surprise, peers, unused, rollout, weight, novelty, min(known.values(), default=None), len(known), makers)


def total(values):
    """A sum from the greatest to the least."""
    return sum(sorted(values, reverse=True))


def service(call):
    """The service of `service:Name`; none without a colon, or with nothing before it."""
    before, colon, _ = call.partition(":")
    return before if colon and before else None


def explain(known, new, opens, service_of):
    """The terms of each new pair."""
    world = World(known, new, opens, service_of)
    alike = {role: world.alike(role) for role in {role for role, _ in new}}
    return {(role, call): world.terms(role, call, alike[role]) for role, call in new}


class Formula:
    """The formula as a method, without the program."""

    name = "formula"

    def __init__(self, service_of):
        self.baseline, self.service_of = Baseline(), service_of

    def judge(self, day):
        known = self.baseline.known(day)
        terms = explain(known, [pair for pair in day.observed if pair not in known], day.opens, self.service_of)
        return Ranking.summed({pair: one.surprise for pair, one in terms.items()})

    def learn(self, day):
        self.baseline.learn(day)
