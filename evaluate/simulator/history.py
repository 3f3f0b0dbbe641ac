"""An organisation's whole history as a stream of events, with the attacks in it. The one place that meets time of day and delivery."""

from dataclasses import dataclass

import numpy as np

from .attacks import Attacks
from .catalogue import NAMES, Catalogue
from .clock import DAY, FIRST_DAY, HOUR, midnight
from .life import Life
from .organisation import MACHINES, Organisation

HISTORY, SCORED = 56, 24  # days before the first one that is scored, and scored days
REPEATS = 3  # how often a call is made, on a day on which it is made


@dataclass
class Stream:
    """Events as columns: role, call, at, arrives (epoch seconds), attack (its number, or -1). Names by number beside them."""

    roles: list
    calls: list
    events: dict
    attacks: list
    first_scored: int  # day number
    last_day: int


class Recorder:
    """Collects events."""

    def __init__(self):
        self.number, self.parts = {}, []

    def role(self, name):
        return self.number.setdefault(name, len(self.number))

    def add(self, name, calls, at, attack=-1):
        role = np.full(len(calls), self.role(name))
        self.parts.append((role, np.asarray(calls), np.asarray(at), np.full(len(calls), attack)))

    def columns(self):
        columns = (np.concatenate(column) for column in zip(*self.parts, strict=True))
        return dict(zip(("role", "call", "at", "attack"), columns, strict=True))


def simulate(world, seed):
    """The stream of one world; everything is drawn from `seed`."""
    rng = np.random.default_rng(seed)
    catalogue = Catalogue(rng)
    organisation = Organisation(world, catalogue, rng)
    life, recorder, attacks = Life(organisation, rng), Recorder(), Attacks(organisation, rng)
    for day in range(HISTORY + SCORED):
        life.live(day)
        busy = 3 if rng.random() < world["life"]["incident"] else 1
        for role in organisation.living():
            record_day(role, day, busy, recorder, organisation, rng)
            record_calls(role, day, life.by_hand.get(role.name, ()), recorder, rng)
        if day >= HISTORY:
            attacks.strike(day, day - HISTORY, recorder)
    events = recorder.columns()
    events["arrives"] = deliver(events, world["life"], rng)
    return Stream(list(recorder.number), NAMES, events, attacks.done, HISTORY, HISTORY + SCORED - 1)


def record_day(role, day, busy, recorder, organisation, rng):
    """The events of one role on one day."""
    if day % 7 not in role.days or (day - role.phase) % role.every:
        return
    calls = drawn(role, busy, rng) if role.pool else made(role, rng)
    if role.kind in MACHINES and rng.random() < organisation.habits["explore"]:
        calls = np.append(calls, organisation.catalogue.draw_calls(rng, 1, role.application.services))
    record_calls(role, day, np.repeat(calls, 1 + rng.poisson(REPEATS - 1, len(calls))), recorder, rng)


def record_calls(role, day, calls, recorder, rng):
    """These calls, at any time of the role's hours."""
    opens, closes = role.hours
    recorder.add(role.name, calls, midnight(day) + opens * HOUR + rng.integers(0, (closes - opens) * HOUR, len(calls)))


def made(role, rng):
    """The calls that a machine makes today."""
    calls = np.fromiter(role.chance, int, len(role.chance))
    return calls[rng.random(len(calls)) < np.fromiter(role.chance.values(), float, len(calls))]


def drawn(role, busy, rng):
    """The calls that people make today."""
    calls, weight = role.pool
    return np.unique(rng.choice(calls, size=rng.poisson(role.draws * busy), p=weight))


def deliver(events, plan, rng):
    """When each event arrives: at once, an hour to two days late, or a day late after an outage."""
    at = events["at"]
    is_late = rng.random(len(at)) < plan["late"]
    arrives = np.where(is_late, at + rng.integers(HOUR, 2 * DAY, len(at)), at)
    out = rng.choice(np.arange(HISTORY, HISTORY + SCORED), size=plan["outage"], replace=False)
    day = (at - FIRST_DAY) // DAY
    return np.where(np.isin(day, out), np.maximum(arrives, at + DAY), arrives)
