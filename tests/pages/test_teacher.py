"""In class: everybody's runs, links, and what is left of earlier classes."""

import time
from functools import partial
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnncore.commands.doctor import Finding
from cnncore.course.report import carried
from cnncore.errors import InputError
from cnncore.runs import client
from cnncore.runs.record import Intent, Status
from cnncore.runs.remaining import remaining_seconds
from tests.pages.opened_page import healthy
from tests.pages.opened_page import opened as opened_page
from tests.runs.conftest import CONFIG, epoch_end, started

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "pages" / "teacher.py"
opened = partial(opened_page, PAGE)
SHELL = ROOT / "pages" / "parts" / "shell.py"


@pytest.fixture(autouse=True)
def at_the_machine(monkeypatch):
    """Let the browser be on the machine that serves the app; Streamlit's test runner has something else there."""
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.ip_address", None)


def words(app):
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.code))


def trained(store, epochs=1):
    """Return a run that is going on."""
    run_id = store.create(CONFIG)
    store.claim(run_id, "w", 1)
    store.append(run_id, [started(), *(epoch_end(number + 1) for number in range(epochs))], "w")
    return run_id


def test_without_an_active_run_it_says_so(store):
    store.set_status(store.create(CONFIG), Status.FINISHED)
    app = opened()
    assert "Nothing trains and nothing waits." in words(app)
    assert "class_pause" not in {button.key for button in app.button}


def test_active_runs_are_listed_in_the_order_of_their_turn(store):
    going = trained(store)
    waiting = [store.create(CONFIG), store.create(CONFIG)]
    app = opened()
    assert "Of everybody's runs **1** trains, **2** wait." in words(app)
    table = app.dataframe[0].value
    assert list(table["id"]) == [going, *sorted(waiting, key=lambda run_id: (store.get(run_id).created, run_id))]
    assert list(table["status"]) == ["running", "queued", "queued"]
    assert "of training in all" in words(app)


def test_a_run_of_another_version_does_not_hide_the_others(store):
    other, mine = store.create(CONFIG), store.create(CONFIG)
    with store._transaction() as db:
        db.execute("""UPDATE runs SET config = '{"attention_heads": 8}' WHERE id = ?""", (other,))
    assert list(opened().dataframe[0].value["id"]) == [mine]


def test_where_only_a_run_of_another_version_is_active_the_page_comes_to_rest(store):
    run_id = store.create(CONFIG)
    with store._transaction() as db:
        db.execute("""UPDATE runs SET config = '{"attention_heads": 8}'""")
    assert "Nothing trains and nothing waits." in words(opened())
    with store._transaction() as db:
        db.execute("UPDATE runs SET status = 'dreaming' WHERE id = ?", (run_id,))
    assert list(opened(class_tidy=True).dataframe[0].value["id"]) == [run_id]


def test_all_are_paused_and_go_on_by_a_click(store):
    ids = [trained(store), store.create(CONFIG)]
    over = store.create(CONFIG)
    store.set_status(over, Status.FINISHED)
    app = opened()
    assert app.button(key="class_continue").disabled
    healthy(app.button(key="class_pause").click().run())
    assert [store.get(run_id).intent for run_id in ids] == [Intent.PAUSE, Intent.PAUSE]
    for run_id in ids:
        store.set_status(run_id, Status.PAUSED)
    app = opened()
    assert app.button(key="class_pause").disabled
    healthy(app.button(key="class_continue").click().run())
    assert [store.get(run_id).intent for run_id in ids] == [Intent.CONTINUE, Intent.CONTINUE]
    assert store.get(over).intent is Intent.NONE


def test_all_are_stopped_by_a_second_click(store):
    ids = [trained(store), store.create(CONFIG)]
    healthy(opened().button(key="class_stop_all").click().run())
    assert [store.get(run_id).intent for run_id in ids] == [Intent.STOP, Intent.STOP]


def test_from_elsewhere_nothing_can_be_done_to_all(store, monkeypatch):
    trained(store)
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.ip_address", "198.51.100.3")
    app = opened()
    assert "**1** trains" in words(app)
    assert {button.key for button in app.button}.isdisjoint({"class_pause", "class_continue", "class_stop_all"})
    assert "Delete the runs of earlier classes" not in {fold.label for fold in app.expander}


def test_behind_a_proxy_nobody_is_at_the_machine(store, monkeypatch):
    trained(store)
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.headers", {"X-Forwarded-For": "198.51.100.3"})
    assert "class_pause" not in {button.key for button in opened().button}


def test_a_link_is_made_with_what_is_to_be_hidden(store):
    app = opened()
    assert "/convolution?conv_stride=2&conv_padding=1&hide=navigation&hide=folds" in words(app)
    app.text_input(key="class_link").set_value("http://localhost:8501/dropout?dropout_p=0.2")
    healthy(app.run())
    assert "/dropout?dropout_p=0.2&hide=navigation&hide=folds" in words(app)
    app.text_input(key="class_link").set_value("http://localhost:8501/nowhere")
    healthy(app.run())
    assert "names no page of this app" in app.error[0].value


def test_what_the_machine_can_do_is_said_as_the_doctor_says_it(store, monkeypatch):
    found = [Finding("python", True, "3.11"), Finding("device", False, "cpu: no `CUDA` <b>here</b>")]
    monkeypatch.setattr("cnncore.commands.doctor.asked", lambda: found)
    app = opened(class_machine=True)
    assert ":green[✓] **python** 3.11" in words(app)
    assert ":orange[note] **device** cpu: no `CUDA` \\<b>here" in words(app)


def test_a_doctor_that_does_not_answer_is_one_sentence(store, monkeypatch):
    monkeypatch.setattr("cnncore.commands.doctor.sys.executable", "/nowhere/python")
    app = opened(class_machine=True)
    assert "run it in a terminal" in app.error[0].value


def finished_at(store, moment):
    run_id = store.create(CONFIG)
    store.set_status(run_id, Status.FINISHED)
    with store._transaction() as db:
        db.execute("UPDATE runs SET created = ? WHERE id = ?", (moment, run_id))
    return run_id


def test_the_runs_of_earlier_days_go_and_todays_stay(store):
    old, new = finished_at(store, time.time() - 2 * 86_400), finished_at(store, time.time())
    going = trained(store)
    app = opened(class_tidy=True)
    assert set(app.dataframe[1].value["id"]) == {old, new}
    app.segmented_control(key="class_tidy_which").set_value("Of before today")
    healthy(app.run())
    assert list(app.dataframe[1].value["id"]) == [old]
    healthy(app.button(key="class_tidy_all").click().run())
    assert {run.id for run in store.runs()} == {new, going}


def test_what_cannot_be_deleted_is_said_and_the_others_go(store, monkeypatch):
    ids = [finished_at(store, time.time()) for _ in range(3)]
    delete = client.delete

    def held(run_id):
        if run_id == ids[1]:
            raise InputError(f"`run` (={run_id}) cannot be deleted, a file of it is held: close what reads it.")
        delete(run_id)

    monkeypatch.setattr(client, "delete", held)
    app = healthy(opened(class_tidy=True).button(key="class_tidy_all").click().run())
    assert [run.id for run in store.runs()] == [ids[1]]
    said = [toast.value for toast in app.toast]
    assert any("a file of it is held" in text for text in said)
    assert any("2 runs deleted" in text for text in said)


def test_what_is_left_is_the_runs_own_speed_or_a_like_ones(store):
    first = store.get(store.create(CONFIG))
    assert remaining_seconds(first, [first]) is None
    going = store.get(trained(store))
    assert going.images_per_second
    whole = going.config.epochs * going.train_size / going.images_per_second
    assert remaining_seconds(going, []) == pytest.approx(whole * (1 - going.step / going.steps))
    assert remaining_seconds(first, [going]) is not None


def test_parts_of_a_page_are_hidden_by_its_address(store):
    app = AppTest.from_file(str(SHELL), default_timeout=60)
    app.query_params["hide"] = ["controls,folds", "sidebar`"]
    healthy(app.run())
    assert "`sidebar`, which is no part of a page" in app.warning[0].value
    sheets = [element.proto.body for element in app.get("html")]
    assert any("stSlider" in sheet and "stExpander" in sheet and "stSidebar" not in sheet for sheet in sheets)


def test_nothing_is_hidden_where_the_address_asks_for_nothing(store):
    app = healthy(AppTest.from_file(str(SHELL), default_timeout=60).run())
    assert not any("stExpander" in element.proto.body for element in app.get("html"))
    assert not app.warning


def test_reports_are_read_side_by_side_and_what_is_none_is_said(store):
    app = opened(class_reports=True)
    reports = {
        "ada.html": carried({"author": "Ada *Lovelace*", "text_7": "5 and 14 <b>pixels</b>", "number_7_0": "32"}),
        "bob.html": carried({"number_7_0": "13", "number_1_0": "75"}),
        "note.html": "<p>no report</p>",
    }
    app.file_uploader[0].set_value([(name, text.encode(), "text/html") for name, text in reports.items()])
    healthy(app.run())
    assert "`note.html` carries no report" in app.error[0].value
    table, questions = (frame.value for frame in app.dataframe)
    assert list(table["name"]) == ["Ada *Lovelace*", "bob.html"]
    assert list(table["numbers right (of 19)"]) == [1, 1]
    assert table["numbers wrong"][1] == "Q7"
    assert list(questions["other numbers"].dropna()) == ["13"]
    assert app.selectbox(key="class_reports_of").value == 1
    app.selectbox(key="class_reports_of").set_value(7)
    healthy(app.run())
    assert [text.value for text in app.text] == ["5 and 14 <b>pixels</b>"]
    assert "**32** :green[:material/check_circle:] **Right.**" in words(app)
    assert "**13** :orange[:material/help:] Not 13: the pools are forgotten." in words(app)
