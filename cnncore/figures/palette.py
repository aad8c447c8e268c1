"""One colour, one meaning, over the whole app (Okabe & Ito's palette, safe for colour-blind eyes).

Figures are made in the colours of a light window. The page's style sheet has them by name, and by the same name what a
dark window shows instead: `style_sheet` is that part of it, `by_name` says a drawing's colours so.
"""

import re

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
LABEL = "#56616C"  # of an axis's numbers and names, and of a legend's
PAPER = "#FFFFFF"  # the background's, for text on a mark
DEEP = "#0B1016"  # for text on a mark that is pale in a light window and bright in a dark one: it stays as it is
# What is written in a colour: on white these three are too pale to be read (4.5 is asked for, the kernel's has 2.25).
KERNEL_TEXT, TEST_TEXT, GUESS_TEXT = "#8F6200", "#B84F00", "#6B6B6B"
WRITTEN = {KERNEL: KERNEL_TEXT, TEST: TEST_TEXT, GUESS: GUESS_TEXT}
# Run after run; the same colour for train (solid) and test (dashed) of one run.
RUNS = (TRAIN, TEST, OUTPUT, UNREAD, KERNEL, SKY)
NAMED = {
    "input": INPUT,
    "kernel": KERNEL,
    "output": OUTPUT,
    "unread": UNREAD,
    "test": TEST,
    "guess": GUESS,
    "sky": SKY,
    "ink": INK,
    "label": LABEL,
    "paper": PAPER,
    "kernel-text": KERNEL_TEXT,
    "test-text": TEST_TEXT,
    "guess-text": GUESS_TEXT,
}
# As far from black as the others are from white: blue would hardly be seen. Sky makes room for it.
DARK = {
    "input": "#56B4E9",
    "kernel": "#F0B840",
    "output": "#3DC79A",
    "unread": "#E5A0C8",
    "test": "#F28A3C",
    "guess": "#A0A0A0",
    "sky": "#B8E2F8",
    "ink": "#E8EDF2",
    "label": "#A9B4BF",
    "paper": "#10161D",
    "kernel-text": "#F5C862",
    "test-text": "#F79E5C",
    "guess-text": "#B0B0B0",
}
_NAMES = {colour: name for name, colour in NAMED.items()}
_COLOUR = re.compile("|".join(_NAMES))
# What Vega writes around the marks. Streamlit's own colour for it has a contrast of 3.7 in a light window.
_AROUND = ", ".join(f".role-{part}-{what} text" for part in ("axis", "legend") for what in ("label", "title"))


def style_sheet() -> str:
    """Return CSS: the colours by name, and that charts wear them.

    Vega writes a colour as it is in the specification into an attribute of the SVG, which any style sheet overrules;
    what it writes around the marks has one colour in all charts. A browser that does not know `light-dark` (before
    2024) skips all of it, and everything stays as it was made.
    """
    names = " ".join(f"--colour-{name}: light-dark({colour}, {DARK[name]});" for name, colour in NAMED.items())
    rules = [
        f'[data-testid="stVegaLiteChart"] [{what}="{colour}"] {{ {what}: var(--colour-{name}); }}'
        for name, colour in NAMED.items()
        for what in ("fill", "stroke")
    ]
    rules.append(f'[data-testid="stVegaLiteChart"] :is({_AROUND}) {{ fill: var(--colour-label); }}')
    return "\n".join(["@supports (color: light-dark(red, red)) {", f":root {{ {names} }}", *rules, "}"])


def by_name(text: str) -> str:
    """Return a text of HTML or SVG with each colour by its name in the style sheet.

    >>> by_name('<path stroke="#0072B2"/>')
    '<path stroke="var(--colour-input, #0072B2)"/>'
    """
    return _COLOUR.sub(lambda found: f"var(--colour-{_NAMES[found[0]]}, {found[0]})", text)
