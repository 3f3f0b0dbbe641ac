"""`seen` and `unseen` on the public Splunk SDK for Python, as its users write commands: records are dictionaries.

Knows the benchmark's input, where a key has one stored row and its joined values say the same; not the general rules.
"""

import sys
from hashlib import sha256

from pipe import DAY
from splunklib.searchcommands import Configuration, EventingCommand, Option, ReportingCommand, dispatch, validators


def digest(text):
    return sha256(text.encode()).hexdigest()


def number(record, name):
    text = record.get(name)
    return float(text) if text else None


def least(*times):
    return min((time for time in times if time is not None), default=None)


def greatest(*times):
    return max((time for time in times if time is not None), default=None)


@Configuration()
class Seen(ReportingCommand):
    forget_window = Option()
    learning_window = Option()
    as_of = Option(validate=validators.Integer())
    changes = Option(validate=validators.Boolean(), default=False)

    def __init__(self):
        super().__init__()
        self.keys = {}

    @Configuration()
    def map(self, records):
        return records

    def reduce(self, records):
        forget = (self.as_of - 90 * DAY) // DAY * DAY
        for record in records:
            key = (record["user"], record["command"])
            first, last = number(record, "firstTime"), number(record, "lastTime")
            seen = number(record, "firstTimeSeen"), number(record, "lastTimeSeen"), number(record, "enough_data")
            known = seen if seen[1] is not None and seen[1] > forget else (None, None, None)
            before = self.keys.get(key, (None, None, None))
            stored = known if known[1] is not None else before[2]
            self.keys[key] = (least(before[0], first, known[0]), greatest(before[1], last, known[1]), stored)
        if self._finished:
            yield from self.baseline(forget)

    def baseline(self, forget):
        kept = {key: entry for key, entry in self.keys.items() if entry[1] is not None and entry[1] > forget}
        oldest = min(first for first, _, _ in kept.values())
        flag = float(oldest <= (self.as_of - 7 * DAY) // DAY * DAY)
        for (user, command), (first, last, stored) in kept.items():
            if self.changes and stored == (first, last, flag):
                continue
            yield {
                "user": user,
                "command": command,
                "firstTimeSeen": first,
                "lastTimeSeen": last,
                "enough_data": int(flag),
                "_key": digest(digest(user) + digest(command)),
            }


@Configuration()
class Unseen(EventingCommand):
    activity_window = Option()
    forget_window = Option()
    learning_window = Option()
    as_of = Option(validate=validators.Integer())

    def __init__(self):
        super().__init__()
        self.known, self.held, self.mature = set(), [], False

    def transform(self, records):
        forget = (self.as_of - 90 * DAY) // DAY * DAY
        opens = (self.as_of - DAY) // 3600 * 3600
        for record in records:
            key = (record["user"], record["command"])
            last = number(record, "lastTimeSeen")
            if last is not None and last > forget:
                self.mature |= number(record, "enough_data") == 1
                if number(record, "firstTimeSeen") <= opens:
                    self.known.add(key)
            if record.get("firstTime"):
                self.held.append((key, record))
        if self._finished and self.mature:
            yield from (record for key, record in self.held if key not in self.known)


dispatch({"seen": Seen, "unseen": Unseen}[sys.argv.pop()], sys.argv, sys.stdin, sys.stdout, "__main__")
