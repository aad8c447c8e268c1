import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnncore import compute
from cnncore.figures.measured import time_added
from cnncore.inspection.channels import BiasShift, Channels, FirstLosses, Neighbours, Running
from cnncore.runs.client import delete
from cnncore.training.config import RunConfig
from cnncore.training.presets import title
from pages.parts import awaited
from pages.parts import batch_norm_views as views
from pages.parts.folded import folded
from tests.pages.fragments import alone
from tests.pages.reading import metrics, said, viewed
from tests.pages.stored_run import store_run

PAGE = Path(__file__).parents[2] / "pages" / "batch_norm.py"


def opened(**address):
    page = AppTest.from_file(str(PAGE), default_timeout=240)
    for key, value in address.items():
        page.query_params[key] = value
    for key in ("bn_depth", "bn_first", "bn_bill"):
        page.session_state[key] = True  # unfolded
    return page.run()


def moved(page):
    """Return by how many points the neighbours move the prediction, as the page says."""
    return float(re.search(r"largest difference between two batches is ([\d.e-]+) points", said(page))[1])


@pytest.fixture
def run_id(tiny):
    compute.shutdown()  # children take their home from when they were started
    yield store_run()
    compute.shutdown()


def test_a_stored_runs_prediction_moves_with_its_neighbours_in_train_alone(run_id):
    store_run(
        RunConfig(dataset="tiny", network="classroom", epochs=1)
    )  # newer, without batch norm: not the first shown
    page = opened()
    assert not page.exception
    assert not page.error
    assert page.selectbox(key="bn_run").value == run_id
    assert moved(page) > 0.01
    assert "**320 trainable parameters**" in said(page)
    assert f"{title('figure-9')} against {title('figure-8')}: by **{time_added('figure-8', 'figure-9')}**" in said(page)
    page.selectbox(key="bn_layer").set_value("bn-conv3").run()
    assert not page.exception
    page.button(key="try_Switch to eval()").click().run()
    assert moved(page) < 1e-3
    assert len(page.info) == 1
    page.button(key="try_Alone").click().run()
    assert not page.error
    assert moved(page) == 0
    page.number_input(key="bn_channel").set_value(4000).run()
    assert not page.exception
    assert "Channel 32" in said(page)


def test_a_layer_is_in_the_address_and_a_link_shows_it_and_what_is_not_there_is_told(run_id):
    page = opened(bn_layer="bn-conv3")
    assert not page.exception
    assert not page.warning
    assert page.selectbox(key="bn_layer").value == "bn-conv3"
    assert "bn-conv3" in page.query_params["bn_layer"]
    assert page.session_state["awaited_norm"][0].count(b"bn-conv3") == 1, "its channels are what was asked for"
    page.run()
    assert page.selectbox(key="bn_layer").value == "bn-conv3"
    page = opened(bn_layer="nosuch", bn_run="gone")
    warnings = " ".join(warning.value for warning in page.warning)
    assert f"`bn_run=gone` (shown: {run_id})" in warnings
    assert "`bn_layer=nosuch` (shown: bn-conv1)" in warnings


def test_the_layers_are_offered_once_they_are_known(run_id, monkeypatch):
    monkeypatch.setattr(awaited, "SOON", 0.0)
    page = opened()
    places = ("norm", "bias", "depth", "first_losses")
    assert len(page.get("skeleton")) == len(places)
    assert page.selectbox(key="bn_no_layer").disabled
    assert page.button(key="try_Alone")
    for place in places:
        page.session_state[f"awaited_{place}"][1].exception(timeout=120)
    monkeypatch.setattr(awaited, "SOON", 120.0)
    page.run()
    assert not page.exception
    assert page.selectbox(key="bn_layer").value == page.selectbox(key="bn_layer").options[0]
    assert not page.get("skeleton")


@pytest.mark.parametrize("key", ["bn_depth", "bn_first"])
def test_what_is_unfolded_after_its_run_was_deleted_elsewhere_says_so(run_id, key):
    page = AppTest.from_file(str(PAGE), default_timeout=240).run()
    delete(run_id)
    page.session_state[key] = True
    with alone(page, folded.__wrapped__, key):
        page.run()
    assert not page.exception
    assert f"`run` (='{run_id}') is no run" in page.error[0].value


def test_a_run_without_batch_norm_is_told_apart(tiny):
    compute.shutdown()
    store_run(RunConfig(dataset="tiny", network="classroom", epochs=1))
    page = opened()
    assert not page.exception
    assert not page.error
    assert "That run has no batch norm. A freshly initialised one is shown." in said(page)
    assert "a freshly initialised network" in said(page)
    for key, answer in (("predict_neighbours", "neither"), ("claim_bias", "false"), ("claim_first", "false")):
        page.segmented_control(key=key).set_value(answer).run()
        assert not page.exception
    assert "Not so: train()" in said(page)
    assert "ln 7 = 1.9459" in said(page)
    compute.shutdown()


def test_a_calculation_that_fails_is_a_sentence(tiny, monkeypatch):
    def late(*_, **__):
        raise compute.ComputeError("The calculation took longer than 60 seconds and was ended: try a smaller input.")

    store_run(RunConfig(dataset="tiny", network="classroom", epochs=1, batch_norm=True, seed=9))
    monkeypatch.setattr(compute, "call", late)
    page = opened(bn_batch="9")
    assert not page.exception
    assert "took longer than 60 seconds" in page.error[0].value
    assert "**320 trainable parameters**" in said(page)


SUBJECT = SimpleNamespace(image=np.zeros((3, 8, 8), np.uint8), caption="an image", words="a network")
# Two channels whose numbers are all different, so that none can stand for another.
CHANNELS = Channels(
    names=("bn",),
    count=96,
    mean=np.array([9.0, -2.25]),
    std=np.array([9.0, 3.0]),
    mean_after=np.array([9.0, -0.76]),
    std_after=np.array([9.0, 2.51]),
    running_mean=np.array([9.0, -2.125]),
    running_std=np.array([9.0, 2.875]),
    scale=np.array([9.0, 2.5]),
    shift=np.array([9.0, -0.75]),
    edges=np.linspace(-3, 3, 4),
    before=np.ones((2, 3), np.int64),
    after=np.ones((2, 3), np.int64),
)


def test_a_channel_is_told_with_its_own_numbers_each_by_its_name():
    text = said(viewed(views.show_channels, CHANNELS, 2))
    assert "Channel 2: mean −2.250, std 3.000 become −0.760 and 2.510: its shift −0.750 and scale 2.500." in text
    assert "96 values each" in text


@pytest.mark.parametrize(("momentum", "left"), [(0.1, 12), (0.05, 36)])  # .9^20 = .122, .95^20 = .358
def test_what_is_kept_for_eval_is_the_running_statistic_and_what_is_left_of_its_beginning(monkeypatch, momentum, left):
    flat = np.ones((60, 2))
    monkeypatch.setattr(views, "awaited", lambda *_, **__: Running(flat, flat, flat, flat, momentum))
    text = said(viewed(views.show_statistics, SUBJECT, CHANNELS, "", 8, 2))
    assert "This batch: mean −2.250, std 3.000. Kept for eval(): mean −2.125, std 2.875." in text
    assert f"running ← {1 - momentum:g} · running + {momentum:g} · batch" in text
    assert f"{left} % after 20" in text


def test_the_image_among_its_neighbours_is_told_from_its_lowest_to_its_highest():
    still = np.tile([0.2, 0.5, 0.3], (3, 1))
    moving = np.array([[0.1, 0.7, 0.2], [0.6, 0.15, 0.25], [0.2, 0.4, 0.4]])
    text = said(viewed(views.show_neighbours, SUBJECT, Neighbours(moving, still, ("a", "b", "c")), "train()", 8))
    assert "7 other images each time" in text
    # Of class b, which eval() chooses, the least is 15 % and the most 70 %; they differ by more than the others do.
    assert "*b* gets 15.0 to 70.0 %, and 2 different classes win" in text
    assert "largest difference between two batches is 55 points" in text
    text = said(viewed(views.show_neighbours, SUBJECT, Neighbours(moving, still, ("a", "b", "c")), "eval()", 1))
    assert "no other image" in text
    assert "*b* gets 50.0 to 50.0 %, and 1 class wins" in text


def test_the_answer_says_by_how_much_each_mode_moves():
    still = np.tile([0.2, 0.8], (3, 1))
    moving = np.array([[0.3, 0.7], [0.6, 0.4], [0.5, 0.5]])
    found = Neighbours(moving, still, ("a", "b"))
    text = said(viewed(views.ask_about, SUBJECT, found, predict_neighbours="train()"))
    assert "moves by up to 30 points in train() and by 0 in eval()" in text


def test_the_bias_and_the_first_losses_are_told_by_their_mode(monkeypatch):
    monkeypatch.setattr(views, "awaited", lambda *_, **__: BiasShift(5.0, 2e-6, 1.25))
    text = said(viewed(views.show_bias, SUBJECT, "", 8))
    assert "in train(), no value changes by more than **2\u00a0·\u00a010⁻⁶**" in text
    assert "values change by up to **1.25**" in text
    losses = FirstLosses(np.array([2.0, 2.2]), np.array([2.5, 2.7]), 10)
    monkeypatch.setattr(views, "awaited", lambda *_, **__: losses)
    shown = metrics(viewed(views.show_first_loss, SUBJECT))
    assert shown == {"Guessing: ln 10": "2.3026", "Without batch norm": "2.1000", "With batch norm": "2.6000"}
