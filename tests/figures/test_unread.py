import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from cnncore.architecture import AvgPool2d, Conv2d, ConvTranspose2d, MaxPool2d, layer_facts
from cnncore.architecture.layers import PADDING_MODES
from cnncore.errors import InputError
from cnncore.figures.sliding import lines, slide
from cnncore.figures.unread import Remedy, remedies, unread_sentence

PAIR = st.tuples(st.integers(1, 5), st.integers(1, 5))
LAYERS = st.builds(
    Conv2d,
    st.just(1),
    PAIR,
    PAIR,
    st.tuples(st.integers(0, 3), st.integers(0, 3)),
    PAIR,
    padding_mode=st.sampled_from(PADDING_MODES),
) | st.builds(MaxPool2d, PAIR, PAIR, ceil_mode=st.booleans())
SIZES = st.tuples(st.integers(1, 14), st.integers(1, 14))


def unread(layer, shape):
    return tuple(line.unread for line in lines(layer, shape))


def output(layer, image):
    ones = np.ones(layer.kernel, dtype=np.int64)
    return slide(layer, *lines(layer, (1, *image.shape)), image, ones)


def test_what_the_hatching_means():
    layer, shape = Conv2d(1, 3, stride=3), (1, 8, 8)
    assert unread(layer, shape) == ((6, 7), (6, 7))
    assert unread_sentence(layer, shape) == (
        "**Rows and columns 7 and 8 are never read.** i = 6 and i = 8 give the same output."
    )
    assert remedies(layer, shape) == [Remedy("input", (9, 9)), Remedy("padding", (1, 1)), Remedy("stride", (1, 1))]
    assert unread_sentence(Conv2d(1, 3, padding=1), shape) == ""
    assert remedies(Conv2d(1, 3, padding=1), shape) == []


def test_the_sentence_of_the_guides_own_example():
    assert "i = 5 and i = 6 give the same output" in unread_sentence(Conv2d(1, 3, 2), (1, 6, 6))


def test_what_a_large_stride_steps_over():
    sentence = unread_sentence(Conv2d(1, 1, stride=2), (1, 7, 8))
    assert "**Rows 2, 4 and 6 are never read.** The window steps over them." in sentence
    assert "**Columns 2, 4, 6 and 8 are never read.**" in sentence


def test_one_axis_alone():
    layer, shape = Conv2d(1, 3, (2, 1)), (1, 6, 6)
    assert unread_sentence(layer, shape) == "**Row 6 is never read.** In height, i = 5 and i = 6 give the same output."
    assert [remedy.label for remedy in remedies(layer, shape)] == ["Input 7 × 6", "Padding 1 × 0", "Stride 1"]


@given(LAYERS, SIZES)
def test_every_remedy_helps(layer, size):
    shape = (1, *size)
    try:
        before = unread(layer, shape)
    except InputError:
        assume(False)
    found = remedies(layer, shape)
    assert bool(unread_sentence(layer, shape)) == (before != ((), ()))
    assert not found or before != ((), ())
    for remedy in found:
        if remedy.name == "input":
            changed, larger = layer, (1, *remedy.value)
        else:
            value = True if remedy.name == "ceil_mode" else remedy.value
            changed, larger = type(layer)(**(vars(layer) | {remedy.name: value})), shape
        assert unread(changed, larger) == ((), ())
    if before != ((), ()) and isinstance(layer, Conv2d) and layer.padding_mode == "zeros" and layer.kernel > (1, 1):
        assert found or max(layer.dilation) > 1  # a stride of 1 always helps an undilated kernel


@given(LAYERS, SIZES)
def test_what_is_said_to_give_the_same_output_does(layer, size):
    shape = (1, *size)
    try:
        missed = unread(layer, shape)
    except InputError:
        assume(False)
    image = np.random.default_rng(0).integers(0, 10, size)
    if unread_sentence(layer, shape).count("give the same output") == sum(map(bool, missed)):
        kept = image[: size[0] - len(missed[0]), : size[1] - len(missed[1])]
        np.testing.assert_array_equal(output(layer, kept), output(layer, image))


def test_the_same_output_without_what_is_never_read():
    layer = Conv2d(1, 3, stride=3)
    assert layer_facts(layer, (1, 6, 6)).output == layer_facts(layer, (1, 8, 8)).output


def test_ceil_mode_is_the_first_remedy_of_a_pool():
    sentence = unread_sentence(MaxPool2d(2), (1, 7, 7))
    assert sentence == "**Row and column 7 are never read.** i = 6 and i = 7 give the same output."
    assert [remedy.label for remedy in remedies(MaxPool2d(2), (1, 7, 7))][:2] == ["Ceil mode", "Input 8"]
    assert unread_sentence(AvgPool2d(2, ceil_mode=True), (1, 7, 7)) == ""


def test_what_the_padding_of_a_transposed_convolution_cuts_off():
    layer = ConvTranspose2d(1, 1, padding=1)
    assert unread(layer, (1, 5, 5)) == ((0, 4), (0, 4))
    assert unread_sentence(layer, (1, 5, 5)) == (
        "**Rows and columns 1 and 5 are never read.** The padding cuts off all that they are spread over."
    )
    assert remedies(layer, (1, 5, 5)) == [Remedy("padding", (0, 0))]


def test_wrapped_padding_reads_what_the_window_does_not_reach():
    assert unread(Conv2d(1, 3, 3, 1), (1, 6, 6)) == ((5,), (5,))
    assert unread(Conv2d(1, 3, 3, 1, padding_mode="circular"), (1, 6, 6)) == ((), ())
