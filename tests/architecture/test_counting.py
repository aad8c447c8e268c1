import contextlib

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnncore.architecture import AvgPool2d, Conv2d, ConvTranspose2d, Linear, MaxPool2d, Residual, cost, layer_facts
from cnncore.architecture.build import build_layer
from cnncore.architecture.layers import PADDING_MODES
from cnncore.errors import InputError
from cnncore.figures.sliding import lines

PAIR = st.tuples(st.integers(1, 4), st.integers(1, 4))


def test_the_practicals_first_question():
    one = layer_facts(Conv2d(1, 5, padding=2), (3, 32, 32))
    assert (one.output, one.weights, one.biases) == ((1, 32, 32), 75, 1)
    assert (one.dense_weights, one.dense_biases) == (3_145_728, 1_024)
    all_of_them = layer_facts(Conv2d(32, 5, padding=2), (3, 32, 32))
    assert (all_of_them.weights, all_of_them.biases, all_of_them.macs) == (2_400, 32, 2_457_600)
    assert all_of_them.dense_weights == 100_663_296
    assert all_of_them.formula == "floor((32 + 2*2 - 5)/1) + 1 = 32"


@given(
    groups=st.integers(1, 3),
    inner=st.integers(1, 3),
    outer=st.integers(1, 3),
    size=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    kernel=PAIR,
    stride=PAIR,
    padding=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    dilation=PAIR,
    transposed=st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_shape_and_parameters_are_those_of_pytorch(
    groups, inner, outer, size, kernel, stride, padding, dilation, transposed
):
    kind = ConvTranspose2d if transposed else Conv2d
    layer = kind(groups * outer, kernel, stride=stride, padding=padding, dilation=dilation, groups=groups)
    shape = (groups * inner, *size)
    try:
        result = cost(layer, shape)
    except InputError:
        # PyTorch refuses too, or gives an output without a single cell.
        with contextlib.suppress(RuntimeError):
            assert build_layer(layer, shape)(torch.zeros(1, *shape)).numel() == 0
        return
    module = build_layer(layer, shape)
    assert tuple(module(torch.zeros(1, *shape)).shape[1:]) == result.output
    assert (module.weight.numel(), module.bias.numel()) == (result.weights, result.biases)


@given(
    channels=st.integers(1, 2),
    filters=st.integers(1, 2),
    size=st.integers(3, 7),
    kernel=st.integers(1, 3),
    stride=st.integers(1, 3),
    padding=st.integers(0, 2),
)
@settings(max_examples=60, deadline=None)
def test_multiply_adds_counted_one_by_one(channels, filters, size, kernel, stride, padding):
    assume(kernel <= size + 2 * padding)
    result = cost(Conv2d(filters, kernel, stride, padding), (channels, size, size))
    count = 0
    for _ in range(filters):
        for top in range(-padding, size + padding - kernel + 1, stride):
            for left in range(-padding, size + padding - kernel + 1, stride):
                count += channels * sum(1 for _ in range(top, top + kernel) for _ in range(left, left + kernel))
    assert result.macs == count


def test_groups_divide_weights_and_multiply_adds():
    whole, depthwise = (cost(Conv2d(64, 3, padding=1, groups=g), (64, 8, 8)) for g in (1, 64))
    assert (whole.weights, depthwise.weights) == (36_864, 576)
    assert whole.macs == 64 * depthwise.macs


def test_unread_rows_and_columns_apart():
    facts = layer_facts(Conv2d(1, (3, 2), (2, 2)), (1, 6, 6))
    assert (facts.unread_rows, facts.unread_columns) == (1, 0)
    assert facts.formula.startswith("height floor((6 + 2*0 - 3)/2) + 1 = 2; width ")


@pytest.mark.parametrize("mode", PADDING_MODES)
@given(
    size=st.tuples(st.integers(4, 12), st.integers(4, 12)),
    kernel=PAIR,
    stride=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    padding=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    dilation=PAIR,
)
@settings(max_examples=60, deadline=None)
def test_the_facts_count_as_unread_what_the_drawing_hatches_and_what_has_no_gradient(
    mode, size, kernel, stride, padding, dilation
):
    layer, shape = Conv2d(1, kernel, stride, padding, dilation, padding_mode=mode), (1, *size)
    try:
        facts = layer_facts(layer, shape)
    except InputError:
        assume(False)
    hatched = tuple(len(line.unread) for line in lines(layer, shape))
    # Where windows lie in the padding alone along one axis, no cell is read, whatever the other axis reads.
    if hatched[0] == size[0] or hatched[1] == size[1]:
        hatched = size
    assert (facts.unread_rows, facts.unread_columns) == hatched
    image = torch.ones(1, *shape, requires_grad=True)
    module = build_layer(layer, shape)
    module.weight.data.fill_(1)
    module(image).sum().backward()
    gradient = image.grad[0, 0] == 0
    assert (facts.unread_rows, facts.unread_columns) == (int(gradient.all(1).sum()), int(gradient.all(0).sum()))


def test_windows_beside_all_columns_read_no_row_either():
    facts = layer_facts(Conv2d(1, (3, 2), (1, 3), (1, 2), (1, 3)), (1, 5, 1))
    assert (facts.output, facts.unread_rows, facts.unread_columns) == ((1, 5, 1), 5, 1)


def test_rows_that_the_padding_of_a_transposed_convolution_cuts_off_are_unread():
    facts = layer_facts(ConvTranspose2d(1, (1, 3), padding=(1, 1)), (1, 5, 5))
    assert (facts.output, facts.unread_rows, facts.unread_columns) == ((1, 3, 5), 2, 0)


def test_a_pool_has_no_parameters_and_its_kernel_as_stride():
    assert MaxPool2d(2) == MaxPool2d(2, 2)
    facts = layer_facts(MaxPool2d(2, ceil_mode=True), (64, 7, 7))
    assert (facts.output, facts.weights, facts.formula) == ((64, 4, 4), 0, "ceil((7 + 2*0 - 2)/2) + 1 = 4")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: cost(Conv2d(4, 3, groups=2), (3, 8, 8)), r"`in_channels` \(=3\) must be divisible by `groups` \(=2\)"),
        (lambda: Conv2d(3, 3, groups=2), r"`filters` \(=3\) must be divisible by `groups` \(=2\)"),
        (lambda: Conv2d(0, 3), r"`filters` \(=0\)"),
        (lambda: Conv2d(1, (3, 3, 3)), r"`kernel` \(=\(3, 3, 3\)\) must be one number or a pair"),
        (lambda: Conv2d(1, 3, stride=0), r"`stride` \(=0\) must be a whole number from 1 to 1000000"),
        (lambda: MaxPool2d(2, 0), r"`stride` \(=0\) must be a whole number from 1 to 1000000: change it"),
        (lambda: AvgPool2d(2, (0, 0)), r"`stride` \(=0\) must be a whole number from 1 to 1000000: change it"),
        (lambda: MaxPool2d(2, (2, 0)), r"`stride` \(=0\)"),
        (lambda: Conv2d(1, 3, stride=None), r"`stride` \(=None\)"),
        (lambda: Conv2d(1, (2_000_000, 3)), r"`kernel` \(=2000000\) must be a whole number from 1 to 1000000"),
        (lambda: Conv2d(1, "3"), r"`kernel` \(=3\) must be a whole number"),
        (lambda: Conv2d(1, 2.5), r"`kernel` \(=2.5\)"),
        (lambda: ConvTranspose2d(1, 3, stride=2, output_padding=2), r"`output_padding` \(=2\) must be smaller than"),
        (lambda: MaxPool2d(2, padding=2), r"`padding` \(=2\) of a pool must be at most half its kernel \(=2\)"),
        (lambda: AvgPool2d(3, padding=2), r"use at most 1"),
        (lambda: cost(Linear(10), (3, 4, 4)), "needs a flat input and receives a map of 3x4x4"),
        (lambda: cost(Residual((Conv2d(8, 3),)), (3, 8, 8)), "must end alike and give 8x6x6 and 3x8x8"),
    ],
)
def test_bad_layers_are_one_sentence(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_a_pool_that_steps_over_the_whole_map_is_refused():
    """PyTorch computes -inf there, and writes the gradient outside of the input."""
    with pytest.raises(InputError, match=r"`dilation` \(=2\) of a pool with `padding` \(=1\) leaves a window"):
        cost(MaxPool2d(2, 1, padding=1, dilation=2), (1, 5, 1))
    out = torch.nn.functional.max_pool2d(torch.zeros(1, 1, 5, 1), 2, 1, 1, 2)
    assert torch.isinf(out).any()


@given(size=st.integers(1, 9), k=st.integers(1, 5), s=st.integers(1, 3), p=st.integers(0, 2), d=st.integers(1, 4))
def test_a_max_pool_that_is_taken_finds_a_number_in_every_window(size, k, s, p, d):
    assume(2 * p <= k)
    pool = MaxPool2d(k, s, padding=p, dilation=d)
    try:
        cost(pool, (1, size, size))
    except InputError:
        return
    assert torch.isfinite(build_layer(pool, (1, size, size))(torch.zeros(1, 1, size, size))).all()
