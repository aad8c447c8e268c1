import math
import re
from dataclasses import replace

import pytest
import torch
from torch import nn

from cnncore.architecture.build import build
from cnncore.course.eras import ERAS, RECORDS
from cnncore.figures import records
from cnncore.figures.export import to_svg
from cnncore.figures.measured import Measured
from cnncore.figures.records import NOT_MEASURED, PART, Across, steps, steps_chart, steps_table
from cnncore.training.network import network_of

both = pytest.mark.parametrize("dataset", ["builtin", "cifar10"])


@both
def test_parameters_and_multiply_adds_are_pytorchs(dataset):
    for step in steps(dataset):
        network = network_of(step.config, (3, 32, 32), 10)
        model, counted = build(network).eval(), []

        def count(module, _, output, counted=counted):
            counted.append(output[0].numel() * module.weight[0].numel())

        for module in model.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                module.register_forward_hook(count)
        with torch.no_grad():
            model(torch.zeros(1, *network.input))
        assert step.parameters == sum(p.numel() for p in model.parameters())
        assert step.macs == sum(counted)


@both
def test_every_era_has_its_row_whether_it_was_measured_or_not(dataset, monkeypatch):
    monkeypatch.setattr(records, "measured", lambda _: None)
    monkeypatch.setattr(records, "measured_in_part", lambda _: None)
    found = steps(dataset)
    assert [step.era for step in found] == list(ERAS)
    assert steps_table(found)["test accuracy"] == [NOT_MEASURED] * len(ERAS)
    assert steps_chart(found, Across.YEAR) is None


def test_a_part_is_drawn_and_said_as_a_part(monkeypatch):
    def part(config):
        smaller = replace(config, train_size=10_000, epochs=30)
        return Measured(smaller, 0.6, None, 1, 10, "A CPU")

    monkeypatch.setattr(records, "measured", lambda _: None)
    monkeypatch.setattr(records, "measured_in_part", part)
    found = steps("cifar10")
    assert set(steps_chart(found, Across.YEAR).data["runs"]) == {PART}
    table = steps_table(found)
    assert table["test accuracy"][0] == "60.0 % (1 seed) with 10,000 images and 30 epochs"


@pytest.mark.parametrize("across", Across)
def test_what_was_measured_on_the_built_in_data_lies_where_it_should(across):
    found = [step for step in steps("builtin") if step.best]
    assert {"AlexNet's ideas", "+ batch norm"} <= {step.era.name for step in found}
    chart = steps_chart(steps("builtin"), across)
    assert chart.data["era"] == [step.era.name for step in found]
    for step, x, accuracy, low in zip(found, *(chart.data[name] for name in ("x", "accuracy", "low")), strict=True):
        expected = {
            Across.YEAR: step.era.year,
            Across.MACS: step.macs,
            Across.PARAMETERS: step.parameters,
            Across.TRAINING: 3 * step.macs * 5000 * step.config.epochs,
        }
        assert x == expected[across]
        assert accuracy == pytest.approx(100 * step.whole.accuracy, abs=0.01)
        assert low == pytest.approx(accuracy - 100 * (step.whole.spread or 0), abs=0.02)


def test_eras_and_records_are_in_the_order_of_their_years():
    assert [era.year for era in ERAS] == sorted(era.year for era in ERAS)
    assert [record.year for record in RECORDS] == sorted(record.year for record in RECORDS)
    assert all(record.source.startswith("https://") for record in RECORDS)


def test_above_100_percent_the_axis_has_neither_number_nor_line():
    pytest.importorskip("vl_convert")
    svg = to_svg(steps_chart(steps("builtin"), Across.YEAR))
    grid = re.search(r"role-axis-grid.*?</g>", svg, re.DOTALL).group()
    numbers = [int(text) for text in re.findall(r"<text[^>]*>(\d+)</text>", svg)]
    assert grid.count('opacity="1"') == sum(number < 1000 for number in numbers)  # the others are years
    assert 'opacity="0"' in grid  # names of points go higher
    assert 110 not in numbers


def test_every_era_lies_within_the_axis_of_years():
    [first, last] = steps_chart(steps("cifar10"), Across.YEAR).spec["layer"][0]["encoding"]["x"]["scale"]["domain"]
    assert all(first < era.year < last for era in ERAS)
    assert first > ERAS[0].year - 5, "no empty years before the first era"


@both
@pytest.mark.parametrize("across", Across)
def test_labels_lie_beside_their_points_and_on_no_other(dataset, across):
    chart = steps_chart(steps(dataset), across)
    data, scale = chart.data, chart.spec["layer"][0]["encoding"]["x"]["scale"]
    log = math.log if scale.get("type") == "log" else float
    first, last = map(log, scale["domain"])
    line = 0.05 * (max(data["high"]) - min(data["low"]))
    boxes = []
    sides = ("before", "over", "after")
    for x, y, accuracy, *texts in zip(
        data["x"], data["label"], data["accuracy"], *map(data.__getitem__, sides), strict=True
    ):
        [(side, text)] = [(side, text) for side, text in zip(sides, texts, strict=True) if text]
        at, width = (log(x) - first) / (last - first), 0.017 * len(text)
        left = {"before": at - width, "over": at - width / 2, "after": at}[side]
        boxes.append((left, left + width, y))
        assert side != "over" or abs(y - accuracy) > line, "a label is not written over its own point"
    assert ["".join(texts) for texts in zip(*map(data.__getitem__, sides), strict=True)] == data["era"]
    for number, (left, right, y) in enumerate(boxes):
        assert left >= 0
        assert right <= 1
        assert abs(y - data["accuracy"][number]) < 1.5 * line, "a label belongs to the point beside it"
        for other, (start, end, height) in enumerate(boxes):
            if other != number:
                assert left >= end or start >= right or abs(y - height) >= line
                at = (log(data["x"][other]) - first) / (last - first)
                on = left <= at <= right and data["low"][other] - line / 2 < y < data["high"][other] + line / 2
                assert not on, f"{data['era'][number]} over the point of {data['era'][other]}"
