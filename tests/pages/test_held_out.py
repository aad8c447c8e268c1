"""No page that takes a run shows what was read of a test set that is locked, until the reader opens it."""

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnncore import compute
from cnncore.data.prepared import save
from cnncore.runs.record import Status
from cnncore.runs.store import open_store
from cnncore.training.config import RunConfig
from pages.parts.words_compared import rows_for
from tests.conftest import tiny_images
from tests.pages.reading import said
from tests.pages.stored_run import store_run

PAGES = Path(__file__).parents[2] / "pages"
CONFIG = RunConfig(dataset="tiny", network="classroom", epochs=2, batch_size=10, validation_size=20)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Train one run for all tests, and return its home and its id."""
    place = tmp_path_factory.mktemp("trained") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNCORE_HOME", str(place))
        save(tiny_images())
        return place, store_run(CONFIG)


@pytest.fixture
def run_id(trained, app_home):
    """Return the run that is paused, in a home of the test's own."""
    compute.shutdown()  # its processes look into the home of their start
    shutil.copytree(trained[0], app_home)
    open_store().set_status(trained[1], Status.PAUSED)
    yield trained[1]
    compute.shutdown()


def class_map_alone():
    from pages.parts.class_map import class_map

    class_map()


def opened(page, **address):
    app = AppTest.from_function(page) if callable(page) else AppTest.from_file(str(PAGES / page))
    app.default_timeout = 240
    for key, value in address.items():
        app.query_params[key] = value
    return healthy(app.run())


def healthy(app):
    assert not app.exception
    assert not app.error
    return app


def unlock(app, run_id):
    return healthy(app.toggle(key=f"read_test_{run_id}").set_value(True).run())


def test_the_lottery_draws_no_batch(run_id):
    app = opened("lottery.py")
    assert "is locked until the end" in said(app)
    assert "70 test images" not in said(app)
    assert app.dataframe  # the report's readings are nobody's test set
    assert "must lie between 1 and the 70 test images" in said(unlock(app, run_id))  # a batch has more: what is tried


def test_label_safety_asks_nothing(run_id):
    app = opened("label_safety.py")
    assert "is locked until the end" in said(app)
    assert "Asked about each image" not in said(app)
    assert "Asked about each image" in said(unlock(app, run_id))


def test_inside_says_neither_right_nor_wrong(run_id):
    app = opened("inside.py")
    surest = "try_Its surest error"
    assert not {"Right.", "**Wrong.**"} & set(said(app).split())
    assert "Right or wrong is not said: the test set is locked until the end." in said(app)
    assert surest not in [button.key for button in app.button]
    assert "Before training" in [button.label for button in app.button]
    unlock(app, run_id)
    assert {"Right.", "**Wrong.**"} & set(said(app).split())
    assert surest in [button.key for button in app.button]


def test_the_class_map_makes_no_collage(run_id):
    app = opened(class_map_alone)
    assert "is locked until the end" in said(app)
    assert "names" not in said(app)
    assert "rightly, the windows by themselves" in said(unlock(app, run_id))


def test_bag_of_words_is_not_compared_with_it(run_id):
    store = open_store()
    assert rows_for("tiny", None, []) == []
    store.set_status(run_id, Status.STOPPED)
    assert [row.name for row in rows_for("tiny", None, [])] == [f"Network: {store.get(run_id).label}, 2 epochs"]
