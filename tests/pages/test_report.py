"""The page Report: what is written is taken, kept through other questions, and becomes a file."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnncore.architecture import named_network
from cnncore.course.report import carried, read_report, report_of
from cnncore.runs.record import Status
from pages.parts.class_reports import by_question
from pages.parts.held_out import Sight
from pages.parts.report_file import file_name, file_of
from tests.pages.reading import said
from tests.pages.test_compare import filled
from tests.pages.test_compare import store as store
from tests.runs.conftest import CONFIG

PAGE = str(Path(__file__).parents[2] / "pages" / "report.py")


def opened(**address):
    app = AppTest.from_file(PAGE, default_timeout=60)
    for key, value in address.items():
        app.query_params[key] = value
    return healthy(app.run())


def healthy(app):
    assert not app.exception
    return app


def draft(app):
    return dict(app.session_state["report_draft"])


def go(app, number):
    app.session_state["report_question"] = number
    return healthy(app.run())


def test_what_is_written_is_kept_while_other_questions_are_answered(store):
    app = opened(report_question="7")
    app.text_area(key="report_text_7").set_value("conv1 sees 5 pixels")
    app.text_input(key="report_number_7_0").set_value("32")
    app.text_input(key="report_author").set_value("Ada")
    healthy(app.run())
    assert "**Right.**" in said(app)
    assert "1 of 34 questions answered, 1 of 19 numbers right" in said(app)
    go(app, 8)
    assert app.text_area(key="report_text_8").value == ""
    go(app, 7)
    assert app.text_area(key="report_text_7").value == "conv1 sees 5 pixels"
    assert app.text_input(key="report_number_7_0").value == "32"
    assert draft(app) == {"author": "Ada", "text_7": "conv1 sees 5 pixels", "number_7_0": "32"}
    app.text_area(key="report_text_7").set_value("")
    healthy(app.run())
    assert draft(app) == {"author": "Ada", "number_7_0": "32"}


def test_answered_questions_are_marked(store):
    app = opened()
    app.text_area(key="report_text_1").set_value("x")
    healthy(app.run())
    [style] = [html.proto.body for html in app.get("html") if "✓" in html.proto.body]
    assert "button:nth-of-type(1)::after {" in style


def test_an_address_opens_a_question_and_one_that_there_is_not_is_said(store):
    assert opened(report_question="16").text_area(key="report_text_16")
    app = opened(report_question="99")
    assert app.text_area(key="report_text_1")
    assert "The address asks for `report_question=99`" in app.warning[0].value


def test_runs_are_offered_where_training_answers(store):
    run_id = filled(store)
    assert not opened(report_question="12").multiselect
    app = opened(report_question="13")
    assert app.multiselect[0].options == [f"classroom, lr 0.1 · seed 0 · tiny ({run_id[-4:]})"]
    app.multiselect[0].set_value([run_id])
    healthy(app.run())
    assert draft(app) == {"runs_13": [run_id]}
    assert len(app.get("vega_lite_chart")) == 2


def test_without_a_stored_run_the_way_to_one_is_shown(store):
    assert "None is stored on this machine yet" in said(opened(report_question="13"))


def test_a_run_that_is_not_stored_any_more_is_said_and_stays_in_the_draft(store):
    filled(store)
    app = AppTest.from_file(PAGE, default_timeout=60)
    app.query_params["report_question"] = "13"
    app.session_state["report_draft"] = {"runs_13": ["261126-000000-dead"]}
    healthy(app.run())
    assert "Not stored on this machine, so not in the file: 1 run" in said(app)
    assert draft(app) == {"runs_13": ["261126-000000-dead"]}


def test_what_is_begun_anew_is_empty(store):
    app = opened()
    app.text_area(key="report_text_1").set_value("x")
    healthy(app.run())
    healthy(app.button(key="report_delete").click().run())
    assert draft(app) == {}
    assert app.text_area(key="report_text_1").value == ""


def test_the_file_has_answers_and_runs_and_can_be_read_again(store):
    one, other = filled(store, right=20), filled(store, replace(CONFIG, lr=0.01), right=40)
    stored = {run.id: run for run in store.runs()}
    fields = {"author": "Ada", "text_16": "The smaller one is better.", "runs_16": [other, one]}
    content = file_of(fields, stored, dict.fromkeys(stored, Sight.CURVE))
    text = content.decode()
    assert text.count("<svg") == 2
    assert text.index(one[-4:]) < text.index(other[-4:])  # in the order of their start, as their colours are
    assert "They differ in lr (0.1 and 0.01). Second minus first on 50 images: +40.0 points." in text
    assert "more than chance explains" in text
    assert "lr 0.01" in text
    assert read_report(content, "a.html") == fields


def test_what_two_runs_say_of_each_other_is_only_text_on_the_page(store):
    hostile = json.dumps(named_network("classroom").to_dict() | {"name": "![x](//foreign.example/a.png)"})
    ids = [filled(store), filled(store, replace(CONFIG, network=hostile))]
    app = AppTest.from_file(PAGE, default_timeout=60)
    app.query_params["report_question"] = "13"
    app.session_state["report_draft"] = {"runs_13": ids}
    healthy(app.run())
    [told] = [caption.value for caption in app.caption if caption.value.startswith("They differ in")]
    assert "!\\[x\\]" in told


def test_a_name_of_a_run_is_only_text_in_the_file(store):
    ids = [filled(store, replace(CONFIG, seed=seed)) for seed in (0, 1)]
    with store._transaction() as db:
        db.execute("UPDATE runs SET name = '</svg><script>alert(1)</script>'")
    stored = {run.id: run for run in store.runs()}
    text = file_of({"runs_13": ids}, stored, dict.fromkeys(stored, Sight.CURVE)).decode()
    assert text.count("<script") == text.count("</script>") == 1  # what carries the fields
    assert "&lt;script&gt;alert(1)" in text


def test_a_locked_test_set_stays_locked_in_the_file(store):
    run_id = filled(store, replace(CONFIG, validation_size=20))
    other = filled(store, replace(CONFIG, lr=0.01), right=40)
    stored = {run.id: run for run in store.runs()}
    fields = {"runs_16": [run_id, other]}
    locked = file_of(fields, stored, {run_id: Sight.NOTHING, other: Sight.CURVE}).decode()
    assert "locked until the end" in locked
    assert "Second minus first" not in locked
    assert "locked until the end" not in file_of(fields, stored, dict.fromkeys(stored, Sight.CURVE)).decode()


@pytest.mark.parametrize(
    ("author", "name"),
    [
        ("", "report.html"),
        ("Ada Lovelace & Alan Turing", "report-ada-lovelace-alan-turing.html"),
        ("Zoë Müller", "report-zoe-muller.html"),
        ("../../etc/passwd", "report-etc-passwd.html"),
        ("漢字", "report.html"),
        ("a" * 300, f"report-{'a' * 53}.html"),
    ],
)
def test_the_file_is_called_after_its_author(author, name):
    assert file_name(author) == name


def test_where_the_store_cannot_be_read_answers_can_be_written(app_home):
    app_home.mkdir(exist_ok=True)
    (app_home / "runs.sqlite").write_bytes(b"no database" * 1000)
    app = opened(report_question="13")
    assert "runs.sqlite" in app.error[0].value
    app.text_area(key="report_text_13").set_value("x")
    healthy(app.run())
    assert draft(app) == {"text_13": "x"}


def test_the_class_is_counted_by_question():
    reports = [report_of({"number_7_0": typed, "text_2": "x"}) for typed in ("32", "13", "13", "24")]
    rows = by_question(reports)
    assert len(rows) == 34
    assert rows[6] == {
        "question": "Q7 · Receptive fields",
        "answered": 4,
        "numbers right": "1 of 4",
        "other numbers": "13 (2 ×), 24",
    }
    assert (rows[1]["answered"], rows[1]["numbers right"]) == (4, None)
    assert rows[0]["numbers right"] == "0 of 8"


def test_a_run_that_was_interrupted_has_its_curves_too(store):
    run_id = filled(store)
    store.set_status(run_id, Status.INTERRUPTED)
    assert file_of({"runs_13": [run_id]}, {run_id: store.get(run_id)}, {run_id: Sight.CURVE}).count(b"<svg") == 2


def test_a_file_with_a_name_alone_is_opened():
    assert read_report(carried({"author": "Ada"}).encode(), "a.html") == {"author": "Ada"}
