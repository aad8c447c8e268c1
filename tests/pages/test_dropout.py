import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnncore import compute
from cnncore.figures.measured import time_added
from cnncore.inspection.masks import Account, Books
from pages.parts import dropout_views as views
from tests.pages.reading import said, viewed
from tests.pages.stored_run import store_run

PAGE = Path(__file__).parents[2] / "pages" / "dropout.py"
LADDER = Path(__file__).parents[2] / "benchmarks" / "results" / "ladder-classroom-cpu.json"
SUBJECT = SimpleNamespace(image=np.zeros((3, 8, 8), np.uint8), caption="an image", words="a network")


def opened(**address):
    page = AppTest.from_file(str(PAGE), default_timeout=180)
    for key, value in address.items():
        page.query_params[key] = value
    return page.run()


@pytest.fixture(scope="module")
def fresh_home(tmp_path_factory):
    """A home without runs; its built-in data are drawn once for all tests of the module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNCORE_HOME", str(tmp_path_factory.mktemp("home")))
        compute.shutdown()  # children take their home from when they were started
        yield
    compute.shutdown()


@pytest.fixture
def run_id(tiny):
    compute.shutdown()
    yield store_run()
    compute.shutdown()


def test_what_it_did_to_training_is_there_when_asked(fresh_home):
    page = opened()
    assert not page.dataframe
    page.session_state["dropout_measured"] = True
    page.run()
    assert len(page.dataframe) == 1
    assert not page.exception


def test_without_a_run_it_shows_a_fresh_network_and_says_so(fresh_home):
    page = opened()
    assert not page.exception
    assert not page.error
    assert "No stored run yet" in said(page)
    assert "**256 units before the last layer**" in said(page)
    assert "*PyTorch*: training" in said(page)
    assert "Training and test agree." in said(page)
    assert "all twenty times" in said(page)
    page.slider(key="dropout_p").set_value(0.0).run()
    assert "0 dropped" in said(page)
    assert "± 0.0 over them, and 1 class wins" in said(page)
    page.button(key="try_Do both").click().run()
    assert not page.exception
    assert "Training and test do not agree" in said(page)
    assert len(page.info) == 1
    numbers = re.search(r"\*both\*: training (\S+) ± .* test (-?[\d.]+)\.", said(page))
    assert float(numbers[1]) != pytest.approx(float(numbers[2]), rel=0.05)


def test_a_stored_run_is_looked_into_before_and_after_its_training(run_id):
    page = opened(dropout_p="0.9")
    assert not page.exception
    assert not page.error
    assert "seed 0, after 1 epoch" in said(page)
    assert page.selectbox(key="dropout_run").value == run_id
    after = said(page)
    page.segmented_control(key="dropout_moment").set_value("before training").run()
    assert not page.error
    assert "before training" in said(page)
    assert said(page) != after
    page.button(key="try_Switch to eval()").click().run()
    assert "± 0.0 over them, and 1 class wins" in said(page)


def test_predictions_are_revealed_with_the_layers_numbers(fresh_home):
    page = opened()
    page.segmented_control(key="predict_books").set_value("times 1 − p").run()
    assert "Not so: nothing" in said(page)
    page.segmented_control(key="claim_test").set_value("false").run()
    page.segmented_control(key="claim_faster").set_value("true").run()
    assert f"take longer by {time_added('figure-7', 'figure-8')}" in said(page)
    assert not page.exception


def test_a_calculation_that_fails_is_a_sentence(fresh_home, monkeypatch):
    def late(*_, **__):
        raise compute.ComputeError("The calculation took longer than 60 seconds and was ended: try a smaller input.")

    monkeypatch.setattr(compute, "call", late)
    page = opened(dropout_mask="7")
    assert not page.exception
    assert "took longer than 60 seconds" in page.error[0].value


def test_a_bad_address_falls_back_and_says_so(fresh_home):
    page = opened(dropout_p="7", dropout_mode="sleep")
    assert not page.exception
    assert "dropout_p=7" in said(page)
    assert "dropout_mode=sleep" in said(page)


def test_a_run_that_is_not_there_is_told(run_id):
    page = opened(dropout_run="gone")
    assert not page.exception
    assert f"`dropout_run=gone` (shown: {run_id})" in said(page)


def test_the_books_are_told_with_two_standard_errors_what_was_measured_and_what_the_formula_says():
    # Nine scores with mean 2 and sample deviation sqrt(8 * 4 / 8) = 2: a standard error of 2/3.
    scores = np.array([0.0] * 4 + [4.0] * 4 + [2.0])
    found = [Account(books, scores, 1.9, 2.1, test) for books, test in zip(Books, (1.9, 1.9, 0.95, 0.95), strict=True)]
    state = {"dropout_p": 0.5, "dropout_mask": 0, "dropout_books": Books.PYTORCH}
    text = said(viewed(views.show_layer, SUBJECT, np.ones(20), found, "car", **state))
    assert (
        "*PyTorch*: training 2.000 ± 1.333 (two standard errors; by formula 1.900), std 2.000 (by formula 2.100), "
        "test 1.900. Training and test agree." in text
    )
    assert "survivors times 2, of a network" in text
    state["dropout_books"] = Books.NEITHER
    text = said(viewed(views.show_layer, SUBJECT, np.ones(20), found, "car", **state))
    assert "survivors as they are" in text
    assert "test 0.950. **Training and test do not agree.**" in text


@pytest.mark.parametrize("p", [0.2, 0.5, 0.9])
def test_the_noise_is_told_as_measured_and_by_the_formula(p, monkeypatch):
    still = np.tile([0.25, 0.75], (20, 1))
    moving = np.vstack([np.tile([0.6, 0.4], (10, 1)), np.tile([0.2, 0.8], (10, 1))])
    state = {"dropout_p": p, "dropout_mode": views.TRAIN_MODE}
    text = said(viewed(views.show_modes, still, moving, ("a", "b"), 1, **state))
    assert (
        "The probability of *b* is 60.0 % ± 20.0 over them, and 2 different classes win. In eval() it is 75.0 %" in text
    )
    measured, formula = re.search(r"measured ([\d.]+), by formula ([\d.]+)\. P", text).groups()
    assert float(formula) == {0.2: 0.25, 0.5: 1.0, 0.9: 9.0}[p]
    # A factor that is 1/(1 - p) in a share q of all draws and 0 else has the variance q (1 - q) / (1 - p)².
    share = (np.random.default_rng([2014, 0]).random((1000, 1000)) >= p).mean()
    assert measured == f"{share * (1 - share) / (1 - p) ** 2:.3f}"
    # A million draws agree with the formula to three places: which of the two is which shows with a number made up.
    monkeypatch.setattr(views, "noise_variance", lambda at: 7 + at)
    text = said(viewed(views.show_modes, still, moving, ("a", "b"), 1, **state))
    assert f"measured {7 + p:.3f}, by formula {formula}." in text


def test_the_answer_says_what_training_and_both_tests_give():
    accounts = [
        Account(books, np.array([mean - 1, mean + 1]), 0.0, 1.0, test)
        for books, mean, test in zip(Books, (1.5, 3.0, 3.0, 1.5), (1.25, 2.5, 1.75, 2.25), strict=True)
    ]
    text = said(viewed(views.ask_about, accounts, dropout_p=0.5, predict_books="nothing"))
    assert "training averages 3.000 over 1,000 masks, test as it is gives 2.500, and times 1 − p 1.750" in text


def test_the_measured_table_has_the_gaps_of_the_ladders_runs():
    presets = json.loads(LADDER.read_text(encoding="utf-8"))["presets"]
    table = viewed(views.show_measured).dataframe[0].value
    gaps = []
    for name in ("classroom-7", "classroom-8"):
        curves = [run["curve"] for run in presets[name]["runs"]]
        gaps.append(100 * np.mean([curve["train_accuracy"][-1] - curve["test_accuracy"][-1] for curve in curves]))
    assert gaps[0] > gaps[1] > 0
    assert [float(gap) for gap in table["gap (points)"]] == pytest.approx(gaps, abs=0.11)
