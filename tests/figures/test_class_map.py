import re
from dataclasses import replace

import numpy as np
import pytest

from cnncore.architecture.receptive_field import Box
from cnncore.figures.class_map import agreement_sentence, class_map_picture, size_sentence
from cnncore.inspection.collage import ClassMap, Piece


@pytest.fixture
def found():
    draws = np.random.default_rng(0)
    chances, windows = (draws.dirichlet(np.ones(3), (13, 13)).astype(np.float32) for _ in range(2))
    chances[0, 0] = (0.1, 0.7, 0.2)
    pieces = (Piece(1, Box(0, 0, 32, 32)), Piece(2, Box(1, 1, 33, 33)))
    image = np.zeros((3, 128, 128), np.uint8)
    names = ("a", "<b>", "c")
    return ClassMap(names, image, pieces, chances, windows, (32, 32), (8, 8), (16.0, 16.0), True, (0.01, 0.2))


def test_one_cell_for_each_window_and_names_are_text(found):
    html = class_map_picture(found, None)
    assert len(re.findall(r'title="cell ', html)) == 169
    assert "<b>" not in html
    # A line breaks between name and share alone, and what is cut off is told in the title.
    assert "✓\N{NO-BREAK SPACE}&lt;b&gt; 70\N{NO-BREAK SPACE}%" in html
    assert "✗\N{NO-BREAK SPACE}&lt;b&gt; 70\N{NO-BREAK SPACE}%" in html
    assert 'title="&lt;b&gt; 70\N{NO-BREAK SPACE}%, really c"' in html
    assert html.count("<img") == 1


def test_a_chosen_class_lies_over_the_collage_where_its_windows_have_their_middles(found):
    html = class_map_picture(found, 2)
    over = re.search(r"max-width:none;top:([\d.]+)%;left:([\d.]+)%;height:([\d.]+)%;width:([\d.]+)%", html)
    # The first cell's window is pixels 0 to 32, its middle 16: a square of one jump from 12 to 20.
    assert [float(value) for value in over.groups()] == [12 / 1.28, 12 / 1.28, 13 * 8 / 1.28, 13 * 8 / 1.28]
    assert "How likely each cell is c" in html
    assert "color-mix(in srgb,#009E73 21%,transparent)" in html  # 6 + 74 * 0.2


def test_the_size_has_its_formula(found):
    assert "**13 × 13** cells, **floor(128/8) − 3 = 13** a side" in size_sentence(found)


def test_the_agreement_is_counted(found):
    text = agreement_sentence(found)
    share = (found.chances.argmax(2) == found.windows.argmax(2)).mean()
    assert f"**{100 * share:.1f} %** of the cells, not in all" in text
    assert "in every cell" in agreement_sentence(replace(found, chances=found.windows))
    assert "200 ms, 20 times as long as the one pass (10 ms" in text
    assert "names **1** rightly" in text
