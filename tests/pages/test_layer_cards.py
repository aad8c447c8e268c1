import re

import numpy as np
import pytest

from cnncore.inspection.anatomy import Layer, Spread
from pages.parts.layer_cards import cards, mean_of


def layer(name):
    values = Spread(0.5, 1.0, 2.0, 3.0, 0.0, 0.0, np.array([-1.0, 0.0, 2.0]), np.array([1, 3]))
    maps = np.zeros((4, 2, 2), np.float32)
    return Layer(name, "Conv2d", (2, 4, 2, 2), values, None, maps, values, maps)


CASES = ((False, "outputs of conv1"), (True, "gradients at the outputs of conv1"))


@pytest.mark.parametrize(("backward", "what"), CASES)
def test_maps_and_histograms_are_there_in_words(backward, what):
    labels = re.findall(r'role="img" aria-label="([^"]*)"', cards([layer("conv1")], backward))
    assert labels == [f"4 pictures of {what}", f"Histogram of the {what}: from −1 to 2, the highest bar from 0 to 2"]


@pytest.mark.parametrize(
    ("mean", "std", "text"), [(-0.0, 1.0, "0"), (-3.2e-7, 1.0, "0"), (-3.2e-7, 0.01, "−3.2 · 10⁻⁷"), (0.5, 1.0, "0.5")]
)
def test_a_mean_that_is_rounding_is_zero(mean, std, text):
    values = Spread(mean, std, 0.0, 0.0, 0.0, 0.0, np.zeros(2), np.zeros(1, int))
    assert mean_of(values).replace("\N{NO-BREAK SPACE}", " ") == text


def test_a_word_and_its_number_stand_in_one_line():
    assert "mean\u00a00.5, std\u00a01<" in cards([layer("conv1")])


def test_a_name_is_text_there_too():
    html = cards([layer('x" onclick="y" <b>')])
    assert 'onclick="' not in html
    assert "y&quot; &lt;b&gt;" in html
