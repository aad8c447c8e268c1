from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnncore.runs.store import NEWEST, open_store
from cnncore.training.presets import PRESETS
from tests.pages.reading import said

PAGE = Path(__file__).parents[2] / "pages" / "home.py"
SHELL = PAGE.parent / "parts" / "shell.py"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNCORE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_home_stands_alone():
    app = AppTest.from_file(str(PAGE), default_timeout=60).run()
    assert not app.exception
    assert "1 data set ready" in said(app)
    assert "0 stored runs" in said(app)


def test_home_counts_runs_and_says_which_wait():
    open_store().create(next(iter(PRESETS.values())), "one")
    app = AppTest.from_file(str(PAGE), default_timeout=60).run()
    assert not app.exception
    assert "1 stored run" in said(app)
    assert "1 active" in said(app)


def test_home_counts_all_runs_and_not_those_of_a_list():
    open_store().create_many([next(iter(PRESETS.values()))] * (NEWEST + 1))
    app = AppTest.from_file(str(PAGE), default_timeout=60).run()
    assert "201 stored runs" in said(app)
    assert "201 active" in said(app)


def test_home_leads_on_to_the_other_pages():
    app = AppTest.from_file(str(SHELL), default_timeout=60).run()
    assert not app.exception
    links = [link.proto.page for link in app.get("page_link")]
    assert {"convolution", "augmentation", "training", "course"} <= set(links)


def test_a_home_that_cannot_be_used_is_said_and_breaks_nothing_else(home):
    home.write_text("a file where the folder should be")
    app = AppTest.from_file(str(PAGE), default_timeout=60).run()
    assert not app.exception
    assert "cannot be" in said(app)
