import re
import tomllib
from pathlib import Path

import pytest

from cnncore.figures.formula import INK as FORMULA
from cnncore.figures.palette import (
    DARK,
    GUESS,
    INK,
    INPUT,
    LABEL,
    NAMED,
    PAPER,
    RUNS,
    SKY,
    WRITTEN,
    by_name,
    style_sheet,
)

THEME = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]


def luminance(colour):
    """Return the relative luminance as WCAG 2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", [name for name in DARK if name != "paper"])
def test_every_colour_is_seen_on_a_dark_background(name):
    assert contrast(DARK[name], THEME["dark"]["backgroundColor"]) > 6


def test_the_blue_of_a_light_window_would_hardly_be():
    assert contrast(INPUT, THEME["dark"]["backgroundColor"]) < 4


@pytest.mark.parametrize("colour", [*WRITTEN.values(), INPUT, LABEL])
@pytest.mark.parametrize("ground", ["backgroundColor", "secondaryBackgroundColor"])
def test_what_is_written_in_a_colour_can_be_read(colour, ground):
    name = next(name for name, known in NAMED.items() if known == colour)
    assert contrast(colour, THEME["light"][ground]) >= 4.5
    assert contrast(DARK[name], THEME["dark"][ground]) >= 4.5


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_formulas_and_code_can_be_read(mode):
    theme = THEME[mode]
    assert all(contrast(colour, theme["backgroundColor"]) >= 4.5 for colour in FORMULA[mode])
    code = [theme[f"{colour}TextColor"] for colour in ("blue", "orange", "green")]
    assert all(contrast(colour, theme["secondaryBackgroundColor"]) >= 4.5 for colour in code)


def test_every_pale_colour_has_a_partner_for_text_and_charts_write_in_it():
    pale = ("GUESS", "KERNEL", "OUTPUT", "TEST", "UNREAD", "SKY")
    assert all(contrast(colour, PAPER) < 4.5 for colour in WRITTEN)
    files = (Path(__file__).parents[2] / "cnncore" / "figures").glob("*.py")
    marks = [mark for file in files for mark in re.findall(r'"type": "text"[^}]*}', file.read_text(encoding="utf-8"))]
    assert len(marks) > 8
    assert [mark for mark in marks if re.search(rf'"color": ({"|".join(pale)}|colour)\b', mark)] == []


def test_text_and_paper_are_the_themes():
    assert (THEME["light"]["textColor"], THEME["light"]["backgroundColor"]) == (INK, PAPER)
    assert (DARK["ink"], DARK["paper"]) == (THEME["dark"]["textColor"], THEME["dark"]["backgroundColor"])


def test_all_colours_have_a_name_and_what_is_told_apart_in_light_is_in_dark():
    assert NAMED.keys() == DARK.keys()
    assert set(RUNS) | {SKY, GUESS} <= set(NAMED.values())
    assert len(set(NAMED.values())) == len(set(DARK.values())) == len(NAMED)


def test_the_style_sheet_has_both_and_charts_wear_them():
    css = style_sheet()
    assert f"--colour-input: light-dark({INPUT}, {DARK['input']});" in css
    assert css.startswith("@supports (color: light-dark(red, red)) {")  # else nothing would be drawn in its colour
    assert f'[data-testid="stVegaLiteChart"] [stroke="{INPUT}"] {{ stroke: var(--colour-input); }}' in css
    [around] = re.findall(r":is\((.*)\) { fill: var\(--colour-label\); }", css)
    assert {".role-axis-label text", ".role-axis-title text", ".role-legend-label text"} <= set(around.split(", "))


def test_colours_are_found_wherever_they_stand():
    text = by_name(f'<b style="color:{GUESS}">{RUNS[0]}</b> red')
    assert text == f'<b style="color:var(--colour-guess, {GUESS})">var(--colour-input, {INPUT})</b> red'
