"""Text from anywhere in Markdown: as it is, whatever stands in it."""

import re

import pytest

from pages.parts.plain import plain, with_code

JOINER = "\u2060"


def shown(text):
    """Return what Markdown shows of a text that is escaped."""
    return re.sub(r"\\(.)", r"\1", text).replace(JOINER, "")


@pytest.mark.parametrize(
    "text",
    [
        "![x](https://example.org/p.png)",
        "[x](https://example.org)",
        "<img src=x onerror=alert(1)> &lt;",
        "$x$ $$y$$ **b** _i_ ~~s~~ `c` \\*",
        ":red[x] :material/check: :smile: :streamlit:",
        "# one",
        "- one",
        "1. one",
        "> one",
        "| a | b |",
        "see https://example.org, www.example.org or a@example.org",
        "tench, Tinca tinca (3.5 kg) at 12:30",
    ],
)
def test_every_mark_is_only_a_letter(text):
    found = plain(text)
    assert shown(found) == text
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*_\[\]<$~&|]", re.sub(r"\\.", "", found))
    assert not re.match(r"[#>+-]|\d+\.", found)
    assert not re.search(r"://|www\.|:material/|:streamlit:|@\w", found)


def test_a_text_of_several_lines_is_one():
    assert plain("a\n\n    ![x](u)\r\n===") == r"a !\[x\](u) ==="


def test_usual_text_stays():
    for text in ("car", "a car, number 5", "32 × 32", "sgd, momentum 0.9 · seed 0", "it (=3) must be at most 2: try 1"):
        assert plain(text) == text


def test_in_back_ticks_is_code_and_the_rest_plain():
    assert with_code("`fc4` of $x$ expects `1`.") == r"`fc4` of \$x\$ expects `1`."
    assert with_code(ValueError("`lr` (=[9]) is too large.")) == r"`lr` (=\[9\]) is too large."


@pytest.mark.parametrize("name", ["a` ![t](u) `b", "``![t](u)", "`` ![t](u) ``", "a\n\n![t](u)", "`", "a` ![t](u)"])
def test_a_name_does_not_get_out_of_its_code(name):
    found = with_code(f"layer `{name}` of net: `x` must be 1.")
    left = re.sub(r"(?<![\\`])`[^`]+`(?!`)", "", found)
    assert "\n" not in found
    assert "![t]" not in left
    assert not re.search(r"(?<!\\)`", left)  # no back-tick is left that could begin a code
