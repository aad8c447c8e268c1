import json
import re
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnncore.data import save
from cnncore.events import Finished
from cnncore.figures.ladder import MEASURED
from cnncore.runs.record import Intent, Status
from cnncore.runs.rungs import experiments
from cnncore.runs.snapshots import snapshot_folder
from cnncore.runs.store import RunStore
from cnncore.training.presets import CLASSROOM
from cnncore.training.snapshots import Snapshot
from pages.parts import ladder_live
from tests.conftest import tiny_images
from tests.pages.fragments import alone
from tests.pages.reading import chart, wilson
from tests.runs.conftest import epoch_end, started

PAGE = str(Path(__file__).parents[2] / "pages" / "ladder.py")


@pytest.fixture
def store(app_home, monkeypatch):
    """Return the home's store; no supervisor is started."""
    monkeypatch.setattr("cnncore.runs.client.start_detached", lambda *_, **__: None)
    store = RunStore(app_home / "runs.sqlite")
    yield store
    store.close()


def opened(*unfolded):
    app = AppTest.from_file(PAGE, default_timeout=60)
    for key in unfolded:
        app.session_state[key] = True
    app.run()
    assert not app.exception
    return app


def test_before_the_first_click_it_shows_what_was_measured_and_what_the_report_printed(store):
    app = opened("source_report")
    assert "No ladder of your own yet" in app.info[0].value
    assert "9 runs: 9 steps, 1 seed" in app.caption[0].value
    assert "91" in app.dataframe[0].value.to_string()


@pytest.mark.parametrize("seeds", [1, 3])
def test_one_click_queues_the_whole_series_in_rounds(store, seeds):
    app = opened()
    app.segmented_control(key="ladder_seeds").set_value(seeds).run()
    app.button(key="queue").click().run()
    assert not app.exception
    queued = store.runs()[::-1]
    assert [run.config for run in queued] == experiments("classroom", seeds)
    assert [run.config.preset for run in queued[:9]] == list(CLASSROOM)
    assert {run.group for run in queued} == {app.selectbox(key="ladder_shown").value}


def test_the_full_ladder_waits_for_the_device_and_no_page_does(store, monkeypatch):
    free, kinds = threading.Event(), ["cpu", "cuda"]

    def busy(target):
        assert target == "cnncore.training.device:device_kind"
        assert free.wait(60)
        return kinds.pop(0)

    monkeypatch.setattr("cnncore.compute.call", busy)
    monkeypatch.setattr("pages.parts.awaited.SOON", 0.01)
    save(replace(tiny_images(), name="cifar10"))
    app = opened()
    full = app.segmented_control(key="ladder_size").options[1]
    app.segmented_control(key="ladder_size").select(full).run()
    assert not app.exception
    assert app.button(key="queue").disabled
    assert not app.checkbox
    assert len(app.get("skeleton")) == 1
    assert "No ladder of your own yet" in app.info[0].value
    free.set()
    app.session_state["awaited_device"][1].result(60)
    app.run()
    assert "There is no CUDA GPU here (cpu)" in app.checkbox[0].label
    assert app.button(key="queue").disabled
    app.checkbox[0].check().run()
    assert not app.button(key="queue").disabled
    del app.session_state["awaited_device"]
    app.run()
    app.session_state["awaited_device"][1].result(60)
    app.run()
    assert not app.checkbox
    assert not app.button(key="queue").disabled


def test_the_table_fills_in_as_runs_end_beside_what_the_report_printed(store):
    ids = store.create_many(experiments("classroom", 1), group="ladder classroom 1")
    for run_id, accuracy in zip((ids[0], ids[3]), (0.7, 0.75), strict=True):
        store.claim(run_id, "me", 1)
        ended = replace(epoch_end(1), test_accuracy=accuracy)
        store.append(run_id, [replace(started(), test_size=1000), ended, Finished(1, 1.0, 0.9, accuracy)], "me")
    for run_id in (ids[1], ids[2], *ids[4:]):
        store.set_status(run_id, Status.STOPPED)
    table = opened().dataframe[0].value.set_index("step")
    assert table.loc["The plain network", "test accuracy (95 % interval)"] == "70.0 % (67.1 to 72.8)"
    assert table.loc["+ standardization", "gain"] == "+5.0"
    assert table.loc["+ standardization", "report printed (of 128)"].startswith("74.2 %")
    assert table.loc["+ crop and flip", "runs"] == "1/1, 1 stopped"


def test_a_stopped_ladder_is_taken_up_again_by_one_click(store):
    app = opened()
    app.button(key="queue").click().run()
    app.button(key="stop_ladder").click().run()
    assert {run.intent for run in store.runs()} == {Intent.STOP}
    for run in store.runs():  # as the supervisor does
        store.set_status(run.id, Status.STOPPED)
    app.run().button(key="resume_ladder").click().run()
    assert {run.status for run in store.runs()} == {Status.QUEUED}
    assert [run.config.preset for run in store.runs()[::-1]] == list(CLASSROOM)


def test_while_it_fills_in_it_stands_beside_what_was_measured_and_no_column_is_empty(store):
    app = opened()
    app.button(key="queue").click().run()
    table = app.dataframe[0].value
    assert list(table.columns) == ["step", "runs", "report printed (of 128)"]
    assert not any("McNemar" in caption.value for caption in app.caption)
    colours = json.loads(app.get("vega_lite_chart")[0].proto.spec)["layer"][0]["encoding"]["color"]
    assert MEASURED in colours["scale"]["domain"]


def finished(store, run_id, accuracy, right=None):
    """Let a run end with that accuracy, and with the first `right` of 70 test images right if that is given."""
    store.claim(run_id, "me", 1)
    ended = replace(epoch_end(1), test_accuracy=accuracy)
    store.append(run_id, [replace(started(), test_size=1000), ended, Finished(1, 1.0, 0.9, accuracy)], "me")
    if right is not None:
        labels = tiny_images().test_labels
        predicted = np.where(np.arange(70) < right, labels, (labels + 1) % 7).astype(np.uint8)
        sure = np.ones(70, np.float16)
        snapshot_folder(run_id).keep(Snapshot(1, predicted, sure, sure, np.zeros((0, 0, 0, 0), np.float32)))


def test_seeds_are_told_with_their_mean_their_spread_and_mcnemars_p_of_the_first(store):
    save(replace(tiny_images(), name=experiments("classroom", 1)[0].dataset))
    ids = store.create_many(experiments("classroom", 3), group="ladder classroom 3")
    steps = list(CLASSROOM)
    two, five = ([ids[9 * seed + steps.index(f"classroom-{step}")] for seed in range(3)] for step in ("2", "5"))
    for seed, (before, after) in enumerate(zip((0.60, 0.62, 0.70), (0.70, 0.74, 0.75), strict=True)):
        finished(store, two[seed], before, 30)
        finished(store, five[seed], after, 40 if seed else 37)
    table = opened().dataframe[0].value.set_index("step")
    plain, standardized = table.loc["The plain network"], table.loc["+ standardization"]
    # Mean of .60, .62 and .70: .64, its sample deviation sqrt((.0016 + .0004 + .0036) / 2) = .0529.
    low, high = wilson(640, 1000)
    assert plain["test accuracy (95 % interval)"] == f"64.0 % ({100 * low:.1f} to {100 * high:.1f})"
    assert (plain["± over seeds"], standardized["± over seeds"]) == ("5.3", "2.6")
    assert standardized["gain"] == "+9.0"  # the mean of 10, 12 and 5 points
    assert standardized["p"] == "0.016"  # of the first seed: seven images, all for the second: 2 / 2^7
    low, high = wilson(95, 128)
    assert standardized["report printed (of 128)"] == f"74.2 % ({100 * low:.1f} to {100 * high:.1f})"


def test_a_ladder_without_a_run_that_can_be_read_is_one_sentence(store):
    store.create_many(experiments("classroom", 1), group="ladder classroom 1")
    with store._transaction() as db:
        db.execute("""UPDATE runs SET config = '{"attention_heads": 8}'""")
    assert "No run of this ladder can be shown" in opened().info[0].value


def test_a_data_set_that_cannot_be_read_is_one_sentence_and_nothing_can_be_queued(store, app_home):
    (app_home / "data" / "builtin" / "about.json").mkdir(parents=True)
    page = opened()
    assert not page.exception
    assert "about.json that cannot be read" in page.warning[0].value
    assert page.button(key="queue").disabled


def test_a_ladder_that_is_deleted_elsewhere_says_so_when_it_is_resumed(store):
    ids = store.create_many(experiments("classroom", 1), group="ladder classroom 1")
    for run_id in ids:
        store.set_status(run_id, Status.STOPPED)
    app = opened()
    for run_id in ids:
        store.delete(run_id)
    with alone(app, ladder_live._climb):
        app.button(key="resume_ladder").click().run()
    assert not app.exception
    assert "No run of this ladder can be shown" in app.info[0].value


def test_the_bar_tells_how_much_of_the_ladder_is_done(store):
    ids = store.create_many(experiments("classroom", 1), group="ladder classroom 1")
    finished(store, ids[0], 0.7)
    store.claim(ids[1], "me", 1)
    store.append(ids[1], [started(), *(epoch_end(epoch) for epoch in range(1, 21))], "me")
    bar = opened().get("progress")[0].proto
    # Of nine runs of 50 epochs one is over and one has done 20: 70 of 450.
    assert (bar.value, bar.text) == (100 * 70 // 450, "1 of 9 runs are over")


def test_the_chart_has_the_ladders_own_readings_beside_the_reports(store):
    ids = store.create_many(experiments("classroom", 1), group="ladder classroom 1")
    finished(store, ids[0], 0.7)
    _, data = chart(opened())
    drawn = {
        (source.partition(":")[0], step): (value, low, high)
        for source, step, value, low, high in zip(
            *(data[name] for name in ("source", "step", "value", "low", "high")), strict=True
        )
    }
    for source, right, total in (("this ladder", 700, 1000), ("the source report", 91, 128)):
        ends = [100 * end for end in wilson(right, total)]
        assert drawn[source, "The plain network"] == pytest.approx((100 * right / total, *ends), abs=0.006)
    assert len(drawn) == 1 + 9 + 6  # the measured ladder of its size stands beside it


def test_before_the_first_click_the_time_is_that_of_one_measured_seed_times_the_seeds(store):
    result = Path(__file__).parents[2] / "benchmarks" / "results" / "ladder-classroom-cpu.json"
    presets = json.loads(result.read_text(encoding="utf-8"))["presets"].values()
    seconds = sum(run["seconds"]["train"] for entry in presets for run in entry["runs"])
    app = opened()
    app.segmented_control(key="ladder_seeds").set_value(3).run()
    minutes, rest = re.search(
        r"27 runs: 9 steps, 3 seeds · (\d+) min (\d+) s where it was", app.caption[0].value
    ).groups()
    assert 60 * int(minutes) + int(rest) == pytest.approx(seconds, abs=1)
