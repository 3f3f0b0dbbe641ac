"""The names of calls, and how popular each is in one world. Knows no roles."""

import tomllib
from pathlib import Path

import numpy as np

ATTACKS = tomllib.loads((Path(__file__).parent.parent / "attacks.toml").read_text())
WELL_KNOWN = {name for names in ATTACKS.values() for name in names}  # what attackers call is what administrators call
NAMES = (Path(__file__).parent.parent / "calls" / "calls.txt").read_text().split()
SERVICES = list(dict.fromkeys(name.split(":")[0] for name in NAMES))
FRONT = 0.15  # the part of a service's order in which well-known calls lie
READS = ("Get", "List", "Describe", "BatchGet", "Search", "Lookup", "Head", "Query", "Scan", "Select", "Filter")


class Catalogue:
    """Calls by number. Services are popular in the order of the list, calls within a service in an order drawn for the world.

    Well-known calls are drawn into the front of that order: an attacker's calls must not stand out by being rare in the world.
    """

    def __init__(self, rng):
        self.number = {name: number for number, name in enumerate(NAMES)}
        self.is_read = np.array([name.split(":")[1].startswith(READS) for name in NAMES])
        self.service = np.array([SERVICES.index(name.split(":")[0]) for name in NAMES])
        of_service = 1 / (np.arange(len(SERVICES)) + 3)
        self.service_weight = of_service / of_service.sum()
        self.weight = np.zeros(len(NAMES))
        for service in range(len(SERVICES)):
            calls = self.ordered(rng, np.flatnonzero(self.service == service))
            zipf = 1 / (np.arange(len(calls)) + 1)
            self.weight[calls] = zipf / zipf.sum()

    def ordered(self, rng, calls):
        """The calls of a service, most popular first."""
        place = rng.random(len(calls)) * np.where(np.isin(calls, [self.number[name] for name in WELL_KNOWN]), FRONT, 1)
        return calls[np.argsort(place)]

    def draw_services(self, rng, count):
        """Distinct services, popular ones first to come."""
        return rng.choice(len(SERVICES), size=count, replace=False, p=self.service_weight)

    def draw_calls(self, rng, count, services=None, writes=True):
        """Up to `count` distinct calls, of `services` if given, only reads unless `writes`."""
        weight = self.weight * self.service_weight[self.service] if services is None else self.weight * np.isin(self.service, services)
        weight = weight if writes else weight * self.is_read
        count = min(count, np.count_nonzero(weight))
        return rng.choice(len(NAMES), size=count, replace=False, p=weight / weight.sum())
