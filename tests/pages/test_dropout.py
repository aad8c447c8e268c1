import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnncore import compute
from tests.pages.stored_run import store_run

PAGE = Path(__file__).parents[2] / "pages" / "dropout.py"


def opened(**address):
    page = AppTest.from_file(str(PAGE), default_timeout=180)
    for key, value in address.items():
        page.query_params[key] = value
    return page.run()


def texts(page):
    found = (*page.markdown, *page.caption, *page.warning, *page.info, *page.success)
    return " ".join(element.value for element in found)


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
    page.session_state["drop_measured"] = True
    page.run()
    assert len(page.dataframe) == 1
    assert not page.exception


def test_without_a_run_it_shows_a_fresh_network_and_says_so(fresh_home):
    page = opened()
    assert not page.exception
    assert not page.error
    assert "No stored run yet" in texts(page)
    assert "**256 units before the last layer**" in texts(page)
    assert "*PyTorch*: training" in texts(page)
    assert "They balance." in texts(page)
    assert "twenty times the same" in texts(page)
    page.slider(key="p").set_value(0.0).run()
    assert "0 dropped" in texts(page)
    assert "± 0.0 over them, and 1 class wins" in texts(page)
    page.button(key="try_Do both").click().run()
    assert not page.exception
    assert "They do not balance" in texts(page)
    assert len(page.info) == 1
    numbers = re.search(r"\*both\*: training (\S+) ± .* test (-?[\d.]+)\.", texts(page))
    assert float(numbers[1]) != pytest.approx(float(numbers[2]), rel=0.05)


def test_a_stored_run_is_looked_into_before_and_after_its_training(run_id):
    page = opened(p="0.9")
    assert not page.exception
    assert not page.error
    assert "seed 0, after 1 epoch" in texts(page)
    assert page.selectbox(key="drop_run").value == run_id
    after = texts(page)
    page.segmented_control(key="drop_moment").set_value("before training").run()
    assert not page.error
    assert "before training" in texts(page)
    assert texts(page) != after
    page.button(key="try_Switch to eval()").click().run()
    assert "± 0.0 over them, and 1 class wins" in texts(page)


def test_predictions_are_revealed_with_the_layers_numbers(fresh_home):
    page = opened()
    page.segmented_control(key="predict_books").set_value("times 1 − p").run()
    assert "Not so: nothing" in texts(page)
    page.segmented_control(key="claim_test").set_value("false").run()
    page.segmented_control(key="claim_faster").set_value("true").run()
    assert "Fifty epochs of the classroom ladder" in texts(page)
    assert not page.exception


def test_a_calculation_that_fails_is_a_sentence(fresh_home, monkeypatch):
    def late(*_, **__):
        raise compute.ComputeError("The calculation took longer than 60 seconds and was ended: try a smaller input.")

    monkeypatch.setattr(compute, "call", late)
    page = opened(mask="7")
    assert not page.exception
    assert "took longer than 60 seconds" in page.error[0].value


def test_a_bad_address_falls_back_and_says_so(fresh_home):
    page = opened(p="7", mode="sleep")
    assert not page.exception
    assert "p=7" in texts(page)
    assert "mode=sleep" in texts(page)
