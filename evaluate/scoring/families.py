"""The formula with families: a new role is scored as its family would be. Written after docs/families.md; shares no code with the program."""

import re
from collections import defaultdict

from . import formula
from .method import Ranking

CLOUDFORMATION = r"(?P<family>.+-)(?=[A-Za-z]*[0-9])(?=[a-z0-9]*[A-Z])[A-Za-z0-9]{12,13}"
TERRAFORM = r"(?P<family>.*[^0-9])(?<!^terraform-)(?<!/terraform-)[0-9]{18}[0-9a-f]{8}"
IDENTITY_CENTER = r"(?P<family>(.*/)?AWSReservedSSO_[^/]+_)[0-9a-f]{16}"
UUID = r"(?P<family>.+)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
PATTERNS = [re.compile(pattern, re.S) for pattern in (UUID, IDENTITY_CENTER, TERRAFORM, CLOUDFORMATION)]


def family_of(name):
    """The name without its generated part; none if it has no such part. The first pattern that fits counts."""
    fits = (pattern.fullmatch(name) for pattern in PATTERNS)
    return next((fit["family"] for fit in fits if fit), None)


class FamilyWorld(formula.World):
    """The known pairs of one run. `family_of` gives the family of a role, or none."""

    def __init__(self, known, new, opens, service_of, family_of):
        super().__init__(known, new, opens, service_of)
        self.family_of, self.families = family_of, defaultdict(dict)
        for (role, call), first in known.items():
            calls = self.families[family_of(role)]
            calls[call] = min(first, calls.get(call, first))
        self.families.pop(None, None)

    def calls_of(self, role):
        """The calls of the role or, if it is new, of its family."""
        own = super().calls_of(role)
        return own or self.families.get(self.family_of(role), {})

    def peers(self, role, call, alike):
        """What a family makes is no surprise of a new member."""
        peers, makers = super().peers(role, call, alike)
        return (0.0 if call in self.calls_of(role) else peers), makers


def explain(known, new, opens, service_of, family_of):
    """The terms of each new pair."""
    world = FamilyWorld(known, new, opens, service_of, family_of)
    alike = {role: world.alike(role) for role in {role for role, _ in new}}
    return {(role, call): world.terms(role, call, alike[role]) for role, call in new}


class Families(formula.Formula):
    """The formula with families as a method. `names` are the roles' names, by number."""

    name = "families"

    def __init__(self, service_of, names):
        super().__init__(service_of)
        self.family = [family_of(name) for name in names]

    def judge(self, day):
        known = self.baseline.known(day)
        new = [pair for pair in day.observed if pair not in known]
        terms = explain(known, new, day.opens, self.service_of, self.family.__getitem__)
        return Ranking.summed({pair: one.surprise for pair, one in terms.items()})
