"""What is wrong with a network, against PyTorch: it runs exactly where nothing is found."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncore.architecture import (
    NETWORKS,
    AdaptiveAvgPool2d,
    AvgPool2d,
    BatchNorm2d,
    Branches,
    Conv2d,
    Flatten,
    Linear,
    MaxPool2d,
    Network,
    ReLU,
    Residual,
    cost,
    describe,
    named_network,
)
from cnncore.architecture.build import build_layer
from cnncore.architecture.diagnosis import Trouble, at_size, problems, walk
from cnncore.architecture.editing import added, removed, replaced
from cnncore.architecture.layers import ConvTranspose2d, Dropout
from cnncore.errors import InputError
from cnncore.figures.network_diagram import network_diagram

PRACTICAL = named_network("practical")
HELD = at_size(PRACTICAL, PRACTICAL.input)

convolutions = st.builds(
    Conv2d,
    st.sampled_from([4, 6, 8]),
    st.integers(1, 7),
    st.integers(1, 3),
    st.integers(0, 3),
    st.integers(1, 2),
    st.sampled_from([1, 1, 2]),
    padding_mode=st.sampled_from(["zeros", "zeros", "reflect"]),
)
pools = st.builds(
    MaxPool2d, st.integers(2, 5), st.integers(1, 3), st.integers(0, 1), ceil_mode=st.booleans()
) | st.builds(AvgPool2d, st.integers(2, 4), st.integers(1, 3))
on_maps = convolutions | pools | st.just(ReLU()) | st.just(BatchNorm2d()) | st.just(ConvTranspose2d(4, 2, 2))
paths = st.lists(on_maps, max_size=2).map(tuple)
blocks = st.builds(Residual, paths, paths) | st.builds(Branches, st.lists(paths, min_size=1, max_size=3).map(tuple))
dense = st.builds(Linear, st.sampled_from([5, 10]), inputs=st.sampled_from([None, None, 5, 64, 144]))
anything = on_maps | blocks | dense | st.sampled_from([Flatten(), Dropout(0.5), AdaptiveAvgPool2d(2)])
networks = st.builds(
    Network,
    st.just("any"),
    st.sampled_from([(4, 6, 6), (8, 9, 9), (3, 12, 10)]),
    st.lists(anything, min_size=1, max_size=6).map(tuple),
)


def pytorch_runs(network):
    """Whether PyTorch takes it, with dense layers of the stated inputs and maps never taken for vectors."""
    with torch.device("meta"):
        value = torch.empty(2, *network.input)
        for layer in network.layers:
            if value.dim() == 2 and not isinstance(layer, (Flatten, Linear, Dropout, ReLU)):
                return False
            try:
                if isinstance(layer, Linear):
                    value = torch.nn.Linear(layer.inputs or value[0].numel(), layer.features)(value)
                    if value.dim() != 2:
                        return False
                    continue
                shape = tuple(value.shape[1:]) if value.dim() == 4 else (value.shape[1], 1, 1)
                module = build_layer(layer, shape)
                # PyTorch would spread a sum over a map of one cell: that is no residual block.
                if isinstance(layer, Residual) and module.body(value).shape != module.shortcut(value).shape:
                    return False
                value = module(value)
            except (RuntimeError, ValueError, InputError):
                return False
            if not all(value.shape):
                return False
    return True


@settings(max_examples=150, deadline=None)
@given(networks)
def test_nothing_is_found_exactly_where_pytorch_runs(network):
    assert (problems(network) == []) == pytorch_runs(network)


@settings(max_examples=150, deadline=None)
@given(networks)
def test_the_first_problem_is_where_the_description_stops(network):
    found = problems(network)
    if not found:
        rows = describe(network).rows
        assert [row.output for row in rows] == [step.output for step in walk(network) if len(step.place) == 1]
        return
    with pytest.raises(InputError):
        describe(network)
    first = found[0].place[0]
    if first:
        describe(replace(network, layers=network.layers[:first]))


@pytest.mark.parametrize("name", NETWORKS)
def test_the_catalogue_has_no_problem_at_its_own_size(name):
    network = named_network(name)
    assert problems(network) == []
    assert problems(at_size(network, network.input)) == []
    for step in walk(network):
        assert step.cost == cost(step.layer, step.input)


def test_every_problem_is_found_not_only_the_first():
    broken = replaced(PRACTICAL, (3,), Conv2d(63, 5, groups=3, name="conv2"))
    broken = removed(added(broken, (6,), Conv2d(8, 99, name="huge")), (10,))
    found = problems(broken)
    assert [(problem.name, problem.trouble) for problem in found] == [
        ("conv2", Trouble.GROUPS),
        ("huge", Trouble.SIZE),
        ("fc4", Trouble.NOT_FLAT),
    ]


def test_a_problem_inside_of_a_block_is_the_layers_not_the_blocks():
    block = Residual((Conv2d(64, 99, name="huge"),), (Conv2d(64, 1),), name="block")
    (problem,) = problems(replaced(PRACTICAL, (6,), block))
    assert (problem.name, problem.place) == ("huge", (6, 0, 0))


@pytest.mark.parametrize(
    ("network", "sentence"),
    [
        (
            replaced(HELD, (3,), Conv2d(64, 5, name="conv2")),
            "`fc4` expects 1,024 inputs (64 × 4 × 4) and receives 576 (64 × 3 × 3): conv2 makes 12 × 12 of 16 × 16.",
        ),
        (
            at_size(PRACTICAL, (3, 28, 28)),
            "`fc4` expects 1,024 inputs (64 × 4 × 4) and receives 576 (64 × 3 × 3): pool3 makes 3 × 3 of 7 × 7.",
        ),
        (
            replaced(HELD, (6,), Conv2d(32, 5, padding=2, name="conv3")),
            "`fc4` expects 1,024 inputs (64 × 4 × 4) and receives 512 (32 × 4 × 4): conv3 makes 32 maps.",
        ),
        (
            replaced(HELD, (10,), Linear(500, name="fc4", inputs=1024)),
            "`fc5` expects 1,000 inputs and receives 500: fc4 has 500 units.",
        ),
        (
            Network(
                "up",
                (3, 32, 32),
                (
                    Conv2d(8, 3, padding=1, name="c1"),
                    ConvTranspose2d(16, 2, 2, name="up"),
                    Flatten(),
                    Linear(10, name="fc", inputs=131_072),
                ),
            ),
            "`fc` expects 131,072 inputs (32 × 64 × 64) and receives 65,536 (16 × 64 × 64): up makes 16 maps.",
        ),
        (removed(PRACTICAL, (9,)), "`fc4` expects a flat input and receives a map of 64 × 4 × 4."),
        (
            added(PRACTICAL, (10,), Conv2d(8, 3, name="late")),
            "`late` expects a map and receives 1,024 values in a row.",
        ),
    ],
)
def test_what_is_said(network, sentence):
    (problem,) = problems(network)
    assert problem.sentence == sentence


def test_layers_of_one_name_are_told_apart():
    layers = (Conv2d(4, 3, name="conv"), Flatten(), Linear(100, name="fc"), ReLU(), Linear(10, name="fc"))
    network = Network("twice", (3, 32, 32), layers)
    held = at_size(network, network.input)
    assert [layer.inputs for layer in held.layers if isinstance(layer, Linear)] == [3_600, 100]
    assert problems(held) == []


@pytest.mark.parametrize(("name", "last"), [("practical", 39), ("vgg16", 255)])
def test_the_wall_is_where_the_practical_says(name, last):
    network = named_network(name)
    assert problems(at_size(network, (3, last, last))) == []
    assert len(problems(at_size(network, (3, last + 1, last + 1)))) == 1


def test_a_block_behind_a_flatten_has_a_step_for_each_layer_inside():
    inner = Residual((ReLU(), Residual((ReLU(),), ())), ())
    network = Network("n", (3, 8, 8), (Flatten(), inner, Linear(10)))
    steps = walk(network)
    assert {step.place for step in steps} == {(0,), (1,), (1, 0, 0), (1, 0, 1), (1, 0, 1, 0, 0), (2,)}
    assert [problem.trouble for problem in problems(network)] == [Trouble.FLAT]
    assert network_diagram(network, steps)  # it is drawn


def test_a_network_whose_numbers_no_table_holds_is_one_sentence():
    network = Network("n", (1, 4, 4), (Conv2d(1, 10**6, 1, 10**6),))
    with pytest.raises(InputError, match="more than can be counted here"):
        describe(network)
