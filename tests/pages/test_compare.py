import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnncore.data.prepared import save
from cnncore.events import Diverged, Finished
from cnncore.runs.snapshots import snapshot_folder
from cnncore.runs.store import RunStore
from cnncore.training.snapshots import Snapshot
from pages.parts.tabulate import row_height
from tests.conftest import tiny_images
from tests.pages.reading import said
from tests.runs.conftest import CONFIG, batch, epoch_end, started

PAGE = str(Path(__file__).parents[2] / "pages" / "compare.py")


@pytest.fixture
def store(app_home):
    save(tiny_images(test=50))
    store = RunStore(app_home / "runs.sqlite")
    yield store
    store.close()


def filled(store, config=CONFIG, right=30, group=""):
    """Store a run of three epochs that has the first `right` of its 50 test images right."""
    run_id = store.create(config, group=group)
    store.claim(run_id, "me", 1)
    store.append(run_id, [replace(started(), test_size=50)], "me")
    for epoch in range(1, 4):
        store.append(run_id, [*(batch(epoch, n) for n in range(5)), epoch_end(epoch)], "me")
    store.append(run_id, [Finished(3, 1.5, 0.7, 0.45)], "me")
    labels = tiny_images(test=50).test_labels
    predicted = np.where(np.arange(50) < right, labels, (labels + 1) % 7).astype(np.uint8)
    confidence = np.ones(50, np.float16)
    snapshot_folder(run_id).keep(Snapshot(3, predicted, confidence, confidence, np.zeros((0, 0, 0, 0), np.float32)))
    return run_id


def opened(**address):
    app = AppTest.from_file(PAGE, default_timeout=60)
    for key, value in address.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    return app


def legend(app):
    """Return the names of the settings that the overlay draws, as one text."""
    return " ".join(
        json.loads(app.get("vega_lite_chart")[0].proto.spec)["layer"][0]["encoding"]["color"]["scale"]["domain"]
    )


def test_without_runs_it_says_where_they_come_from(store):
    assert "No run has been trained" in said(opened())


def test_two_runs_that_differ_in_one_thing_are_a_fair_pair_with_mcnemars_p(store):
    filled(store, right=30)
    filled(store, replace(CONFIG, lr=0.01), right=37)
    app = opened()
    assert len(app.multiselect(key="compare_runs").value) == 2
    assert "they differ in `lr` alone" in said(app)
    # Seven images tell them apart, all for the second: 2 / 2^7.
    assert "+14.00 points" in said(app)
    assert "7 in the second and 0 in the first" in said(app)
    assert "= 0.016" in app.latex[0].value
    cells = app.dataframe[-1].value
    assert (list(cells["second right"]), list(cells["second wrong"])) == ([30, 7], [0, 13])


def test_seeds_of_one_setting_get_a_mean_and_a_spread(store):
    for seed in range(3):
        filled(store, replace(CONFIG, seed=seed), group="seeds")
    app = opened()
    assert len(app.multiselect(key="compare_runs").value) == 3
    assert "Over the seeds" in said(app)
    assert "45.00 ± 0.00 %" in app.dataframe[1].value.iloc[0].to_list()


def test_the_best_epoch_says_that_the_test_set_chose_it(store):
    filled(store)
    app = opened()
    table = app.dataframe[0].value
    assert list(table["best epoch"]) == [3]
    assert list(table["chosen on"]) == ["test (optimistic)"]
    assert "luckiest of many readings" in said(app)


def test_a_long_name_has_as_many_lines_as_it_needs(store):
    filled(store)
    [table] = [shown for shown in opened().dataframe if "best epoch" in shown.value]
    assert 32 < len(table.value["run"][0]) <= 64
    assert table.proto.row_height == row_height(2)
    filled(store, replace(CONFIG, momentum=0.9, nesterov=True, weight_decay=5e-4, warmup_epochs=1, dropout=0.5))
    [table] = [shown for shown in opened().dataframe if "best epoch" in shown.value]
    assert 96 < max(map(len, table.value["run"])) <= 128
    assert table.proto.row_height == row_height(4)


def test_more_looks_have_a_column_where_a_run_took_some(store):
    filled(store)
    assert "with test-time augmentation" not in opened().dataframe[0].value.columns
    run_id = store.create(replace(CONFIG, tta="mirror"))
    store.claim(run_id, "me", 1)
    last = replace(epoch_end(1), test_tta_loss=1.0, test_tta_accuracy=0.5, test_tta_accuracy5=0.9)
    store.append(run_id, [replace(started(), test_size=50), batch(1, 0), last, Finished(1, 1.5, 0.7, 0.45)], "me")
    [table] = [shown.value for shown in opened().dataframe if "best epoch" in shown.value]
    found = table["with test-time augmentation"]
    assert sorted(found.dropna()) == ["50.0 % (36.6 to 63.4)"]
    assert found.isna().sum() == 1


def test_a_train_set_scored_again_has_a_column_where_a_run_was(store):
    filled(store)
    assert "train, scored again" not in opened().dataframe[0].value.columns
    run_id = store.create(replace(CONFIG, train_eval=True))
    store.claim(run_id, "me", 1)
    scored = replace(epoch_end(1), train_eval_loss=1.0, train_eval_accuracy=0.625, train_eval_accuracy5=0.9)
    store.append(run_id, [replace(started(), test_size=50), batch(1, 0), scored, Finished(1, 1.5, 0.7, 0.45)], "me")
    [table] = [shown.value for shown in opened().dataframe if "best epoch" in shown.value]
    assert list(table["train, scored again"].dropna()) == ["62.5 %"]


def test_runs_that_finished_are_shown_before_a_newer_one_that_did_not(store):
    kept = [filled(store), filled(store, replace(CONFIG, seed=1))]
    failed = store.create(replace(CONFIG, seed=2))
    store.claim(failed, "me", 1)
    store.append(failed, [replace(started(), test_size=50), batch(1, 0), Diverged(1, 1, "no number")], "me")
    shown = {name[-5:-1] for name in opened().session_state.compare_runs}
    assert shown == {run_id[-4:] for run_id in kept}


def test_runs_on_different_test_sets_are_told_in_a_sentence(store):
    filled(store)
    filled(store, replace(CONFIG, dataset="builtin"))
    assert "which no paired test can compare" in said(opened())


def test_filters_leave_what_they_say(store):
    filled(store)
    filled(store, replace(CONFIG, network="practical"))
    app = opened()
    app.multiselect(key="compare_runs").set_value([]).run()
    app.selectbox(key="compare_net").set_value("practical").run()
    assert [option for option in app.multiselect(key="compare_runs").options if "practical" not in option] == []
    assert app.multiselect(key="compare_runs").label == "Runs (1 of 2 offered)"


def test_a_metric_that_no_run_measured_is_said(store):
    filled(store)
    app = opened()
    app.selectbox(key="compare_metric").set_value("validation/accuracy").run()
    assert "takes a validation split" in said(app)


def test_a_run_that_ended_in_its_first_epoch_is_named_below_the_chart_and_has_its_row(store):
    filled(store)
    early = store.create(replace(CONFIG, lr=100))
    store.claim(early, "me", 1)
    store.append(early, [started(), batch(1, 0), Diverged(1, 1, "too large")], "me")
    app = opened()
    (caption,) = [text.value for text in app.caption if text.value.startswith("Not drawn")]
    assert "lr 100" in caption
    assert "takes a complete epoch" in caption
    table = app.dataframe[1].value.set_index("status")
    assert table.loc["diverged", ["best epoch", "test at it"]].isna().all()
    assert table.loc["finished", "test at it"] == "45.0 %"
    app.selectbox(key="compare_metric").set_value("batch/loss").run()
    assert "Not drawn" not in said(app)


@pytest.mark.parametrize("metric", ["test/loss", "batch/accuracy", "batch/loss"])
def test_every_metric_is_drawn_over_every_axis(store, metric):
    filled(store)
    app = opened(compare_metric=metric)
    for axis in ("epoch", "step", "seconds"):
        app.segmented_control(key="compare_across").set_value(axis).run()
        assert not app.exception
        assert "None of the chosen" not in said(app)


def test_the_test_set_of_a_run_that_goes_on_is_locked_where_it_has_validation_images(store):
    over = filled(store)
    split = replace(CONFIG, validation_size=40, seed=1)
    going = store.create(split)
    store.claim(going, "me", 1)
    store.append(going, [replace(started(), test_size=50)], "me")
    store.append(going, [*(batch(1, n) for n in range(5)), epoch_end(1)], "me")
    names = [f"{run.label} · {run.config.dataset} ({run.id[-4:]})" for run in (store.get(over), store.get(going))]
    app = opened(compare_runs=names)
    assert app.selectbox(key="compare_metric").value == "test/accuracy"
    assert over[-4:] in legend(app)
    assert going[-4:] not in legend(app)
    assert f"The test set of *{names[1]}* is locked until the end" in said(app)
    rows = next(table.value for table in app.dataframe if "run" in table.value).set_index("run")
    for column in ("test, last epoch (95 % interval)", "test at it"):
        assert ["locked" in cell for cell in rows[column]] == [False, True]
    assert not app.latex  # no test on the same images either
    app.selectbox(key="compare_metric").set_value("batch/loss").run()
    assert going[-4:] in legend(app)


def test_runs_that_all_have_validation_images_are_first_compared_by_them(store):
    names = []
    for seed in (1, 2):
        run = store.get(filled(store, replace(CONFIG, validation_size=40, seed=seed)))
        names.append(f"{run.label} · {run.config.dataset} ({run.id[-4:]})")
    assert opened(compare_runs=names).selectbox(key="compare_metric").value == "validation/accuracy"
