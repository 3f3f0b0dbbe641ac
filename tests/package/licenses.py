"""The licences of the crates that are linked into the program, and the notices that have to go with it."""

import re
from pathlib import Path

# Of a choice (`A OR B`) the first of these that is offered is taken.
ACCEPTED = ("MIT", "Apache-2.0", "BSD-3-Clause", "BSD-2-Clause", "ISC", "Zlib", "Unicode-3.0", "Unlicense", "0BSD", "CC0-1.0")
NAMES = ("license", "licence", "copying", "notice", "unlicense")

HEAD = """What is linked into the program `unseen` beside its own code, and on what terms.

Rust's standard library, (c) The Rust Project contributors, MIT or Apache-2.0: Apache-2.0.txt in this folder.
The GNU C library, (c) Free Software Foundation and others, LGPL-2.1-or-later, linked statically. Its source comes with
Debian and from gnu.org; the program's own source, and the one command that links it anew, with any version of that
library, are in the program's public repository.

And these crates:
"""


def linked(metadata):
    """The crates whose code is in the program: reached from ours without development, build and macro dependencies."""
    crates = {crate["id"]: crate for crate in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    root = metadata["resolve"]["root"]
    found, waiting = set(), [root]
    while waiting:
        crate = waiting.pop()
        if crate in found or any("proc-macro" in built["kind"] for built in crates[crate]["targets"]):
            continue
        found.add(crate)
        waiting += [to["pkg"] for to in nodes[crate]["deps"] if any(kind["kind"] is None for kind in to["dep_kinds"])]
    return sorted((crates[crate] for crate in found - {root}), key=lambda crate: (crate["name"], crate["version"]))


def chosen(crate):
    """The terms taken of what a crate offers, None if no way to take it is accepted."""
    said = (crate.get("license") or "").replace("/", " OR ")
    accepted = [way for way in ways(re.findall(r"[()]|[^\s()]+", said)) if way and all(term in ACCEPTED for term in way)]
    return min(accepted, key=lambda way: [ACCEPTED.index(term) for term in way], default=None)


def ways(tokens):
    """Each way to fulfil an SPDX expression, as the list of terms it takes. `AND` binds closer than `OR`."""
    found, way, depth, start = [], [[]], 0, 0
    for at, token in enumerate(tokens):
        if token == "(":
            start, depth = (at if depth == 0 else start), depth + 1
        elif token == ")":
            depth -= 1
            if depth == 0:
                way = [one + other for one in way for other in ways(tokens[start + 1 : at])]
        elif depth:
            continue
        elif token == "OR":
            found, way = found + way, [[]]
        elif token not in ("AND", "WITH") and (at == 0 or tokens[at - 1] != "WITH"):
            way = [one + [token] for one in way]
    return found + way


def refused(metadata):
    return [f"{crate['name']}: {crate.get('license')}" for crate in linked(metadata) if chosen(crate) is None]


def texts(crate):
    """The licence files of a crate, those of the terms taken if their names tell, else all."""
    folder = Path(crate["manifest_path"]).parent
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name.lower().startswith(NAMES))
    taken = [path for path in files if any(term.split("-")[0].lower() in path.name.lower() for term in chosen(crate) or [])]
    return [path.read_text(encoding="utf-8", errors="replace").strip() for path in taken or files]


def notices(metadata):
    """One text with each crate's name, version, terms and licence; a text that several share stands once, below all of them."""
    owners = {}
    for crate in linked(metadata):
        said = f"{crate['name']} {crate['version']}, {' and '.join(chosen(crate) or [str(crate.get('license'))])}"
        authors = ", ".join(author.split(" <")[0] for author in crate.get("authors", []))
        owners.setdefault("\n\n".join(texts(crate)), []).append(said + (f", by {authors}" if authors else ""))
    blocks = ["\n".join(said) + "\n\n" + text for text, said in owners.items()]
    return HEAD + "".join(f"\n{'-' * 72}\n{block.strip()}\n" for block in blocks)
