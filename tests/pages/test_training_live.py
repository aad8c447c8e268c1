"""The live view of the training page as a browser has it: drawn by itself, the rest of the page only when told."""

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnncore.events import Diverged
from cnncore.figures.curves import Axis
from cnncore.runs import client
from cnncore.runs.record import Status
from pages.parts import live
from tests.pages.fragments import alone
from tests.pages.reading import said, viewed
from tests.pages.training_page import filled, opened
from tests.runs.conftest import CONFIG, batch, started

SHELL = Path(__file__).parents[2] / "pages" / "parts" / "shell.py"
SPLIT = replace(CONFIG, validation_size=40)


@pytest.fixture(autouse=True)
def steady(monkeypatch):
    """Keep everybody's pause as it is, whatever the machine bears: a new one draws the whole page too."""
    monkeypatch.setattr(live.PACE, "took", lambda *_: None)


def test_only_the_live_view_is_drawn_by_its_timer(store):
    app = opened(run=filled(store, status=Status.RUNNING))
    with alone(app, live._paced):
        app.run()
    assert not app.exception
    assert not app.dataframe  # of the fragments' own tests: the rest of the page was not drawn
    assert "**Running** · " in said(app)


def test_a_remedy_is_started_once_and_shown_at_once(store):
    run_id = store.create(replace(CONFIG, lr=10.0))
    store.claim(run_id, "me", 1)
    store.append(run_id, [started(), *(batch(1, n) for n in range(5)), Diverged(1, 4, "too large")], "me")
    app = opened(run=run_id)
    with alone(app, live._paced):
        app.button(key="remedy_0").click().run()
    assert not app.exception
    assert len(store.runs()) == 2
    assert "**Queued** · " in said(app)
    assert "remedy_0" not in [button.key for button in app.button]
    assert app.query_params["run"] == store.runs()[0].id


def test_a_run_beside_that_is_deleted_elsewhere_leaves_the_others_there(store):
    other, run_id = filled(store), filled(store, status=Status.RUNNING)
    app = opened(run=run_id)
    app.multiselect(key="overlaid").set_value([other]).run()
    client.delete(other)
    with alone(app, live._paced):
        app.run()
    assert not app.exception
    assert not app.error
    assert "**Running** · " in said(app)
    assert app.dataframe[0].value["id"].tolist() == [run_id]


def test_a_run_that_is_deleted_elsewhere_is_told_once_and_gives_way_to_another(store):
    other, run_id = filled(store), filled(store)
    app = opened(run=run_id)
    client.delete(run_id)
    with alone(app, live._paced):
        app.run()
    assert not app.exception
    assert not app.error
    assert f"`run` (='{run_id}') is no run" in said(app)
    assert app.dataframe[0].value["id"].tolist() == [other]
    assert "is no run" not in said(app.run())
    assert "run" not in app.query_params


def test_the_shown_run_is_deleted_without_a_word_of_its_address(store):
    filled(store)
    app = opened(run=filled(store))
    next(button for button in app.button if button.label == "Delete it").click().run()
    assert len(store.runs()) == 1
    assert "run" not in app.query_params
    assert not app.warning


def test_a_group_that_is_gone_is_told_once(store):
    filled(store)
    app = opened(group="nothing")
    assert "has no runs here" in said(app)
    assert "has no runs here" not in said(app.run())


def test_the_table_opens_with_the_test_set(store):
    run_id = filled(store, status=Status.RUNNING, config=SPLIT)
    app = opened(run=run_id)

    def shown():
        [csv] = [button for button in app.get("download_button") if "CSV" in button.proto.label]
        return app.dataframe[0].value["test (95 % interval)"].tolist(), csv.proto.disabled

    assert shown() == (["locked until the end"], True)
    with alone(app, live._paced):
        app.toggle(key=f"read_test_{run_id}").set_value(True).run()
    assert shown() == (["45.0 % (25.8 to 65.8)"], False)


def test_what_is_drawn_beside_and_the_axis_outlive_a_visit_to_another_page(store):
    first, second = (filled(store, config=replace(CONFIG, seed=seed), group="2 seeds, now") for seed in (0, 1))
    third = filled(store)
    app = AppTest.from_file(str(SHELL), default_timeout=60).run()

    def visit(page, **address):
        app.query_params.clear()
        for key, value in address.items():
            app.query_params[key] = value
        app.switch_page(f"../{page}.py")
        app.run()
        assert not app.exception

    visit("training", run=second)
    assert app.multiselect(key="overlaid").value == [first]
    app.multiselect(key="overlaid").set_value([first, third]).run()
    app.segmented_control(key="axis").set_value(Axis.SECONDS).run()
    visit("lottery")
    visit("training", run=second)
    assert app.multiselect(key="overlaid").value == [first, third]
    assert app.segmented_control(key="axis").value == Axis.SECONDS


@pytest.mark.parametrize("shown", [True, False])
def test_a_run_that_is_deleted_while_the_page_is_drawn_leaves_the_others_there(store, monkeypatch, shown):
    first, second = filled(store), filled(store)
    app = opened(run=first)
    app.multiselect(key="overlaid").set_value([second]).run()
    draw, left = live.live, [first if shown else second]

    def deleted_before(*arguments):
        while left:
            client.delete(left.pop())
        draw(*arguments)

    monkeypatch.setattr(live, "live", deleted_before)
    app.run()
    assert not left
    assert not app.exception
    assert not app.error
    assert "**Finished** · " in said(app)
    assert app.dataframe[0].value["id"].tolist() == [second if shown else first]


def test_a_run_makes_its_first_update_while_the_page_is_drawn(store):
    run_id = store.create(CONFIG)
    store.claim(run_id, "me", 1)
    store.append(run_id, [started()], "me")
    run = store.get(run_id)
    store.append(run_id, [replace(batch(1, 0), seconds=10.0)], "me")
    bar = viewed(live._progress_bar, run, store).get("progress")[0].proto
    assert "update 1 of 20" in bar.text
    assert bar.text.endswith("3 min 10 s of training left")  # 19 updates of 10 seconds
