import os
import time

import pytest

from cnncore.errors import InputError
from cnncore.runs import client
from cnncore.runs.record import Intent, Status
from cnncore.runs.snapshots import checkpoint_path
from cnncore.runs.supervision import STALE
from cnncore.runs.supervisor import SILENT, Supervisor
from tests.runs.conftest import CONFIG, batch, epoch_end, scripted, started
from tests.runs.test_worker import in_background, until


class Process:
    """Stands for a worker process."""

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


@pytest.mark.parametrize(
    ("epochs", "kept", "told"),
    [
        (None, False, "Stopped before it began."),
        (0, False, "Stopped as asked. Resumed, it begins anew."),
        (2, True, "Stopped as asked. It can be resumed from its last checkpoint."),
        (2, False, "Stopped as asked. Its checkpoint has gone: it keeps its curves and cannot be resumed."),
    ],
)
def test_a_run_that_is_stopped_in_the_queue_says_whether_it_can_be_resumed(store, supervisor, epochs, kept, told):
    run_id = store.create(CONFIG)
    if epochs is not None:  # it was stopped before, and resumed
        store.claim(run_id, "w", 1)
        store.append(run_id, [started(), *(epoch_end(number + 1) for number in range(epochs))], "w")
        store.set_status(run_id, Status.STOPPED)
        store.requeue(run_id)
    if kept:
        checkpoint_path(run_id).parent.mkdir(parents=True)
        checkpoint_path(run_id).write_text("1")
    store.request(run_id, Intent.STOP)
    supervisor.step()
    run = store.get(run_id)
    assert run.status is Status.STOPPED
    assert run.message == told


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


def test_a_store_that_cannot_be_used_for_a_while_is_waited_for(store, supervisor, monkeypatch, capsys):
    run_id = store.create(CONFIG)
    store.request(run_id, Intent.STOP)
    steps = iter([InputError("the disk is full"), InputError("the disk is full"), None])
    real = supervisor.step

    def step():
        fault = next(steps, None)
        if fault:
            raise fault
        return real()

    monkeypatch.setattr(supervisor, "step", step)
    monkeypatch.setattr("cnncore.runs.supervisor.PAUSE", 0.0)
    monkeypatch.setattr("cnncore.runs.supervisor.TICK", 0.0)
    monkeypatch.setattr("cnncore.runs.supervisor.IDLE", 0.0)
    supervisor.run()
    assert store.get(run_id).status is Status.STOPPED
    assert capsys.readouterr().err == "the disk is full\nthe disk is full\n"


def test_a_store_that_can_never_be_used_again_ends_the_supervisor(supervisor, monkeypatch):
    def fail():
        raise InputError("the disk is full")

    monkeypatch.setattr(supervisor, "step", fail)
    monkeypatch.setattr("cnncore.runs.supervisor.PAUSE", 0.0)
    monkeypatch.setattr("cnncore.runs.supervisor.PATIENCE", 0.05)
    with pytest.raises(InputError, match="full"):
        supervisor.run()


def test_a_run_resumed_before_its_process_has_ended_is_not_interrupted(store, supervisor, processes):
    run_id = store.create(CONFIG)
    supervisor.step()
    store.claim(run_id, "w", 4711)  # not the number of the process that was started: on Windows it is its child's
    store.set_status(run_id, Status.STOPPED)
    store.requeue(run_id)
    processes.pop(run_id).code = 0
    supervisor.step()
    assert store.get(run_id).status is Status.QUEUED
    assert list(processes) == [run_id]  # begun again at once
