import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from cnncore.data.augmentation import PadCrop
from cnncore.data.prepared import save
from cnncore.events import Changed, Diverged, Finished
from cnncore.figures.words import percent
from cnncore.runs.record import Status
from cnncore.runs.snapshots import snapshot_folder
from cnncore.runs.store import RunStore
from cnncore.training.config import Schedule, Standardization
from cnncore.training.presets import PRESETS
from cnncore.training.snapshots import Snapshot
from pages.parts import run_settings
from tests.conftest import tiny_images
from tests.runs.conftest import CONFIG, batch, epoch_end, started

PAGE = str(Path(__file__).parents[2] / "pages" / "training.py")


@pytest.fixture
def store(app_home, monkeypatch):
    """Return the home's store; no supervisor is started, a page's test looks at what was asked for."""
    monkeypatch.setattr("cnncore.runs.client.start_detached", lambda *_, **__: None)
    save(tiny_images())
    store = RunStore(app_home / "runs.sqlite")
    yield store
    store.close()


def opened(**address):
    app = AppTest.from_file(PAGE, default_timeout=60)
    for key, value in address.items():
        app.query_params[key] = value
    return app.run()


def filled(store, epochs=3, status=Status.FINISHED, config=CONFIG, group="", **last):
    """Store a run; `last` are figures of its last epoch that are not the usual ones."""
    run_id = store.create(config, group=group)
    store.claim(run_id, "me", 1)
    store.append(run_id, [started()], "me")
    for epoch in range(1, epochs + 1):
        end = epoch_end(epoch)
        if config.validation_size:
            end = replace(end, validation_loss=2.2 / epoch, validation_accuracy=0.12 * epoch)
        if epoch == epochs:
            end = replace(end, **last)
        store.append(run_id, [*(batch(epoch, n) for n in range(5)), end], "me")
    if status is Status.FINISHED:
        store.append(run_id, [Finished(epochs, 1.5, 0.7, 0.45)], "me")
    else:
        store.set_status(run_id, status)
    return run_id


def drawn(app, column, chart=1):
    """Return the values of a column of the loss (0) or the accuracy chart (1), as they were sent."""
    proto = app.get("vega_lite_chart")[chart].proto
    table = pa.ipc.open_stream(io.BytesIO(proto.data.data)).read_all()
    return [round(value, 3) for value in table.column(column).to_pylist() if value is not None]


def answered(run_id, right, sure=0.5):
    """Keep what a run made of its 70 test images: the first `right` of them right, all with that confidence."""
    labels = tiny_images().test_labels
    predicted = np.where(np.arange(len(labels)) < right, labels, (labels + 1) % 7).astype(np.uint8)
    confidence = np.full(len(labels), sure, np.float16)
    snapshot_folder(run_id).keep(Snapshot(3, predicted, confidence, confidence, np.zeros((0, 0, 0, 0), np.float32)))


def said(app):
    return " ".join(
        element.value
        for kind in (app.markdown, app.caption, app.info, app.success, app.warning, app.error)
        for element in kind
    )


def test_it_opens_with_a_preset_and_says_what_start_would_do(store):
    app = opened()
    assert not app.exception
    assert app.selectbox(key="preset").value == "classroom-5"
    assert "173,578 parameters" in said(app)
    assert "5,000 train images" in said(app)
    assert not app.button(key="start").disabled


def test_start_queues_the_run_that_the_form_describes(store):
    app = opened()
    app.toggle(key="drop").set_value(True)
    app.toggle(key="sched").set_value(True)
    app.number_input(key="lr").set_value(0.03)
    app.number_input(key="seed").set_value(7)
    app.run()
    app.button(key="start").click().run()
    assert not app.exception
    [run] = store.runs()
    assert (run.config.lr, run.config.seed, run.config.dropout) == (0.03, 7, 0.5)
    assert run.config.schedule is Schedule.EXPONENTIAL
    assert run.config.standardize is Standardization.CHANNEL
    assert (run.config.preset, run.status) == (None, Status.QUEUED)
    assert app.query_params["run"] in (run.id, [run.id])


@pytest.mark.parametrize("name", ["classroom-2", "classroom-9", "classroom-plus", "classroom-speedrun"])
def test_a_preset_sets_every_control_and_starts_exactly_itself(store, name):
    app = opened()
    app.selectbox(key="preset").select(name).run()
    app.button(key="start").click().run()
    assert store.runs()[0].config == PRESETS[name]


class Values(dict):
    __getattr__ = dict.__getitem__


@pytest.mark.parametrize("name", PRESETS)
def test_what_the_controls_show_of_a_preset_is_all_of_it(monkeypatch, name):
    shown = Values(run_settings.values_of(PRESETS[name]), preset=name)
    monkeypatch.setattr(run_settings.st, "session_state", shown)
    assert run_settings.configuration() == PRESETS[name]


def test_a_changed_toggle_makes_the_preset_what_it_then_is(store):
    app = opened(preset="classroom-5")
    app.toggle(key="std").set_value(False).run()
    assert app.selectbox(key="preset").value == "classroom-2"
    app.number_input(key="epochs").set_value(3).run()
    assert app.selectbox(key="preset").value == "own"


def test_an_address_is_a_setting(store):
    app = opened(preset="classroom-9", epochs="3", seed="5", mom="true")
    assert app.number_input(key="epochs").value == 3
    assert app.toggle(key="bn").value
    assert app.toggle(key="mom").value
    again = opened(**{key: value if isinstance(value, str) else value[0] for key, value in app.query_params.items()})
    app.button(key="start").click().run()
    again.button(key="start").click().run()
    first, second = store.runs()
    assert first.config == second.config
    assert (first.config.epochs, first.config.seed, first.config.batch_norm) == (3, 5, True)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("epochs", "-3"),
        ("lr", "abc"),
        ("lr", "inf"),
        ("preset", "figure-77"),
        ("network", "nosuch"),
        ("aug_kinds", "foo,bar"),
        ("aug_kinds", "flip,foo"),
    ],
)
def test_a_wrong_address_is_said_and_the_default_is_shown(store, key, value):
    app = opened(**{key: value})
    assert not app.exception
    assert f"{key}={value}" in said(app)
    assert app.number_input(key="epochs").value == 50


def test_a_batch_that_cannot_be_normalized_is_one_sentence_and_no_start(store):
    app = opened(preset="classroom-2", network="resnet18", batch="1")
    assert "`batch_size` (=1) makes a batch of one image" in said(app)
    assert app.button(key="start").disabled


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ({"validation_size": "500"}, "4,500 train images · 141 updates an epoch"),
        ({"train_size": "1000", "validation_size": "200"}, "1,000 train images · 32 updates an epoch"),
        ({"train_size": "1", "batch": "32"}, "1 train image · 1 update an epoch"),
    ],
)
def test_the_plan_knows_the_validation_split(store, address, words):
    app = opened(preset="classroom-5", **address)
    assert words in said(app)
    assert not app.button(key="start").disabled


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ({"train_size": "99999"}, "`train_size` (=99999) must not exceed the 5000 images"),
        ({"validation_size": "5000"}, "`validation_size` (=5000) must leave some of the 5000"),
    ],
)
def test_more_images_than_there_are_is_a_sentence_and_no_start(store, address, words):
    filled(store)
    app = opened(**address)
    assert not app.exception
    assert words in said(app)
    assert app.button(key="start").disabled
    assert len(app.get("vega_lite_chart")) == 2, "the run that is shown stays"


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [("lr", 99999.0, "`lr` (=99999.0) must be a number between 1e-08 and 10000"), ("epochs", 0, "`epochs` (=0) must")],
)
def test_a_number_that_cannot_be_is_said_and_is_not_started_as_another(store, key, value, words):
    filled(store)
    app = opened()
    app.number_input(key=key).set_value(value)
    app.button(key="start").click().run()  # typed and pressed before the page was drawn anew
    assert not app.exception
    assert words in said(app)
    assert app.button(key="start").disabled
    assert len(store.runs()) == 1
    assert len(app.get("vega_lite_chart")) == 2, "the run that is shown stays"
    app.number_input(key=key).set_value(1).run()
    assert not app.button(key="start").disabled


def test_start_begins_with_what_was_typed_a_moment_before(store):
    app = opened()
    app.number_input(key="lr").set_value(0.2)
    app.number_input(key="train_size").set_value(1000)
    app.button(key="start").click().run()
    [run] = store.runs()
    assert (run.config.lr, run.config.train_size, run.config.preset) == (0.2, 1000, None)
    app.number_input(key="train_size").set_value(99999)
    app.button(key="start").click().run()
    assert len(store.runs()) == 1


def test_a_toggle_that_does_nothing_is_told(store):
    app = opened(aug="true", aug_kinds="", drop="true", drop_p="0", mom="true", mom_value="0")
    assert not app.exception
    for label in ("Crop and flip", "Dropout", "Momentum"):
        assert f"**{label}** is on and does nothing" in said(app)
    app.multiselect(key="aug_kinds").set_value(["flip"]).run()
    assert "**Crop and flip** is on" not in said(app)
    app.toggle(key="drop").set_value(False).run()
    assert "**Dropout** is on" not in said(app)


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
    assert "⚠ The test accuracy is on 20 images no better than guessing" in said(app)
    assert opened(run=filled(store)).success


def test_a_data_set_that_is_not_there_is_one_sentence_and_no_start(store):
    app = opened(preset="figure-9")
    assert "`dataset` (=cifar10) is not prepared: open the page Data sets" in said(app)
    assert app.button(key="start").disabled


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
    assert "goes with its curves, its checkpoint" in said(app)
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


def test_every_setting_is_in_the_address_and_in_the_run(store):
    asked = {
        "preset": "classroom-7",
        "mom": "true",
        "nesterov": "true",
        "weight_decay": "0.0005",
        "label_smoothing": "0.1",
        "average": "1.5",
        "sched_kind": "step",
        "milestones": "3, 40",
        "factor": "0.5",
        "patience": "2",
        "warmup_epochs": "2.0",
        "validation_size": "500",
        "train_eval": "true",
        "std_kind": "zca",
        "whitening_eps": "0.01",
        "epochs": "20",
        "norm_bias_rate": "8.0",
        "logit_scale": "0.5",
        "identity_start": "true",
        "whitened_patches": "true",
        "aug": "true",
        "aug_kinds": "pad-crop",
        "padding": "3",
    }
    app = opened(**asked)
    assert not app.exception
    assert "never reached" in said(app)  # 40 of 20 epochs
    app.button(key="start").click().run()
    config = store.runs()[0].config
    assert (config.momentum, config.nesterov, config.weight_decay, config.label_smoothing) == (0.9, True, 5e-4, 0.1)
    assert (config.average, config.milestones, config.warmup_epochs) == (1.5, (3, 40), 2.0)
    assert (config.validation_size, config.train_eval, config.whitening_eps) == (500, True, 0.01)
    assert (config.norm_bias_rate, config.logit_scale) == (8.0, 0.5)
    assert config.identity_start
    assert config.augment == (PadCrop(3),)
    assert config.whitened_patches
    assert config.schedule is Schedule.STEP
    assert (config.factor, config.patience) == (0.5, 2)
    assert config.standardize is Standardization.ZCA


def test_what_plays_no_part_is_greyed_out_and_what_is_needed_to_go_on_is_not(store):
    app = opened(preset="classroom-plus")

    def dead():
        kinds = (app.number_input, app.text_input, app.selectbox, app.multiselect, app.toggle)
        return {widget.key for kind in kinds for widget in kind if widget.disabled}

    assert dead() == {"whitening_eps", "padding", "drop_p", "milestones", "factor", "decay", "patience"}
    app.selectbox(key="sched_kind").set_value("plateau").run()
    app.selectbox(key="std_kind").set_value("zca").run()
    app.toggle(key="drop").set_value(True).run()
    assert dead() == {"padding", "milestones", "decay"}
    for toggle in ("std", "aug", "mom", "sched"):
        app.toggle(key=toggle).set_value(False).run()
        assert not app.exception
    more = {"std_kind", "whitening_eps", "aug_kinds", "mom_value", "nesterov", "sched_kind", "factor", "patience"}
    assert dead() == {"padding", "milestones", "decay"} | more
    app.button(key="start").click().run()
    config = store.runs()[0].config
    assert (config.momentum, config.nesterov, config.schedule) == (0.0, False, Schedule.NONE)


def test_settings_that_do_not_go_together_are_a_sentence(store):
    app = opened(preset="classroom-7-momentum")
    app.selectbox(key="optimizer").set_value("adam").run()
    assert not app.exception
    assert "`momentum` (=0.9) is not for adam" in said(app)
    app.toggle(key="mom").set_value(False).run()
    assert "is not for adam" not in said(app)


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


SPLIT = replace(CONFIG, validation_size=40)


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
    assert "7 images tell the two apart" in said(app)
    assert "p = 0.016" in said(app)  # 2 / 2^7
    store.set_status(first, Status.STOPPED)
    assert "No comparison: one is stopped after epoch 3 and the other finished" in said(app.run())


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


def test_the_plan_says_how_long_all_epochs_would_take(store):
    filled(store)  # 100 images a second, says `epoch_end`
    app = opened(dataset="tiny", network="classroom", epochs="50")
    # 140 train images in 50 epochs are 7,000: 70 seconds.
    assert "140 train images" in said(app)
    assert "about 1 min 10 s of training, as fast as the last such run" in said(app)


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
