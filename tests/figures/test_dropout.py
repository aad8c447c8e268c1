import json

import numpy as np
import pytest

from cnncore.figures.dropout import NAMED, PROBABILITIES, books_chart, noise_chart, passes_chart, units_chart
from cnncore.figures.ladder import step_measured
from cnncore.inspection.masks import Books, accounts, kept


def test_every_unit_is_drawn_once_kept_or_dropped():
    activations = np.linspace(0, 1, 100)
    mask = kept(100, 0.4, seed=2)[0]
    data = units_chart(activations, mask, 1 / 0.6).data
    assert len(set(zip(data["row"], data["column"], strict=True))) == 100
    assert data["state"].count("dropped") == (~mask).sum()
    np.testing.assert_allclose(data["value"], np.where(mask, activations / 0.6, 0), atol=6e-4)
    json.dumps(data)


def test_the_books_say_which_of_them_agree():
    found = accounts(np.ones(50), np.ones(50) / 50, 0.1, 0.5)
    data = books_chart(found, "score").data
    assert data["books"] == list(Books)
    assert data["verdict"] == ["agree", "agree", "do not agree", "do not agree"]
    assert data["test"] == pytest.approx([0.6, 1.1, 0.6, 1.1])


def test_where_nothing_is_dropped_no_spread_is_drawn():
    found = accounts(np.random.default_rng(0).normal(size=500), np.full(500, 0.3), 0.1, 0.0)
    chart = books_chart(found, "score")
    assert chart.data["low"] == chart.data["high"] == chart.data["test"]  # but for rounding, which is not shown
    low, high = chart.spec["layer"][0]["encoding"]["x"]["scale"]["domain"]
    assert low < chart.data["test"][0] < high
    assert high - low >= 0.2
    wide = books_chart(accounts(np.ones(50), np.ones(50) / 50, 0.1, 0.5), "score")
    assert "domain" not in wide.spec["layer"][0]["encoding"]["x"]["scale"]
    small = books_chart(accounts(np.full(50, 0.01), np.ones(50) / 50, 0.1, 0.5), "score")  # of a network hardly trained
    assert "domain" not in small.spec["layer"][0]["encoding"]["x"]["scale"]


def test_the_measured_noise_lies_on_the_formulas_line():
    data = noise_chart(0.5).data
    assert data["p"] == list(PROBABILITIES)
    np.testing.assert_allclose(data["measured"], data["formula"], rtol=0.05)


def test_of_many_classes_the_most_likely_are_drawn_and_the_axis_says_so():
    values = np.full((3, 200), 0.001)
    values[1, 150] = 0.9  # in one pass alone
    still = np.full(200, 0.002)
    still[7] = 0.5
    chart = passes_chart(values, still, tuple(f"class {n}" for n in range(200)))
    assert len(chart.data["class"]) == 3 * NAMED
    assert {"class 7", "class 150"} < set(chart.data["class"])
    assert max(chart.data["probability"]) == 90
    assert chart.spec["layer"][0]["encoding"]["x"]["axis"]["title"] == f"the {NAMED} most likely of 200 classes"


def test_every_pass_has_a_dot_for_every_class():
    values = np.random.default_rng(0).dirichlet(np.ones(3), 4)
    data = passes_chart(values, values[0], ("a", "b", "c")).data
    np.testing.assert_allclose(np.reshape(data["probability"], (4, 3)), 100 * values, atol=1e-3)
    assert data["class"][:3] == ["a", "b", "c"]
    assert data["eval"][:3] == data["eval"][3:6]


def test_a_step_of_the_ladder_is_read_from_its_results():
    table = step_measured("classroom-7", "classroom-8")
    assert table["gap (points)"] == ["5.2", "1.5"]
    assert table["train accuracy"][1] == "87.2 ± 0.5 %"
    assert not any(value.endswith(" s") for values in table.values() for value in values), "other work ran beside it"


def test_every_tick_of_the_noise_has_its_number():
    encoding = noise_chart(0.5).spec["layer"][0]["encoding"]["y"]
    low, high = encoding["scale"]["domain"]
    assert all(low < tick < high for tick in encoding["axis"]["values"])
    assert {0.1, 1, 10} < set(encoding["axis"]["values"])
