import json
import re
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnncore import compute
from cnncore.data.prepared import save
from cnncore.runs.snapshots import checkpoint_path
from cnncore.runs.store import open_store
from cnncore.training.config import RunConfig
from pages.parts import awaited
from tests.conftest import tiny_images
from tests.pages.reading import said
from tests.pages.stored_run import CONFIG, store_run

PAGE = str(Path(__file__).parents[2] / "pages" / "training.py")
ACTS = ("1 Forward", "2 Loss", "3 Backward", "4 Update", "Layer by layer")


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory):
    """One home for all, with one pool: each test opens the run that it names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNCORE_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setattr("cnncore.runs.client.start_detached", lambda *_, **__: None)
        compute.shutdown()  # children take their home from when they were started
        save(tiny_images())
        yield
        compute.shutdown()


@pytest.fixture(scope="module")
def run_id(home):
    return store_run()


@pytest.fixture(scope="module")
def longer(home):
    """Return a run whose epoch has five updates."""
    return store_run(replace(CONFIG, batch_size=32))


def html(page):
    """Return what stands on the page as HTML."""
    return " ".join(element.proto.body for element in page.get("html"))


def opened(run_id, **address):
    page = AppTest.from_file(PAGE, default_timeout=240)
    page.query_params["run"] = run_id
    page.query_params["slow_motion"] = "true"
    for key, value in address.items():
        page.query_params[key] = value
    return page.run()


def test_every_act_of_the_first_and_of_a_further_update(run_id):
    page = opened(run_id, motion_moment="its first update")
    assert not page.exception
    assert "**Update 1**: batch 1 of 2 in epoch 1" in said(page)
    assert "✓ The run recorded the loss" in said(page)
    for act in ACTS:
        page.segmented_control(key="motion_act").set_value(act).run()
        assert not page.exception
        assert f"**{act.lstrip('1234 ')}.**" in said(page)
        assert 'alt=""' not in re.sub(r'<div role="img".*?</div>', "", html(page))
        if act == "1 Forward":
            assert 'alt="Image 1 of the batch, ' in html(page)
        if act == "4 Update":
            assert "✓ The rule written in numpy gives" in said(page)
    table = page.dataframe[0].value
    assert table["layer"].tolist()[:2] == ["conv1", "bn-conv1"]
    assert float(table["‖g‖ / ‖w‖"][0]) > 0
    assert table["‖w‖"][1] == ""
    page.segmented_control(key="motion_moment").set_value("after the last complete epoch").run()
    assert not page.exception
    assert "The run is over: this one would come next" in said(page)
    page.segmented_control(key="motion_act").set_value("3 Backward").run()
    page.segmented_control(key="motion_predict").set_value("a tenth").run()
    assert not page.exception
    assert "The middle layer changes by" in said(page)


def test_another_update_and_image_are_asked_for(longer):
    page = opened(longer, motion_moment="its first update", motion_later="2", motion_image="5")
    assert not page.exception
    assert "**Update 3**: batch 3 of 5" in said(page)
    assert "2 updates made again (✓ agrees with the losses that the run recorded, to " in said(page)
    assert "Image 5 as the network sees it" in said(page)


def test_a_diverged_run_says_where():
    run_id = store_run(RunConfig(dataset="tiny", network="classroom", epochs=2, batch_size=32, lr=1e4))
    page = opened(run_id)
    assert not page.exception
    assert any("The first layer that puts out infinity or no number is" in error.value for error in page.error)
    for act in ACTS:
        page.segmented_control(key="motion_act").set_value(act).run()
        assert not page.exception
        assert "nan" not in said(page)
    table = page.dataframe[0].value
    assert set(table["‖g‖"]) == {"", "no number"}
    columns = json.loads(page.dataframe[0].proto.columns)
    assert columns["layer"]["width"] >= 81  # as much as "flatten10" needs, which stands below what is measured


def test_the_page_is_there_before_the_update_and_the_act_stays(longer, monkeypatch):
    page = opened(longer, motion_moment="its first update", motion_act="4 Update")
    asked, free = compute.call, threading.Event()
    monkeypatch.setattr(awaited, "SOON", 0.01)
    monkeypatch.setattr(compute, "call", lambda *given, **named: free.wait(60) and asked(*given, **named))
    page.number_input(key="motion_later").set_value(1).run()
    assert not page.exception
    assert len(page.get("skeleton")) == 1
    assert "Runs so far" in [element.value for element in page.subheader]
    free.set()
    page.session_state["awaited_slow_motion"][1].result(120)
    page.run()
    assert "**Update 2**" in said(page)
    assert page.segmented_control(key="motion_act").value == "4 Update"


def test_nothing_is_computed_while_it_is_folded(run_id, monkeypatch):
    monkeypatch.setattr(compute, "call", lambda *_, **__: pytest.fail("computed"))
    page = AppTest.from_file(PAGE, default_timeout=240)
    page.query_params["run"] = run_id
    assert not page.run().exception


def test_what_is_missing_is_a_sentence():
    run_id = store_run()
    checkpoint_path(run_id).unlink()
    page = opened(run_id)
    assert not page.exception
    assert "there is no checkpoint" in said(page)
    waiting = open_store().create(CONFIG)
    page = opened(waiting)
    assert not page.exception
    assert "**Update 1**" in said(page)
