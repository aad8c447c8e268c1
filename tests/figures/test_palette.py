import tomllib
from pathlib import Path

import pytest

from cnncore.figures import palette
from cnncore.figures.palette import GUESS, INK, NAMED, PAPER, RUNS, SKY, in_dark

THEME = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
ALL = sorted({*NAMED.values(), *RUNS, SKY, GUESS, INK})


def luminance(colour):
    """Return the relative luminance as WCAG 2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colour", ALL)
def test_every_colour_is_seen_on_a_dark_background(colour):
    background = THEME["dark"]["backgroundColor"]
    assert contrast(in_dark(colour), background) > 6
    assert contrast(in_dark(colour), in_dark(PAPER)) > 6  # and text in the paper's colour is read on it


def test_the_blue_of_a_light_window_would_hardly_be():
    assert contrast(palette.INPUT, THEME["dark"]["backgroundColor"]) < 4


def test_text_and_paper_are_the_themes():
    assert (THEME["light"]["textColor"], THEME["light"]["backgroundColor"]) == (INK, PAPER)
    assert (in_dark(INK), in_dark(PAPER)) == (THEME["dark"]["textColor"], THEME["dark"]["backgroundColor"])


def test_what_is_told_apart_in_light_is_told_apart_in_dark():
    assert len(set(in_dark(ALL))) == len(ALL)


def test_colours_are_found_wherever_they_stand():
    spec = {"layer": [{"mark": {"color": RUNS[0]}}, {"scale": {"range": RUNS}}], "height": 270, "on": True, "no": None}
    dark = in_dark(spec)
    assert dark["layer"][0]["mark"]["color"] == dark["layer"][1]["scale"]["range"][0] != RUNS[0]
    assert (dark["height"], dark["on"], dark["no"]) == (270, True, None)
    assert spec["layer"][0]["mark"]["color"] == RUNS[0]  # what other visitors are sent stays as it is
    assert in_dark(f'<b style="color:{GUESS}">x</b>') == f'<b style="color:{in_dark(GUESS)}">x</b>'
