"""The class map, a part that the architecture page shows, on a page of its own."""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from cnncore import compute
from cnncore.data.prepared import save
from cnncore.runs.record import Status
from cnncore.runs.store import open_store
from cnncore.runs.worker import record
from cnncore.training.config import RunConfig, Standardization
from tests.conftest import tiny_images


def script():
    from pages.parts.class_map import class_map

    class_map()


@pytest.fixture(autouse=True)
def pool(app_home):
    compute.shutdown()  # its processes look into the home of their start
    yield
    compute.shutdown()


def stored(**values):
    config = RunConfig(**({"dataset": "tiny", "network": "classroom", "epochs": 1} | values))
    store = open_store()
    run_id = store.create(config, status=Status.RUNNING)
    record(store, run_id, config)
    return run_id


def opened():
    return AppTest.from_function(script, default_timeout=120).run()


def test_without_a_trained_network_it_says_how_to_get_one():
    page = opened()
    assert not page.exception
    assert "There is no trained network yet" in page.info[0].value


def test_collage_map_formula_and_check(tiny):
    stored()
    page = opened()
    assert not page.exception
    assert not page.error
    assert "**15 × 15** cells, **floor(128/8) − 1 = 15** a side" in page.markdown[0].value
    assert "They name the same class in" in page.markdown[1].value
    before = page.get("html")[0].proto.body
    assert before.count('title="cell ') == 225
    page.slider(key="class_map_side").set_value(60).run()
    assert "**7 × 7** cells, **ceil(60/8) − 1 = 7** a side" in page.markdown[0].value  # its last pool rounds up
    page.selectbox(key="class_map_class").set_value("green").run()
    assert "How likely each cell is green" in page.get("html")[0].proto.body
    page.number_input(key="class_map_seed").set_value(4).run()
    assert not page.error


def test_a_standardization_for_one_size_is_a_sentence(tiny):
    stored(standardize=Standardization.ZCA)
    page = opened()
    assert not page.exception
    assert "`standardize` (=zca)" in page.error[0].value


@pytest.mark.parametrize(("size", "side"), [(48, 144), (96, 288)])
def test_larger_images_have_a_larger_collage(app_home, size, side):
    save(tiny_images(size=size))
    stored()
    page = opened()
    assert not page.exception
    assert not page.error
    assert f"of {side} × {side} pixels" in page.markdown[0].value
    assert len(page.slider) == (side < 256)


def test_a_side_that_larger_images_have_no_room_on_gives_way(tiny):
    small = stored()
    save(replace(tiny_images(size=64), name="large"))
    large = stored(dataset="large")
    page = opened()
    page.selectbox(key="class_map_run").set_value(small).run()
    page.slider(key="class_map_side").set_value(136).run()
    page.selectbox(key="class_map_run").set_value(large).run()
    assert not page.exception
    assert page.slider(key="class_map_side").value == 192
    assert "of 192 × 192 pixels" in page.markdown[0].value
