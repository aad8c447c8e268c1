"""Receptive fields on both axes: the recursion against the pixels that count, and both against PyTorch's gradient."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from cnncore.architecture import (
    NETWORKS,
    AdaptiveAvgPool2d,
    AvgPool2d,
    Box,
    Branches,
    Conv2d,
    ConvTranspose2d,
    Flatten,
    Linear,
    MaxPool2d,
    Network,
    ReLU,
    ReLU6,
    Residual,
    Tanh,
    box,
    describe,
    layer_fields,
    named_network,
    without_pools,
)
from cnncore.architecture.build import build
from cnncore.architecture.reach import reach, seen_box
from cnncore.errors import InputError

KINDS = ("residual", "branches")


def rows_of(name):
    return {row.name: row for row in describe(named_network(name)).rows}


def dependence(layers, shape, unit):
    """Return as (H, W) of booleans on which pixels the unit's sum over channels depends, asked of PyTorch.

    Weights are ones and max-pools average, so that nothing cancels and no pixel loses against another.
    """

    def averaging(path):
        return tuple(
            AvgPool2d(layer.kernel, layer.stride, layer.padding, layer.ceil_mode)
            if isinstance(layer, MaxPool2d)
            else layer.with_paths([averaging(inner) for inner in layer.paths])
            if isinstance(layer, (Residual, Branches))
            else layer
            for layer in path
        )

    module = build(Network("x", shape, averaging(layers))).double().eval()
    for parameter in module.parameters():
        torch.nn.init.ones_(parameter)
    image = torch.ones(1, *shape, dtype=torch.double, requires_grad=True)
    output = module(image)
    (output[0] if output.dim() == 2 else output[0, :, unit[0], unit[1]]).sum().backward()
    return (image.grad[0].abs().sum(0) > 0).numpy()


def box_of(truth):
    """Return the smallest box around the pixels that count, (H, W) of booleans."""
    down, across = (np.flatnonzero(truth.any(axis)) for axis in (1, 0))
    return Box(int(down[0]), int(across[0]), int(down[-1]) + 1, int(across[-1]) + 1) if len(down) else Box(0, 0, 0, 0)


def every_dependence(layers, shape):
    """Return as (H', W', H, W) on which pixels each unit depends: each pixel alone is shown to PyTorch's network."""
    module = build(Network("x", shape, tuple(layers))).double().eval()
    for name, parameter in module.named_parameters():
        torch.nn.init.zeros_(parameter) if name.endswith("bias") else torch.nn.init.ones_(parameter)
    size = shape[1] * shape[2]
    with torch.no_grad():
        output = module(torch.eye(size, dtype=torch.double).view(size, 1, *shape[1:])).sum(1)
    return (output > 0).numpy().transpose(1, 2, 0).reshape(*output.shape[1:], *shape[1:])


def seen_pixels(layers, shape, unit):
    return reach(layers, shape)[-1].pixels(*unit)


def test_the_practical_by_hand():
    rows = rows_of("practical")
    names = ("conv1", "pool1", "conv2", "pool2", "conv3", "pool3", "fc4")
    assert [rows[name].fields[0].size for name in names] == [5, 6, 14, 16, 32, 36, 60]
    assert [rows[name].fields[1] for name in names] == [rows[name].fields[0] for name in names]
    assert [rows[name].jump for name in names] == [1, 2, 2, 4, 4, 8, 8]
    assert [rows[name].fields[0].start for name in names[:4]] == [0.5, 1, 1, 2]


def test_a_central_unit_of_conv3_is_clipped_to_30_pixels():
    network = named_network("practical")
    at = [layer.name for layer in network.layers].index("conv3")
    fields = layer_fields(network.layers, network.input)[at]
    whole = box(fields, 4, 4)
    assert whole == Box(2, 2, 34, 34)
    assert whole.size == (32, 32)
    assert whole.centre == (18, 18)
    assert whole.clipped(32, 32).size == (30, 30)
    assert seen_box(reach(network.layers, network.input)[at], 4, 4) == whole.clipped(32, 32)
    assert box(fields, 0, 0).clipped(32, 32).size == (18, 18)


def test_without_its_pools_14_becomes_9():
    rows = {row.name: row for row in describe(without_pools(named_network("practical"))).rows}
    assert [rows[name].receptive_field for name in ("conv1", "pool1", "conv2", "conv3")] == [5, 5, 9, 13]
    assert rows["conv3"].output == (64, 32, 32)
    inception = describe(without_pools(named_network("googlenet"))).rows
    assert {row.jump for row in inception if row.kind == "branches"} == {2}  # conv1's stride alone is left


def test_vgg16_and_resnet18_by_hand():
    vgg = [3, 5, 6, 10, 14, 16, 24, 32, 40, 44, 60, 76, 92, 100, 132, 164, 196, 212, 404]
    fields = [row.fields for row in describe(named_network("vgg16")).rows if row.kind in ("conv", "max-pool", "linear")]
    assert [down.size for down, _ in fields][:19] == vgg
    # conv1 7, pool1 + 2*2, a block of two 3x3 adds 4 j (2 j + 2 j s where its first one strides).
    blocks = [row.receptive_field for row in describe(named_network("resnet18")).rows if row.kind == "residual"]
    assert blocks == [27, 43, 67, 99, 147, 211, 307, 435]


def narrow(layers):
    """Return the layers with one filter each: what is seen depends on no number of channels."""
    result = []
    for layer in layers:
        if isinstance(layer, Conv2d):
            layer = replace(layer, filters=1, groups=1)
        elif isinstance(layer, (ReLU6, Tanh)):
            layer = ReLU()  # sums of ones are far out on its flat parts, where its gradient is rounded to 0
        elif isinstance(layer, (Residual, Branches)):
            layer = layer.with_paths([narrow(path) for path in layer.paths])
        result.append(layer)
    return tuple(result)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_of_the_catalogue_sees_what_pytorchs_gradient_reaches(name):
    network = named_network(name)
    maps = [layer.kind for layer in network.layers].index("flatten")
    # Inception blocks put one channel of each path after the other: one filter then reads four.
    layers, shape = narrow(network.layers[:maps]), (1, *network.input[1:])
    fields, tables = layer_fields(layers, shape), reach(layers, shape)
    rows = describe(network).rows
    for number in range(maps):
        if not ("conv" in rows[number].kind or "pool" in rows[number].kind or rows[number].kind in KINDS):
            continue
        height, width = rows[number].output[1:]
        for unit in ((height // 2, width // 2), (0, width - 1)):
            truth = dependence(layers[: number + 1], shape, unit)
            real = box_of(truth)
            assert seen_box(tables[number], *unit) == real, rows[number].name
            # Where a stride steps over the image's last pixels (SqueezeNet's first layer), no unit sees them.
            read = (int(np.flatnonzero(table.any(0))[-1]) + 1 for table in tables[number])
            assert box(fields[number], *unit).clipped(*read) == real, rows[number].name


def test_both_axes_have_their_own_numbers():
    layers = (Conv2d(1, (3, 5), (1, 2), (1, 0), (2, 1)), MaxPool2d((2, 3), (2, 1)))
    down, across = layer_fields(layers, (1, 20, 30))[-1]
    assert (down.size, down.jump, down.start) == (1 + 2 * 2 + 1, 2, 0.5 + (2 - 1) + 0.5)
    assert (across.size, across.jump, across.start) == (1 + 4 + 2 * 2, 2, 0.5 + 2 + 2)
    assert box((down, across), 1, 2) == Box(1, 4, 7, 13)


def test_where_units_have_no_window_of_one_size():
    shape = (1, 9, 9)
    assert layer_fields((ConvTranspose2d(1, 3), Conv2d(1, 3)), shape) == [None, None]
    assert layer_fields((AdaptiveAvgPool2d(2),), shape) == [None]
    assert layer_fields((AdaptiveAvgPool2d(3),), shape)[0][0].size == 3
    assert layer_fields((AdaptiveAvgPool2d(1),), shape)[0][1].size == 9
    uneven = Branches(
        ((Conv2d(1, 1),), (Conv2d(1, 1, 2, 2),))
    )  # maps of one size, the second's units twice as far apart
    assert layer_fields((uneven,), (1, 5, 5)) == [None]


def test_a_dense_layer_sees_the_whole_map_once():
    layers = (Conv2d(2, 3), Flatten(), Linear(4), ReLU(), Linear(2))
    assert [fields[0].size for fields in layer_fields(layers, (1, 8, 8))] == [3, 3, 8, 8, 8]


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("unit", [(0, 0), (2, 6), (6, 3)])
def test_a_padding_that_copies_shows_other_pixels(mode, unit):
    layers = (Conv2d(1, 5, padding=2, padding_mode=mode), Conv2d(1, 3, padding=1, padding_mode=mode))
    assert np.array_equal(seen_pixels(layers, (1, 7, 7), unit), dependence(layers, (1, 7, 7), unit))


def test_unread_rows_stay_unseen_where_the_recursion_only_clips():
    layers = (Conv2d(1, 3, 2), Conv2d(1, 3, padding=1))  # of 6 rows the first reads 5
    at = reach(layers, (1, 6, 6))[-1]
    assert seen_box(at, 1, 1) == Box(0, 0, 5, 5)
    assert box(layer_fields(layers, (1, 6, 6))[-1], 1, 1).clipped(6, 6) == Box(0, 0, 6, 6)


def test_a_unit_that_reads_padding_alone_sees_nothing():
    at = reach((Conv2d(1, 1, padding=2),), (1, 3, 3))[-1]
    assert seen_box(at, 0, 3).size == (0, 0)
    assert not at.pixels(0, 3).any()
    assert seen_box(at, 2, 3) == Box(0, 1, 1, 2)


def test_a_path_whose_window_lies_in_the_padding_shows_nothing_on_either_axis():
    layers = (Residual((Conv2d(1, (1, 3), padding=(1, 2)),), (Conv2d(1, (3, 1), padding=(2, 1)),)),)
    at = reach(layers, (1, 3, 3))[-1]
    assert seen_box(at, 0, 2) == Box(0, 1, 1, 2)  # row 0 by the shortcut alone: the body's three columns do not count
    for unit in np.ndindex(5, 5):
        truth = dependence(layers, (1, 3, 3), unit)
        assert np.array_equal(at.pixels(*unit), truth), unit
        assert seen_box(at, *unit) == box_of(truth), unit


convolutions = st.builds(
    lambda kernel, stride, padding, dilation: Conv2d(1, kernel, stride, padding, dilation),
    *[st.tuples(*[st.integers(1, top)] * 2) for top in (4, 3)],
    st.tuples(*[st.integers(0, 3)] * 2),
    st.tuples(*[st.integers(1, 3)] * 2),
)
pools = st.builds(MaxPool2d, st.integers(1, 3), st.integers(1, 3), st.just(0), st.just(1), st.booleans())
transposed = st.builds(ConvTranspose2d, st.just(1), st.integers(1, 3), st.integers(1, 3), st.integers(0, 1))
blocks = st.builds(
    lambda kernel, dilation: Residual((Conv2d(1, kernel, 1, dilation * (kernel // 2), dilation),)),
    st.sampled_from([1, 3, 5]),
    st.integers(1, 2),
)
adaptive = st.builds(AdaptiveAvgPool2d, st.integers(1, 4))


@given(st.lists(st.one_of(convolutions, pools, transposed, blocks, adaptive), min_size=1, max_size=4), st.data())
def test_every_unit_sees_what_pytorchs_gradient_reaches(layers, data):
    shape = (1, 13, 17)
    try:
        output = describe(Network("x", shape, tuple(layers))).rows[-1].output
    except InputError:
        reject()  # a kernel larger than what is left
    unit = tuple(data.draw(st.integers(0, size - 1)) for size in output[1:])
    truth = dependence(tuple(layers), shape, unit)
    seen = seen_pixels(layers, shape, unit)
    joined = any(isinstance(layer, Residual) for layer in layers)
    assert not (truth & ~seen).any()
    assert joined or np.array_equal(truth, seen)
    # The rows and the columns themselves are exact even where paths join.
    assert np.array_equal(truth.any(1), seen.any(1))
    assert np.array_equal(truth.any(0), seen.any(0))
    fields = layer_fields(layers, shape)[-1]
    if fields is not None and truth.any():
        clipped = box(fields, *unit).clipped(*shape[1:])
        exact = seen_box(reach(layers, shape)[-1], *unit)
        assert clipped.top <= exact.top <= exact.bottom <= clipped.bottom
        assert clipped.left <= exact.left <= exact.right <= clipped.right


def fitting(size, target):
    """Return every (kernel, stride, padding, dilation) that makes `target` of `size`, much padding among them."""
    return [
        (k, s, p, d)
        for k, s, p, d in itertools.product(range(1, 5), (1, 2), range(6), (1, 2, 4))
        if (room := size + 2 * p - d * (k - 1) - 1) >= 0 and room // s + 1 == target
    ]


@st.composite
def joined(draw):
    """Return blocks whose paths see the image through paddings of their own, and the image's shape."""
    sizes = st.tuples(st.integers(1, 6), st.integers(1, 6))
    at = shape = draw(sizes)
    layers = []
    for _ in range(draw(st.integers(1, 2))):
        target, paths = draw(sizes), []
        for _ in range(2):
            axes = [draw(st.sampled_from(options)) for options in map(fitting, at, target) if options]
            if len(axes) < 2:
                reject()
            kernel, stride, padding, dilation = zip(*axes, strict=True)
            paths.append([Conv2d(1, kernel, stride, padding, dilation)])
        layers += draw(st.sampled_from([(Residual(*paths),), (Branches(paths), Conv2d(1, 1))]))
        layers += draw(st.sampled_from([(), (Conv2d(1, 2, padding=1),), (MaxPool2d(2, 1, padding=1),)]))
        at = describe(Network("x", (1, *shape), tuple(layers))).rows[-1].output[1:]
    return tuple(layers), (1, *shape)


@settings(max_examples=150, deadline=None)
@given(joined())
def test_where_paths_join_rows_columns_and_box_are_those_of_the_pixels_that_count(drawn):
    layers, shape = drawn
    truth, at = every_dependence(layers, shape), reach(layers, shape)[-1]
    for unit in np.ndindex(truth.shape[:2]):
        seen, wanted = at.pixels(*unit), truth[unit]
        assert not (wanted & ~seen).any()
        assert np.array_equal(seen.any(1), wanted.any(1))
        assert np.array_equal(seen.any(0), wanted.any(0))
        assert seen_box(at, *unit) == box_of(wanted)


@given(st.lists(st.sampled_from([(1, 1), (3, 1), (5, 1), (2, 2), (3, 2)]), min_size=1, max_size=4), st.integers(1, 2))
def test_away_from_the_border_the_box_is_the_recursions(steps, dilation):
    layers = tuple(Conv2d(1, k, s, dilation=1 if s > 1 else dilation) for k, s in steps)
    shape = (1, 120, 120)
    fields, at = layer_fields(layers, shape)[-1], reach(layers, shape)[-1]
    middle = len(next(iter(at))) // 2
    assert seen_box(at, middle, middle) == box(fields, middle, middle)


def test_what_is_too_large_to_be_gone_through_pixel_by_pixel_is_refused():
    with pytest.raises(InputError, match="at most 2,048 pixels to a side"):
        reach((Conv2d(1, 3),), (3, 30_000, 30_000))
    with pytest.raises(InputError, match="too many to be gone through one by one"):
        reach((Conv2d(1, 1_000_000, 1, 1_000_000),), (1, 4, 4))
    assert len(reach((Conv2d(1, 3),), (3, 2048, 16))) == 1
