import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnncore import compute
from cnncore.training.config import RunConfig
from pages.parts import awaited
from tests.pages.stored_run import store_run

PAGE = Path(__file__).parents[2] / "pages" / "batch_norm.py"


def opened(**address):
    page = AppTest.from_file(str(PAGE), default_timeout=240)
    for key, value in address.items():
        page.query_params[key] = value
    for key in ("bn_depth", "bn_first", "bn_bill"):
        page.session_state[key] = True  # unfolded
    return page.run()


def texts(page):
    found = (*page.markdown, *page.caption, *page.warning, *page.info, *page.success)
    return " ".join(element.value for element in found)


def moved(page):
    """Return by how many points the neighbours move the prediction, as the page says."""
    return float(re.search(r"largest difference between two batches is ([\d.e-]+) points", texts(page))[1])


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
    assert "**320 trainable parameters**" in texts(page)
    page.selectbox(key="bn_layer").set_value("bn-conv3").run()
    assert not page.exception
    page.button(key="try_Switch to eval()").click().run()
    assert moved(page) < 1e-3
    assert len(page.info) == 1
    page.button(key="try_Alone").click().run()
    assert not page.error
    assert moved(page) == 0
    page.number_input(key="channel").set_value(4000).run()
    assert not page.exception
    assert "Channel 32" in texts(page)


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


def test_a_run_without_batch_norm_is_told_apart(tiny):
    compute.shutdown()
    store_run(RunConfig(dataset="tiny", network="classroom", epochs=1))
    page = opened()
    assert not page.exception
    assert not page.error
    assert "That run has no batch norm. A freshly initialised one is shown." in texts(page)
    assert "a freshly initialised network" in texts(page)
    for key, answer in (("predict_neighbours", "neither"), ("claim_bias", "false"), ("claim_first", "false")):
        page.segmented_control(key=key).set_value(answer).run()
        assert not page.exception
    assert "Not so: train()" in texts(page)
    assert "ln 7 = 1.9459" in texts(page)
    compute.shutdown()


def test_a_calculation_that_fails_is_a_sentence(tiny, monkeypatch):
    def late(*_, **__):
        raise compute.ComputeError("The calculation took longer than 60 seconds and was ended: try a smaller input.")

    store_run(RunConfig(dataset="tiny", network="classroom", epochs=1, batch_norm=True, seed=9))
    monkeypatch.setattr(compute, "call", late)
    page = opened(batch="9")
    assert not page.exception
    assert "took longer than 60 seconds" in page.error[0].value
    assert "**320 trainable parameters**" in texts(page)
