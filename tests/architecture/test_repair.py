import pytest
from hypothesis import given, settings

from cnncore.architecture import (
    BatchNorm2d,
    Branches,
    Conv2d,
    Linear,
    MaxPool2d,
    Network,
    ReLU,
    Residual,
    describe,
    named_network,
)
from cnncore.architecture.diagnosis import at_size, problems
from cnncore.architecture.editing import added, layer_at, removed, replaced
from cnncore.architecture.repair import MOST_FIXES, dense_as_convolutions, fixes, repaired
from tests.architecture.test_diagnosis import HELD, PRACTICAL, networks, pytorch_runs


def titles(network):
    (problem,) = problems(network)
    return [fix.title for fix in fixes(network, problem)]


@settings(max_examples=80, deadline=None)
@given(networks)
def test_every_fix_that_is_offered_mends(network):
    found = problems(network)
    for problem in found:
        offered = fixes(network, problem)
        assert len(offered) <= MOST_FIXES
        for fix in offered:
            left = problems(fix.network)
            assert len(left) < len(found)
            if len(found) == 1:
                assert pytorch_runs(fix.network), fix.title


@settings(max_examples=80, deadline=None)
@given(networks)
def test_all_problems_are_mended_one_after_the_other(network):
    mended = repaired(network)
    if mended is not None:
        assert pytorch_runs(mended)
    if not problems(network):
        assert mended == network


@pytest.mark.parametrize(
    ("network", "title", "expected"),
    [
        (replaced(HELD, (3,), Conv2d(64, 5, name="conv2")), "Padding 2 in conv2 keeps 16 × 16", HELD),
        (at_size(PRACTICAL, (3, 28, 28)), "Set pool3 to ceil mode", None),
        (removed(PRACTICAL, (9,)), "Insert a flatten before fc4", PRACTICAL),
        (replaced(HELD, (6,), Conv2d(32, 5, padding=2, name="conv3")), "64 filters in conv3", HELD),
        (replaced(HELD, (10,), Linear(500, name="fc4", inputs=1024)), "1,000 units in fc4", HELD),
        (replaced(PRACTICAL, (3,), Conv2d(63, 5, padding=2, groups=3, name="c")), "1 group in c", None),
        (added(PRACTICAL, (10,), Conv2d(8, 3, name="late")), "Move the flatten behind late", None),
        (added(PRACTICAL, (12,), Conv2d(8, 3, name="late")), "Move late in front of the flatten", None),
        (
            replaced(PRACTICAL, (6,), Residual((Conv2d(128, 3, 2, 1), ReLU()), name="b")),
            "1 × 1 convolution to 128 channels, stride 2, in the shortcut of b",
            None,
        ),
        (
            replaced(PRACTICAL, (6,), Residual((Conv2d(64, 3),), name="b")),
            "Padding 1 in conv1 of b keeps 8 × 8",
            replaced(PRACTICAL, (6,), Residual((Conv2d(64, 3, padding=1),), name="b")),
        ),
        (
            replaced(PRACTICAL, (6,), Branches(((Conv2d(8, 3),), (Conv2d(3, 1, 2),), (MaxPool2d(3),)), name="b")),
            "Stride 1 and padding (k − 1)/2 in every layer of b",
            None,
        ),
        (at_size(PRACTICAL, (3, 40, 40)), "Dense layers as convolutions", None),
        (at_size(PRACTICAL, (3, 40, 40)), "Average any map to 4 × 4 before the flatten", None),
        (at_size(PRACTICAL, (3, 40, 40)), "Images of 32 × 32", HELD),
        (replaced(PRACTICAL, (6,), Conv2d(64, 11, name="big")), "Padding 5 in big", None),
        (
            replaced(PRACTICAL, (6,), Conv2d(64, 19, padding=9, padding_mode="reflect", name="big")),
            "Padding with zeros in big",
            None,
        ),
    ],
)
def test_the_fix_that_a_teacher_would_name_is_offered(network, title, expected):
    (problem,) = problems(network)
    found = {fix.title: fix.network for fix in fixes(network, problem)}
    assert title in found
    assert pytorch_runs(found[title])
    if expected is not None:
        assert found[title] == expected


def test_a_shortcut_takes_batch_norm_where_its_body_has_it():
    body = (Conv2d(128, 3, 2, 1, bias=False), BatchNorm2d())
    broken = replaced(PRACTICAL, (6,), Residual(body, name="b"))
    mended = fixes(broken, problems(broken)[0])[0].network
    assert layer_at(mended, (6,)).shortcut == (Conv2d(128, 1, 2, bias=False), BatchNorm2d())


def test_several_problems_are_mended_at_once():
    broken = removed(replaced(PRACTICAL, (3,), Conv2d(63, 5, groups=3, padding=2)), (9,))
    assert len(problems(broken)) == 2
    assert problems(repaired(broken)) == []


@pytest.mark.parametrize("name", ["practical", "vgg16", "alexnet"])
def test_dense_layers_as_convolutions_have_the_same_parameters(name):
    network = named_network(name)
    larger = at_size(network, (3, 2 * network.input[1], 2 * network.input[1]))
    converted = dense_as_convolutions(larger)
    assert describe(converted).parameters == describe(network).parameters
    assert describe(converted).rows == describe(network, larger.input, fully_convolutional=True).rows


def test_nothing_is_offered_where_nothing_helps():
    lonely = Network("x", (3, 8, 8), (Linear(3),))
    assert "Remove linear1" not in titles(lonely)  # a network has at least one layer
