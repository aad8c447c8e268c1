import json
import math
from dataclasses import replace

import numpy as np
import pytest

from cnncore.figures.slow_motion import HIGHER, LOWER, flow_chart, losses_chart, moved_chart, ratios_chart
from cnncore.inspection.anatomy import (
    Anatomy,
    Followed,
    Layer,
    Parameter,
    Scores,
    Spread,
    by_rule,
    remarks,
    updates_at_most,
)
from cnncore.training.config import Optimizer, RunConfig


def tooltips(part):
    """Yield what tooltips are titled, anywhere in a specification."""
    if isinstance(part, dict):
        for field in part.get("tooltip", ()):
            yield field.get("title", field["field"])
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from tooltips(inner)


def spread(mean=0.0, std=1.0, norm=1.0, broken=0.0):
    return Spread(mean, std, norm, 2.0, 0.0, broken, np.linspace(-1, 1, 3), np.array([3, 1]))


def parameter(name, norm, gradient, update, shape=(4, 3, 5, 5)):
    one = Followed((0, 0, 0, 0), 0.5, -2.0, 0.7, 0.0, 0.0, 0, 0.1, 0.0)
    return Parameter(name, shape, norm, spread(norm=gradient), spread(norm=update), one)


def anatomy(layers, parameters, scores=None):
    scores = scores or SCORES
    return Anatomy(
        1,
        1,
        0,
        5,
        0.1,
        1.0,
        0,
        None,
        1,
        False,
        1.0,
        0.9,
        None,
        ("a", "b"),
        tuple(layers),
        tuple(parameters),
        scores,
        None,
    )


SCORES = Scores(
    losses=np.array([0.5, 2.0, math.inf, 1.0]),
    after=np.array([0.4, 2.5, 1.0, 1.0]),
    labels=np.array([0, 1, 1, 0]),
    answers=np.array([0, 0, 0, 0]),
    confidence=np.full(4, 0.6),
    true=np.full(4, 0.5),
    inputs=np.zeros((4, 3, 2, 2), np.float32),
)
LAYERS = (
    Layer("conv1", "Conv2d", (4, 3, 5, 5), spread(3.0, 4.0), None, np.zeros((3, 5, 5), np.float32), spread(0.0, 0.5)),
    Layer("relu2", "ReLU", (4, 3, 5, 5), spread(0.0, 0.0), 0.75, np.zeros((3, 5, 5), np.float32)),
)


def test_losses_are_drawn_largest_first_and_coloured_by_the_answer():
    data = losses_chart(SCORES, 2).data
    assert data["image"] == [3, 2, 4, 1]
    assert data["loss"] == [None, 2.0, 1.0, 0.5]
    assert data["answer"] == ["wrong", "wrong", "right", "right"]
    text = json.dumps(losses_chart(SCORES, 2).spec)
    assert "ln 2 = 0.693" in text
    assert "mean " not in text  # it is infinite: no line says so


def test_before_and_after_leave_out_what_is_no_number():
    data = moved_chart(SCORES).data
    assert data["image"] == [1, 2, 4]
    assert data["moved"] == [LOWER, HIGHER, LOWER]


@pytest.mark.parametrize("chart", [losses_chart(SCORES, 2), moved_chart(SCORES)])
def test_a_tooltip_does_not_take_a_number_for_a_picture(chart):
    titles = list(tooltips(chart.spec))
    assert "number" in titles
    assert not {"image", "title"} & set(titles)  # these two are shown as a picture and as a heading


def test_ratios_are_norm_over_norm_and_the_axis_holds_them_all():
    weights = [parameter("conv1.weight", 2.0, 0.5, 1e-3), parameter("fc2.weight", 0.0, 1.0, 1.0)]
    gradients, updates = ratios_chart(weights, updates=False), ratios_chart(weights, updates=True)
    assert gradients.data == {"layer": ["conv1", "fc2"], "ratio": [0.25, None]}
    assert updates.data["ratio"] == [5e-4, None]
    low, high = gradients.spec["layer"][1]["encoding"]["x"]["scale"]["domain"]
    assert low < 1e-4 < 0.25 < high
    json.dumps([gradients.spec, updates.spec])


def test_the_signal_is_a_root_mean_square():
    data = flow_chart(anatomy(LAYERS, [])).data
    assert data["size"] == [5.0, 0.5, None, None]  # 3 and 4; nothing came back to the second layer
    assert data["layer"] == ["conv1", "conv1", "relu2", "relu2"]


def test_remarks_are_made_of_what_is_out_of_the_ordinary_alone():
    fine = [parameter("conv1.weight", 1.0, 1e-2, 1e-3), parameter("conv1.bias", 1.0, 5.0, 1.0, shape=(4,))]
    assert list(remarks(anatomy(LAYERS[:1], fine))) == []
    odd = [parameter("conv1.weight", 1.0, 9e-5, 1e-3), parameter("fc2.weight", 1.0, 0.11, 1e-3)]
    small, large, silent = remarks(anatomy(LAYERS, odd))
    assert "gradient of conv1 is smaller than a ten-thousandth" in small
    assert "gradient of fc2 is larger than a tenth" in large
    assert "changes 0.1 % of a layer's weights at most" in large
    assert "Half or more of relu2 puts out 0" in silent
    broken = Layer("conv1", "Conv2d", (4,), spread(broken=0.1), None, np.zeros((1, 1, 4), np.float32))
    found = anatomy((LAYERS[0], broken, LAYERS[1]), odd)
    assert found.broken is broken
    assert list(remarks(found)) == []


def test_a_rule_on_paper():
    one = Followed((0,), before=1.0, gradient=0.5, after=0.0, momentum=0.2, square=0.0, steps=3, rate=0.1, decay=0.1)
    assert by_rule(one, RunConfig()) == pytest.approx(1 - 0.1 * (0.5 + 0.1))
    momentum = RunConfig(momentum=0.9)
    assert by_rule(replace(one, decay=0.0), momentum) == pytest.approx(1 - 0.1 * (0.9 * 0.2 + 0.5))
    assert by_rule(one, RunConfig(optimizer=Optimizer.RMSPROP, momentum=0.5)) is None


def test_what_is_computed_while_somebody_waits():
    assert updates_at_most(1_000_000_000, 100) == 1
    assert updates_at_most(1_000_000_001, 100) == 0
    assert updates_at_most(23_152_000, 128) == 33
