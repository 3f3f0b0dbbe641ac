"""Other ways to use the same records, restated from public descriptions as reference algorithms.

Sources: splunk/security_content, "Cloud API Calls From Previously Unseen User Roles" and its Initial and Update baselines, with their default schedules;
Elastic Security's rule type "new terms" and the history windows of elastic/detection-rules.
"""

import math
from collections import Counter, defaultdict

from simulator.clock import DAY, HOUR

from .method import Baseline, Ranking


class Count:
    """The number of new pairs of a role."""

    name = "count"

    def __init__(self):
        self.baseline = Baseline()

    def judge(self, day):
        known = self.baseline.known(day)
        return Ranking.counted({pair: 1 for pair in day.observed if pair not in known})

    def learn(self, day):
        self.baseline.learn(day)


class Popularity(Count):
    """How rare a new call is among the other roles, summed over the role's new pairs."""

    name = "popularity"

    def judge(self, day):
        known = self.baseline.known(day)
        makers = Counter(call for _, call in known)
        roles = {role for role, _ in known}
        share = lambda role, call: (makers[call] + 0.5) / (len(roles - {role}) + 1)
        return Ranking.summed({(role, call): -math.log(share(role, call)) for role, call in day.observed if (role, call) not in known})


class NewTerms:
    """Elastic's new terms on role and call: new is what was not seen in the history window."""

    name = "new terms"
    WINDOW = 7 * DAY

    def __init__(self):
        self.baseline = Baseline()

    def judge(self, day):
        last = self.baseline.last
        fresh = {pair: 1 for pair in day.observed if last.get(pair, 0) < day.opens - self.WINDOW}
        return Ranking.counted(fresh)

    def learn(self, day):
        self.baseline.learn(day)


class Escu:
    """The original search: hourly, over punctual events; its Update learns a calendar day shortly after midnight."""

    name = "ESCU"

    def __init__(self):
        self.baseline = Baseline()

    def judge(self, day):
        hours = defaultdict(set)
        for pair, at in day.punctual:
            hours[at // HOUR].add(pair)
        alerts = Counter()
        for hour, pairs in sorted(hours.items()):
            alerts.update(self.alerts(hour, pairs))
        return Ranking.counted(alerts)

    def alerts(self, hour, pairs):
        """One run, in the hour after `hour`; `-24h@h` counts from there. Without one known row, maturity is null and nothing is reported."""
        first = self.baseline.first
        if not any(pair in first for pair in pairs):
            return []
        cutoff = (hour + 1) * HOUR - DAY
        return [pair for pair in pairs if first.get(pair, math.inf) > cutoff]

    def learn(self, day):
        self.baseline.learn(day)
