"""One colour, one meaning, over the whole app (Okabe & Ito's palette, safe for colour-blind eyes).

Figures are made in the colours of a light window; `in_dark` gives what a dark one shows instead.
"""

import re
from typing import Any

INPUT = "#0072B2"
KERNEL = "#E69F00"
OUTPUT = "#009E73"
UNREAD = "#CC79A7"
TRAIN = "#0072B2"
TEST = "#D55E00"
VALIDATION = "#009E73"
GUESS = "#7F7F7F"
SKY = "#56B4E9"
INK = "#17202A"  # the text's colour, for marks that are neither data nor axis
PAPER = "#FFFFFF"  # the background's, for text on a mark
# Run after run; the same colour for train (solid) and test (dashed) of one run.
RUNS = (TRAIN, TEST, OUTPUT, UNREAD, KERNEL, SKY)
# What has a meaning in the drawings that the browser makes, by the names that their style sheets use.
NAMED = {"input": INPUT, "kernel": KERNEL, "output": OUTPUT, "unread": UNREAD, "test": TEST, "guess": GUESS}
# As far from black as the others are from white: blue would hardly be seen. Sky makes room for it.
_DARK = {
    INPUT: "#56B4E9",
    KERNEL: "#F0B840",
    OUTPUT: "#3DC79A",
    UNREAD: "#E5A0C8",
    TEST: "#F28A3C",
    GUESS: "#A0A0A0",
    SKY: "#B8E2F8",
    INK: "#E8EDF2",
    PAPER: "#10161D",
}


_COLOUR = re.compile("|".join(_DARK))


def in_dark(part: Any) -> Any:
    """Return a chart's specification, or a text of HTML or SVG, with the colours that are read on a dark background.

    >>> in_dark({"color": TRAIN, "range": [TEST, "red"], "width": 2})
    {'color': '#56B4E9', 'range': ['#F28A3C', 'red'], 'width': 2}
    >>> in_dark('<path stroke="#0072B2"/>')
    '<path stroke="#56B4E9"/>'
    """
    if isinstance(part, dict):
        return {name: in_dark(value) for name, value in part.items()}
    if isinstance(part, (list, tuple)):
        return [in_dark(value) for value in part]
    return _COLOUR.sub(lambda found: _DARK[found[0]], part) if isinstance(part, str) else part
