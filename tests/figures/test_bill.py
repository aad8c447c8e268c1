import re

import pytest

from cnncore.architecture import Conv2d, layer_facts
from cnncore.figures.bill import SIDE, SMALLEST, bill_picture, bill_sentence, ratio_words, true_to_scale


def sides(html):
    return [float(width) for width in re.findall(r"width:([\d.]+)px", html)]


def test_one_filter_on_a_colour_image():
    facts = layer_facts(Conv2d(1, 5, padding=2), (3, 32, 32))
    assert bill_sentence(facts) == "A dense layer with the same output needs **41,943 times as many** weights."
    assert not true_to_scale(facts)
    assert sides(bill_picture(facts)) == [SMALLEST, SIDE]


def test_areas_are_to_scale():
    facts = layer_facts(Conv2d(1, 3, padding=1, stride=2), (1, 7, 7))
    conv, dense = sides(bill_picture(facts))
    assert true_to_scale(facts)
    assert (dense / conv) ** 2 == pytest.approx(facts.dense_weights / facts.weights, rel=0.01)


def test_where_the_dense_layer_is_smaller():
    facts = layer_facts(Conv2d(1, 5, padding=2), (1, 1, 1))
    assert bill_sentence(facts) == (
        "Here a dense layer would be the smaller one: the convolution has **25 times as many** weights."
    )


@pytest.mark.parametrize(
    ("larger", "smaller", "words"),
    [(9, 9, "as many"), (100, 99, "about as many"), (9, 4, "2.2 times as many"), (997, 100, "10 times as many")],
)
def test_ratios(larger, smaller, words):
    assert ratio_words(larger, smaller) == words
