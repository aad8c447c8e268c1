import json

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cnncore.architecture import AvgPool2d, Conv2d, ConvTranspose2d, MaxPool2d
from cnncore.errors import InputError
from cnncore.figures.convolution import (
    LARGEST,
    agreement,
    kernels,
    picture,
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


@pytest.mark.parametrize(
    "layer",
    [
        MaxPool2d(2, ceil_mode=True),
        MaxPool2d(3, 2, 1, ceil_mode=True),
        AvgPool2d(3, 2, ceil_mode=True),
        ConvTranspose2d(1, 3, 2, 1, 1),
        ConvTranspose2d(1, 2, 3, 0, 2, 2),
    ],
)
@pytest.mark.parametrize("size", [2, 3, 4, 5, 6, 7, 8])
def test_all_kinds_are_drawn_with_the_size_of_the_formula(layer, size):
    shape = (1, size, size + 1)
    try:
        data = window_data(layer, shape)
    except InputError:
        assert size < 3  # the window of 3 on 2 pixels
        return
    found = agreement(layer, shape, data)
    assert found.formula == found.counted == found.drawn
    json.dumps(data)


def test_what_is_too_large_to_be_seen_is_refused():
    assert window_data(Conv2d(1, 3), (1, LARGEST, LARGEST))
    with pytest.raises(InputError, match=r"`input` \(=64x64\) would be drawn with 131 cells along an axis"):
        window_data(ConvTranspose2d(1, 3, 2), (1, 64, 64))


def test_a_kernel_that_does_not_fit_is_one_sentence():
    with pytest.raises(InputError, match=r"`kernel` \(=9\) must not be larger than the padded input"):
        window_data(Conv2d(1, 9), (1, 5, 5))


def test_a_window_that_reads_nothing_but_padding_is_one_sentence():
    with pytest.raises(InputError, match="leaves a window on a map of 3 in the padding alone"):
        window_data(MaxPool2d(2, 1, 1, dilation=4), (1, 3, 3))
