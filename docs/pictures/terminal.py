#!/usr/bin/env python3
"""Draws lines of text as a terminal of 120 columns, in SVG: what a command really wrote, from standard input to standard output.

`make picture` gives it the first lines of the demo. `tests/demo.rs` fails when the picture shows a line that the demo no longer does.
Python 3.11, no packages. Knows no Unseen but for what its lines look like.
"""

import re
import sys
from xml.sax.saxutils import escape

COLUMNS, CELL, LINE, SIZE = 120, 7.22, 17, 12  # a cell's width follows from the size of the letters
PADDING, BAR = 16, 30
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
PAPER, TEXT, DIM, BRIGHT, GREEN, ORANGE, RED = "#0d1117", "#c9d1d9", "#8b949e", "#f0f6fc", "#7ee787", "#ffa657", "#ff7b72"

# The first pattern that a line matches says how its groups are coloured.
STYLES = [
    (r"(\$ )(.*)", [GREEN, BRIGHT]),
    (r"(\d{12}:role/\S+)( .*)", [GREEN, BRIGHT]),
    (r"( +\d+\.\d)(  \d{4}-\S+ \S+ +\d+ +)(write)( +)(\S+)(.*)", [ORANGE, TEXT, RED, TEXT, BRIGHT, TEXT]),
    (r"( +\d+\.\d)(  \d{4}-\S+ \S+ +\d+ +)(read)( +)(\S+)(.*)", [ORANGE, TEXT, DIM, TEXT, BRIGHT, TEXT]),
    (r"( {12}.*)", [DIM]),
    (r"(.*)", [TEXT]),
]


def spans(line):
    """The line in its colours."""
    match, colours = next((m, colours) for pattern, colours in STYLES if (m := re.fullmatch(pattern, line)))
    parts = zip(match.groups(), colours, strict=True)
    return "".join(f'<tspan fill="{colour}">{escape(text)}</tspan>' for text, colour in parts if text)


def text(line, row):
    """One line; its length is given, so that columns stay columns in every font."""
    y = BAR + PADDING + row * LINE + SIZE
    length = f'textLength="{len(line) * CELL:.1f}" lengthAdjust="spacingAndGlyphs"'
    return f'<text x="{PADDING}" y="{y}" {length} xml:space="preserve">{spans(line)}</text>'


def picture(lines):
    width, height = round(COLUMNS * CELL + 2 * PADDING), BAR + 2 * PADDING + len(lines) * LINE
    dots = [f'<circle cx="{PADDING + 4 + 18 * nth}" cy="15" r="5" fill="#30363d"/>' for nth in range(3)]
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="{FONT}" font-size="{SIZE}">',
        f'<rect width="{width}" height="{height}" rx="8" fill="{PAPER}"/>',
        *dots,
        *(text(line, row) for row, line in enumerate(lines) if line),
        "</svg>",
    ]


if __name__ == "__main__":
    shown = [line.rstrip("\n") for line in sys.stdin]
    if not shown or max(map(len, shown)) > COLUMNS:
        sys.exit(f"terminal.py: expected lines of {COLUMNS} columns at most on standard input")
    print("\n".join(picture(shown)))
