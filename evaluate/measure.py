"""Figures of one method in one world and seed, from its daily rankings. Knows no method."""

from dataclasses import dataclass

import numpy as np

FIRST = 5  # how many rows of a day are read
THRESHOLDS = (5, 10, 15, 20, 30)
PART = 0.8
LONGEST = 20  # role-days a day, how far the pictures go


@dataclass
class Row:
    """One role or pair on one day. `attack` is the attack's number, or -1; ties are broken by `chance`."""

    day: int
    score: float
    chance: float
    attack: int
    is_new_role: bool = False


def role_rows(day, ranking, known_roles, rng):
    """A role-day is attacked if the method reports a pair that the attack made."""
    attack_of = {role: attack for (role, call), attack in day.attacked.items() if (role, call) in ranking.pairs}
    return [Row(day.number, score, rng.random(), attack_of.get(role, -1), role not in known_roles) for role, score in ranking.roles.items()]


def pair_rows(day, ranking, rng):
    return [Row(day.number, score, rng.random(), day.attacked.get(pair, -1)) for pair, score in ranking.pairs.items()]


def ranked(rows):
    return sorted(rows, key=lambda row: (-row.score, row.chance))


def by_day(rows):
    days = {}
    for row in rows:
        days.setdefault(row.day, []).append(row)
    return {day: ranked(of_day) for day, of_day in days.items()}


def found_after(rows, days):
    """For each attack that is found at all, how many role-days a day are read until it is, best first over all days."""
    after = {}
    for place, row in enumerate(ranked(rows), 1):
        if row.attack >= 0:
            after.setdefault(row.attack, place / days)
    return after


def read_for(part, after, attacks):
    """Role-days a day to read for that part of the attacks; infinite if so many are never found."""
    needed = int(np.ceil(part * attacks))
    return sorted(after.values())[needed - 1] if len(after) >= needed else float("inf")


def curve(after, attacks):
    """The share of attacks found when 0, 1, 2, … role-days a day are read."""
    return [sum(place <= read for place in after.values()) / attacks for read in range(LONGEST + 1)]


def in_first(rows):
    """The attacks with a row among the first of its day."""
    return {row.attack for of_day in by_day(rows).values() for row in of_day[:FIRST]} - {-1}


def precision(rows):
    """The attacked share of a day's first rows, over the days on which there is something to find."""
    days = [of_day for of_day in by_day(rows).values() if any(row.attack >= 0 for row in of_day)]
    return float(np.mean([np.mean([row.attack >= 0 for row in of_day[:FIRST]]) for of_day in days])) if days else 0.0


def thresholds(rows, kinds, days):
    """By threshold on known roles' scores: role-days a day without an attack, and the share of attacks on known roles."""
    rows = [row for row in rows if not row.is_new_role]
    attacks = sum(kind != "new role" for kind in kinds)
    above = {limit: [row for row in rows if row.score >= limit] for limit in THRESHOLDS}
    return {
        str(limit): (sum(row.attack < 0 for row in over) / days, len({row.attack for row in over} - {-1}) / attacks) for limit, over in above.items()
    }


def figures(roles, pairs, kinds, days):
    """All figures. `kinds` are the attacks' kinds, by number."""
    after, first = found_after(roles, days), in_first(roles)
    first_pairs = in_first(pairs)
    singles = [number for number, kind in enumerate(kinds) if kind == "single call"]
    return {
        "read": read_for(PART, after, len(kinds)),
        "recall": len(first) / len(kinds),
        "precision": precision(pairs),
        "single": sum(number in first_pairs for number in singles) / len(singles),
        "reported": len(roles) / days,
        "new_roles": sum(row.is_new_role and row.attack < 0 for row in roles) / days,
        "thresholds": thresholds(roles, kinds, days),
        "curve": curve(after, len(kinds)),
        "by_kind": {kind: np.mean([number in first for number, other in enumerate(kinds) if other == kind]) for kind in dict.fromkeys(kinds)},
        "never": sum(number not in after for number in range(len(kinds))) / len(kinds),
    }
