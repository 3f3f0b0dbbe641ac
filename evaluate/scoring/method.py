"""What all methods share: the shape of an answer, and a baseline of first and last times."""

from collections import Counter
from dataclasses import dataclass


@dataclass
class Ranking:
    """One day's answer: the score of each pair that the method reports, and of each role with such a pair."""

    pairs: dict
    roles: dict

    @classmethod
    def summed(cls, pairs):
        """Roles by the sum of their pairs."""
        roles = Counter()
        for (role, _), score in pairs.items():
            roles[role] += score
        return cls(pairs, dict(roles))

    @classmethod
    def counted(cls, weights):
        """Roles by the sum of `weights` (pair -> how many rows it gives); a pair has nothing but its role's score."""
        roles = cls.summed(weights).roles
        return cls({pair: roles[pair[0]] for pair in weights}, roles)


class Baseline:
    """First and last time seen of each pair."""

    def __init__(self):
        self.first, self.last = {}, {}

    def learn(self, day):
        for pair, (first, last) in day.learned.items():
            self.first[pair] = min(first, self.first.get(pair, first))
            self.last[pair] = max(last, self.last.get(pair, last))

    def known(self, day):
        """Pairs that are not new on this day."""
        return {pair: first for pair, first in self.first.items() if first <= day.opens}
