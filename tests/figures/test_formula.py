import re

from cnncore.architecture import Conv2d
from cnncore.figures.formula import INK, size_formula


def plain(latex):
    """The formula without colours and layout."""
    text = re.sub(r"\\textcolor\{#\w+\}", "", latex)
    return re.sub(r"[{}&\\]|left|right|begin|end|aligned|\[0.6em\]", "", text).replace(" ", "")


def test_the_numbers_are_in_the_formula():
    text = plain(size_formula(Conv2d(1, 3, stride=2, padding=1), (1, 7, 9), 0))
    assert text.startswith("H'=")
    assert "7+2cdot1-1cdot(3-1)-1" in text
    assert text.endswith("+1=mathbf4")
    assert plain(size_formula(Conv2d(1, 3, stride=2, padding=1), (1, 7, 9), 1)).endswith("+1=mathbf5")


def test_each_mode_has_its_inks():
    light, dark = (size_formula(Conv2d(1, 3), (1, 7, 7), 0, theme) for theme in ("light", "dark"))
    assert all(ink in light for ink in INK["light"])
    assert all(ink in dark for ink in INK["dark"])
