"""Splunk's pipe for the peers that have none of their own: reads chunks in lockstep, calls one function with all bodies.

Peers are given what they like best: every body at once, and one reply for all rows.
"""

import json
import sys

DAY = 86_400


def read_chunk():
    header = sys.stdin.buffer.readline()
    if not header:
        sys.exit(0)
    metadata, body = (int(length) for length in header.split(b",")[1:])
    return json.loads(sys.stdin.buffer.read(metadata)), sys.stdin.buffer.read(body)


def reply(metadata, body=b""):
    text = json.dumps(metadata).encode()
    sys.stdout.buffer.write(b"chunked 1.0,%d,%d\n%s" % (len(text), len(body), text))
    sys.stdout.buffer.write(body)
    sys.stdout.buffer.flush()


class Job:
    """What was asked for: the command and its cut-offs, which snap to days in UTC."""

    def __init__(self, searchinfo):
        args = dict(arg.split("=", 1) for arg in searchinfo["args"] if "=" in arg)
        as_of = int(args["as_of"])
        self.command = searchinfo["command"]
        self.changes = args.get("changes") == "true"
        self.forget = (as_of - 90 * DAY) // DAY * DAY
        self.mature = (as_of - 7 * DAY) // DAY * DAY
        self.opens = (as_of - DAY) // 3600 * 3600


def serve(take, finish):
    """`take(body)` for each chunk with rows, then `finish(job)`, which returns a body."""
    job = Job(read_chunk()[0]["searchinfo"])
    reply({"type": "reporting" if job.command == "seen" else "events"})
    while True:
        metadata, body = read_chunk()
        if body:
            take(body)
        if metadata["finished"]:
            reply({"finished": True}, finish(job))
            return
        reply({"finished": False})
