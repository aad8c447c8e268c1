"""The training page while it shows a run: its state, its curves, what can be done with it, what is said about it."""

import json
from dataclasses import replace

import pytest

from cnncore.events import Changed, Diverged
from cnncore.runs.record import Status
from pages.parts import run_judgement
from pages.parts.held_out import Sight
from tests.pages.reading import said
from tests.pages.training_page import answered, filled, opened
from tests.runs.conftest import CONFIG, batch, end_between, epoch_end, started


def test_a_failed_runs_reason_stands_above_the_charts(store):
    run_id = filled(store, status=Status.RUNNING)
    store.set_status(run_id, Status.FAILED, "the disk is full")
    app = opened(run=run_id)
    kinds = [element.type for element in app.main if element.type in ("error", "vega_lite_chart")]
    assert kinds == ["error", "vega_lite_chart", "vega_lite_chart"]


def test_a_run_that_learned_nothing_is_no_success(store):
    app = opened(run=filled(store, train_accuracy=0.11, test_accuracy=0.1))
    assert not app.success
    assert "no better than guessing among 10 classes" in " ".join(element.value for element in app.warning)
    assert "⚠ The test accuracy is no better than guessing among 10 classes (10.0 %) on 20 images" in said(app)
    assert opened(run=filled(store)).success


def test_a_finished_run_is_shown_with_its_interval_and_its_gap(store):
    run_id = filled(store)
    app = opened(run=run_id)
    assert not app.exception
    assert "Test accuracy 45.0 % (25.8 to 65.8), train 60.0 %" in said(app)
    assert "gap of 15 points" in said(app)


@pytest.mark.parametrize("status", list(Status))
def test_every_status_can_be_shown(store, status):
    filled(store, status=status)
    app = opened()
    assert not app.exception
    assert status.capitalize() in said(app)


def test_an_unknown_run_in_the_address_is_one_sentence(store):
    app = opened(run="nosuchrun")
    assert not app.exception
    assert "`run` (='nosuchrun') is no run" in said(app)


def test_buttons_write_what_is_wanted(store):
    run_id = filled(store, status=Status.RUNNING)
    app = opened(run=run_id)
    app.button(key="live_pause").click().run()
    assert store.get(run_id).intent == "pause"
    app.button(key="live_continue").click().run()
    assert store.get(run_id).intent == "none"
    app.button(key="live_stop").click().run()
    assert store.get(run_id).intent == "stop"


def test_a_run_that_waits_for_its_turn_says_so(store):
    run_id = filled(store, status=Status.PAUSED)
    app = opened(run=run_id)
    app.button(key="live_continue").click().run()
    assert not app.exception
    assert store.get(run_id).waits
    assert "Waits for its turn" in app.get("progress")[0].proto.text
    assert app.button(key="live_continue").disabled
    app.button(key="live_pause").click().run()
    assert store.get(run_id).intent == "pause"


def test_a_stored_run_can_be_deleted(store):
    filled(store)
    app = opened()
    assert "Delete" not in [button.label for button in app.button]  # it opens what asks once more
    assert "is deleted with its curves, its checkpoint" in said(app)
    next(button for button in app.button if button.label == "Delete it").click().run()
    assert not app.exception
    assert store.runs() == []


@pytest.mark.parametrize("others", [0, 1])
def test_a_run_of_another_version_is_in_the_table_and_can_be_deleted(store, others):
    foreign = filled(store)
    with store._transaction() as db:
        db.execute("""UPDATE runs SET config = '{"attention_heads": 8}'""")
    for _ in range(others):
        filled(store)
    app = opened(run=foreign)
    assert not app.exception
    assert "was made by another version of the program" in said(app)
    app.selectbox(key="picked").set_value(foreign).run()
    next(button for button in app.button if button.label == "Delete it").click().run()
    assert not app.exception
    assert len(store.listed()) == others


def test_garbage_in_place_of_the_store_is_one_sentence(store, app_home, monkeypatch):
    other = app_home / "other"
    other.mkdir()
    (other / "runs.sqlite").write_bytes(b"garbage, not a database at all" * 50)
    monkeypatch.setenv("CNNCORE_HOME", str(other))
    app = opened()
    assert not app.exception
    assert "cannot be used" in said(app)


def test_the_learning_rate_is_changed_and_one_update_asked_for_while_it_runs(store):
    run_id = filled(store, status=Status.RUNNING)
    app = opened(run=run_id)
    app.button_group(key="live_factor").set_value(0.1).run()
    assert not app.exception
    assert store.get(run_id).lr_factor == 0.1
    app.button(key="live_step").click().run()
    assert str(store.get(run_id).intent) == "pause"  # first it holds, then it goes one update at a time
    store.set_status(run_id, Status.PAUSED)
    app.run().button(key="live_step").click().run()
    assert str(store.get(run_id).intent) == "step"
    store.append(run_id, [Changed(4, 16, 0.1), *(batch(4, n) for n in range(5)), epoch_end(4)], "me")
    loss = app.run().get("vega_lite_chart")[0]
    assert '"learning rate × 0.1"' in json.dumps(json.loads(loss.proto.spec), ensure_ascii=False)


def test_what_the_curves_say_and_a_remedy(store):
    run_id = filled(store)
    text = said(opened(run=run_id))
    assert "The first loss is" in text
    assert "guessing among" in text
    other = store.create(replace(CONFIG, lr=10.0))
    store.claim(other, "me", 1)
    store.append(other, [started(), *(batch(1, n) for n in range(5)), Diverged(1, 4, "too large")], "me")
    app = opened(run=other)
    assert "made steps so large" in said(app)
    before = len(store.runs())
    app.button(key="remedy_0").click().run()
    assert len(store.runs()) == before + 1
    assert store.runs()[0].config.lr < 10.0


def test_overfitting_is_told_with_the_confidence_of_the_wrong_answers(store):
    run_id = filled(store, train_accuracy=0.99, test_accuracy=0.4)
    answered(run_id, 30, sure=0.75)
    text = said(opened(run=run_id))
    assert "train accuracy lies 59 points above test accuracy" in text
    assert "Its wrong answers are given with 75 % confidence on average. (Q18)" in text


def test_a_learning_rate_that_was_changed_and_one_that_will_be_stand_in_the_caption(store):
    run_id = filled(store, status=Status.RUNNING)
    store.set_lr_factor(run_id, 0.1)
    text = opened(run=run_id).get("progress")[0].proto.text
    assert "learning rate 0.1, × 0.1 from the next update on" in text
    assert "update 15 of 20" in text
    store.append(run_id, [Changed(4, 16, 0.1), replace(batch(4, 0), lr=0.01)], "me")
    text = opened(run=run_id).get("progress")[0].proto.text
    assert "learning rate 0.01 (× 0.1 by hand) ·" in text
    store.set_lr_factor(run_id, 3.0)
    text = opened(run=run_id).get("progress")[0].proto.text
    assert "learning rate 0.01 (× 0.1 by hand), × 3 from the next update on" in text


def test_a_run_waits_for_those_before_it_and_for_no_others(store):
    going = filled(store, status=Status.RUNNING)
    store.set_status(store.create(CONFIG), Status.PAUSED)
    waiting = [store.create(CONFIG) for _ in range(3)]
    for ahead, run_id in enumerate(waiting, start=1):
        assert opened(run=run_id).get("progress")[0].proto.text == f"In the queue, {ahead} before it"
    store.set_status(going, Status.FINISHED)
    assert opened(run=waiting[0]).get("progress")[0].proto.text.startswith("Starting: ")


def test_what_cannot_be_done_is_said_until_it_is_closed(store):
    run_id = filled(store, status=Status.RUNNING)
    app = opened(run=run_id)
    [delete] = [button for button in app.button if button.label == "Delete it"]
    delete.click().run()
    assert "can only be deleted when it is over" in app.toast[0].value
    assert app.toast[0].proto.duration == 0  # Streamlit's word for: until it is closed
    assert store.get(run_id).status is Status.RUNNING


def test_line_styles_are_explained_where_colours_mean_runs(store):
    first, second = filled(store), filled(store)
    assert "Of each run: solid is train" not in said(opened(run=first))
    app = opened(run=first)
    app.multiselect(key="overlaid").set_value([second]).run()
    assert "Of each run: solid is train" in said(app)


def test_a_running_runs_speed_and_time_left_are_those_of_its_updates(store):
    run_id = store.create(CONFIG)
    store.claim(run_id, "me", 1)
    ends = [replace(epoch_end(epoch), seconds=60.0) for epoch in (1, 2)]
    batches = [replace(batch(3, number), seconds=10.0 * (number + 1)) for number in range(3)]
    store.append(run_id, [replace(started(), train_size=50_000), *ends, *batches], "me")
    bar = opened(run=run_id).get("progress")[0].proto
    assert bar.value == 65  # 13 of 20 updates
    assert bar.text.startswith("Epoch 3 of 4 · update 13 of 20 · learning rate 0.1 · ")
    # 65 % of 4 epochs of 50,000 images in 150 seconds; the other 35 % take 150 * 35 / 65.
    assert bar.text.endswith("867 images/s · 1 min 21 s of training left")


def test_a_queued_run_says_how_many_are_before_it(store):
    for status in (Status.RUNNING, Status.PAUSED, Status.QUEUED):
        run_id = filled(store, config=replace(CONFIG, seed=len(store.runs())), status=status)
    # The paused one holds no place.
    assert opened(run=run_id).get("progress")[0].proto.text == "In the queue, 1 before it"


def test_a_run_that_was_resumed_waits_behind_a_newer_one_that_trains(store):
    resumed = filled(store, status=Status.STOPPED)
    filled(store, config=replace(CONFIG, seed=1), status=Status.RUNNING)
    store.requeue(resumed)
    assert opened(run=resumed).get("progress")[0].proto.text == "In the queue, 1 before it"


def test_an_epoch_that_ends_while_a_run_is_judged_is_judged_the_next_time(store, monkeypatch):
    run_id = filled(store, status=Status.RUNNING)
    run = store.get(run_id)
    before = run_judgement._fit(store, run, Sight.NOTHING)
    end_between(monkeypatch, store, run_id, replace(epoch_end(4), test_accuracy=0.1))
    assert run_judgement._fit(store, run, Sight.NOTHING) == before
    assert run_judgement._fit(store, run, Sight.NOTHING) != before
