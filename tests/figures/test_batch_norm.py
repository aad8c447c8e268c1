import json

import numpy as np
import pytest
import torch

from cnncore.architecture import named_network, with_batch_norm
from cnncore.architecture.build import build
from cnncore.figures.batch_norm import added_parameters, channels_chart, depth_chart, histogram_chart, running_chart
from cnncore.inspection.channels import Channels, Depth, Running


@pytest.fixture
def channels():
    rng = np.random.default_rng(0)
    mean, std = rng.standard_normal(4), rng.uniform(0.5, 2, 4)
    counts = rng.integers(0, 50, (4, 10))
    ones, zeros = np.ones(4), np.zeros(4)
    edges = np.linspace(-3, 3, 11)
    return Channels(("bn",), 100, mean, std, zeros, ones, zeros, ones, ones, zeros, edges, counts, counts + 1)


@pytest.mark.parametrize("name", ["practical", "classroom"])
def test_added_parameters_are_what_pytorch_counts(name):
    plain, normed = (build(network) for network in (named_network(name), with_batch_norm(named_network(name))))
    count = [sum(p.numel() for p in model.parameters()) for model in (plain, normed)]
    kept = sum(b.numel() for b in normed.buffers() if b.dtype == torch.float32)
    assert added_parameters(name) == (count[1] - count[0], kept)
    if name == "practical":
        assert added_parameters(name) == (320, 320)


def test_every_channel_is_drawn_before_and_after(channels):
    data = channels_chart(channels, 2).data
    assert len(data["channel"]) == 8
    np.testing.assert_allclose(data["mean"][:4], channels.mean, atol=1e-4)
    np.testing.assert_allclose(np.array(data["high"]) - data["low"], [*(2 * channels.std), *[2] * 4], atol=2e-4)
    json.dumps(data)


def test_a_histogram_is_of_the_channel_that_was_asked_for(channels):
    data = histogram_chart(channels, 3).data
    np.testing.assert_allclose(data["share"][:10], 100 * channels.before[2] / channels.before[2].sum(), atol=1e-3)
    assert sum(data["share"][10:]) == pytest.approx(100, abs=0.1)


def test_running_statistics_of_the_channel_that_was_asked_for():
    values = [np.arange(6.0).reshape(3, 2) + 10 * number for number in range(4)]
    found = Running(*values, 0.1)
    assert running_chart(found, 2).data["of"] == [1, 3, 5]
    assert running_chart(found, 2).data["kept"] == [11, 13, 15]
    assert running_chart(found, 1, variance=True).data["of"] == [20, 22, 24]
    assert running_chart(found, 1, variance=True).data["kept"] == [30, 32, 34]


def test_a_stack_is_drawn_layer_by_layer():
    plain, normed = (Depth(np.ones(2), np.ones(2), np.linspace(-1, 1, 3), np.array([[1, 3], [a, 2]])) for a in (2, 6))
    chart = depth_chart(plain, normed)
    data = chart.data
    assert data["share"] == [25, 75, 50, 50, 25, 75, 75, 25]
    assert data["stack"] == ["without batch norm"] * 4 + ["with batch norm"] * 4
    # On one axis, so that it follows the window: the second stack right of the first, with the first's values again.
    assert not {"width", "column", "facet"} & {*chart.spec, *chart.spec["layer"][0]["encoding"]}
    x = chart.spec["layer"][0]["encoding"]["x"]
    [aside] = {round(left - begin, 3) for left, begin in zip(data["left"][4:], data["from"][4:], strict=True)}
    assert data["left"][:4] == data["from"][:4]
    assert aside > 2
    ticks = x["axis"]["values"]
    assert [value - aside for value in ticks[len(ticks) // 2 :]] == pytest.approx(ticks[: len(ticks) // 2], abs=2e-3)
    assert x["scale"]["domain"] == pytest.approx([data["left"][0], data["right"][-1]], abs=2e-3)


def test_no_legend_stands_above_a_chart_and_no_channel_is_number_0(channels):
    drawn = [channels_chart(channels, 1), histogram_chart(channels, 1)]
    assert '"orient": "top"' not in json.dumps([chart.spec for chart in drawn])
    low, high = drawn[0].spec["layer"][0]["encoding"]["x"]["scale"]["domain"]
    assert 0 < low < min(drawn[0].data["at"])
    assert max(drawn[0].data["at"]) < high
