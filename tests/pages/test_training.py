import json
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnncore.data.prepared import save
from cnncore.events import Changed, Diverged, Finished
from cnncore.runs.record import Status
from cnncore.runs.store import RunStore
from cnncore.training.config import Schedule, Standardization
from cnncore.training.presets import PRESETS
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


def filled(store, epochs=3, status=Status.FINISHED):
    run_id = store.create(CONFIG)
    store.claim(run_id, "me", 1)
    store.append(run_id, [started()], "me")
    for epoch in range(1, epochs + 1):
        store.append(run_id, [*(batch(epoch, n) for n in range(5)), epoch_end(epoch)], "me")
    if status is Status.FINISHED:
        store.append(run_id, [Finished(epochs, 1.5, 0.7, 0.45)], "me")
    else:
        store.set_status(run_id, status)
    return run_id


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


@pytest.mark.parametrize("name", ["classroom-2", "classroom-9", "classroom-7-momentum", "classroom-plus"])
def test_a_preset_sets_every_control_and_starts_exactly_itself(store, name):
    app = opened()
    app.selectbox(key="preset").select(name).run()
    app.button(key="start").click().run()
    assert store.runs()[0].config == PRESETS[name]


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
    ("key", "value"), [("epochs", "-3"), ("lr", "abc"), ("preset", "figure-77"), ("network", "nosuch")]
)
def test_a_wrong_address_is_said_and_the_default_is_shown(store, key, value):
    app = opened(**{key: value})
    assert not app.exception
    assert f"{key}={value}" in said(app)
    assert app.number_input(key="epochs").value == 50


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


def test_a_stored_run_can_be_deleted(store):
    filled(store)
    app = opened()
    next(button for button in app.button if button.label == "Delete").click().run()
    assert not app.exception
    assert store.runs() == []


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
        "warmup_epochs": "2.0",
        "validation_size": "500",
        "train_eval": "true",
        "std_kind": "zca",
        "whitening_eps": "0.01",
        "epochs": "20",
    }
    app = opened(**asked)
    assert not app.exception
    assert "never reached" in said(app)  # 40 of 20 epochs
    app.button(key="start").click().run()
    config = store.runs()[0].config
    assert (config.momentum, config.nesterov, config.weight_decay, config.label_smoothing) == (0.9, True, 5e-4, 0.1)
    assert (config.average, config.milestones, config.warmup_epochs) == (1.5, (3, 40), 2.0)
    assert (config.validation_size, config.train_eval, config.whitening_eps) == (500, True, 0.01)
    assert config.schedule is Schedule.STEP
    assert config.standardize is Standardization.ZCA


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
