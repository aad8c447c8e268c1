import time

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.nn import functional

from cnncore.architecture import (
    Field,
    conv_output_size,
    pool_output_size,
    reads,
    transposed_output_size,
    unread,
)
from cnncore.architecture.arithmetic import half_padding, unread_transposed
from cnncore.errors import InputError

SIZE, KERNEL, STRIDE, PADDING, DILATION = (
    st.integers(1, 40),
    st.integers(1, 7),
    st.integers(1, 5),
    st.integers(0, 6),
    st.integers(1, 4),
)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@given(SIZE, KERNEL, DILATION)
@settings(deadline=None)
def test_half_padding_is_pytorchs_same(i, k, d):
    image, kernel = torch.rand(1, 1, i), torch.rand(1, 1, k)
    padded = functional.pad(image, half_padding(k, d))
    same = functional.conv1d(image, kernel, padding="same", dilation=d)
    torch.testing.assert_close(functional.conv1d(padded, kernel, dilation=d), same)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        # The fifteen relationships of Dumoulin & Visin's guide, on its own examples where it draws one.
        (conv_output_size(4, 3), 2),  # 1: i-k+1
        (conv_output_size(5, 4, 1, 2), 6),  # 2: i-k+2p+1
        (conv_output_size(5, 3, 1, 1), 5),  # 3: half
        (conv_output_size(5, 3, 1, 2), 7),  # 4: full
        (conv_output_size(5, 3, 2), 2),  # 5
        (conv_output_size(5, 3, 2, 1), 3),  # 6
        (conv_output_size(6, 3, 2, 1), 3),  # 6, the floor at work
        (pool_output_size(5, 3, 1), 3),  # 7
        (transposed_output_size(2, 3), 4),  # 8
        (transposed_output_size(6, 4, 1, 2), 5),  # 9
        (transposed_output_size(5, 3, 1, 1), 5),  # 10
        (transposed_output_size(7, 3, 1, 2), 5),  # 11
        (transposed_output_size(2, 3, 2), 5),  # 12
        (transposed_output_size(3, 3, 2, 1), 5),  # 13
        (transposed_output_size(3, 3, 2, 1, output_padding=1), 6),  # 14
        (conv_output_size(7, 3, 1, 0, 2), 3),  # 15
        # The practical: Q8, Q9, and the crop's third pool with and without ceil mode.
        (conv_output_size(32, 5, 1, 2), 32),
        (pool_output_size(32, 2, 2), 16),
        (pool_output_size(7, 2, 2), 3),
        (pool_output_size(7, 2, 2, ceil_mode=True), 4),
    ],
)
def test_sizes_worked_out_on_paper(size, expected):
    assert size == expected


@given(i=SIZE, k=KERNEL, s=STRIDE, p=PADDING, d=DILATION)
@settings(max_examples=300, deadline=None)
def test_sizes_and_unread_cells_are_those_of_pytorch(i, k, s, p, d):
    assume(d * (k - 1) + 1 <= i + 2 * p)
    line = torch.ones(1, 1, i, requires_grad=True)
    output = functional.conv1d(line, torch.ones(1, 1, k), stride=s, padding=p, dilation=d)
    assert conv_output_size(i, k, s, p, d) == output.shape[-1]
    output.sum().backward()
    # A cell that no output reads has no gradient.
    assert unread(i, output.shape[-1], k, s, p, d) == tuple((line.grad[0, 0] == 0).nonzero().flatten().tolist())


@given(i=SIZE, k=KERNEL, s=STRIDE, p=PADDING, d=DILATION, o=st.integers(0, 50))
@settings(max_examples=200, deadline=None)
def test_the_cells_that_one_output_reads_are_those_of_pytorch(i, k, s, p, d, o):
    assume(d * (k - 1) + 1 <= i + 2 * p)
    line = torch.zeros(1, 1, i, requires_grad=True)
    output = functional.conv1d(line, torch.ones(1, 1, k), stride=s, padding=p, dilation=d)[0, 0]
    o %= len(output)
    output[o].backward()
    assert reads(o, i, k, s, p, d) == tuple(line.grad[0, 0].nonzero().flatten().tolist())


@given(i=SIZE, k=KERNEL, s=STRIDE, p=PADDING, d=DILATION, ceil=st.booleans())
@settings(max_examples=300, deadline=None)
def test_pool_sizes_are_those_of_pytorch(i, k, s, p, d, ceil):
    assume(2 * p <= k)
    try:
        output = functional.max_pool1d(torch.zeros(1, 1, i), k, s, p, d, ceil_mode=ceil)
    except RuntimeError:
        with pytest.raises(InputError, match="`kernel`"):
            pool_output_size(i, k, s, p, d, ceil)
    else:
        assert pool_output_size(i, k, s, p, d, ceil) == output.shape[-1]


@given(i=SIZE, k=KERNEL, s=STRIDE, p=PADDING, d=DILATION, extra=st.integers(0, 4))
@settings(max_examples=300, deadline=None)
def test_transposed_sizes_are_those_of_pytorch(i, k, s, p, d, extra):
    assume(extra < max(s, d))
    assume((i - 1) * s - 2 * p + d * (k - 1) + extra + 1 >= 1)
    output = functional.conv_transpose1d(torch.zeros(1, 1, i), torch.zeros(1, 1, k), None, s, p, extra, 1, d)
    assert transposed_output_size(i, k, s, p, d, extra) == output.shape[-1]


@given(i=SIZE, k=KERNEL, s=STRIDE, p=PADDING, d=DILATION)
@settings(max_examples=200, deadline=None)
def test_the_cells_that_a_transposed_convolution_cuts_off_are_those_of_pytorch(i, k, s, p, d):
    assume((i - 1) * s - 2 * p + d * (k - 1) + 1 >= 1)
    line = torch.ones(1, 1, i, requires_grad=True)
    output = functional.conv_transpose1d(line, torch.ones(1, 1, k), None, s, p, 0, 1, d)
    output.sum().backward()
    expected = tuple((line.grad[0, 0] == 0).nonzero().flatten().tolist())
    assert unread_transposed(i, output.shape[-1], k, s, p, d) == expected


@given(i=SIZE, o=st.integers(1, 30), k=KERNEL, s=st.integers(1, 9), p=PADDING, d=st.integers(1, 9))
@settings(max_examples=1000, deadline=None)
def test_unread_cells_are_those_that_no_output_reads_one_by_one(i, o, k, s, p, d):
    seen = {cell for output in range(o) for cell in reads(output, i, k, s, p, d)}
    assert unread(i, o, k, s, p, d) == tuple(cell for cell in range(i) if cell not in seen)
    # A cell of a transposed convolution is spread over the cells that it would read the other way round.
    assert unread_transposed(i, o, k, s, p, d) == tuple(cell for cell in range(i) if not reads(cell, o, k, s, p, d))


@given(i=SIZE, k=KERNEL, s=STRIDE, p=PADDING, d=DILATION, mode=st.sampled_from(["reflect", "replicate", "circular"]))
@settings(max_examples=500, deadline=None)
def test_unread_cells_with_copies_in_the_padding_are_those_of_pytorch(i, k, s, p, d, mode):
    assume(d * (k - 1) + 1 <= i + 2 * p)
    assume(mode == "replicate" or p <= i - (mode == "reflect"))
    line = torch.ones(1, 1, i, requires_grad=True)
    padded = functional.pad(line, (p, p), mode)
    output = functional.conv1d(padded, torch.ones(1, 1, k), stride=s, dilation=d)
    output.sum().backward()
    expected = tuple((line.grad[0, 0] == 0).nonzero().flatten().tolist())
    assert unread(i, output.shape[-1], k, s, p, d, mode) == expected


def test_unread_cells_of_large_inputs_take_no_time():
    start = time.perf_counter()
    assert unread(1_000_000, 500_001, 500_000) == ()
    assert unread(100_000, 33_333, 1, 3) == tuple(c for c in range(100_000) if c % 3 or c == 99_999)
    assert time.perf_counter() - start < 5  # walking through the windows takes hours


def test_a_window_larger_than_the_input_counts_when_sizes_are_rounded_up():
    assert pool_output_size(1, 2, 2, ceil_mode=True) == 1
    with pytest.raises(InputError, match=r"`kernel` \(=2\) must not be larger"):
        pool_output_size(1, 2, 2)


def test_an_input_one_larger_that_gives_the_same_output_leaves_a_cell_unread():
    assert conv_output_size(5, 3, 2) == conv_output_size(6, 3, 2)
    assert unread(5, 2, 3, 2) == ()
    assert unread(6, 2, 3, 2) == (5,)


def test_fields_worked_out_on_paper():
    two = Field().through(5, 1).through(5, 1)
    assert two.size == 9
    pooled = Field().through(5, 1).through(2, 2).through(5, 1)
    assert (pooled.size, pooled.jump) == (14, 2)
    assert Field().through(3, 1, 1).start == 0.5
    assert Field().through(3, 1, 0, 2).size == 5


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: conv_output_size(4, 7), r"`kernel` \(=7\) must not be larger .*4 \+ 2\*0 = 4.*padding of at least 2"),
        (lambda: conv_output_size(4, 3, 1, 0, 3), r"`kernel` \(=3\), which spans 7 pixels with dilation 3"),
        (lambda: transposed_output_size(1, 3, 1, 2), r"`padding` \(=2\).*use at most 1"),
    ],
)
def test_what_does_not_fit_is_one_sentence(make, message):
    with pytest.raises(InputError, match=message):
        make()
