"""Attacks of eight kinds on an organisation. Knows what attackers do, not how they are found."""

from dataclasses import dataclass

import numpy as np

from .catalogue import ATTACKS
from .clock import DAY, HOUR, midnight
from .organisation import MACHINES

KINDS = ("single call", "discovery", "escalation", "slow", "like its peers", "shared role", "new role", "exfiltration")
SETTLED = 10  # days that a role must have lived to be attacked
SLOW_DAYS = 5


@dataclass
class Attack:
    """One attack; its events carry its number."""

    number: int
    kind: str
    role: str
    day: int


class Attacks:
    """One attack begins on each scored day; the kinds take turns."""

    def __init__(self, organisation, rng):
        self.organisation, self.rng, self.done = organisation, rng, []

    def strike(self, day, turn, recorder):
        kind = KINDS[turn % len(KINDS)]
        role = self.victim(kind, day)
        self.done.append(Attack(turn, kind, role.name if role else f"maintenance-{turn}", day))
        calls = self.calls(kind, role)
        spread = np.arange(len(calls)) % SLOW_DAYS * DAY if kind == "slow" else 0
        begins = midnight(day) + self.rng.integers(0, 22 * HOUR)
        recorder.add(self.done[-1].role, calls, begins + spread + self.rng.integers(0, HOUR, len(calls)), turn)

    def victim(self, kind, day):
        """A role that has settled: of people for a shared role, none for a new one, else a machine or, for escalation, also a pipeline."""
        if kind == "new role":
            return None
        kinds = ("people",) if kind == "shared role" else (*MACHINES, "pipeline") if kind == "escalation" else MACHINES
        return self.rng.choice([role for role in self.organisation.living(*kinds) if role.every == 1 and day - role.born >= SETTLED])

    def calls(self, kind, role):
        """The calls of an attack, by number."""
        if kind == "like its peers":
            return self.of_peers(role)
        plan = {
            "single call": [("single", 1)], "discovery": [("discovery", self.between(8, 15))], "escalation": [("escalation", self.between(3, 5))],
            "slow": [("discovery", 4), ("escalation", 2), ("exfiltration", 2)], "exfiltration": [("discovery", 1), ("exfiltration", self.between(2, 4))],
            "shared role": [("discovery", 2), ("escalation", 3), ("exfiltration", 1)], "new role": [("discovery", 4), ("escalation", 2), ("exfiltration", 2)],
        }[kind]
        names = [name for group, count in plan for name in self.rng.choice(ATTACKS[group], size=count, replace=False)]
        return [self.organisation.catalogue.number[name] for name in names]

    def between(self, least, most):
        return int(self.rng.integers(least, most + 1))

    def of_peers(self, role):
        """Three to six calls that other roles of this kind make and it does not: the more of them, the likelier."""
        others = [call for other in self.organisation.living(role.kind) for call in other.chance if call not in role.chance]
        calls, makers = np.unique(others, return_counts=True)
        return self.rng.choice(calls, size=min(self.between(3, 6), len(calls)), replace=False, p=makers / makers.sum())
