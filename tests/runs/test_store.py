import contextlib
import csv
import gc
import io
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from cnncore.errors import InputError
from cnncore.events import Changed, Finished, Stopped
from cnncore.runs.record import Intent, Status, Wanted
from cnncore.runs.schema import MIGRATIONS
from cnncore.runs.store import LostRunError, RunStore
from tests.runs.conftest import BATCHES, CONFIG, batch, epoch_end, started


def filled(store, epochs=3):
    run_id = store.create(CONFIG)
    store.claim(run_id, "me", 1)
    store.append(run_id, [started()], "me")
    for epoch in range(1, epochs + 1):
        store.append(run_id, [*(batch(epoch, n) for n in range(BATCHES)), epoch_end(epoch)], "me")
    return run_id


def test_a_run_comes_back_as_it_was_configured(store):
    config = replace(CONFIG, lr=0.037, momentum=0.5)
    run = store.get(store.create(config, name="my run"))
    assert (run.config, run.name, run.status, run.epoch, run.step) == (config, "my run", Status.QUEUED, 0, 0)
    assert run.label == "my run · seed 0"
    assert run.steps is None


def test_events_become_figures(store):
    run = store.get(filled(store))
    assert (run.status, run.epoch, run.step, run.steps) == (Status.RUNNING, 3, 15, 20)
    assert (run.device, run.parameters, run.classes) == ("cpu", 1000, 10)
    assert run.test_accuracy == pytest.approx(0.45)
    assert run.seconds == pytest.approx(1.5)


def test_another_process_reads_the_same(store):
    run_id = filled(store)
    other = RunStore(store.path)
    assert other.get(run_id) == store.get(run_id)
    other.close()


def test_a_unique_beginning_names_a_run_and_nothing_else_does(store):
    run_id = store.create(CONFIG)
    assert store.get(run_id[:-1]).id == run_id
    second = run_id[:-1] + ("0" if run_id[-1] != "0" else "1")
    with sqlite3.connect(store.path) as db:
        columns = "name, created, config, status, updated"
        db.execute(f"INSERT INTO runs (id, {columns}) SELECT ?, {columns} FROM runs", (second,))
    db.close()
    with pytest.raises(InputError, match="fits several runs"):
        store.get(run_id[:-1])
    assert store.get(run_id).id == run_id
    for wrong in ("nosuch", "", "%"):
        with pytest.raises(InputError, match="is no run"):
            store.get(wrong)


def test_runs_are_listed_newest_first(store):
    ids = [store.create(CONFIG, name=str(n)) for n in range(3)]
    assert {run.id for run in store.runs()} == set(ids)
    assert [run.name for run in store.runs(limit=2)] == ["2", "1"]


def test_what_the_checkpoint_does_not_cover_is_dropped_when_it_comes_again(store):
    run_id = filled(store, epochs=3)
    store.append(run_id, [batch(4, 0)], "me")
    store.claim(run_id, "next", 2)
    store.append(run_id, [started(first_epoch=3)], "next")
    assert store.get(run_id).epoch == 2
    assert store.get(run_id).step == 2 * BATCHES
    store.append(run_id, [batch(3, 0)], "next")
    assert store.curve(run_id, "batch/loss").step.tolist() == list(range(1, 12))


def test_metrics_that_only_some_runs_have(store):
    plain, full = filled(store, epochs=2), store.create(CONFIG)
    store.claim(full, "me", 1)
    store.append(full, [started()], "me")
    for epoch in (1, 2):
        more = {"validation_accuracy": 0.1 * epoch, "train_eval_loss": 2.0 - epoch}
        store.append(full, [replace(epoch_end(epoch), **more)], "me")
    assert store.curve(full, "validation/accuracy").value.tolist() == [0.1, 0.2]
    assert store.curve(full, "train_eval/loss").seconds.tolist() == [0.5, 1.0]
    assert len(store.curve(plain, "validation/accuracy").value) == 0
    assert (store.get(full).validation_accuracy, store.get(plain).validation_accuracy) == (0.2, None)
    [first, _] = csv.DictReader(io.StringIO(store.export_csv(full)))
    assert (first["validation/accuracy"], first["train_eval/loss"], first["validation/loss"]) == ("0.1", "1.0", "")


def test_changes_of_the_learning_rate_are_kept_and_come_again_with_their_epoch(store):
    run_id = filled(store, epochs=2)
    store.append(run_id, [Changed(2, 8, 0.5), Changed(3, 11, 0.1)], "me")
    assert store.changes(run_id) == [Changed(2, 8, 0.5), Changed(3, 11, 0.1)]
    store.append(run_id, [started(first_epoch=3)], "me")
    assert store.changes(run_id) == [Changed(2, 8, 0.5)]
    store.append(run_id, [Stopped(2, "asked")], "me")
    store.delete(run_id)
    assert store.changes(run_id) == []


def test_what_is_wanted_reaches_the_owner_with_every_append_and_one_step_is_one(store):
    run_id = filled(store)
    store.set_lr_factor(run_id, 0.25)
    assert store.append(run_id, [batch(4, 0)], "me") == Wanted(Intent.NONE, 0.25)
    store.request(run_id, Intent.STEP)
    assert store.append(run_id, [batch(4, 1)], "me").intent is Intent.STEP
    assert store.wanted(run_id, "me") == store.wanted(run_id, "me") == Wanted(Intent.STEP, 0.25), "it pauses first"
    store.set_status(run_id, Status.PAUSED)
    assert store.wanted(run_id, "me") == Wanted(Intent.STEP, 0.25)
    assert store.wanted(run_id, "me") == Wanted(Intent.PAUSE, 0.25)
    with pytest.raises(LostRunError):
        store.wanted(run_id, "another")


def test_runs_started_together_are_found_by_their_group_in_order(store):
    alone = store.create(CONFIG)
    seeds = store.create_many([replace(CONFIG, seed=seed) for seed in range(5)], group="five seeds")
    later = store.create(CONFIG, group="another")
    assert [run.config.seed for run in store.runs(group="five seeds")] == [4, 3, 2, 1, 0]
    assert [row["id"] for row in store.active()] == [alone, *seeds, later]
    assert store.get(seeds[0]).group == "five seeds"
    assert store.groups() == {"another": 1, "five seeds": 5}
    assert list(store.groups()) == ["another", "five seeds"]
    assert [run.id for run in store.runs(group="")] == [alone]


def test_an_owner_that_was_replaced_cannot_write(store):
    run_id = filled(store)
    store.claim(run_id, "other", 2)
    with pytest.raises(LostRunError):
        store.append(run_id, [epoch_end(4)], "me")
    assert store.get(run_id).epoch == 3


def test_events_and_intent_travel_in_one_transaction(store):
    run_id = filled(store)
    store.request(run_id, Intent.PAUSE)
    assert store.append(run_id, [batch(4, 0)], "me") == Wanted(Intent.PAUSE)
    with pytest.raises(InputError, match="UNIQUE"):
        store.append(run_id, [batch(4, 1), batch(4, 0)], "me")
    assert store.get(run_id).step == 16, "the whole append is undone"


@pytest.mark.parametrize("sign", ["beat", "append"])
@pytest.mark.parametrize(("intent", "status"), [(Intent.NONE, Status.RUNNING), (Intent.CONTINUE, Status.PAUSED)])
def test_a_run_that_was_taken_for_dead_is_what_it_was_at_its_owners_next_sign_of_life(store, sign, intent, status):
    run_id = filled(store)
    store.request(run_id, intent)
    store.set_status(run_id, Status.INTERRUPTED, "Interrupted: its process is gone.")
    store.beat(run_id, "another")
    assert store.get(run_id).status is Status.INTERRUPTED
    if sign == "beat":
        store.beat(run_id, "me")
    else:
        store.append(run_id, [batch(4, 0)], "me")
    assert (store.get(run_id).status, store.get(run_id).message) == (status, "")
    with pytest.raises(InputError, match="stop it first"):
        store.delete(run_id)


def test_a_sign_of_life_is_answered_with_what_is_wanted(store):
    run_id = filled(store)
    assert store.beat(run_id, "me") is Intent.NONE
    store.request(run_id, Intent.STOP)
    assert store.beat(run_id, "me") is Intent.STOP
    store.set_status(run_id, Status.STOPPED)
    store.requeue(run_id)
    assert store.beat(run_id, "me") is Intent.STOP, "the run is no longer its own"


@pytest.mark.parametrize("status", [Status.STOPPED, Status.FAILED, Status.QUEUED])
def test_a_sign_of_life_changes_no_other_status(store, status):
    run_id = filled(store)
    store.set_status(run_id, status, "a sentence")
    store.beat(run_id, "me")
    assert (store.get(run_id).status, store.get(run_id).message) == (status, "a sentence")


@pytest.mark.parametrize(
    ("event", "status"), [(Finished(4, 1.0, 0.5, 0.6), Status.FINISHED), (Stopped(2, "asked"), Status.STOPPED)]
)
def test_the_last_event_ends_the_run(store, event, status):
    run_id = filled(store)
    store.append(run_id, [event], "me")
    assert store.get(run_id).status is status


def test_only_a_run_that_is_over_can_be_deleted_and_takes_its_curves_along(store):
    run_id = filled(store)
    with pytest.raises(InputError, match="is running and can only be deleted when it is over: stop it first"):
        store.delete(run_id)
    store.append(run_id, [Stopped(3, "asked")], "me")
    store.delete(run_id)
    assert store.runs() == []
    with sqlite3.connect(store.path) as db:
        assert db.execute("SELECT (SELECT count(*) FROM batches) + (SELECT count(*) FROM epochs)").fetchone()[0] == 0
    db.close()


def test_only_a_run_that_ended_early_can_be_requeued(store):
    run_id = filled(store)
    store.append(run_id, [Finished(4, 1.0, 0.5, 0.6)], "me")
    with pytest.raises(InputError, match="is finished and only a stopped, interrupted or failed run"):
        store.requeue(run_id)
    store.set_status(run_id, Status.INTERRUPTED, "gone")
    store.requeue(run_id)
    assert store.get(run_id).status is Status.QUEUED
    assert store.claim(run_id, "next", 3) is True


def test_epoch_curves(store):
    curve = store.curve(filled(store), "test/accuracy")
    np.testing.assert_allclose(curve.value, [0.15, 0.30, 0.45])
    assert curve.epoch.tolist() == [1, 2, 3]
    assert curve.step.tolist() == [5, 10, 15]
    np.testing.assert_allclose(curve.seconds, [0.5, 1.0, 1.5])


def test_batch_curves_have_fractional_epochs_and_continuous_time(store):
    curve = store.curve(filled(store), "batch/loss")
    np.testing.assert_allclose(curve.value, [2.3 - 0.01 * step for step in range(1, 16)])
    np.testing.assert_allclose(curve.epoch, [step / BATCHES for step in range(1, 16)])
    np.testing.assert_allclose(curve.seconds, [0.1 * step for step in range(1, 16)])
    np.testing.assert_array_equal(curve.low, curve.value)


@pytest.mark.parametrize("points", [1, 4, 7, 15, 100])
def test_a_long_curve_comes_in_buckets_with_mean_and_extremes(store, points):
    run_id = filled(store)
    whole = store.curve(run_id, "batch/loss")
    short = store.curve(run_id, "batch/loss", max_points=points)
    assert len(short.value) <= points
    assert short.step[-1] == 15
    bucket = {1: 16, 4: 4, 7: 4, 15: 1, 100: 1}[points]  # a power of two, so that borders stay while the run grows
    for position, step in enumerate(short.step):
        members = whole.value[position * bucket : step]
        assert short.value[position] == pytest.approx(members.mean())
        assert (short.low[position], short.high[position]) == (members.min(), members.max())


def test_the_last_update_is_the_one_that_was_made_last(store):
    assert store.last_update(store.create(CONFIG)) is None
    assert store.last_update(filled(store)) == batch(3, BATCHES - 1)


def test_an_empty_curve_is_empty_and_an_unknown_metric_an_error(store):
    run_id = store.create(CONFIG)
    assert len(store.curve(run_id, "batch/loss", max_points=10).value) == 0
    assert len(store.curve(run_id, "test/loss").value) == 0
    with pytest.raises(InputError, match=r"`metric` \(='loss'\)"):
        store.curve(run_id, "loss")


def test_csv_has_the_metrics_names_and_all_rows(store):
    run_id = filled(store)
    rows = list(csv.DictReader(io.StringIO(store.export_csv(run_id))))
    assert [float(row["test/accuracy"]) for row in rows] == pytest.approx([0.15, 0.30, 0.45])
    assert len(list(csv.DictReader(io.StringIO(store.export_csv(run_id, batches=True))))) == 15


def test_several_writers_do_not_lose_anything(store):
    ids = [store.create(CONFIG) for _ in range(4)]

    def write(run_id):
        mine = RunStore(store.path)
        mine.claim(run_id, run_id, 1)
        mine.append(run_id, [started()], run_id)
        for step in range(40):
            mine.append(run_id, [batch(step // BATCHES + 1, step % BATCHES)], run_id)
        mine.close()

    threads = [threading.Thread(target=write, args=(run_id,)) for run_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [store.get(run_id).step for run_id in ids] == [40] * 4


def test_a_supervisor_of_before_the_clock_was_set_back_is_replaced(store):
    assert store.supervise("one", 1)
    with store._transaction() as db:
        db.execute("UPDATE supervisor SET heartbeat = heartbeat + 3600")
    assert not store.supervised()
    assert store.supervise("two", 2)


def test_only_one_supervisor_has_the_role(store):
    assert store.supervise("one", 1)
    assert store.supervise("one", 1)
    assert not store.supervise("two", 2)
    run_id = store.create(CONFIG)
    assert not store.resign("one"), "a run came in"
    store.set_status(run_id, Status.STOPPED)
    assert store.resign("one")
    assert store.supervise("two", 2)


def test_a_store_of_a_newer_program_is_left_alone(app_home):
    path = app_home / "runs.sqlite"
    RunStore(path).close()
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    db.close()
    with pytest.raises(InputError, match="update the program"):
        RunStore(path)


@pytest.mark.parametrize(
    "change",
    [
        """config = json_set(config, '$.attention_heads', 8)""",
        """config = json_set(config, '$.optimizer', 'lion')""",
        """config = json_set(config, '$.augment', json('[{"kind": "warp"}]'))""",
        "config = 'no JSON'",
        "config = '[]'",
        "status = 'archived'",
    ],
)
def test_a_run_of_another_version_is_listed_and_can_only_be_deleted(store, change):
    foreign, own = store.create(CONFIG, name="theirs"), store.create(CONFIG)
    store.set_status(foreign, Status.STOPPED)
    with store._transaction() as db:
        db.execute(f"UPDATE runs SET {change} WHERE id = ?", (foreign,))
    assert [run.id for run in store.runs()] == [own]
    [first, second] = store.listed()
    assert first == store.get(own)
    assert (second.id, second.label) == (foreign, "theirs · of another version of the program, cannot be read")
    for act in (store.get, store.requeue):
        with pytest.raises(InputError, match=rf"`run` \(={foreign}\) was made by another version .*: delete it"):
            act(foreign)
    store.delete(foreign)
    assert [entry.id for entry in store.listed()] == [own]


def test_a_full_disk_is_called_what_it_is_and_leaves_what_was_there(store):
    run_id = filled(store)
    with sqlite3.connect(store.path) as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.close()
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    events = [batch(4 + number // BATCHES, number % BATCHES) for number in range(1000)]
    with pytest.raises(InputError, match=r"cannot be used \(database or disk is full\): free disk space"):
        store.append(run_id, events, "me")
    assert store.get(run_id).step == 15
    store._connection.execute("PRAGMA max_page_count = 100000")
    store.append(run_id, events, "me")
    assert store.get(run_id).step == 1015


def test_a_transaction_that_cannot_be_completed_is_undone(store):
    def orphan():
        with store._transaction() as db:
            db.execute("PRAGMA defer_foreign_keys = ON")
            db.execute("INSERT INTO changes VALUES ('nosuch', 1, 1, 0.5)")

    with pytest.raises(InputError, match="FOREIGN KEY"):
        orphan()
    assert store.runs() == []
    assert store.get(store.create(CONFIG)).status is Status.QUEUED


def test_a_new_store_waits_for_another_process_that_has_just_opened_it(tmp_path):
    """SQLite itself waits for a writer, but not as it switches a new file over to its log."""
    path = tmp_path / "runs.sqlite"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        ends = threading.Timer(0.3, other.execute, ["COMMIT"])
        ends.start()
        RunStore(path).create(CONFIG)
        ends.join()


def test_garbage_in_place_of_the_store_is_one_sentence_and_is_kept(app_home):
    path = app_home / "runs.sqlite"
    path.parent.mkdir()
    path.write_bytes(b"this is not a database, it is a text that somebody put here" * 100)
    with pytest.raises(InputError, match=r"cannot be used .*not a database.*: it is damaged or another"):
        RunStore(path)
    assert path.read_bytes().startswith(b"this is not")


def test_another_programs_database_is_one_sentence_and_is_kept(app_home):
    app_home.mkdir()
    with contextlib.closing(sqlite3.connect(app_home / "runs.sqlite")) as other:
        other.execute("CREATE TABLE runs (kilometres REAL)")
        other.commit()
    with pytest.raises(InputError, match=r"already exists.*: it is damaged or another program's, so move it"):
        RunStore(app_home / "runs.sqlite")
    with contextlib.closing(sqlite3.connect(app_home / "runs.sqlite")) as other:
        assert other.execute("SELECT count(*) FROM sqlite_master").fetchone() == (1,)


def test_a_threads_connection_is_closed_when_the_thread_is_over(store):
    closed = []

    def read():
        store.runs()
        held = store._local.held
        closed.append(held.connection)

    gc.disable()  # it is not left to the collector of circles
    try:
        for _ in range(3):
            thread = threading.Thread(target=read)
            thread.start()
            thread.join()
    finally:
        gc.enable()
    for connection in closed:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")
    assert store.runs() == []


def test_a_name_of_bytes_that_are_no_letters_is_stored(store):
    run_id = store.create(CONFIG, name="caf\udce9")
    assert store.get(run_id).name == "caf?"
    with pytest.raises(InputError, match="is no run"):
        store.get("\udcff")


@pytest.mark.parametrize("name", ["a\x1b[31mb", "a\nb", "a\x9b2Jb", "a\u2028b", "a\x00b"])
def test_a_name_that_a_terminal_would_obey_is_refused(name, store):
    with pytest.raises(InputError, match=r"`name` \(='a\\.+b'\) must be one line without control codes"):
        store.create(CONFIG, name=name)
    with pytest.raises(InputError, match="`group`"):
        store.create_many([CONFIG], group=name)
    assert store.count() == 0


def test_a_name_may_have_letters_and_pictures_of_any_kind(store):
    name = "caf\u00e9 \N{WOMAN}\u200d\N{MICROSCOPE} \u0645\u06cc\u200c\u062e\u0648"
    assert store.get(store.create(CONFIG, name=f"  {name}\n")).name == name


def slowly(monkeypatch, name):
    """Let others come in between the read and the write of what checks by the method `name` of the store."""
    method = getattr(RunStore, name)

    def slow(self, run_id):
        found = method(self, run_id)
        time.sleep(0.3)
        return found

    monkeypatch.setattr(RunStore, name, slow)


def at_once(*actions):
    """Do all in threads of their own, in this order within a moment; return which went through."""

    def went_through(action):
        try:
            action()
        except InputError:
            return False
        return True

    with ThreadPoolExecutor() as pool:
        waiting = []
        for action in actions:
            waiting.append(pool.submit(went_through, action))
            time.sleep(0.1)
        return [one.result() for one in waiting]


def test_of_two_who_resume_a_run_at_the_same_time_one_is_refused(store, monkeypatch):
    run_id = filled(store)
    store.set_status(run_id, Status.STOPPED)
    slowly(monkeypatch, "get")
    assert at_once(lambda: store.requeue(run_id), lambda: store.requeue(run_id)) == [True, False]


def test_a_run_that_is_being_deleted_cannot_be_resumed(store, monkeypatch):
    run_id = filled(store)
    store.set_status(run_id, Status.STOPPED)
    slowly(monkeypatch, "over")
    assert at_once(lambda: store.delete(run_id), lambda: store.requeue(run_id)) == [True, False]
