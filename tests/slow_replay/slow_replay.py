"""`unseen replay` a second time, slowly: minute by minute, with dictionaries, after the SPL of the shipped searches.

Knows UTC, seconds, and windows such as -24h@h. Not here: ranking, filters, other time zones.
"""

import re
from collections import Counter
from dataclasses import dataclass, field

MINUTE, HOUR, DAY = 60, 3_600, 86_400
UNITS = {"h": HOUR, "d": DAY}


def apply(window, time):
    """The time that a modifier such as -24h@h makes of another."""
    number, unit, snap = re.fullmatch(r"-(\d+)([dh])(?:@([dh]))?", window).groups()
    time -= int(number) * UNITS[unit]
    return time - time % UNITS[snap] if snap else time


@dataclass(frozen=True)
class Search:
    """A scheduled search: minute and hour (or *), where its range begins, and whether missed runs are caught up."""

    cron: str
    earliest: str
    is_continuous: bool

    def due_after(self, begins, ends):
        minute, hour = self.cron.split()[:2]
        hours = range(24) if hour == "*" else [int(hour)]
        days = range(begins // DAY - 1, ends // DAY + 2)
        times = (day * DAY + of_day * HOUR + int(minute) * MINUTE for day in days for of_day in hours)
        return [time for time in times if begins < time]

    def starts(self, due, outages):
        """When a run starts that is due, or None if an outage costs it."""
        start = due
        while over := [end for begin, end in outages if begin <= start < end]:
            start = over[0]
        if start == due:
            return start
        start = -(-start // MINUTE) * MINUTE
        return start if self.is_continuous and due >= start - DAY else None


@dataclass
class Site:
    """How the app is set up, and when it was down."""

    activity: str = "-24h@h"
    forget: str = "-90d@d"
    learning: str = "-7d@d"
    suppress: str = "-7d"
    reconcile_window: str = "-98h@h"
    alerts_a_run: int = 5000
    detection: Search = Search("17 *", "-4h@h", False)
    update: Search = Search("41 0", "-3d@d", True)
    reconcile: Search = Search("11 3", "-24h@h", True)
    initial_days: int = 7
    outages: list = field(default_factory=list)


@dataclass
class Record:
    """What unseen_detections has of a pair."""

    reported: int
    first: int
    alerted: int | None = None
    is_repeated: bool = False


class SlowReplay:
    """A site that lives through a list of (time, pair)."""

    def __init__(self, site, events):
        self.site, self.events = site, sorted(events)
        self.baseline, self.records, self.alerts = {}, {}, []
        self.is_mature, self.mature_from = False, None
        self.forgotten_before = Counter()
        self.repeats = self.repeated = 0

    def run(self):
        first, last = self.events[0][0], self.events[-1][0]
        begins = first + self.site.initial_days * DAY
        self.learn(first, begins, begins)
        for start, kind, due, earliest in self.runs(begins, max(last, begins)):
            getattr(self, f"run_{kind}")(start, due, earliest)
            self.last_day = start // DAY
        # All that is left is learned, as of the newest call.
        self.learn(first, last + 1, last)
        return self

    def forgotten(self):
        """Pairs that were forgotten, those that came back, and the alerts of pairs that had been forgotten."""
        forget = apply(self.site.forget, self.events[-1][0])
        gone = sum(last <= forget for _, last in self.baseline.values())
        returned = sum(self.forgotten_before.values())
        return gone + returned, returned, sum(alert[-1] for alert in self.alerts)

    def next_week(self):
        """The least and the most alerts of seven days in a row, of the last 28 whole days on which the baseline was mature."""
        if self.mature_from is None:
            return None
        by_day = Counter(alert[0] // DAY for alert in self.alerts)
        days = range(self.mature_from // DAY + 1, self.last_day)[-28:]
        weeks = [sum(by_day[day + nth] for nth in range(7)) for day in days[: len(days) - 6]] if len(days) >= 7 else []
        return (min(weeks), max(weeks)) if weeks else None

    def runs(self, begins, ends):
        """Runs in order, those of one minute by the names of their searches, up to the first detection after the end."""
        runs = []
        for order, kind in enumerate(("detection", "update", "reconcile")):
            search = getattr(self.site, kind)
            for due in search.due_after(begins, ends + 3 * DAY):
                start = search.starts(due, self.site.outages)
                if start is not None:
                    runs.append((start, order, kind, due, apply(search.earliest, due)))
        last = min(start for start, _, kind, *_ in runs if kind == "detection" and start > ends)
        return [(start, kind, due, earliest) for start, _, kind, due, earliest in sorted(runs) if start <= last]

    def observed(self, begins, ends):
        seen = {}
        for time, pair in self.events:
            if begins <= time < ends:
                first, last = seen.get(pair, (time, time))
                seen[pair] = min(first, time), max(last, time)
        return seen

    def learn(self, begins, ends, as_of):
        forget = apply(self.site.forget, as_of)
        for pair, (first, last) in self.observed(begins, ends).items():
            if last <= forget:
                continue
            if pair in self.baseline and self.baseline[pair][1] <= forget:
                del self.baseline[pair]
                self.forgotten_before[pair] += 1
            stored_first, stored_last = self.baseline.get(pair, (first, last))
            self.baseline[pair] = min(first, stored_first), max(last, stored_last)
        kept = [first for first, last in self.baseline.values() if last > forget]
        self.is_mature = bool(kept) and min(kept) <= apply(self.site.learning, as_of)

    def run_update(self, _start, due, earliest):
        self.learn(earliest, due, due)

    def run_detection(self, start, due, earliest):
        if not self.is_mature:
            return
        self.mature_from = self.mature_from or start
        forget, activity = apply(self.site.forget, due), apply(self.site.activity, due)
        reported = {}
        for time, pair in self.events:
            if earliest <= time < due:
                first, last = self.baseline.get(pair, (None, None))
                if first is None or last <= forget or first > activity:
                    reported.setdefault(pair, time)
        self.record(reported, start, "detection", forget)

    def run_reconcile(self, start, _due, _earliest):
        if not self.is_mature:
            return
        forget, opens = apply(self.site.forget, start), apply(self.site.reconcile_window, start)
        learned = {pair: first for pair, (first, last) in self.baseline.items() if first > opens and last > forget}
        alerted = {pair: record.alerted or 0 for pair, record in self.records.items()}
        missed = {pair: first for pair, first in learned.items() if alerted.get(pair, 0) < first}
        self.record(missed, start, "reconcile", forget)

    def record(self, reported, now, search, forget):
        """As unseen_record and unseen_alert_rows do."""
        due = []
        for pair, first in reported.items():
            record = self.records.setdefault(pair, Record(now, first))
            if record.alerted is None:
                record.first = min(record.first, first)
            elif record.alerted <= apply(self.site.suppress, now):
                record.first = first
            else:
                self.repeats += 1
                self.repeated += not record.is_repeated
                record.is_repeated = True
                continue
            due.append((record.reported, first, pair))
        for _, _, pair in sorted(due)[: self.site.alerts_a_run]:
            record = self.records[pair]
            record.alerted, record.is_repeated = now, False
            is_forgotten = pair in self.baseline and self.baseline[pair][1] <= forget
            has_returned = is_forgotten or self.forgotten_before[pair] > 0
            self.alerts.append((now, search, *pair, record.first, has_returned))
