"""Holds `unseen replay` against the slow replay, on random histories of random sites: check.py <unseen> [histories] [first seed]

Compared are each alert (time, search, role, call, first time, whether it returned), when the baseline became mature, what suppression
removed, what was forgotten, and what to expect next week. Prints how much was compared; a history
that differs is printed with its seed, and left in target/slow_replay.
"""

import json
import os
import random
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from slow_replay import DAY, HOUR, MINUTE, Search, Site, SlowReplay

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "slow_replay"
APP = FOLDER / "app"
OF_BASELINE = "previously_seen_cloud_api_calls_per_user_role"
OF_DETECTION = "cloud_api_calls_from_previously_unseen_user_roles"
NAMES = {
    "detection": "Cloud API Calls From Previously Unseen User Roles",
    "update": "Previously Seen Cloud API Calls Per User Role - Update",
    "reconcile": "Unseen - Reconcile",
}


def history(dice, days):
    """Calls that come daily, weekly, at rare times, and at the borders of hours and of windows."""
    begins = 1_704_067_200 + dice.choice([0, 17, 30, 43_210, 86_399])
    calls = [(begins, ("R0", "s3:C0"))]
    for role in range(dice.randint(2, 7)):
        for call in range(dice.randint(1, 8)):
            time = begins + (0 if dice.random() < 0.4 else dice.randrange(days * DAY))
            kind = dice.random()
            while time < begins + days * DAY:
                calls.append((time, (f"R{role}", f"s3:C{call}")))
                if kind < 0.3:
                    time += dice.randrange(1, 2 * DAY)
                elif kind < 0.6:
                    time += dice.choice([HOUR, DAY, 3 * DAY, 5 * DAY, 7 * DAY, 10 * DAY, 12 * DAY]) + dice.choice([0, 0, 0, 1, -1, MINUTE])
                else:
                    time += dice.randrange(DAY, 20 * DAY)
                if dice.random() < 0.05:
                    time += dice.choice([0, 11, 17, 41]) * MINUTE - time % HOUR
    return calls


def outages(dice, begins, days):
    """Two at most, apart from each other."""
    found = []
    for _ in range(dice.choice([0, 0, 1, 2])):
        start = begins + dice.randrange(days * DAY)
        found.append((start, start + dice.choice([HOUR, 2 * HOUR, 30 * HOUR, dice.randrange(1, 50 * HOUR)])))
    found.sort()
    return found[:1] if len(found) == 2 and found[0][1] >= found[1][0] else found


def site(dice, begins, days):
    made = Site(
        activity=dice.choice(["-6h", "-12h@h", "-24h@h", "-48h@h"]),
        forget=dice.choice(["-4d@d", "-9d@d", "-30d@d", "-90d@d"]),
        learning=dice.choice(["-1d@d", "-3d@d", "-7d@d"]),
        suppress=dice.choice(["-7d", "-2d", "-1d@d"]),
        reconcile_window=dice.choice(["-98h@h", "-50h"]),
        alerts_a_run=dice.choice([5000, 5000, 2]),
        initial_days=dice.choice([1, 3, 7, 10]),
        outages=outages(dice, begins, days),
    )
    if dice.random() < 0.4:
        made.detection = Search(dice.choice(["0 *", "5 *", "30 *"]), dice.choice(["-4h@h", "-3h@h", "-2h"]), False)
        made.update = Search(dice.choice(["41 0", "30 13", "17 4"]), dice.choice(["-3d@d", "-2d", "-1d@d"]), True)
        made.reconcile = Search(dice.choice(["11 3", "0 15"]), "-24h@h", True)
    return made


def write_settings(made):
    """The site as `local/` over the shipped `default/`."""
    macros = {
        f"{OF_DETECTION}_activity_window": f'"{made.activity}"',
        f"{OF_BASELINE}_forget_window": f'"{made.forget}"',
        f"{OF_BASELINE}_learning_window": f'"{made.learning}"',
        "unseen_suppress_window": f'"{made.suppress}"',
        "unseen_reconcile_window": f'"{made.reconcile_window}"',
        "unseen_alerts_a_run": made.alerts_a_run,
    }
    searches = {name: getattr(made, kind) for kind, name in NAMES.items()}
    (APP / "local").mkdir(parents=True, exist_ok=True)
    (APP / "local/macros.conf").write_text("".join(f"[{name}]\ndefinition = {value}\n" for name, value in macros.items()))
    text = (f"[{name}]\ncron_schedule = {of.cron} * * *\ndispatch.earliest_time = {of.earliest}\n" for name, of in searches.items())
    (APP / "local/savedsearches.conf").write_text("".join(text))


def replayed(unseen, made, calls):
    """Alerts, maturity and suppression, as the program has them."""
    rows = FOLDER / "rows.csv"
    rows.write_text("user,command,_time\n" + "".join(f"{role},{call},{time}\n" for time, (role, call) in calls))
    command = [unseen, "replay", "--no-ranking", f"--initial-days={made.initial_days}", "--app", APP]
    command += [f"--outage={begin}/{end}" for begin, end in made.outages] + [rows]
    as_json, table = (subprocess.run([*command, *more], capture_output=True, text=True) for more in (["--format=json"], []))
    if as_json.returncode or table.returncode:
        return as_json.stderr + table.stderr
    found = [json.loads(line) for line in as_json.stdout.splitlines()]
    alerts = sorted(tuple(one[name] for name in ("time", "search", "user", "command", "firstTime", "returned")) for one in found)
    suppressed = re.search(r"suppressed +(\d+) repeats? of (\d+)", table.stdout)
    forgotten = re.search(r"forgotten +(\d+) pairs?: (\d+) came back, (\d+) alerted", table.stdout)
    week = re.search(r"next week +(\d+) to (\d+) alerts", table.stdout)
    mature = re.search(r"mature from (\S+ \S+) UTC", table.stderr)
    return alerts, mature and mature[1], numbers(suppressed) or (0, 0), numbers(forgotten) or (0, 0, 0), numbers(week)


def numbers(found):
    return found and tuple(int(number) for number in found.groups())


def slowly(made, calls):
    """The same, as the slow replay has them."""
    slow = SlowReplay(made, calls).run()
    mature = slow.mature_from and datetime.fromtimestamp(slow.mature_from, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return sorted(slow.alerts), mature, (slow.repeats, slow.repeated), slow.forgotten(), slow.next_week()


def main():
    unseen = Path(sys.argv[1]).resolve()
    number, first = (int(word) for word in (sys.argv[2:] + ["200", "0"][len(sys.argv) - 2 :]))
    (APP / "default").mkdir(parents=True, exist_ok=True)
    for kind in ("macros", "savedsearches"):
        (APP / f"default/{kind}.conf").write_text((ROOT / f"splunk_app/default/{kind}.conf").read_text())
    compared = []
    for seed in range(first, first + number):
        dice = random.Random(seed)
        days = dice.choice([12, 25, 40, 70])
        calls = history(dice, days)
        made = site(dice, calls[0][0], days)
        write_settings(made)
        expected, found = slowly(made, calls), replayed(unseen, made, calls)
        if expected != found:
            sys.exit(f"seed {seed}: {made}\nexpected {expected}\nfound    {found}\n{FOLDER} has the calls and the settings")
        compared += expected[0]
    kinds = f"{sum(one[1] == 'reconcile' for one in compared)} by Reconcile, {sum(one[5] for one in compared)} that returned"
    print(f"{number} histories: {len(compared)} alerts are those of the slow replay, {kinds}")


main()
