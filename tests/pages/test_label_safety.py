import re
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnncore import compute
from cnncore.data import ImageData, save
from cnncore.data.mirrored import SYMMETRIC
from cnncore.figures.label_safety import reference
from cnncore.home import home
from cnncore.runs.record import Status
from cnncore.runs.store import open_store
from cnncore.runs.worker import record
from cnncore.training.config import RunConfig, Standardization

PAGE = Path(__file__).parents[2] / "pages" / "label_safety.py"


@pytest.fixture(scope="module", autouse=True)
def pool():
    yield
    compute.shutdown()


@pytest.fixture
def page(tiny):
    """Return a function that opens the page, with a set of objects that is ready, and an address's parameters."""
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (20, 3, 8, 8), dtype=np.uint8), np.arange(20) % 10
    save(ImageData("cifar10", "Objects", tuple("abcdefghij"), images, labels, images, labels))

    def opened(**address):
        app = AppTest.from_file(str(PAGE), default_timeout=120)
        for key, value in address.items():
            app.query_params[key] = value
        return app.run()

    return opened


def asked(app):
    [line] = [
        re.search(r"the label is \*\*(.+?)\*\*", element.value) for element in app.markdown if "Pair" in element.value
    ]
    return line[1]


def truth(label):
    return not label.isdigit() or label in SYMMETRIC


def test_twenty_right_answers_are_twenty_right(page):
    app = page()
    assert not app.exception
    for _ in range(20):
        app.button(key="flip_same" if truth(asked(app)) else "flip_other").click().run()
        assert app.success[0].value.startswith("Right, a mirrored")
    assert "**20 of 20 right.** All pairs, mirrored:" in [element.value for element in app.markdown]
    app.button(key="flip_more").click().run()
    assert app.number_input(key="flip_seed").value == 1
    assert "Pair 1 of 20" in app.markdown[1].value


def test_a_wrong_answer_is_told_why(page):
    app = page()
    app.button(key="flip_other" if truth(asked(app)) else "flip_same").click().run()
    assert app.warning[0].value.startswith("No, a mirrored")
    assert "0 of 1 right so far." in [element.value for element in app.caption]


def test_without_a_run_the_measurement_of_before_is_shown_with_its_hardware(page):
    app = page()
    app.session_state["flip_before"] = True  # unfolded
    app.run()
    assert not app.error
    assert len(app.get("vega_lite_chart")) == len(reference().falls) + 1  # each network, and the digits by class
    assert any("Measured on" in element.value and "torch" in element.value for element in app.markdown)


def test_a_stored_runs_network_is_tested_on_every_view(page):
    config = RunConfig(
        dataset="tiny", network="classroom", epochs=10, batch_size=14, standardize=Standardization.CHANNEL
    )
    store = open_store()
    run_id = store.create(config, status=Status.RUNNING)
    record(store, run_id, config)
    app = page()
    assert not app.exception
    assert not app.error
    assert any(text.value.startswith("All 70 test images of tiny, weights after 10 epochs") for text in app.caption)
    [table] = app.dataframe
    answers = dict(zip(table.value["class"], table.value["is taken most often for"], strict=True))
    assert (answers["left"], answers["right"], answers["red"]) == ("right", "left", "red")
    app.button_group(key="flip_view").set_value("turned by 180°").run()
    assert not app.exception


def test_a_bad_address_is_named(page):
    app = page(flip_seed="5000", flip_view="inside out")
    assert not app.exception
    assert "flip_seed=5000" in app.warning[0].value


def test_a_store_that_cannot_be_used_is_a_sentence(page):
    (home() / "runs.sqlite").write_text("no database, a text that somebody has put there instead of one")
    app = page()
    assert not app.exception
    assert "cannot be used" in app.error[0].value
    assert app.button(key="flip_same"), "the quiz needs none"


def test_a_data_set_that_is_prepared_anew_has_other_pairs(page):
    def first_two():
        app = page()
        bodies = [element.proto.body for element in app.get("html")]
        return bodies + [element.proto.body for element in app.button(key="flip_same").click().run().get("html")]

    before = first_two()  # a digit and an object, one of them first
    assert first_two() == before
    images, labels = np.zeros((20, 3, 8, 8), np.uint8), np.arange(20) % 10
    save(ImageData("cifar10", "Objects", tuple("abcdefghij"), images, labels, images, labels))
    black = first_two()
    assert black != before
    assert first_two() == black
