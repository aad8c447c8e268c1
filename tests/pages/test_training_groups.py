"""The training page with several runs, and with a test set that is read once."""

from dataclasses import replace

import numpy as np

from cnncore.events import Finished
from cnncore.figures.words import percent
from cnncore.runs.record import Status
from tests.pages.reading import said
from tests.pages.training_page import answered, drawn, filled, opened
from tests.runs.conftest import CONFIG

SPLIT = replace(CONFIG, validation_size=40)


def test_a_fair_pair_and_seeds_are_started_by_one_click(store):
    app = opened(preset="classroom-5", epochs="2")
    app.selectbox(key="pair_field").set_value("dropout").run()
    app.button(key="start_pair").click().run()
    assert not app.exception
    with_it, without = store.runs()
    assert (without.config.dropout, with_it.config.dropout) == (0.0, 0.5)
    assert without.config.seed == with_it.config.seed
    assert without.group == with_it.group != ""
    app.number_input(key="seed_count").set_value(3).run()
    app.button(key="start_seeds").click().run()
    assert sorted(run.config.seed for run in store.runs()[:3]) == [0, 1, 2]
    assert len({run.config.dropout for run in store.runs()[:3]}) == 1


def test_a_pair_and_seeds_begin_with_what_was_typed_a_moment_before(store):
    app = opened(preset="classroom-5", epochs="2")
    app.number_input(key="epochs").set_value(3)
    app.button(key="start_pair").click().run()
    assert [run.config.epochs for run in store.runs()] == [3, 3]
    app.number_input(key="seed").set_value(7)
    app.number_input(key="seed_count").set_value(2)
    app.button(key="start_seeds").click().run()
    assert [run.config.seed for run in store.runs()[:-2]] == [8, 7]
    app.number_input(key="epochs").set_value(0)
    app.button(key="start_seeds").click().run()
    assert not app.exception
    assert "`epochs` (=0) must" in said(app)
    assert len(store.runs()) == 4


def test_two_starts_in_one_second_are_two_groups(store, monkeypatch):
    monkeypatch.setattr("pages.parts.run_groups.time.strftime", lambda *_: "now")
    for _ in range(2):
        opened().button(key="start_seeds").click().run()
    assert sorted(store.groups().values()) == [3, 3]
    assert all(group.startswith("3 seeds, now ") for group in store.groups())


def test_a_test_set_is_locked_while_the_run_goes_on_and_validation_is_shown(store):
    run_id = filled(store, status=Status.RUNNING, config=SPLIT)
    app = opened(run=run_id)
    assert not app.exception
    assert f"validation {percent(0.36, 40)}" in said(app)
    assert drawn(app, "validation") == [12, 24, 36]
    assert drawn(app, "test") == drawn(app, "low") == drawn(app, "test", chart=0) == []
    assert app.dataframe[0].value["test (95 % interval)"].tolist() == ["locked until the end"]
    assert "45.0" not in said(app)
    csv = next(button for button in app.get("download_button") if "CSV" in button.proto.label)
    assert csv.proto.disabled


def test_the_reader_can_open_it_on_purpose(store):
    run_id = filled(store, status=Status.RUNNING, config=SPLIT)
    app = opened(run=run_id)
    app.toggle(key=f"read_test_{run_id}").set_value(True).run()
    assert drawn(app, "test") == [15, 30, 45]
    app.toggle(key=f"read_test_{run_id}").set_value(False).run()
    assert drawn(app, "test") == []


def test_when_the_run_is_over_its_test_set_is_read_once_and_validation_chooses_the_epoch(store):
    run_id = filled(store, config=SPLIT, validation_accuracy=0.1)  # the second epoch had 24 %
    app = opened(run=run_id)
    assert not app.exception
    assert "The test set, read once after epoch 3: **45.0 % (25.8 to 65.8)** of 20 images" in said(app)
    assert "Validation chooses epoch 2, with 30.0 % (14.5 to 51.9) on the test set" in said(app)
    assert drawn(app, "test") == [45]
    assert app.dataframe[0].value["test (95 % interval)"].tolist() == ["45.0 % (25.8 to 65.8)"]
    assert not [expander for expander in app.expander if "Why the test set" in expander.label]


def test_without_a_validation_split_it_says_once_that_choosing_by_the_test_set_is_optimistic(store):
    app = opened(run=filled(store, test_accuracy=0.2))
    assert drawn(app, "test") == [15, 30, 20]
    assert len([expander for expander in app.expander if "Why the test set" in expander.label]) == 1
    assert "By the test set it is epoch **2** of 3, with 30.0 %; the last epoch has 20.0 %" in said(app)
    assert "optimistic" in said(app)


def test_seeds_are_shown_with_their_mean_and_spread(store):
    tests = (0.40, 0.45, 0.53)
    for seed, accuracy in enumerate(tests):
        filled(store, config=replace(CONFIG, seed=seed), group="3 seeds, now", test_accuracy=accuracy)
    app = opened(group="3 seeds, now")
    assert not app.exception
    mean, spread = 100 * np.mean(tests), 100 * np.std(tests, ddof=1)
    assert f"test accuracy **{mean:.1f} ± {spread:.1f} %** (40.0 to 53.0 %)" in said(app)
    assert len(app.multiselect(key="overlaid").value) == 2, "the other two are drawn beside it"
    assert "one standard deviation over the seeds" in said(app)
    assert len(app.get("vega_lite_chart")) == 3


def test_of_seeds_with_validation_the_test_set_waits_for_the_last_one(store):
    for seed, status in enumerate((Status.FINISHED, Status.FINISHED, Status.RUNNING)):
        last = filled(store, config=replace(SPLIT, seed=seed), group="3 seeds, now", status=status)
    app = opened(group="3 seeds, now")
    assert "validation accuracy **36.0 ± 0.0 %**" in said(app)
    assert "2 of 3 are finished" in said(app)
    assert "read once, test accuracy" not in said(app)
    store.append(last, [Finished(3, 1.5, 0.7, 0.45)], "me")
    assert "read once, test accuracy **45.0 ± 0.0 %**" in said(app.run())


def test_a_group_is_followed_from_run_to_run(store):
    first, second = (
        filled(store, config=replace(CONFIG, seed=s), group="2 seeds, now", status=Status.QUEUED) for s in (0, 1)
    )
    app = opened(group="2 seeds, now")
    assert "**Queued** · " in said(app)
    assert app.multiselect(key="overlaid").value == [second]
    store.append(first, [Finished(3, 1.5, 0.7, 0.45)], "me")
    store.set_status(second, Status.RUNNING)
    app.run()
    assert "**Running** · " in said(app)
    assert app.multiselect(key="overlaid").value == [first]
    next(button for button in app.button if button.label == "Show").click().run()
    assert "group" not in app.query_params


def test_an_unknown_group_is_one_sentence(store):
    filled(store)
    assert "`group` (='nothing') has no runs here" in said(opened(group="nothing"))


def test_a_fair_pair_is_compared_image_by_image_when_both_are_over(store):
    first = filled(store, group="Dropout, now")
    second = filled(store, config=replace(CONFIG, dropout=0.5), group="Dropout, now", status=Status.RUNNING)
    answered(first, 30)
    answered(second, 37)
    app = opened(group="Dropout, now")
    assert app.multiselect(key="overlaid").value == [first]
    assert "When both are over" in said(app)
    store.append(second, [Finished(3, 1.5, 0.7, 0.45)], "me")
    app.run()
    assert "`dropout` 0.5 against 0: **+10.0 points** on the same 70 test images" in said(app)
    assert "7 images are right in only one of the two" in said(app)
    assert "p = 0.016" in said(app)  # 2 / 2^7
    store.set_status(first, Status.STOPPED)
    assert "No comparison: one is stopped after epoch 3 and the other finished" in said(app.run())
