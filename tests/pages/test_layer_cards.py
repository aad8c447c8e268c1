import re

import numpy as np
import pytest

from cnncore.inspection.anatomy import Layer, Spread
from pages.parts.layer_cards import cards, number


def layer(name):
    values = Spread(0.5, 1.0, 2.0, 3.0, 0.0, 0.0, np.array([-1.0, 0.0, 2.0]), np.array([1, 3]))
    maps = np.zeros((4, 2, 2), np.float32)
    return Layer(name, "Conv2d", (2, 4, 2, 2), values, None, maps, values, maps)


CASES = ((False, "outputs of conv1"), (True, "gradients at the outputs of conv1"))


@pytest.mark.parametrize(("backward", "what"), CASES)
def test_maps_and_histograms_are_there_in_words(backward, what):
    labels = re.findall(r'role="img" aria-label="([^"]*)"', cards([layer("conv1")], backward))
    assert labels == [f"4 pictures of {what}", f"Histogram of the {what}: from −1 to 2, the highest bar from 0 to 2"]


@pytest.mark.parametrize("value", [-0.0, 0.0])
def test_a_zero_has_no_minus(value):
    assert number(value) == "0"


def test_a_name_is_text_there_too():
    html = cards([layer('x" onclick="y" <b>')])
    assert 'onclick="' not in html
    assert "y&quot; &lt;b&gt;" in html
