import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from cnncore.architecture import Conv2d, conv_output_size
from cnncore.figures.same import same_padding, same_sentence


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@given(st.integers(1, 20), st.integers(1, 6), st.integers(1, 3))
def test_stride_1_is_what_pytorch_does(i, k, d):
    size, before, after = same_padding(i, k, 1, d)
    line, weights = torch.arange(1.0, i + 1)[None, None], torch.arange(1.0, k + 1)[None, None]
    expected = functional.conv1d(line, weights, padding="same", dilation=d)
    assert expected.shape[-1] == size == i
    assert torch.equal(functional.conv1d(functional.pad(line, (before, after)), weights, dilation=d), expected)


@given(st.integers(1, 30), st.integers(1, 6), st.integers(1, 4), st.integers(1, 3))
def test_those_zeros_give_that_size(i, k, s, d):
    size, before, after = same_padding(i, k, s, d)
    assert conv_output_size(i + before + after, k, s, 0, d) == size == (i + s - 1) // s
    assert after - before in (0, 1)
    if d * (k - 1) % 2 == 0:  # the half padding that the sentence names gives the same size
        assert conv_output_size(i, k, s, d * (k - 1) // 2, d) == size


def test_pytorch_refuses_a_stride():
    with pytest.raises(ValueError, match="not supported for strided"):
        nn.Conv2d(1, 1, 3, stride=2, padding="same")


@pytest.mark.parametrize(
    ("layer", "sentence"),
    [
        (Conv2d(1, 5, padding=2), "This is *same*: `padding='same'` is p = 2 here."),
        (Conv2d(1, 3, dilation=2), "*Same* would be p = d(k − 1)/2 = 2."),
        (Conv2d(1, 4, padding=1), "3 zeros are to be shared out, and PyTorch's `padding='same'` puts 1 before and 2"),
        (Conv2d(1, 3, 2, 1), "ceil(7/2) = 4: half padding, p = 1, gives that size too."),
        (Conv2d(1, 4, 2, 1), "ceil(7/2) = 4, with 1 before and 2 after"),
        (Conv2d(1, 2, 3), "ceil(7/3) = 3, with 0 before and 1 after"),
        (Conv2d(1, (3, 4), padding=(1, 1)), "Height: This is *same*: `padding='same'` is p = 1 here. Width: An even"),
    ],
)
def test_what_is_said(layer, sentence):
    assert sentence in same_sentence(layer, (1, 7, 7))


def test_an_even_kernel_with_a_stride_whose_zeros_divide():
    assert same_padding(8, 4, 2) == (4, 1, 1)
    assert "ceil(8/2) = 4, with p = 1." in same_sentence(Conv2d(1, 4, 2), (1, 8, 8))
