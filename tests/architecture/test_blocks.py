"""Blocks of several paths: residual sums and concatenated branches, against PyTorch."""

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnncore.architecture import (
    AvgPool2d,
    Branches,
    Conv2d,
    Field,
    Flatten,
    Linear,
    MaxPool2d,
    Network,
    ReLU,
    Residual,
    cost,
    describe,
    named_network,
    network_code,
    with_batch_norm,
)
from cnncore.architecture.build import build
from cnncore.architecture.network import MOST_LAYERS
from cnncore.errors import InputError

INCEPTION = Branches(
    (
        (Conv2d(2, 1),),
        (Conv2d(3, 1), ReLU(), Conv2d(4, 5, padding=2)),
        (MaxPool2d(3, 1, 1), Conv2d(1, 1)),
        (),
    ),
    name="mixed",
)


def test_channels_add_up_and_parameters_are_those_of_the_paths():
    found = cost(INCEPTION, (3, 8, 8))
    assert found.output == (2 + 4 + 1 + 3, 8, 8)
    assert found.weights == 3 * 2 + 3 * 3 + 3 * 4 * 25 + 3
    assert found.biases == 2 + 3 + 4 + 1
    assert found.activations == 64 * (2 + 3 + 3 + 4 + 3 + 1) + 64 * 10


def test_the_module_concatenates_in_the_order_of_the_paths():
    torch.manual_seed(0)
    module = build(Network("x", (3, 8, 8), (INCEPTION,)))
    images = torch.rand(2, 3, 8, 8)
    with torch.no_grad():
        expected = torch.cat([path(images) for path in module[0]], 1)
        assert torch.equal(module(images), expected)
        assert torch.equal(module(images)[:, -3:], images)


def test_json_there_and_back():
    network = Network("x", (3, 8, 8), (INCEPTION, Residual((Conv2d(10, 3, padding=1), INCEPTION, Conv2d(10, 1)))))
    assert Network.from_json(network.to_json()) == network


def test_code_runs_by_itself():
    network = Network("x", (3, 8, 8), (INCEPTION, Residual((Conv2d(10, 3, padding=1),)), Flatten(), Linear(4)))
    scope = {}
    exec(network_code(network), scope)
    assert sum(p.numel() for p in scope["model"].parameters()) == describe(network).parameters


def test_batch_norm_reaches_into_the_paths():
    normed = with_batch_norm(Network("x", (3, 8, 8), (INCEPTION,)))
    kinds = [[layer.kind for layer in path] for path in normed.layers[0].paths]
    assert kinds == [
        ["conv", "batch-norm"],
        ["conv", "batch-norm", "relu", "conv", "batch-norm"],
        ["max-pool", "conv", "batch-norm"],
        [],
    ]


def refused(make):
    with pytest.raises(InputError) as caught:
        make()
    return str(caught.value)


def test_paths_of_different_sizes_are_refused_with_the_remedy():
    message = refused(lambda: cost(Branches(((Conv2d(2, 3),), (Conv2d(2, 1),)), name="mixed"), (3, 8, 8)))
    assert message == (
        "the paths of branches block mixed must end with maps of one size and give 2x6x6 and 2x8x8: give each path the "
        "same stride in all, and a padding of (k - 1)/2."
    )
    assert "must hold layers on maps and has a `linear`" in refused(lambda: Residual((Linear(3),)))
    assert "must not be empty" in refused(lambda: Branches(()))


def test_json_of_nonsense_is_one_sentence():
    def of(layers):
        return lambda: Network.from_json(json.dumps({"name": "x", "input": [3, 8, 8], "layers": layers}))

    assert "list of lists" in refused(of([{"kind": "branches", "paths": 3}]))
    assert "must be a list of layers" in refused(of([{"kind": "branches", "paths": [3]}]))
    deep = {"kind": "relu"}
    for _ in range(10):
        deep = {"kind": "branches", "paths": [[deep]]}
    assert "at most 8 deep" in refused(of([deep]))
    wide = {"kind": "branches", "paths": [[{"kind": "relu"}] * 200] * 11}
    assert f"at most {MOST_LAYERS} layers" in refused(of([wide]))


convolutions = st.builds(
    Conv2d,
    filters=st.just(1),
    kernel=st.sampled_from([1, 3, 5]),
    dilation=st.sampled_from([1, 2]),
).map(lambda c: Conv2d(1, c.kernel, padding=c.dilation[0] * (c.kernel[0] - 1) // 2, dilation=c.dilation))
paths = st.lists(st.one_of(convolutions, st.just(AvgPool2d(3, 1, 1))), max_size=3).map(tuple)


def seen(network, side):
    """Return the first and the last row of the image that the middle unit of the network's output depends on."""
    module = build(network).double()
    for parameter in module.parameters():
        torch.nn.init.ones_(parameter)
    image = torch.ones(1, 1, side, side, dtype=torch.double, requires_grad=True)
    output = module(image)
    middle = output.shape[-1] // 2
    output[0, :, middle, middle].sum().backward()
    rows = image.grad[0].abs().sum((0, 2)).nonzero().flatten()
    return int(rows[0]), int(rows[-1]), middle


@given(st.lists(paths, min_size=1, max_size=3), st.booleans(), st.sampled_from([1, 2]))
def test_a_blocks_receptive_field_is_where_the_input_has_a_gradient(body, adds, stride):
    block = Residual(body[0], body[1]) if adds and len(body) > 1 else Branches(tuple(body))
    network = Network("x", (1, 96, 96), (Conv2d(1, 3, stride, 1), block))
    row = describe(network).rows[-1]
    first, last, _ = seen(network, 96)
    assert last - first + 1 == row.receptive_field
    assert row.jump == stride


def test_paths_that_look_to_different_sides_see_all_of_both():
    left = Field(3, 2, 0.5)  # pixels -1 to 1
    right = Field(3, 2, 4.5)  # pixels 3 to 5
    assert left.joined(right) == Field(7, 2, 2.5)
    with pytest.raises(InputError, match="`jump`"):
        left.joined(Field(3, 1, 0.5))


def test_googlenets_first_blocks_by_hand():
    rows = {row.name: row for row in describe(named_network("googlenet")).rows}
    assert rows["inception3a"].output == (256, 28, 28)
    assert rows["inception5b"].output == (1024, 7, 7)
    # conv1 +6, pool1 +2*2, conv2-2 +2*4, pool2 +2*4, and a block as its widest path: +2*8.
    fields = [rows[name].receptive_field for name in ("conv1", "pool1", "conv2-2", "pool2", "inception3a")]
    assert fields == [7, 11, 19, 27, 43]
