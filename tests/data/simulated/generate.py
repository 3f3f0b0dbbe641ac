#!/usr/bin/env python3
"""Writes the CloudTrail records of a simulated organisation: a month, and its last day with an attack, in two files.

What happens is in organisation.toml; this file only draws times and wraps calls into records. Python 3.11, no packages. The same seed gives
the same records: only `random()` of the generator is used, whose sequence Python guarantees for a seed. The bytes of gzip depend on the
zlib at hand, so `--check` compares what is inside.

Source of the record's fields: AWS CloudTrail User Guide, "CloudTrail record contents" and "CloudTrail userIdentity element".
"""

import gzip
import json
import random
import sys
import tomllib
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

HERE = Path(__file__).parent
WORLD = tomllib.loads((HERE / "organisation.toml").read_text())
REGION = "eu-central-1"
MINUTE, HOUR = 60, 3600

# kind: (first hour, last hour, weekends too, how often at most a daily call is made, user agent)
KINDS = {
    "service": (0, 24, True, 1, "aws-sdk-java/2.25.11 Linux/6.1 (simulated)"),
    "instance": (0, 24, True, 1, "aws-cli/2.15.30 Python/3.11.8 Linux/6.1 (simulated)"),
    "lambda": (0, 24, True, 1, "Boto3/1.34.69 Python/3.12 AWS_Lambda_python3.12 (simulated)"),
    "batch": (2, 4, True, 1, "Boto3/1.34.69 Python/3.11 Linux/6.1 (simulated)"),
    "pipeline": (8, 18, False, 1, "APN/1.0 HashiCorp/1.0 Terraform/1.7.5 (simulated)"),
    "person": (7, 18, False, 1, "Mozilla/5.0 (simulated)"),
}
DENIED = 20  # one call of people in so many is denied
READS = ("Get", "List", "Describe", "BatchGet", "Lookup", "Filter", "Discover", "Generate", "Query", "Detect")


class Dice:
    """Chance from `random()` alone."""

    def __init__(self, seed):
        self.random = random.Random(seed).random

    def below(self, limit):
        return int(self.random() * limit)

    def pick(self, items):
        return items[self.below(len(items))]


def calls_of(names):
    """The calls behind a list of calls and names of menus, each once, in order."""
    return list(dict.fromkeys(call for name in names for call in WORLD["menus"].get(name, [name])))


def roles():
    """The roles, in order of the file; then those that a change brings."""
    known = [dict(role, account=role.get("account", "production")) for role in WORLD["role"]]
    brought = [
        dict(name=name, kind=change["kind"], account=change.get("account", "production"), daily=[])
        for change in WORLD["change"] if "kind" in change for name in change["roles"]
    ]
    return known + brought


def changes_for(role, day):
    """The calls that changes give to `role` on `day`, counted from 1."""
    for change in WORLD["change"]:
        begun = day == change["day"] if change.get("once") else day >= change["day"]
        if begun and role["name"] in change["roles"] and role["account"] == change.get("account", "production"):
            yield from calls_of(change["calls"])


def calls_on(role, day, dice):
    """The calls that `role` makes on `day`: (call, how often)."""
    often = KINDS[role["kind"]][3]
    rarely = role.get("rarely", 15)
    for call in calls_of(role["daily"]):
        yield call, 1 + dice.below(often)
    for call in calls_of(role.get("now-and-then", [])):
        if dice.below(rarely) == 0:
            yield call, 1
    for call in changes_for(role, day):
        yield call, 1


def works(role, date):
    return KINDS[role["kind"]][2] or date.weekday() < 5


def ordinary(role, day, dice):
    """The events of one role on one day: (time, role, call, session)."""
    date = WORLD["first_day"] + timedelta(days=day - 1)
    if not works(role, date):
        return
    opens, closes = KINDS[role["kind"]][:2]
    for call, often in calls_on(role, day, dice):
        for _ in range(often):
            second = opens * HOUR + dice.below((closes - opens) * HOUR)
            yield moment(date, second), role, call, session_of(role, dice)


def moment(date, second):
    return datetime.combine(date, time(), UTC) + timedelta(seconds=second)


def session_of(role, dice):
    if "people" in role:
        return dice.pick(role["people"]) + "@example.com"
    if role["kind"] == "instance":
        return "i-0a1b2c3d4e5f60718" if role["name"] == WORLD["attack"]["role"] else "i-0123456789abcdef0"
    return "GitHubActions" if role["kind"] == "pipeline" else role["name"]


def attack(dice):
    """The events of the attack, in the order of its steps, some seconds to a minute apart."""
    plan = WORLD["attack"]
    role = next(role for role in roles() if role["name"] == plan["role"])
    at = datetime.combine(WORLD["first_day"] + timedelta(days=plan["day"] - 1), plan["starts"], UTC)
    for step in plan["step"]:
        for call in step["calls"]:
            yield at, role, call, plan["session"]
            at += timedelta(seconds=3 + dice.below(MINUTE))


def source_of(role, dice):
    """Address, agent, denied. People are at 198.51.100.0/24, machines at 192.0.2.0/24."""
    agent = KINDS[role["kind"]][4]
    if role["kind"] == "person":
        return f"198.51.100.{10 + dice.below(20)}", agent, dice.below(DENIED) == 0
    return f"192.0.2.{10 + sum(role['name'].encode()) % 100}", agent, False


def identity(role, session):
    account = WORLD["accounts"][role["account"]]
    issuer = {
        "type": "Role", "principalId": "AROAEXAMPLE" + f"{sum(role['name'].encode()):010}",
        "arn": f"arn:aws:iam::{account}:role/{role['name']}", "accountId": account, "userName": role["name"],
    }
    return {
        "type": "AssumedRole", "principalId": f"{issuer['principalId']}:{session}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{role['name']}/{session}", "accountId": account, "accessKeyId": "ASIAEXAMPLE000000000",
        "sessionContext": {"sessionIssuer": issuer, "attributes": {"mfaAuthenticated": "false"}},
    }


def filled(value, words):
    """`value` with `{role}` and its like filled in, at any depth."""
    if isinstance(value, dict):
        return {key: filled(inner, words) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, words) for inner in value]
    return value.format(**words)


def record(number, at, role, call, session, source):
    """One CloudTrail record; `source` is the address, the agent and whether the call was denied.

    The event's id is its number, so that nobody takes it for a real one.
    """
    service, name = call.split(":")
    parameters = WORLD["parameters"].get(call)
    address, agent, denied = source
    outcome = {"errorCode": "AccessDenied", "errorMessage": "not authorized (simulated)"} if denied else {}
    return {
        "eventVersion": "1.09", "userIdentity": identity(role, session), "eventTime": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": f"{service}.amazonaws.com", "eventName": name, "awsRegion": REGION, "sourceIPAddress": address, "userAgent": agent,
        "requestParameters": parameters and filled(parameters, {"role": role["name"], "n": number % 900 + 100}), "responseElements": None,
        "eventID": f"00000000-0000-4000-8000-{number:012}", "readOnly": name.startswith(READS), "eventType": "AwsApiCall",
        "managementEvent": True, "recipientAccountId": WORLD["accounts"][role["account"]], "eventCategory": "Management",
        **outcome,
    }


def month():
    """All records, in order of time."""
    dice = Dice(WORLD["seed"])
    plain = [event for day in range(1, WORLD["days"] + 1) for role in roles() for event in ordinary(role, day, dice)]
    events = [(*event, source_of(event[1], dice)) for event in plain]
    events += [(*event, (WORLD["attack"]["address"], WORLD["attack"]["agent"], False)) for event in attack(dice)]
    events.sort(key=lambda event: (event[0], event[1]["account"], event[1]["name"], event[2]))
    return [record(number, *event) for number, event in enumerate(events)]


def files():
    """The text of each file by its name: one log file of CloudTrail, a record a line."""
    last = (WORLD["first_day"] + timedelta(days=WORLD["days"] - 1)).isoformat()
    parts = {"first-29-days.json.gz": [], "last-day.json.gz": []}
    for entry in month():
        parts["last-day.json.gz" if entry["eventTime"].startswith(last) else "first-29-days.json.gz"].append(entry)
    dump = lambda entry: json.dumps(entry, separators=(",", ":"))
    return {name: '{"Records":[\n' + ",\n".join(map(dump, entries)) + "\n]}\n" for name, entries in parts.items()}


def main():
    for name, text in files().items():
        if "--check" not in sys.argv:
            (HERE / name).write_bytes(gzip.compress(text.encode(), 9, mtime=0))
        elif gzip.decompress((HERE / name).read_bytes()).decode() != text:
            sys.exit(f"{name} is not what generate.py writes; run tests/data/simulated/generate.py")


if __name__ == "__main__":
    main()
