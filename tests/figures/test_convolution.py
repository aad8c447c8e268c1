import json

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cnncore.architecture import Conv2d, layer_facts
from cnncore.errors import InputError
from cnncore.figures.convolution import (
    agreement,
    convolve,
    kernels,
    picture,
    unread_cells,
    unread_sentence,
    window_data,
)

SETTINGS = st.tuples(*(st.integers(*limits) for limits in ((1, 14), (1, 5), (1, 5), (0, 3), (1, 3))))


def by_hand(image, weights, stride, padding, dilation):
    """Four loops over a dictionary: nothing in common with the strided views."""
    cells = {(r, c): int(v) for (r, c), v in np.ndenumerate(image)}
    rows, columns = image.shape
    result = []
    r = -padding
    while r + dilation * (weights.shape[0] - 1) < rows + padding:
        line, c = [], -padding
        while c + dilation * (weights.shape[1] - 1) < columns + padding:
            line.append(
                sum(
                    cells.get((r + a * dilation, c + b * dilation), 0) * int(w) for (a, b), w in np.ndenumerate(weights)
                )
            )
            c += stride
        result.append(line)
        r += stride
    return result


@given(SETTINGS)
def test_what_is_drawn_is_what_is_counted(setting):
    size, k, s, p, d = setting
    assume(d * (k - 1) + 1 <= size + 2 * p)
    layer, shape = Conv2d(1, k, s, p, d), (1, size, size)
    data = window_data(layer, shape)
    for kernel in data["kernels"]:
        assert kernel["values"] == by_hand(picture(size, size), np.array(kernel["weights"]), s, p, d)
    assert agreement(layer, shape, data).holds
    json.dumps(data)  # what the browser gets


def test_the_agreement_can_fail():
    layer, shape = Conv2d(1, 3), (1, 7, 7)
    data = window_data(layer, shape)
    data["kernels"][0]["values"].pop()
    found = agreement(layer, shape, data)
    assert found.formula == found.counted == (5, 5)
    assert found.drawn == (4, 5)
    assert not found.holds


def test_a_sum_done_on_paper():
    image = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    ones = np.ones((2, 2), dtype=np.int64)
    assert convolve(image, ones, (1, 1), (0, 0), (1, 1)).tolist() == [[12, 16], [24, 28]]
    assert convolve(image, ones, (1, 1), (0, 0), (2, 2)).tolist() == [[20]]


def test_kernels_are_what_their_names_say():
    found = kernels(3, 3)
    assert found["left to right"].tolist() == [[-1, 0, 1]] * 3
    assert found["top to bottom"].tolist() == [[-1] * 3, [0] * 3, [1] * 3]
    assert found["outline"].tolist() == [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]
    assert list(kernels(1, 1)) == ["copy"]
    assert kernels(1, 2)["left to right"].tolist() == [[-1, 1]]


@pytest.mark.parametrize("size", [1, 2, 7, 64])
def test_the_picture_holds_whole_numbers_from_0_to_9(size):
    values = picture(size, size)
    assert values.min() >= 0
    assert values.max() == 9


def test_what_the_hatching_means():
    layer, shape = Conv2d(1, 3, stride=3), (1, 8, 8)
    assert unread_cells(layer, shape) == ((6, 7), (6, 7))
    assert unread_sentence(layer, shape) == (
        "**Rows and columns 7 and 8 are never read.** Height and width 6 give the same output as 8. "
        "All of it is read with an input of 9, or with a padding of 1, or with a stride of 1."
    )
    assert unread_sentence(Conv2d(1, 3, padding=1), shape) == ""


def test_what_a_large_stride_steps_over():
    sentence = unread_sentence(Conv2d(1, 1, stride=2), (1, 7, 8))
    assert "**Rows 2, 4 and 6 are never read.** The window steps over them." in sentence
    assert "**Columns 2, 4, 6 and 8 are never read.**" in sentence


@given(SETTINGS)
def test_every_remedy_helps(setting):
    size, k, s, p, d = setting
    assume(d * (k - 1) + 1 <= size + 2 * p)
    sentence = unread_sentence(Conv2d(1, k, s, p, d), (1, size, size))
    _, _, remedies = sentence.partition("All of it is read with ")
    for name, index in (("an input of ", 0), ("a stride of ", 2), ("a padding of ", 3)):
        if name in remedies:
            changed = list(setting)
            changed[index] = int("".join(filter(str.isdigit, remedies.split(name)[1].split(",")[0])))
            size2, k2, s2, p2, d2 = changed
            assert unread_cells(Conv2d(1, k2, s2, p2, d2), (1, size2, size2)) == ((), ())


def test_the_same_output_without_what_is_never_read():
    layer = Conv2d(1, 3, stride=3)
    assert layer_facts(layer, (1, 6, 6)).output == layer_facts(layer, (1, 8, 8)).output


def test_a_kernel_that_does_not_fit_is_one_sentence():
    with pytest.raises(InputError, match=r"`kernel` \(=9\) must not be larger than the padded input"):
        window_data(Conv2d(1, 9), (1, 5, 5))
