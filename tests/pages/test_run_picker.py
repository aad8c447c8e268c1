import pytest
from streamlit.testing.v1 import AppTest

from cnncore.runs.snapshots import checkpoint_path
from tests.runs.conftest import CONFIG, epoch_end, started
from tests.runs.conftest import store as store


def script():
    import streamlit as st

    from pages.parts.run_picker import run_picker

    picked = run_picker("picked")
    st.text(picked.id if picked else "none")


@pytest.fixture
def runs(store):
    """Return the ids of three runs of two epochs with something at their checkpoints' places, the newest first."""
    return [stored(store) for _ in range(3)][::-1]


def stored(store, epochs=2):
    run_id = store.create(CONFIG)
    store.claim(run_id, "me", 1)
    store.append(run_id, [started(), *map(epoch_end, range(1, epochs + 1))], "me")
    checkpoint_path(run_id).parent.mkdir(exist_ok=True)
    checkpoint_path(run_id).touch()
    return run_id


def shown(page):
    assert not page.exception
    address = page.query_params.get("picked")
    return page.text[0].value, address[0] if isinstance(address, list) else address


def test_the_newest_is_shown_and_not_in_the_address(runs):
    assert shown(AppTest.from_function(script).run()) == (runs[0], None)


def test_one_epoch_is_one_epoch(store):
    assert "· 1 epoch (" in picked_from(store, 1)[0]
    assert "· 2 epochs (" in picked_from(store, 2)[0]


def picked_from(store, epochs):
    stored(store, epochs)
    return AppTest.from_function(script).run().selectbox(key="picked").options


def test_without_a_run_there_is_none(store):
    assert AppTest.from_function(script).run().text[0].value == "none"


def test_that_older_runs_are_left_out_is_said(runs, store, monkeypatch):
    assert not AppTest.from_function(script).run().selectbox(key="picked").help
    monkeypatch.setattr("pages.parts.run_picker.NEWEST", 2)
    assert AppTest.from_function(script).run().selectbox(key="picked").help == "Of the newest 2 runs."


def test_another_one_is_in_the_address_by_its_id_and_a_later_choice_replaces_it(runs):
    page = AppTest.from_function(script)
    page.query_params["picked"] = runs[2]
    assert shown(page.run()) == (runs[2], runs[2])
    assert shown(page.selectbox(key="picked").set_value(runs[1]).run()) == (runs[1], runs[1])
    assert shown(page.run()) == (runs[1], runs[1])
    assert shown(page.selectbox(key="picked").set_value(runs[0]).run()) == (runs[0], None)


def test_a_second_link_in_the_same_session_counts(runs):
    page = AppTest.from_function(script)
    page.query_params["picked"] = runs[2]
    page.run()
    page.query_params["picked"] = runs[1]
    assert shown(page.run())[0] == runs[1]


def test_what_is_shown_stays_when_a_newer_run_has_ended(runs, store):
    page = AppTest.from_function(script).run()
    stored(store)
    assert shown(page.run()) == (runs[0], runs[0])


def test_an_address_that_names_no_run_shows_the_newest(runs):
    page = AppTest.from_function(script)
    page.query_params["picked"] = "nosuch"
    assert shown(page.run()) == (runs[0], None)
