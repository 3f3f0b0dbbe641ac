"""Reads Splunk's .conf and .meta files, and says what is malformed about one.

A setting may go on over several lines with a backslash at the end of each but the last; the value keeps the line breaks.
Knows the dialect only, not what any setting means.
"""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Stanza:
    """`[name]` and its settings; of a setting given twice the last counts, as in Splunk."""

    name: str
    line: int
    settings: dict = field(default_factory=dict)

    def get(self, key, default=""):
        return self.settings.get(key, default)


@dataclass
class Conf:
    path: Path
    stanzas: dict
    faults: list

    def get(self, stanza, key, default=""):
        found = self.stanzas.get(stanza)
        return found.get(key, default) if found else default


def read(path):
    """The file's stanzas by name. An absent file has none."""
    stanzas, faults = {}, []
    if not path.exists():
        return Conf(path, stanzas, faults)
    current, seen = None, set()
    lines = iter(enumerate(path.read_bytes().decode("utf-8").split("\n"), 1))

    def fault(number, text):
        faults.append(f"{path.name}:{number}: {text}")

    for number, line in lines:
        if line.endswith("\r"):
            fault(number, "carriage return at the end of the line")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line.startswith("["):
            name = line.rstrip()[1:-1]
            if not line.rstrip().endswith("]"):
                fault(number, f"stanza header without its `]`: {line}")
            if name in stanzas:
                fault(number, f"stanza [{name}] is there twice, first on line {stanzas[name].line}")
            if name == "default":
                fault(number, "[default] would give every stanza of the file its settings")
            current = stanzas.setdefault(name, Stanza(name, number))
            continue
        key, equals, value = line.partition("=")
        key = key.strip()
        if not equals:
            fault(number, f"neither a stanza, a setting nor a comment: {line.strip()}")
            continue
        start = number
        while value.endswith("\\"):
            number, line = next(lines, (number, ""))
            value = value[:-1] + "\n" + line
        if value.rstrip().endswith("\\"):
            fault(number, f"blanks behind the backslash cut `{key}` short")
        if current is None:
            fault(start, f"`{key}` stands before any stanza")
            continue
        if (current.name, key) in seen:
            fault(start, f"`{key}` is there twice in [{current.name}]")
        seen.add((current.name, key))
        current.settings[key] = value.strip()
    return Conf(path, stanzas, faults)
