"""`make bench`: plays the same sessions to our program, to a yardstick and to its peers, side by side, and prints tables.

Machines are noisy, so programs take turns (A B C, A B C, ...) and what is reported is the median of the ratios within a turn.
Beside the wall clock stand CPU seconds (all threads) and peak memory, as the kernel counts them for each process. Sessions go in
lockstep, as splunkd holds them: a request, its reply, the next request. Nothing here is a test: no number makes it fail.

    run.py [--quick] [--rounds N] [--no-ten-million] [--no-sdk] [--only PART ...] [--unseen PROGRAM] [--page]

Standard library only; the peers have an environment of their own. Writes below target/bench, and with --page the tables in
docs/performance.md and the picture beside them.
"""

import argparse
import contextlib
import csv
import fcntl
import json
import os
import pickle
import platform
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
FOLDER = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "bench"
PIPE = 1 << 20  # the most that Linux gives to anybody: what is measured is programs, not how often the kernel wakes them
AS_OF = 1_748_779_200  # as in benches/generate/session.rs
PARTS = ("million", "sessions", "growth", "ranked", "start", "trails", "archive")

WINDOWS = ["forget_window=-90d@d", "learning_window=-7d@d", f"as_of={AS_OF}"]


@dataclass(frozen=True)
class Search:
    """One of the shipped searches, from the pipe's side."""

    name: str
    command: str
    columns: str
    options: tuple

    def getinfo(self):
        args = ["by", "user", "command", *self.options]
        info = {
            "args": args, "raw_args": args, "dispatch_dir": str(FOLDER), "sid": "1748779200.1", "app": "unseen",
            "owner": "admin", "username": "admin", "session_key": "", "splunkd_uri": "https://127.0.0.1:8089",
            "splunk_version": "9.4.0", "search": "", "command": self.command, "maxresultrows": 50_000,
            "earliest_time": "0", "latest_time": "0",
        }  # fmt: skip
        request = {"action": "getinfo", "preview": False, "streaming_command_will_restart": False, "searchinfo": info}
        return frame(json.dumps(request).encode())


CHANGES = Search("seen changes=true", "seen", "learn", (*WINDOWS, "changes=true"))
EVERY_ROW = Search("seen, every row", "seen", "learn", tuple(WINDOWS))
DETECT = Search("unseen", "unseen", "detect", ("activity_window=-24h@h", *WINDOWS))
SEARCHES = (CHANGES, EVERY_ROW, DETECT)
RANK = Search("unseen explain=true", "unseen", "detect", (*DETECT.options, "explain=true"))


@dataclass(frozen=True)
class World:
    """What is ranked: roles that make calls, and pairs of them that are new (benches/generate/world.rs)."""

    roles: int
    calls: int
    calls_a_role: int
    new_pairs: int

    @property
    def rows(self):
        return self.roles * self.calls_a_role


MILLION = World(5_000, 10_000, 200, 1_000)
ALL_NEW = World(10_000, 10_000, 100, 10_000)
TEN_MILLION = World(100_000, 20_000, 100, 1_000)


@dataclass(frozen=True)
class Cost:
    """What one run of one process took: seconds, CPU seconds, bytes."""

    wall: float
    cpu: float
    memory: int


# ---- Processes


class Process:
    """A program with a pipe at either end; the kernel counts what it takes."""

    def __init__(self, program, keep=None, folder=None):
        stdin, self.to = os.pipe()
        self.replies, stdout = os.pipe()
        self.keep = keep
        for end in (self.to, self.replies):
            os.set_inheritable(end, False)
            fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, PIPE)
        actions = [(os.POSIX_SPAWN_DUP2, stdin, 0), (os.POSIX_SPAWN_DUP2, stdout, 1)]
        self.began = time.perf_counter()
        self.pid = os.posix_spawn(program[0], program, {**os.environ, "TZ": "UTC"}, file_actions=actions)
        os.close(stdin)
        os.close(stdout)
        self.buffer, self.held = memoryview(bytearray(1 << 18)), memoryview(b"")

    def send(self, text):
        while text:
            text = text[os.write(self.to, text) :]

    def send_from(self, file, start, length):
        while length:
            sent = os.sendfile(self.to, file, start, length)
            start, length = start + sent, length - sent

    def read_some(self, most):
        """Up to `most` bytes; no more than the buffer holds, so that this process stays small."""
        if not self.held:
            got = os.readv(self.replies, [self.buffer])
            if got == 0:
                raise EOFError("the program ended before its reply did")
            self.held = self.buffer[:got]
        piece, self.held = self.held[:most], self.held[most:]
        return piece

    def read_reply(self):
        """The metadata of the next reply; its body goes where the answers are kept, if they are."""
        header = b""
        while not header.endswith(b"\n"):
            header += self.read_some(1)
        lengths = [int(length) for length in header.split(b",")[1:]]
        metadata = b""
        while len(metadata) < lengths[0]:
            metadata += self.read_some(lengths[0] - len(metadata))
        left = lengths[1]
        while left:
            piece = self.read_some(left)
            left -= len(piece)
            if self.keep:
                self.keep.write(piece)
        return json.loads(metadata)

    def end(self):
        os.close(self.to)
        _, status, usage = os.wait4(self.pid, 0)
        wall = time.perf_counter() - self.began
        os.close(self.replies)
        if status != 0:
            raise RuntimeError(f"a program ended with status {status}")
        return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def frame(metadata, body=b""):
    return b"chunked 1.0,%d,%d\n%s%s" % (len(metadata), len(body), metadata, body)


def play(program, search, requests, keep=None):
    """One whole session, in lockstep; the answers end up in the file `keep`, page by page."""
    with open(keep, "wb") if keep else contextlib.nullcontext() as sink:
        return converse(Process(program, sink), search, requests)


def converse(process, search, requests):
    """Sends all requests, takes all replies; gives the cost."""
    process.send(search.getinfo())
    check(process.read_reply())
    with open(requests, "rb") as file:
        at, size = 0, os.fstat(file.fileno()).st_size
        while at < size:
            header = os.pread(file.fileno(), 64, at).split(b"\n")[0]
            length = len(header) + 1 + sum(int(part) for part in header.split(b",")[1:])
            process.send_from(file.fileno(), at, length)
            at += length
            reply = check(process.read_reply())
    while not reply["finished"]:
        process.send(frame(b'{"action":"execute","finished":true}'))
        reply = check(process.read_reply())
    return process.end()


def check(reply):
    messages = reply.get("inspector", {}).get("messages", [])
    errors = [text for level, text in messages if level in ("ERROR", "FATAL")]
    if reply.get("error") or errors:
        raise RuntimeError(reply.get("error") or errors)
    return reply


def run(program):
    """One program without a pipe."""
    began = time.perf_counter()
    null = os.open(os.devnull, os.O_WRONLY)
    actions = [(os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)]
    pid = os.posix_spawn(program[0], program, os.environ, file_actions=actions)
    os.close(null)
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - began
    if status != 0:
        raise RuntimeError(f"{program[0]} ended with status {status}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


# ---- Turns and their ratios


@dataclass
class Contest:
    """Programs that took turns at one job: name to costs, one a turn."""

    title: str
    costs: dict = field(default_factory=dict)

    def turn(self, name, cost):
        self.costs.setdefault(name, []).append(cost)

    def median(self, name, what):
        return statistics.median(getattr(cost, what) for cost in self.costs[name])

    def ratio(self, name, to, what="wall"):
        """The median of the ratios of those turns in which both took part."""
        pairs = zip(self.costs[name], self.costs[to], strict=False)  # one may have taken part in fewer turns
        return statistics.median(getattr(a, what) / getattr(b, what) for a, b in pairs)

    def table(self):
        lines = [
            f"| {self.title} | s | CPU s | MB | x yardstick | CPU x yardstick | ours is so many times as fast | turns |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        ]
        for name in self.costs:
            faster = "" if name in ("yardstick", "unseen") else f"{self.ratio(name, 'unseen'):.2f}"
            lines.append(
                f"| {name} | {self.median(name, 'wall'):.3f} | {self.median(name, 'cpu'):.3f} "
                f"| {self.median(name, 'memory') / 1e6:.0f} | {self.ratio(name, 'yardstick'):.2f} "
                f"| {self.ratio(name, 'yardstick', 'cpu'):.2f} | {faster} | {len(self.costs[name])} |"
            )
        return "\n".join(lines)


def contest(title, programs, rounds, slow, play_one):
    """Lets programs take turns; those that are slow take three at most."""
    result = Contest(title)
    for nth in range(rounds):
        for name, program in programs.items():
            if nth < 3 or name not in slow:
                result.turn(name, play_one(program))
    report(result.table() + "\n")
    return result


def report(text):
    print(text, flush=True)


# ---- What is needed first


def build():
    """The programs: name to path."""
    command = ["cargo", "build", "--release", "--bin", "unseen", "--bench", "generate", "--bench", "yardstick"]
    output = subprocess.run(
        [*command, "--message-format=json-render-diagnostics"], cwd=ROOT, check=True, stdout=subprocess.PIPE
    ).stdout
    messages = [json.loads(line) for line in output.splitlines()]
    return {m["target"]["name"]: m["executable"] for m in messages if m.get("executable")}


def peers():
    """The peers' programs, in an environment of their own."""
    python = FOLDER / "venv" / "bin" / "python3"
    wanted = HERE / "peers" / "requirements.txt"
    stamp = FOLDER / "venv" / "requirements.txt"
    if not stamp.exists() or stamp.read_text() != wanted.read_text():
        subprocess.run([sys.executable, "-m", "venv", FOLDER / "venv"], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", wanted], check=True)
        stamp.write_text(wanted.read_text())
    return {name: [str(python), str(HERE / "peers" / f"in_{name}.py")] for name in ("polars", "duckdb", "sdk")}


def is_fresh(path, programs):
    """Whether an input was made by the generator as it is now."""
    return path.exists() and path.stat().st_mtime >= Path(programs["generate"]).stat().st_mtime


def requests_file(programs, shape, columns, observations, baseline):
    """A generated input; made once, and anew when the generator changes."""
    path = FOLDER / f"{shape}-{columns}-{observations}-{baseline}.requests"
    if not is_fresh(path, programs):
        with open(path, "wb") as out:
            arguments = ["session", shape, columns, str(observations), str(baseline)]
            subprocess.run([programs["generate"], *arguments], check=True, stdout=out)
    return path


def compare(ours, theirs):
    """Exits with an error unless two answers have the same rows. In a process of its own, since it takes memory."""

    def rows(path):
        with open(path, newline="") as file:
            answer, header = [], None
            for row in csv.reader(file):
                if header is None:
                    header = row
                    wanted = [nth for nth, name in enumerate(header) if name != "_key" and not name.startswith("__mv_")]
                    names = [header[nth] for nth in wanted]
                elif row != header:  # every page has one
                    answer.append(tuple(tidy(row[nth]) for nth in wanted))
        return names, sorted(answer)

    def tidy(text):
        try:
            return repr(float(text))
        except ValueError:
            return text

    (names, mine), (other_names, other) = rows(ours), rows(theirs)
    if names != other_names or mine != other or not mine:
        sample = sorted(set(mine) ^ set(other))[:5]
        sys.exit(f"the rows differ: {len(mine)} of {names}, {len(other)} of {other_names}; such as {sample}")
    print(len(mine))


def compared(search, requests, programs):
    """Plays one session to every program that answers and compares what comes out with DuckDB's rows."""
    answer = lambda name: FOLDER / f"{name}.csv"  # noqa: E731
    names = [name for name in programs if name != "yardstick"]
    for name in names:
        play(programs[name], search, requests, answer(name))
    for name in names:
        if name != "duckdb":
            command = [sys.executable, __file__, "compare", answer(name), answer("duckdb")]
            rows = int(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
            report(f"{search.name}, {requests.stem}: {name} gives the same {rows:,} rows as DuckDB.")
    for name in names:
        answer(name).unlink()


# ---- The parts


def contestants(search, built, others=()):
    programs = {"yardstick": [built["yardstick"], "chunks"], "unseen": [built["unseen"]]}
    for name, program in dict(others).items():
        programs[name] = [*program, search.command] if name == "sdk" else program
    return programs


def shipped(shape, observations, baseline, rounds, built, others, contest_with):
    """The shipped searches on one shape: the answers of all, then a contest with some of the peers."""
    contests = {}
    for search in SEARCHES:
        few = requests_file(built, shape, search.columns, 1_000, 10_000)
        compared(search, few, contestants(search, built, others))
        requests = requests_file(built, shape, search.columns, observations, baseline)
        compared(search, requests, contestants(search, built, {"duckdb": others["duckdb"]}))
        title = f"{search.name}: {shape}, {observations:,} observations + {baseline:,} baseline rows"
        programs = contestants(search, built, contest_with)
        contests[search.name] = contest(title, programs, rounds, ("sdk",), partial(play, search=search, requests=requests))
    return contests


def growth(sizes, rounds, built):
    """How cost grows with the baseline: size to search to contest."""
    grown = {}
    for size in sizes:
        grown[size] = {}
        observations = min(100_000, size // 10)
        for search in SEARCHES:
            requests = requests_file(built, "roles", search.columns, observations, size)
            title = f"{search.name}: roles, {observations:,} observations + {size:,} baseline rows"
            play_one = partial(play, search=search, requests=requests)
            turns = rounds if size >= 1_000_000 else rounds * 3
            grown[size][search.name] = contest(title, contestants(search, built), turns, (), play_one)
            if size > 1_000_000:
                requests.unlink()
    return grown


def ranked(worlds, rounds, built):
    """What ranking costs beside detecting alone: world to contest of the two searches."""
    return {world: rank_one(world, rounds, built) for world in worlds}


def rank_one(world, rounds, built):
    numbers = [str(number) for number in (world.roles, world.calls, world.calls_a_role, world.new_pairs)]
    requests = FOLDER / f"ranked-{'-'.join(numbers)}.requests"
    if not is_fresh(requests, built):
        with open(requests, "wb") as out:
            subprocess.run([built["generate"], "ranked", *numbers], check=True, stdout=out)
    result = Contest(f"{world.rows:,} rows of {world.roles:,} roles, {world.new_pairs:,} new pairs")
    for _ in range(rounds):
        for search in (DETECT, RANK):
            result.turn(search.name, play([built["unseen"]], search, requests))
    if world.rows > 1_000_000:
        requests.unlink()
    return result


def ranked_table(results):
    lines = ["| baseline | search | s | CPU s | MB | x `unseen` | CPU x `unseen` | turns |", "| --- | --- |" + " ---: |" * 6]
    for result in results.values():
        for name in result.costs:
            lines.append(
                f"| {result.title} | `{name}` | {result.median(name, 'wall'):.3f} | {result.median(name, 'cpu'):.3f} "
                f"| {result.median(name, 'memory') / 1e6:.0f} | {result.ratio(name, DETECT.name):.2f} "
                f"| {result.ratio(name, DETECT.name, 'cpu'):.2f} | {len(result.costs[name])} |"
            )
    return "\n".join(lines)


def start(built, times=60):
    """Milliseconds from fork to the getinfo reply."""
    taken = []
    for _ in range(times):
        process = Process([built["unseen"]])
        process.send(CHANGES.getinfo())
        check(process.read_reply())
        taken.append(time.perf_counter() - process.began)
        process.end()
    milliseconds = statistics.median(taken) * 1e3
    report(f"start to getinfo reply: {milliseconds:.2f} ms (median of {times})\n")
    return milliseconds


def has_learn(built):
    """Whether this build has the command line, which is newer than the search commands."""
    help_of_learn = [built["unseen"], "learn", "--help"]
    return subprocess.run(help_of_learn, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def archive(built, peers_python):
    """Whether `learn` gives one baseline from sample records and from the rows that benches/archive.sql makes of them."""
    names = ("invictus-aws_dataset.json.gz", "panther-analysis-rule-tests.ndjson.gz")
    samples = [str(ROOT / "tests" / "data" / "cloudtrail" / name) for name in names]
    rows = FOLDER / "archive-rows.csv"
    subprocess.run([peers_python, HERE / "peers" / "in_archive.py", rows, *samples], check=True)
    texts = []
    for paths in (samples, [str(rows)]):
        baseline = FOLDER / "learned.csv"
        baseline.unlink(missing_ok=True)
        subprocess.run([built["unseen"], "learn", "--baseline", baseline, *paths], check=True, stderr=subprocess.DEVNULL)
        texts.append(baseline.read_text())
    keys = texts[0].count("\n") - 1
    outcome = f"the same baseline of {keys} keys" if texts[0] == texts[1] else "two different baselines"
    report(f"archive: `learn` gives {outcome} from the sample records and from the rows of benches/archive.sql.\n")


def trails(files, rounds, built):
    """`learn` on CloudTrail files: the contest, and our memory on a quarter of the files."""
    folder, few = FOLDER / f"trails-{files}", FOLDER / f"trails-{files // 4}"
    for path, count in ((folder, files), (few, files // 4)):
        if not is_fresh(path, built):
            shutil.rmtree(path, ignore_errors=True)
            subprocess.run([built["generate"], "trails", str(count), path], check=True)
    baseline = FOLDER / "learned.csv"
    learn = [built["unseen"], "learn", "--baseline", str(baseline)]
    jq = ["/bin/sh", "-c", f"zcat {folder}/*.gz | jq -c '.Records[]'"]
    programs = {"yardstick": [built["yardstick"], "trails", str(folder)], "unseen": [*learn, str(folder)], "zcat and jq": jq}

    def afresh(program):
        baseline.unlink(missing_ok=True)
        return run(program)

    result = contest(f"learn: {files:,} files of 1,000 records", programs, rounds, ("zcat and jq",), afresh)
    memory = statistics.median(afresh([*learn, str(few)]).memory for _ in range(3))
    report(f"learn: {memory / 1e6:.0f} MB on a quarter of the files\n")
    return result, memory


# ---- What was asked for


def verdicts(results):
    """The table of what a change must keep to, and what it aims at: rows of text."""
    rows = []

    def row(what, value, must, aim, unit="x", at_least=False, beside=""):
        def ok(bound):
            return "" if bound is None else ("yes" if (value >= bound if at_least else value <= bound) else "**no**")

        sign = ">=" if at_least else "<="
        shown = [f"{sign} {bound:g} {unit}: {ok(bound)}" if bound is not None else "" for bound in (must, aim)]
        rows.append(f"| {what} | {value:.2f} {unit}{beside} | {shown[0]} | {shown[1]} |")

    def yardstick_row(what, contest_of, must, aim):
        cpu = f" (CPU {contest_of.ratio('unseen', 'yardstick', 'cpu'):.2f} x)"
        row(what, contest_of.ratio("unseen", "yardstick"), must, aim, beside=cpu)

    million = results.get("million")
    if million:
        one, every, detect = (million[search.name] for search in SEARCHES)
        mb = lambda contest_of: contest_of.median("unseen", "memory") / 1e6  # noqa: E731
        yardstick_row("`seen changes=true`, times the yardstick", one, 2.5, 1.5)
        row("... memory", mb(one), 100, 60, "MB")
        for name, bound in (("polars", 1.5), ("duckdb", 1.5), ("sdk", 35)):
            if name in one.costs:
                row(f"... times as fast as {name}", one.ratio(name, "unseen"), bound, None, at_least=True)
        yardstick_row("`seen`, every row, times the yardstick", every, 4.5, 3)
        row("... memory", mb(every), 150, 70, "MB")
        for name in ("polars", "duckdb"):
            row(f"... CPU seconds, of those of {name}", every.ratio("unseen", name, "cpu"), 1, None)
        if "sdk" in every.costs:
            row("... times as fast as sdk", every.ratio("sdk", "unseen"), 20, None, at_least=True)
        yardstick_row("`unseen`, times the yardstick", detect, 1.6, 1.2)
        row("... memory", mb(detect), 64, 30, "MB")
    grown = results.get("growth", {})
    if 1_000_000 in grown and 10_000_000 in grown:
        small, large = grown[1_000_000], grown[10_000_000]
        for search in SEARCHES:
            ratio = large[search.name].ratio("unseen", "yardstick") / small[search.name].ratio("unseen", "yardstick")
            row(f"10,000,000 rows, `{search.name}`, of the ratio at a million", ratio, 2, 1.3)
        for search in (CHANGES, EVERY_ROW):
            row(f"... memory, {search.name}", large[search.name].median("unseen", "memory") / 1e6, 600, 450, "MB")
        further = large["unseen"].median("unseen", "memory") - small["unseen"].median("unseen", "memory")
        row("... memory, unseen, a further baseline row", further / 9_000_000, 16, None, "bytes")
    rank = results.get("ranked", {})
    if MILLION in rank:
        cpu = rank[MILLION].ratio(RANK.name, DETECT.name, "cpu")
        row("`unseen explain=true`, times `unseen`", rank[MILLION].ratio(RANK.name, DETECT.name), 3, 2, beside=f" (CPU {cpu:.2f} x)")
        row("... memory", rank[MILLION].median(RANK.name, "memory") / 1e6, 64, 50, "MB")
    if ALL_NEW in rank:
        row("... 10,000 new pairs of 10,000 roles", rank[ALL_NEW].median(RANK.name, "wall"), 20, None, "s")
    if MILLION in rank and TEN_MILLION in rank:
        ratio = rank[TEN_MILLION].median(RANK.name, "cpu") / rank[MILLION].median(RANK.name, "cpu") / 10
        row("... 10,000,000 rows, of ten times the CPU seconds of a million", ratio, 2, 1.3)
    if "start" in results:
        row("start to getinfo reply", results["start"], 5, 2, "ms")
    if results.get("trails"):
        learn, few = results["trails"]
        yardstick_row("`learn`, times the yardstick", learn, 1.5, 1.1)
        row("... times as fast as zcat and jq", learn.ratio("zcat and jq", "unseen"), 10, None, at_least=True)
        row("... memory, of that on a quarter of the files", learn.median("unseen", "memory") / few, 1.5, 1.1)
    return ["| 100,000 observations + 1,000,000 baseline rows | measured | must | aim |", "| --- | ---: | ---: | ---: |", *rows]


def machine():
    """CPU, cores, kernel and compiler in one line."""
    with open("/proc/cpuinfo") as cpuinfo:
        model = next((line.split(":")[1].strip() for line in cpuinfo if line.startswith("model name")), platform.machine())
    rustc = subprocess.run(["rustc", "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.split()[1]
    kernel = platform.release().split("-")[0]
    return f"{model}, {os.cpu_count()} cores, Linux {kernel}, rustc {rustc}, Python {platform.python_version()}"


# ---- The page


def plot(grown):
    """Seconds over baseline rows, both in powers of ten, as SVG."""
    lines = {"yardstick (seen's input)": (CHANGES.name, "yardstick", "#8a8f98", "6 4")}
    for search, colour in zip(SEARCHES, ("#1f6feb", "#b35900", "#1a7f37"), strict=True):
        lines[search.name] = (search.name, "unseen", colour, "")
    return "\n".join(
        [
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 920 360" font-family="sans-serif" font-size="13" fill="#57606a">',
            '<rect width="920" height="360" fill="#ffffff"/>',
            *panel(grown, lines, "wall", "seconds", 70, (-3, 2), 1),
            *panel(grown, lines, "memory", "MB", 530, (1, 3), 1e-6),
            *(
                f'<text x="{70 + 200 * nth}" y="348" fill="{line[2]}">{name}</text>'
                for nth, (name, line) in enumerate(lines.items())
            ),
            "</svg>",
        ]
    )


def panel(grown, lines, what, unit, left, decades, scale):
    """One plot: a line each program, a grid line each decade."""
    from math import log10

    low, high = decades
    width, top, bottom = 340, 30, 290
    sizes = sorted(grown)
    x = lambda size: left + width * (log10(size) - 4) / 3  # noqa: E731
    y = lambda value: bottom - (bottom - top) * (log10(value) - low) / (high - low)  # noqa: E731
    yield f'<text x="{left}" y="18" fill="#24292f">{unit}</text>'
    for decade in range(low, high + 1):
        at = y(10**decade)
        yield f'<path d="M{left} {at:.1f}h{width}" stroke="#d0d7de"/>'
        yield f'<text x="{left - 8}" y="{at + 4:.1f}" text-anchor="end">{10**decade:,g}</text>'
    for decade in range(4, 8):
        yield f'<text x="{x(10**decade):.1f}" y="{bottom + 18}" text-anchor="middle">{10**decade:,}</text>'
    yield f'<text x="{left + width / 2}" y="{bottom + 36}" text-anchor="middle">baseline rows</text>'
    for search, program, colour, dashes in lines.values():
        points = [(x(size), y(grown[size][search].median(program, what) * scale)) for size in sizes]
        path = "L".join(f"{a:.1f} {b:.1f}" for a, b in points)
        yield f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"/>'
        yield from (f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3.5" fill="{colour}"/>' for a, b in points)


def write_page(results, tables):
    """Puts the tables between their marks in docs/performance.md, and the picture beside it."""
    page = ROOT / "docs" / "performance.md"
    text = page.read_text()
    for mark, table in tables.items():
        opening, closing = f"<!-- {mark} -->\n", f"<!-- /{mark} -->"
        if table and opening in text:
            before, _, rest = text.partition(opening)
            text = before + opening + "\n" + table + "\n\n" + closing + rest.partition(closing)[2]
    page.write_text(text)
    if results.get("growth"):
        (ROOT / "docs" / "pictures" / "performance-growth.svg").write_text(plot(results["growth"]) + "\n")


def growth_table(grown):
    lines = ["| baseline rows | " + " | ".join(f"{s.name}: s, CPU s, MB, x yardstick" for s in SEARCHES) + " |"]
    lines.append("| ---: |" + " ---: |" * len(SEARCHES))
    for size in sorted(grown):
        cells = []
        for search in SEARCHES:
            c = grown[size][search.name]
            seconds = f"{c.median('unseen', 'wall'):.3f}, {c.median('unseen', 'cpu'):.3f}"
            cells.append(f"{seconds}, {c.median('unseen', 'memory') / 1e6:.0f}, {c.ratio('unseen', 'yardstick'):.2f}")
        lines.append(f"| {size:,} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description="Measures the shipped searches; see the head of this file.")
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, three turns")
    parser.add_argument("--rounds", type=int, help="turns a program takes (7; 3 with --quick)")
    parser.add_argument("--no-ten-million", action="store_true", help="let the baseline grow to a million rows only")
    parser.add_argument("--no-sdk", action="store_true", help="leave the slowest peer out")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="some parts only")
    parser.add_argument("--unseen", help="another build of our program to measure")
    parser.add_argument("--page", action="store_true", help="write the tables into docs/performance.md")
    options = parser.parse_args()

    FOLDER.mkdir(parents=True, exist_ok=True)
    tenth = 10 if options.quick else 1
    rounds = options.rounds or (3 if options.quick else 7)
    built = build()
    others = {} if {"million", "sessions", "archive"}.isdisjoint(options.only) else peers()
    if options.unseen:
        built["unseen"] = options.unseen
    if options.no_sdk:
        others.pop("sdk", None)
    report(f"{machine()}\n")
    results = {}
    size = (100_000 // tenth, 1_000_000 // tenth)
    if "million" in options.only:
        results["million"] = shipped("roles", *size, rounds, built, others, others)
    if "sessions" in options.only:
        results["sessions"] = shipped("sessions", *size, rounds, built, others, {})
    if "growth" in options.only:
        top = 6 if options.quick or options.no_ten_million else 7
        results["growth"] = growth([10**power for power in range(4, top + 1)], min(rounds, 3), built)
    if "ranked" in options.only:
        worlds = [MILLION, ALL_NEW] + ([] if options.quick or options.no_ten_million else [TEN_MILLION])
        results["ranked"] = ranked(worlds, min(rounds, 5), built)
        report(ranked_table(results["ranked"]) + "\n")
    if "start" in options.only:
        results["start"] = start(built)
    if not has_learn(built):
        report("learn: left out, this build of `unseen` has no verb `learn`.\n")
    else:
        if "trails" in options.only:
            results["trails"] = trails(200 // tenth, min(rounds, 5), built)
        if "archive" in options.only:
            archive(built, others["duckdb"][0])
    report("\n".join(verdicts(results)))
    if options.page:
        results = with_earlier(results)
        tables = {"machine": machine(), "verdicts": "\n".join(verdicts(results))}
        for part in ("million", "sessions"):
            if part in results:
                tables[part] = "\n\n".join(contest_of.table() for contest_of in results[part].values())
        if "growth" in results:
            tables["growth"] = growth_table(results["growth"])
        if results.get("ranked"):
            tables["ranked"] = ranked_table(results["ranked"])
        if results.get("trails"):
            tables["trails"] = results["trails"][0].table()
        write_page(results, tables)


def with_earlier(results):
    """These results, and of the parts that were left out those of an earlier run with --page."""
    path = FOLDER / "results.pickle"
    earlier = pickle.loads(path.read_bytes()) if path.exists() else {}
    path.write_bytes(pickle.dumps(earlier | results))
    return earlier | results


if __name__ == "__main__":
    if sys.argv[1:2] == ["compare"]:
        compare(*sys.argv[2:])
    else:
        main()
