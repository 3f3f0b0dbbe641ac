"""splunkd's end of the pipe, as small as can be: runs one search command of the real program and reads its rows.

Knows frames and CSV, nothing of roles or scores. Source: `tests/pipe/mod.rs`, which says the same in Rust.
"""

import csv
import io
import json
import os
import subprocess


class CommandFailed(Exception):
    """The program ended the search with an error; its text is the program's."""


class Session:
    """One run of one command, from getinfo to its last page."""

    def __init__(self, program, command, args):
        self.child = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | {"TZ": "UTC"})
        info = {
            "args": args, "raw_args": args, "command": command, "maxresultrows": 50_000, "sid": "1700000000.1", "dispatch_dir": "/tmp",
            "app": "unseen", "owner": "admin", "username": "admin", "session_key": "", "splunkd_uri": "https://127.0.0.1:8089",
            "splunk_version": "9.4.0", "search": "", "earliest_time": "0", "latest_time": "0",
        }  # fmt: skip
        self.ask({"action": "getinfo", "preview": False, "streaming_command_will_restart": False, "searchinfo": info})

    def ask(self, metadata, body=b""):
        """Sends one chunk and reads its reply: (metadata, body)."""
        text = json.dumps(metadata).encode()
        self.child.stdin.write(b"chunked 1.0,%d,%d\n%s%s" % (len(text), len(body), text, body))
        self.child.stdin.flush()
        lengths = self.child.stdout.readline().strip().removeprefix(b"chunked 1.0,").split(b",")
        reply, rows = (self.child.stdout.read(int(length)) for length in lengths)
        reply = json.loads(reply)
        self.refuse_error(reply)
        return reply, rows

    def refuse_error(self, reply):
        errors = [text for level, text in reply.get("inspector", {}).get("messages", []) if level in ("ERROR", "FATAL")]
        if reply.get("error") or errors:
            self.child.kill()
            raise CommandFailed(reply.get("error") or errors[0])

    def end(self):
        self.child.stdin.close()
        if self.child.wait() != 0:
            raise CommandFailed(f"the program ended with {self.child.returncode}")


def run(program, command, args, bodies):
    """All rows that the command returns for these chunks."""
    session = Session(program, command, args)
    for body in bodies[:-1]:
        session.ask({"action": "execute", "finished": False}, body)
    reply, page = session.ask({"action": "execute", "finished": True}, bodies[-1])
    rows = list(parse(page))
    while not reply["finished"]:
        reply, page = session.ask({"action": "execute", "finished": True})
        rows += parse(page)
    session.end()
    return rows


def parse(page):
    return csv.DictReader(io.StringIO(page.decode(), newline=""))


def body(columns, rows):
    """A chunk's body. `rows` are tuples, None for an empty cell."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()
