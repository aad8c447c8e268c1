import json
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnncore import compute
from cnncore.architecture import named_network
from cnncore.architecture.link import from_link, link_text
from cnncore.architecture.reach import Reach
from cnncore.inspection.footprint import Footprint
from cnncore.runs.record import Status
from cnncore.runs.store import open_store
from cnncore.runs.worker import record
from cnncore.training.config import RunConfig
from pages.parts import awaited, field_unit
from tests.pages.reading import said, viewed

PAGE = Path(__file__).parents[2] / "pages" / "receptive_field.py"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """Use a home without runs, the built-in data drawn once for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNCORE_HOME", str(tmp_path_factory.mktemp("home")))
        compute.shutdown()  # children take their home from when they were started
        yield
    compute.shutdown()


def opened(**address):
    page = AppTest.from_file(str(PAGE), default_timeout=120)
    for key, value in address.items():
        page.query_params[key] = value
    page.session_state["spread_unfolded"] = True
    return page.run()


def drawn(page):
    """Return what the picture was given."""
    return json.loads(page.get("bidi_component")[0].proto.json)


def test_the_practical_at_once(fresh):
    page = opened()
    assert not page.exception
    assert not page.error
    data = drawn(page)
    assert (data["layer"], data["size"], data["jump"], data["unit"]) == ("conv2", [14, 14], [2, 2], [8, 8])
    assert data["heat"]["source"].startswith("data:image/png")
    assert "fresh weights" in data["heat"]["text"][0]
    assert "outside of them **exactly 0**" in data["heat"]["text"][2]
    assert "No trained network yet" in said(page)
    table = page.dataframe[0].value
    assert list(table["size: r + (k − 1) · j"])[2] == "6 + (5 − 1) · 2 = 14"


def test_the_box_is_there_before_its_gradient(fresh, monkeypatch):
    import pages.parts.field_unit as field

    asked, free = field.compute.call, threading.Event()

    def busy(target, **arguments):
        assert free.wait(60)
        return asked(target, **arguments)

    monkeypatch.setattr(field.compute, "call", busy)
    monkeypatch.setattr(awaited, "SOON", 0.01)
    field._looked.clear()
    page = opened(field_layer="conv1")
    assert not page.exception
    assert (drawn(page)["layer"], drawn(page)["size"], drawn(page)["heat"]) == ("conv1", [5, 5], None)
    assert drawn(page)["waiting"] == "Its gradient is being computed."
    assert len(page.get("skeleton")) == 1
    assert page.dataframe
    free.set()
    page.session_state["awaited_gradient"][1].result(60)
    page.run()
    assert drawn(page)["heat"] is not None
    assert len(page.get("skeleton")) == 0


def test_14_becomes_9_without_pools(fresh):
    page = opened()
    page.toggle(key="field_pools").set_value(False).run()
    assert not page.error
    data = drawn(page)
    assert (data["size"], data["jump"], data["rows"]) == ([9, 9], [1, 1], 32)
    assert data["heat"] is not None


@pytest.mark.parametrize("name", ["Pools off", "At the border", "More than the image", "What it really uses"])
def test_prompts_set_what_they_speak_of(fresh, name):
    page = opened()
    page.button(key=f"try_{name}").click().run()
    assert not page.exception
    assert not page.error
    assert len(page.info) == 1
    assert drawn(page)["heat"] is not None
    page.selectbox(key="field_layer").set_value("conv1").run()
    assert not page.info


def test_a_central_unit_at_the_border_really_sees_30(fresh):
    data = drawn(opened(field_layer="conv3", field_unit="5,5"))
    assert data["unit"] == [4, 4]
    assert data["axes"][0][4] == [2, 34, 2, 32]


def test_a_channel_that_is_not_there_is_said_as_the_control_counts_from_1(fresh):
    waiting = drawn(opened(field_layer="conv1", field_channel="64"))["waiting"]
    assert "channel (=64) must be from 1 to 32 in this layer, or 0 for the strongest" in waiting


def test_what_is_said_of_the_unit_in_the_middle_is_not_said_of_a_corner(fresh):
    assert not opened(field_layer="conv3", field_unit="1,1").info
    assert "really sees 30 × 30" in opened(field_layer="conv3", field_unit="4,4").info[0].value


def test_what_is_too_much_is_said_and_the_box_is_there(fresh):
    page = opened(network="vgg16", field_layer="fc6")
    assert not page.exception
    data = drawn(page)
    assert data["size"] == [404, 404]
    assert "117 million parameters" in data["waiting"]


def test_a_bad_address_falls_back_and_says_so(fresh):
    page = opened(field_unit="x", field_layer="nosuch", field_gradient="none")
    assert not page.exception
    assert "is not row,column" in said(page)
    assert "layer=nosuch" in said(page)
    page = opened(field_unit="99,99")
    assert drawn(page)["unit"] == [8, 8]


@pytest.fixture
def run(tiny):
    config = RunConfig(dataset="tiny", network="classroom", epochs=1)
    store = open_store()
    run_id = store.create(config, status=Status.RUNNING)
    record(store, run_id, config)
    compute.shutdown()
    yield store.get(run_id)
    compute.shutdown()


def test_a_link_to_a_run_shows_its_weights_before_and_after(run):
    page = opened(field_weights=f"{run.label} ({run.id[-4:]})")
    assert not page.exception
    assert not page.error
    assert not page.warning
    assert page.selectbox(key="current_network").value == "classroom"
    after = drawn(page)
    assert (after["image"]["height"], after["image"]["width"]) == (12, 12)
    assert "after training" in after["heat"]["text"][0]
    page.segmented_control(key="field_moment").set_value("Before training").run()
    before = drawn(page)
    assert "before training" in before["heat"]["text"][0]
    assert before["heat"]["source"] != after["heat"]["source"]
    page.segmented_control(key="field_gradient").set_value("Average of many images").run()
    assert not page.error
    assert "**before training:**" in said(page)
    assert "**after training:**" in said(page)
    page.toggle(key="field_pools").set_value(False).run()
    assert drawn(page)["size"] == [9, 9]
    page.selectbox(key="field_layer").set_value("fc4").run()
    assert drawn(page)["heat"] is None
    assert "No gradient" in drawn(page)["waiting"]


def test_weights_follow_the_network_and_the_network_the_weights(run):
    page = opened(field_data="tiny")
    label = next(option for option in page.selectbox(key="field_weights").options if run.id[-4:] in option)
    page.selectbox(key="field_weights").set_value(label).run()
    assert page.selectbox(key="current_network").value == "classroom"
    page.selectbox(key="current_network").set_value("lenet5").run()
    assert page.selectbox(key="field_weights").value == "fresh, seed 0"
    assert not page.error
    assert drawn(page)["image"]["height"] == 28
    page.selectbox(key="current_network").set_value("classroom").run()
    assert page.selectbox(key="field_weights").value == label
    assert drawn(page)["image"]["height"] == 12
    page.query_params["network"] = "lenet5"  # as another page may leave it: no box of this one was touched
    page.run()
    assert page.selectbox(key="field_weights").value == "fresh, seed 0"


def linked(page):
    asked = page.query_params["network"]
    return from_link(asked if isinstance(asked, str) else asked[0])


def test_a_runs_network_leaves_a_draft_of_its_name_alone(tiny):
    """The run was trained on the first version of an own network, which was edited since and is not saved."""
    first = replace(named_network("classroom"), name="mine")
    later = replace(first, layers=(replace(first.layers[0], filters=4), *first.layers[1:]))
    config = RunConfig(dataset="tiny", network=first.to_json(), epochs=1)
    run_id = open_store().create(config, status=Status.RUNNING)
    record(open_store(), run_id, config)
    page = opened(network=link_text(later), field_data="tiny")
    label = next(option for option in page.selectbox(key="field_weights").options if run_id[-4:] in option)
    page.selectbox(key="field_weights").set_value(label).run()
    assert not page.exception
    assert page.selectbox(key="current_network").value == "mine 2"
    assert page.selectbox(key="field_weights").value == label
    assert linked(page).layers == first.layers
    page.selectbox(key="current_network").set_value("mine").run()
    assert page.selectbox(key="field_weights").value == "fresh, seed 0", "they do not fit the edited one"
    assert linked(page) == later
    page.selectbox(key="current_network").set_value("mine 2").run()
    assert page.selectbox(key="field_weights").value == label
    compute.shutdown()


FOOTPRINT = Footprint(used=30, possible=36, outside=0.0, radius=2.5, half=0.7, rows=np.full(8, 0.125))


def test_a_gradient_is_told_with_its_share_in_the_middle_and_what_lies_outside():
    first, middle, outside = field_unit._said(FOOTPRINT, "One")
    assert first == "One."
    assert "holds **70\u00a0%** of the gradient" in middle
    assert outside == "Gradient in 30 of the 36 pixels that it can see; outside of them **exactly 0**."
    wrong = field_unit._said(replace(FOOTPRINT, outside=0.03), "One")[2]
    assert "outside of them **0.03: wrong**" in wrong
    silent = field_unit._said(replace(FOOTPRINT, used=0), "One")
    assert "It is silent" in silent[1]


def test_the_spread_is_told_with_the_radius_and_the_share_of_the_middle():
    seen = Reach(((np.eye(8, dtype=bool), np.eye(8, dtype=bool)),))
    text = said(viewed(field_unit._show_spread, {"fresh weights": FOOTPRINT}, seen, (4, 4)))
    assert "95 % of the gradient lies within **2.5 pixels** of the centre" in text
    assert "middle quarter of the field's area holds 70 % of it" in text


def test_units_are_counted_from_1_in_the_address_too():
    page = opened(field_unit="0,5")
    assert not page.exception
    assert "not row,column" in page.warning[0].value
