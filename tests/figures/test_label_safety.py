import json

import numpy as np
import pytest

from cnncore.figures import results
from cnncore.figures.label_safety import Fall, class_chart, fall_chart, fall_of, reference
from cnncore.figures.results import RESULTS
from cnncore.inspection.label_safety import Safety, View
from cnncore.statistics import wilson_interval

COUNTS = {View.STORED: np.diag([90, 80]), View.MIRRORED: np.array([[80, 10], [60, 20]])}


def test_the_bars_are_the_accuracies_with_their_intervals():
    chart = fall_chart(fall_of(Safety("two", ("a", "b"), 3, (), COUNTS), "mine"))
    assert chart.spec["title"]["text"] == "mine"
    assert chart.data["view"] == ["as stored", "mirrored"]
    assert chart.data["accuracy"] == [100.0, pytest.approx(100 * 100 / 170, abs=0.01)]
    low, high = wilson_interval(100, 170)
    assert (chart.data["low"][1], chart.data["high"][1]) == (round(100 * low, 2), round(100 * high, 2))


def test_classes_that_fall_least_come_first():
    chart = class_chart({"a": 0.9, "b": 0.8, "c": 0.7}, {"a": 0.1, "b": 0.8, "c": 0.6}, "mirrored")
    assert chart.data["class"] == ["b", "c", "a"] * 2
    assert chart.data["accuracy"] == [80, 70, 90, 80, 60, 10]


def test_the_stored_measurement_is_read_as_it_was_written():
    found = reference()
    result = json.loads((RESULTS / "label-safety-cpu.json").read_text(encoding="utf-8"))
    assert [fall.name for fall in found.falls] == [preset["title"] for preset in result["presets"].values()]
    for fall, preset in zip(found.falls, result["presets"].values(), strict=True):
        for view, right in fall.right.items():
            assert right / fall.images == pytest.approx(preset["accuracy"][view]["mean"], abs=1e-4)
    assert set(found.digits["mirrored"]) == set("0123456789")
    assert result["machine"]["cpu"] in found.machine


def test_mirrored_digits_fall_and_mirrored_objects_do_not():
    digits, *objects = reference().falls
    assert digits.right["as stored"] / digits.images > 0.97
    assert digits.right["mirrored"] / digits.images < 0.5
    for fall in objects:
        assert abs(fall.right["mirrored"] - fall.right["as stored"]) / fall.images < 0.05
        assert fall.right["turned by 90°"] / fall.images < 0.5


def test_without_results_there_is_no_reference(tmp_path, monkeypatch):
    reference.cache_clear()
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    assert reference() is None
    reference.cache_clear()


def test_seeds_on_the_same_images_are_no_more_images():
    one, three = fall_chart(Fall("x", {"as stored": 80}, 100, 1)), fall_chart(Fall("x", {"as stored": 240}, 300, 3))
    assert one.data == three.data
