import json

import altair as alt
import numpy as np
import pytest

from cnncore.figures.calibration import (
    SERIES,
    cell_chart,
    probability,
    reliability_chart,
    since,
    sureness_chart,
    trend,
)
from cnncore.inspection.calibration import Sureness, reliability
from cnncore.statistics import wilson_interval

HISTORY = {0: Sureness(0.1, None, 0.12, 0.02), 1: Sureness(0.5, 0.8, 0.6, 0.2), 5: Sureness(0.6, 0.95, 0.9, 0.3)}


def valid(chart):
    alt.LayerChart.from_dict(json.loads(json.dumps(chart.spec)) | {"data": {"values": []}})
    assert len({len(column) for column in chart.data.values()}) == 1
    return chart


def test_a_bar_a_filled_bin_with_its_interval_and_its_count():
    found = reliability(np.array([0.35, 0.31, 0.95, 0.97, 0.99, 1.0]), np.array([True, False, True, True, True, False]))
    data = valid(reliability_chart(found)).data
    assert (data["from"], data["to"], data["middle"]) == ([30, 90], [40, 100], [35, 95])
    assert data["accuracy"] == [50, 75]
    assert data["confidence"] == [33, 97.75]
    assert data["count"] == ["2", "4"]
    assert [(low / 100, high / 100) for low, high in zip(data["low"], data["high"], strict=True)] == [
        pytest.approx(wilson_interval(right, count), abs=1e-4) for right, count in ((1, 2), (3, 4))
    ]
    assert data["told"][1].startswith("4 answers, 97.8 % sure on average: 75.0 % right")


def test_three_lines_over_the_epochs_and_a_rule_at_the_one_shown():
    data = valid(sureness_chart(HISTORY, 1)).data
    points = {
        (epoch, series): value
        for epoch, series, value in zip(data["epoch"], data["series"], data["value"], strict=True)
    }
    right, wrong, accuracy = SERIES
    assert (0, right) not in points  # a mean over no answers
    assert points[0, wrong] == 12
    assert points[5, right] == 95
    assert [points[epoch, accuracy] for epoch in HISTORY] == [10, 50, 60]
    assert [at for at in data["here"] if at is not None] == [1]


def test_a_cell_over_the_epochs():
    chart = valid(cell_chart({0: 3, 1: 0, 2: 8}, 2, right=False))
    assert chart.data == {"epoch": [0, 1, 2], "images": [3, 0, 8], "here": [None, None, 2]}
    assert (
        chart.spec["layer"][0]["mark"]["color"] != cell_chart({0: 3}, 0, right=True).spec["layer"][0]["mark"]["color"]
    )


@pytest.mark.parametrize(
    "draw", [lambda shown: sureness_chart(HISTORY, shown), lambda at: cell_chart({0: 1}, at, True)]
)
def test_another_epoch_changes_the_data_only(draw):
    assert draw(0).spec == draw(1).spec


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "< 0.01 %"), (1.0, "> 99.9 %"), (0.25, "25 %"), (0.254, "25.4 %"), (0.0004, "0.04 %"), (0.051, "5.1 %")],
)
def test_float16_is_not_taken_for_certainty(share, text):
    assert probability(share) == text


def test_the_confidence_of_wrong_answers_is_told_from_the_best_epoch_to_the_last():
    history = {
        0: Sureness(0.1, None, 0.15, 0.0),
        2: Sureness(0.8, 0.9, 0.5, 0.1),
        3: Sureness(0.7, 0.9, 0.75, 0.2),
    }
    assert trend(history) == (
        "**Over the epochs**: wrong answers were 50 % sure after epoch 2, the most accurate, and 75 % after epoch 3."
    )
    assert trend({1: history[0], 2: history[2]}) == "**Over the epochs**"


@pytest.mark.parametrize(
    ("history", "text"),
    [
        ({0: 3, 1: 9, 2: 4, 3: 1}, "After every epoch since 0; most after epoch 1: 9."),
        ({0: 3, 1: 0, 2: 4, 3: 7}, "After every epoch since 2; most after epoch 3: 7."),
        ({1: 72, 2: 0, 3: 4}, "After epoch 3, not after the one before; most after epoch 1: 72."),
        ({0: 3, 1: 12, 2: 0}, "Gone after epoch 2; most after epoch 1: 12."),
        ({0: 0, 1: 0}, "It never happened."),
    ],
)
def test_when_a_confusion_was_at_its_worst_is_said(history, text):
    assert since(history) == text


def test_what_stands_side_by_side_begins_and_ends_at_one_height():
    found = reliability(np.array([0.35, 0.95]), np.array([True, False]))
    bars, lines = reliability_chart(found).spec, sureness_chart(HISTORY, 1).spec
    assert bars["height"] == lines["height"]
    encoding = lines["layer"][0]["encoding"]
    assert encoding["color"]["legend"]["orient"] == "bottom"
    assert encoding["y"]["title"] == "confidence, accuracy (%)"
