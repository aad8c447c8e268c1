import contextlib
import os
import signal
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from cnncore.errors import InputError
from cnncore.runs import client
from cnncore.runs.record import Intent, Status
from cnncore.runs.snapshots import checkpoint_path
from cnncore.runs.store import open_store
from cnncore.runs.supervision import STALE
from cnncore.runs.supervisor import SILENT, Supervisor
from cnncore.training.comparison import seeds
from cnncore.training.config import RunConfig
from tests.runs.conftest import CONFIG, batch, epoch_end, scripted, started
from tests.runs.test_worker import in_background, until

REAL = RunConfig(dataset="tiny", network="classroom", epochs=400, batch_size=4, device="cpu")


class Process:
    """Stands for a worker process."""

    pid = 1

    def __init__(self):
        self.code = None
        self.pressed = []

    def poll(self):
        return self.code

    def terminate(self):
        self.pressed.append("terminate")

    def kill(self):
        self.pressed.append("kill")


@pytest.fixture
def processes():
    return {}


@pytest.fixture
def supervisor(store, processes):
    return Supervisor(store, lambda run_id: processes.setdefault(run_id, Process()))


def test_one_run_at_a_time_in_the_order_of_the_queue(store, supervisor, processes):
    first, second = store.create(CONFIG), store.create(CONFIG)
    # two runs of one second: the ids decide, as in the list
    first, second = sorted((first, second), key=lambda run_id: (store.get(run_id).created, run_id))
    for _ in range(3):
        assert supervisor.step()
    assert list(processes) == [first]
    store.claim(first, "w", 1)
    supervisor.step()
    assert list(processes) == [first]
    store.set_status(first, Status.FINISHED)
    processes[first].code = 0
    supervisor.step()
    assert list(processes) == [first, second]


def test_more_slots_mean_more_at_once(store, supervisor, processes, monkeypatch):
    monkeypatch.setenv("CNNCORE_SLOTS", "2")
    ids = {store.create(CONFIG) for _ in range(3)}
    supervisor.step()
    supervisor.step()
    assert len(processes) == 2
    assert processes.keys() < ids


def test_a_paused_run_lets_the_next_one_go(store, supervisor, processes):
    first = store.create(CONFIG)
    supervisor.step()
    store.claim(first, "w", 1)
    store.request(first, Intent.PAUSE)
    store.set_status(first, Status.PAUSED)
    second = store.create(CONFIG)
    supervisor.step()
    assert set(processes) == {first, second}


def test_a_paused_run_goes_on_when_it_is_its_turn(store, supervisor, processes, monkeypatch):
    monkeypatch.setattr(client, "start_detached", lambda *_, **__: None)
    paused, other, queued = (store.create(CONFIG) for _ in range(3))
    supervisor.step()
    store.claim(paused, "w", 1)
    client.pause(paused)
    store.set_status(paused, Status.PAUSED)
    supervisor.step()
    store.claim(other, "o", 2)
    assert set(processes) == {paused, other}, "its slot was given away"
    client.unpause(paused)
    supervisor.step()
    assert store.get(paused).waits
    assert store.wanted(paused, "w").intent is Intent.PAUSE
    store.set_status(other, Status.FINISHED)
    processes[other].code = 0
    for _ in range(2):  # also before its worker has noticed
        supervisor.step()
        assert store.wanted(paused, "w").intent is Intent.NONE
        assert queued not in processes, "what was begun goes before what is queued"
    store.set_status(paused, Status.FINISHED)
    processes[paused].code = 0
    supervisor.step()
    assert queued in processes


def test_a_run_that_waits_for_its_turn_can_be_paused_again_and_stopped(store, supervisor, monkeypatch):
    monkeypatch.setattr(client, "start_detached", lambda *_, **__: None)
    run_id = store.create(CONFIG)
    store.claim(run_id, "w", 1)
    store.set_status(run_id, Status.PAUSED)
    client.unpause(run_id)
    client.pause(run_id)
    supervisor.step()
    assert store.wanted(run_id, "w").intent is Intent.PAUSE
    client.unpause(run_id)
    client.stop(run_id)
    supervisor.step()
    assert store.wanted(run_id, "w").intent is Intent.STOP


def test_a_run_that_never_gave_its_slot_away_goes_on_at_once(store, monkeypatch):
    monkeypatch.setattr(client, "start_detached", lambda *_, **__: None)
    run_id = store.create(CONFIG)
    store.claim(run_id, "w", 1)
    client.pause(run_id)
    client.unpause(run_id)  # before its worker has noticed
    assert store.wanted(run_id, "w").intent is Intent.NONE


def test_a_held_run_that_is_told_to_go_on_trains(store, supervisor, processes, monkeypatch):
    monkeypatch.setattr(client, "start_detached", lambda *_, **__: None)
    run_id = store.create(CONFIG)
    client.pause(run_id)
    supervisor.step()
    client.unpause(run_id)
    supervisor.step()
    supervisor.step()
    assert list(processes) == [run_id]
    store.claim(run_id, "w", 1)
    assert store.wanted(run_id, "w").intent is Intent.NONE


def test_one_update_of_a_held_run_is_one_update(store, supervisor, processes, monkeypatch):
    monkeypatch.setattr(client, "start_detached", lambda *_, **__: None)
    run_id = store.create(CONFIG)
    client.pause(run_id)
    supervisor.step()
    assert store.get(run_id).status is Status.PAUSED
    client.step(run_id)
    supervisor.step()
    supervisor.step()
    assert list(processes) == [run_id]
    thread, result = in_background(store, run_id, trainer=scripted())
    until(lambda: store.get(run_id).status is Status.PAUSED and store.get(run_id).step == 1)
    supervisor.step()
    client.unpause(run_id)
    supervisor.step()
    thread.join(20)
    assert result["status"] is Status.FINISHED


def test_a_worker_that_dies_leaves_an_interrupted_run(store, supervisor, processes):
    run_id = store.create(CONFIG)
    supervisor.step()
    store.claim(run_id, "w", 1)
    processes[run_id].code = -9
    supervisor.step()
    run = store.get(run_id)
    assert run.status is Status.INTERRUPTED
    assert run.message == "Interrupted: its process ended with status -9. Resumed, it begins anew."
    assert not supervisor.step(), "and is not started again by itself"


@pytest.mark.parametrize("kept", [False, True])
def test_a_worker_that_dies_before_a_checkpoint_was_written_is_not_promised_one(store, supervisor, processes, kept):
    run_id = store.create(CONFIG)
    supervisor.step()
    store.claim(run_id, "w", 1)
    store.append(run_id, [started(), *(batch(1, number) for number in range(5)), epoch_end(1)], "w")
    if kept:
        checkpoint_path(run_id).parent.mkdir(parents=True)
        checkpoint_path(run_id).write_text("1")
    processes[run_id].code = -9
    supervisor.step()
    told = "It can be resumed from its last checkpoint." if kept else "Resumed, it begins anew."
    assert store.get(run_id).message.endswith(told)


def test_a_run_resumed_before_its_old_process_is_gone_is_started_again(store, supervisor, processes):
    run_id = store.create(CONFIG)
    supervisor.step()
    old = processes.pop(run_id)
    store.claim(run_id, "w", 1)
    store.set_status(run_id, Status.STOPPED)
    store.requeue(run_id)
    supervisor.step()
    assert processes == {}, "not while the old process lives"
    old.code = 0
    supervisor.step()
    assert list(processes) == [run_id]
    assert store.get(run_id).status is Status.QUEUED


def test_a_worker_that_dies_before_it_claims_its_run_is_not_started_for_ever(store, supervisor, processes):
    run_id = store.create(CONFIG)
    supervisor.step()
    processes[run_id].code = 1
    for _ in range(3):
        supervisor.step()
    assert store.get(run_id).status is Status.INTERRUPTED


@pytest.mark.parametrize("ago", [STALE + 1, -3600])  # in the future: the clock was set back since
def test_a_worker_of_a_dead_supervisor_is_left_alone_while_it_lives(store, supervisor, processes, ago):
    run_id = store.create(CONFIG)
    store.claim(run_id, "w", 1)
    assert supervisor.step()
    assert store.get(run_id).status is Status.RUNNING
    with store._transaction() as db:
        db.execute("UPDATE runs SET heartbeat = ?", (time.time() - ago,))
    for _ in range(SILENT):
        supervisor.step()
    assert store.get(run_id).status is Status.INTERRUPTED
    assert processes == {}


def test_a_worker_has_time_for_a_sign_of_life_after_the_machine_slept(store, supervisor):
    run_id = store.create(CONFIG)
    store.claim(run_id, "w", 1)
    for _ in range(3):  # three sleeps
        with store._transaction() as db:
            db.execute("UPDATE runs SET heartbeat = ?", (time.time() - 3600,))
        for _ in range(SILENT - 1):
            supervisor.step()
        store.beat(run_id, "w")
        supervisor.step()
    assert store.get(run_id).status is Status.RUNNING


def test_a_run_in_the_queue_can_be_held_released_and_stopped(store, supervisor, processes):
    busy, run_id = store.create(CONFIG), None
    supervisor.step()
    run_id = store.create(CONFIG)
    store.request(run_id, Intent.PAUSE)
    supervisor.step()
    assert store.get(run_id).status is Status.PAUSED
    store.request(run_id, Intent.NONE)
    supervisor.step()
    assert store.get(run_id).status is Status.QUEUED
    store.request(run_id, Intent.STOP)
    supervisor.step()
    assert store.get(run_id).status is Status.STOPPED
    assert list(processes) == [busy]


def test_a_worker_that_does_not_stop_is_pressed(store, supervisor, processes, monkeypatch):
    run_id = store.create(CONFIG)
    supervisor.step()
    store.claim(run_id, "w", 1)
    store.request(run_id, Intent.STOP)
    supervisor.step()
    assert processes[run_id].pressed == []
    monkeypatch.setattr("cnncore.runs.supervisor.GRACE", 0.05)
    time.sleep(0.06)
    supervisor.step()
    time.sleep(0.06)
    supervisor.step()
    assert processes[run_id].pressed == ["terminate", "kill"]
    processes[run_id].code = -9
    supervisor.step()
    assert store.get(run_id).status is Status.STOPPED


def test_a_run_that_is_stopped_a_second_time_has_its_time_again(store, supervisor, processes, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("cnncore.runs.supervisor.time.monotonic", lambda: clock[0])
    run_id = store.create(CONFIG)
    store.claim(run_id, "w", 1)  # a worker of an earlier supervisor
    store.request(run_id, Intent.STOP)
    supervisor.step()
    store.set_status(run_id, Status.STOPPED)
    supervisor.step()
    store.requeue(run_id)
    supervisor.step()
    store.claim(run_id, "mine", 2)
    clock[0] = 100.0
    store.request(run_id, Intent.STOP)
    supervisor.step()
    assert processes[run_id].pressed == []
    clock[0] = 111.0
    supervisor.step()
    assert processes[run_id].pressed == ["terminate"]


def test_a_run_of_another_version_that_dies_is_interrupted_like_any_other(store, supervisor, processes):
    run_id = store.create(CONFIG)
    with store._transaction() as db:
        db.execute("""UPDATE runs SET config = '{"attention_heads": 8}'""")
    supervisor.step()
    store.claim(run_id, "w", 1)
    processes[run_id].code = 1
    supervisor.step()
    assert store.over(run_id) == run_id


def test_a_process_that_cannot_be_started_is_a_failed_run(store):
    def refuse(run_id):
        raise InputError("the process cannot be started: free memory.")

    run_id = store.create(CONFIG)
    Supervisor(store, refuse).step()
    assert store.get(run_id).status is Status.FAILED
    assert "free memory" in store.get(run_id).message


def test_the_client_refuses_what_makes_no_sense(store):
    run_id = store.create(CONFIG)
    store.set_status(run_id, Status.FINISHED)
    for act, word in (
        (client.pause, "paused"),
        (client.stop, "stopped"),
        (client.unpause, "continued"),
        (client.step, "paused"),
    ):
        with pytest.raises(InputError, match=f"is finished and cannot be {word}"):
            act(run_id)


@pytest.mark.parametrize("intent", Intent)
def test_a_run_that_ends_between_two_looks_at_it_is_one_sentence(store, intent):
    """Another tab's Stop comes after a click on Step or Continue has found the run paused."""
    run_id = store.create(CONFIG)
    store.set_status(run_id, Status.STOPPED)
    with pytest.raises(InputError, match="is stopped and cannot be"):
        client._while_active(run_id, intent)


def with_files(store, home):
    """Return a run that is over, and the files that its processes have left."""
    run_id = store.create(CONFIG)
    store.set_status(run_id, Status.STOPPED)
    names = [f"checkpoints/{run_id}.pt", f"checkpoints/{run_id}.pt.4711.part", f"logs/{run_id}.log"]
    names += [f"checkpoints/{run_id}/epoch-0001.npz", f"checkpoints/{run_id}/epoch-0002.npz.4711.part"]
    for name in names:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).touch()
    return run_id, names


def test_a_deleted_run_leaves_no_file(store, app_home):
    other, kept = with_files(store, app_home)
    run_id, _ = with_files(store, app_home)
    client.delete(run_id)
    assert [run.id for run in store.runs()] == [other]
    left = [path for folder in ("checkpoints", "logs") for path in (app_home / folder).rglob("*") if path.is_file()]
    assert {path.relative_to(app_home).as_posix() for path in left} == set(kept)


def test_a_run_whose_file_is_held_can_be_deleted_once_more(store, app_home, monkeypatch):
    run_id, _ = with_files(store, app_home)

    def held(path, missing_ok=False):  # what Windows says of a file that somebody reads
        raise PermissionError(13, "it is used by another process", str(path))

    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.unlink", held)
        with pytest.raises(InputError, match=rf"`run` \(={run_id}\) cannot be deleted, a file of it is held"):
            client.delete(run_id)
    assert store.get(run_id).status is Status.STOPPED
    client.delete(run_id)
    assert store.runs() == []


@pytest.fixture
def reaped(app_home):
    """End whatever a test leaves running, whether or not it passed."""
    yield
    store = open_store()
    pids = [row["pid"] for row in store.active() if row["pid"]]
    with store._transaction() as db:
        row = db.execute("SELECT pid FROM supervisor").fetchone()
        db.execute("UPDATE supervisor SET token = 'nobody'")
    for pid in [*pids, *([row["pid"]] if row else [])]:
        with contextlib.suppress(OSError):  # gone already
            os.kill(pid, signal.SIGTERM)


@pytest.mark.skipif(sys.platform == "win32", reason="kills processes by POSIX signals")
def test_real_processes_a_killed_worker_is_interrupted_and_resumes_and_a_killed_supervisor_is_replaced(tiny, reaped):
    store = open_store()
    run_id = client.start(REAL)
    until(lambda: store.get(run_id).epoch >= 2, seconds=90)
    [row] = store.active()
    os.kill(row["pid"], signal.SIGKILL)
    until(lambda: store.get(run_id).status is Status.INTERRUPTED, seconds=30)
    reached = store.get(run_id).epoch
    assert "It can be resumed from its last checkpoint." in store.get(run_id).message

    client.resume(run_id)
    until(lambda: store.get(run_id).epoch > reached, seconds=90)
    with store._transaction() as db:
        supervisor = db.execute("SELECT pid FROM supervisor").fetchone()["pid"]
    os.kill(supervisor, signal.SIGKILL)
    before = store.get(run_id).epoch
    until(lambda: store.get(run_id).epoch > before, seconds=60)  # the worker goes on without it
    until(lambda: not store.supervised(), seconds=30)
    client.attend()
    until(store.supervised, seconds=30)
    client.pause(run_id)
    until(lambda: store.get(run_id).status is Status.PAUSED, seconds=30)
    client.unpause(run_id)
    client.stop(run_id)
    until(lambda: store.get(run_id).status is Status.STOPPED, seconds=30)
    assert store.curve(run_id, "test/loss").epoch.tolist() == list(range(1, store.get(run_id).epoch + 1))

    other = client.start(replace(REAL, epochs=1, dataset="nosuch"))
    until(lambda: store.get(other).status is Status.FAILED, seconds=60)
    assert "nosuch" in store.get(other).message


@pytest.mark.skipif(sys.platform == "win32", reason="kills processes by POSIX signals")
def test_real_processes_paused_stepped_changed_killed_and_resumed_leave_one_consistent_run(tiny, reaped):
    store = open_store()
    run_id = client.start(replace(REAL, batch_size=20, epochs=300))  # 7 updates an epoch
    until(lambda: store.get(run_id).epoch >= 2, seconds=90)
    client.pause(run_id)
    until(lambda: store.get(run_id).status is Status.PAUSED, seconds=30)
    paused_at = store.get(run_id).step
    client.set_lr_factor(run_id, 0.5)
    for number in range(1, 10):  # over the end of an epoch
        client.step(run_id)
        until(lambda: store.get(run_id).step >= paused_at + number, seconds=30)  # noqa: B023 called at once
        until(lambda: store.get(run_id).intent is Intent.PAUSE, seconds=30)
    assert store.get(run_id).step == paused_at + 9
    client.unpause(run_id)
    reached = store.get(run_id).epoch
    until(lambda: store.get(run_id).epoch >= reached + 2, seconds=60)
    client.set_lr_factor(run_id, 2)
    until(lambda: len(store.changes(run_id)) == 2, seconds=30)
    [row] = store.active()
    os.kill(row["pid"], signal.SIGKILL)
    until(lambda: store.get(run_id).status is Status.INTERRUPTED, seconds=30)
    client.resume(run_id)
    reached = store.get(run_id).epoch
    until(lambda: store.get(run_id).epoch >= reached + 2, seconds=90)
    client.stop(run_id)
    until(lambda: store.get(run_id).status is Status.STOPPED, seconds=30)

    assert store.get(run_id).lr_factor == 2
    first, second = store.changes(run_id)
    assert (first.step, first.lr_factor, second.lr_factor) == (paused_at + 1, 0.5, 2)
    rates = store.curve(run_id, "batch/lr")
    assert rates.step.tolist() == list(range(1, len(rates.step) + 1)), "every update once"
    factors = np.where(rates.step < first.step, 1, np.where(rates.step < second.step, 0.5, 2))
    np.testing.assert_allclose(rates.value, REAL.lr * factors)
    epochs = store.curve(run_id, "test/loss").epoch
    assert epochs.tolist() == list(range(1, len(epochs) + 1))
    batches = store.curve(run_id, "batch/loss").epoch
    np.testing.assert_allclose(batches, rates.step / 7)


def test_a_step_of_a_run_that_goes_on_pauses_it_first(store):
    run_id = store.create(CONFIG)
    store.claim(run_id, "me", 1)
    client.step(run_id)
    assert store.wanted(run_id, "me").intent is Intent.PAUSE
    store.set_status(run_id, Status.PAUSED)
    client.step(run_id)
    assert store.wanted(run_id, "me").intent is Intent.STEP


def test_a_factor_that_makes_no_sense_is_refused(store):
    run_id = store.create(CONFIG)
    for factor in (0, -1, float("nan"), 1e5):
        with pytest.raises(InputError, match=r"`lr_factor` \(=.*\) must be between 0.0001 and 10000"):
            client.set_lr_factor(run_id, factor)
    store.set_status(run_id, Status.FINISHED)
    with pytest.raises(InputError, match="is finished and its learning rate cannot be changed"):
        client.set_lr_factor(run_id, 0.5)


def test_runs_that_belong_together_are_started_with_one_call(store, monkeypatch):
    asked = []
    monkeypatch.setattr(client, "start_detached", lambda *_, **__: asked.append(1))
    ids = client.start_many(seeds(CONFIG, 3), group="seeds of one run")
    assert [store.get(run_id).config.seed for run_id in ids] == [0, 1, 2]
    assert [row["id"] for row in store.active()] == ids
    assert asked == [1]


def test_each_home_gets_its_supervisor_and_only_one(tmp_path, monkeypatch):
    started = []

    def start(module, log):
        assert log
        started.append((os.environ["CNNCORE_HOME"], module))

    monkeypatch.setattr(client, "start_detached", start)
    for place in ("one", "two"):
        monkeypatch.setenv("CNNCORE_HOME", str(tmp_path / place))
        client.start(CONFIG)
        client.attend()  # the first has not reported yet: no second one
    assert started == [(str(tmp_path / place), "cnncore.runs.supervisor") for place in ("one", "two")]
