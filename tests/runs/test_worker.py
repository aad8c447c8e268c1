import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest

from cnncore.errors import InputError
from cnncore.events import Batch, Diverged, Epoch, Finished, Stopped
from cnncore.runs import worker
from cnncore.runs.record import Intent, Status
from cnncore.runs.snapshots import checkpoint_path
from cnncore.runs.store import RunStore
from cnncore.runs.worker import record
from tests.runs.conftest import CONFIG, batch, epoch_end, scripted, started


def in_background(store, run_id, config=CONFIG, **options):
    """Run the worker in a thread, as a process of its own would; the thread's `result` gets how it ended."""
    result = {}

    def work():
        mine = RunStore(store.path)
        try:
            result["status"] = record(mine, run_id, config, **options)
        finally:
            mine.close()

    thread = threading.Thread(target=work, daemon=True)  # a test that fails must not wait for it
    thread.start()
    return thread, result


def until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_every_event_is_stored_and_shown(store):
    run_id, seen = store.create(CONFIG), []
    assert record(store, run_id, CONFIG, on_event=seen.append, trainer=scripted()) is Status.FINISHED
    run = store.get(run_id)
    assert (run.status, run.epoch, run.step) == (Status.FINISHED, 4, 20)
    assert isinstance(seen[-1], Finished)
    assert sum(isinstance(event, Epoch) for event in seen) == 4


def test_a_resumed_run_has_the_rows_of_an_uninterrupted_one(store):
    whole, broken = store.create(CONFIG), store.create(CONFIG)
    record(store, whole, CONFIG, trainer=scripted())

    def dies(config, *, checkpoint, resume, live):
        for number, event in enumerate(scripted()(config, checkpoint=checkpoint, resume=resume, live=live)):
            if number == 15:  # in the third epoch
                raise MemoryError("no more")
            yield event

    with pytest.raises(MemoryError):
        record(store, broken, CONFIG, trainer=dies)
    run = store.get(broken)
    assert (run.status, run.message) == (Status.FAILED, "MemoryError: no more")
    store.requeue(broken)
    assert record(store, broken, CONFIG, trainer=scripted()) is Status.FINISHED
    for batches in (True, False):
        assert store.export_csv(broken, batches) == store.export_csv(whole, batches)


def test_pause_continue_and_stop(store, monkeypatch):
    endless = replace(CONFIG, epochs=10_000)  # 500 s: however seldom a busy machine looks, it has not ended by then
    run_id, seen, looks = store.create(endless), [], []
    wanted = RunStore.wanted
    monkeypatch.setattr(RunStore, "wanted", lambda *of: (looks.append(len(seen)), wanted(*of))[1])
    thread, result = in_background(store, run_id, endless, trainer=scripted(pause=0.01, seen=seen))
    until(lambda: store.get(run_id).step > 2)
    store.request(run_id, Intent.PAUSE)
    until(lambda: store.get(run_id).status is Status.PAUSED)
    made, before = len(seen), len(looks)
    until(lambda: len(looks) >= before + 4)
    assert set(looks[before:]) == {made}, "a paused run asks for nothing"
    store.request(run_id, Intent.NONE)
    until(lambda: store.get(run_id).status is Status.RUNNING and len(seen) > made)
    store.request(run_id, Intent.STOP)
    thread.join(20)
    assert result["status"] is Status.STOPPED
    run = store.get(run_id)
    assert run.status is Status.STOPPED
    assert run.message.startswith("Stopped as asked; ")
    assert run.epoch < endless.epochs


def test_a_paused_run_can_be_stopped(store):
    run_id = store.create(CONFIG)
    store.request(run_id, Intent.PAUSE)
    thread, result = in_background(store, run_id, trainer=scripted(pause=0.05))
    until(lambda: store.get(run_id).status is Status.PAUSED)
    store.request(run_id, Intent.STOP)
    thread.join(20)
    assert result["status"] is Status.STOPPED


def test_a_paused_run_goes_step_by_step(store):
    run_id, seen = store.create(CONFIG), []
    store.request(run_id, Intent.PAUSE)
    thread, result = in_background(store, run_id, trainer=scripted(seen=seen))
    until(lambda: store.get(run_id).status is Status.PAUSED)
    # 20 updates in all; a step over an epoch's end brings the epoch along
    for number in range(1, 8):
        store.request(run_id, Intent.STEP)
        until(lambda: store.get(run_id).step == number)  # noqa: B023 called at once
        until(lambda: store.get(run_id).intent is Intent.PAUSE)
        time.sleep(0.15)
        assert len(seen) == store.get(run_id).step == number
        assert store.get(run_id).status is Status.PAUSED
    assert store.get(run_id).epoch == 1
    store.request(run_id, Intent.NONE)
    thread.join(20)
    assert result["status"] is Status.FINISHED
    assert store.curve(run_id, "batch/loss").step.tolist() == list(range(1, 21))


def test_a_run_that_goes_on_in_the_middle_of_a_step_is_running_again(store):
    run_id = store.create(CONFIG)
    store.request(run_id, Intent.PAUSE)
    thread, _ = in_background(store, run_id, trainer=scripted(pause=0.4))
    until(lambda: store.get(run_id).status is Status.PAUSED)
    store.request(run_id, Intent.STEP)
    until(lambda: store.get(run_id).intent is Intent.PAUSE)
    store.request(run_id, Intent.NONE)  # while the update is being made
    until(lambda: store.get(run_id).status is Status.RUNNING)
    store.request(run_id, Intent.STOP)
    thread.join(20)


def test_a_run_that_goes_on_while_it_evaluates_in_a_step_is_running_again(store):
    """Paused after an epoch's last update, asked for a step and then to go on: what comes next is the epoch."""
    run_id, seen = store.create(CONFIG), []

    def evaluates(config, *, checkpoint, resume, live):
        yield started()
        yield batch(1, 0)
        seen.append(store.get(run_id).status)
        store.request(run_id, Intent.NONE)
        yield epoch_end(1)
        seen.append(store.get(run_id).status)
        yield Finished(1, 1.0, 0.5, 0.6)

    store.request(run_id, Intent.PAUSE)
    thread, result = in_background(store, run_id, trainer=evaluates)
    for number in (0, 1):
        until(lambda number=number: store.get(run_id).status is Status.PAUSED and store.get(run_id).step == number)
        store.request(run_id, Intent.STEP)
        until(lambda: store.get(run_id).intent is not Intent.STEP)
    thread.join(20)
    assert seen == [Status.PAUSED, Status.RUNNING]
    assert result["status"] is Status.FINISHED


def test_the_wanted_factor_reaches_the_trainer(store):
    run_id, factors = store.create(CONFIG), []
    store.set_lr_factor(run_id, 0.5)

    def watches(config, *, checkpoint, resume, live):
        for event in scripted(pause=0.03)(config, checkpoint=checkpoint, resume=resume, live=live):
            factors.append(live.lr_factor)
            yield event

    def change(event):
        if isinstance(event, Epoch) and event.epoch == 2:
            store.set_lr_factor(run_id, 0.1)

    record(store, run_id, CONFIG, on_event=change, trainer=watches)
    assert set(factors) == {0.5, 0.1}
    assert factors == sorted(factors, reverse=True)


def test_a_stopped_run_says_where_it_can_go_on(store):
    run_id, seen = store.create(CONFIG), []

    def stops_after_two(event):
        seen.append(event)
        if isinstance(event, Epoch) and event.epoch == 2:
            store.request(run_id, Intent.STOP)

    record(store, run_id, CONFIG, on_event=stops_after_two, trainer=scripted(pause=0.03))
    assert isinstance(seen[-1], Stopped)
    assert seen[-1].epoch in (1, 2)
    assert f"resumed after epoch {seen[-1].epoch}" in store.get(run_id).message


def test_ctrl_c_stops(store):
    run_id = store.create(CONFIG)

    def interrupt(event):
        if isinstance(event, Epoch):
            raise KeyboardInterrupt

    assert record(store, run_id, CONFIG, on_event=interrupt, trainer=scripted()) is Status.STOPPED
    assert store.get(run_id).status is Status.STOPPED


@pytest.mark.parametrize("epoch", [1, 2])
def test_an_epoch_that_is_complete_is_kept_before_the_run_stops(store, epoch):
    """The click comes while the network is evaluated: the next thing that the worker sees is the epoch's event."""
    run_id = store.create(CONFIG)

    def click(event):
        if isinstance(event, Epoch) and event.epoch == epoch:
            store.request(run_id, Intent.STOP)

    assert record(store, run_id, CONFIG, on_event=click, trainer=scripted()) is Status.STOPPED
    assert checkpoint_path(run_id).read_text() == str(epoch)
    assert store.get(run_id).message == f"Stopped as asked; it can be resumed after epoch {epoch}."


@pytest.mark.parametrize("intent", [Intent.STOP, Intent.PAUSE])
@pytest.mark.parametrize(("diverge_at", "end"), [(None, Status.FINISHED), (4, Status.DIVERGED)])
def test_what_is_wanted_after_the_last_update_comes_too_late(store, intent, diverge_at, end):
    run_id = store.create(CONFIG)

    def click(event):
        if isinstance(event, Diverged) or (isinstance(event, Epoch) and event.epoch == 4):
            store.request(run_id, intent)

    assert record(store, run_id, CONFIG, on_event=click, trainer=scripted(diverge_at=diverge_at)) is end
    assert store.get(run_id).status is end


@pytest.mark.parametrize(("diverge_at", "end"), [(None, Status.FINISHED), (4, Status.DIVERGED)])
def test_a_reader_that_goes_with_the_last_event_leaves_the_run_what_it_is(store, diverge_at, end):
    run_id = store.create(CONFIG)

    def interrupt(event):
        if isinstance(event, (Finished, Diverged)):
            raise KeyboardInterrupt

    assert record(store, run_id, CONFIG, on_event=interrupt, trainer=scripted(diverge_at=diverge_at)) is end
    assert store.get(run_id).status is end


def test_ctrl_c_before_an_epochs_checkpoint_says_so_and_keeps_its_batches(store):
    run_id = store.create(CONFIG)

    def interrupt(event):
        if isinstance(event, Epoch) and event.epoch == 2:
            raise KeyboardInterrupt

    record(store, run_id, CONFIG, on_event=interrupt, trainer=scripted())
    run = store.get(run_id)
    assert run.message == "Stopped as asked; it can be resumed after epoch 1."
    assert store.curve(run_id, "batch/loss").step.tolist() == list(range(1, 11))


def test_a_failure_keeps_what_came_before_it(store):
    run_id = store.create(CONFIG)

    def dies(config, *, checkpoint, resume, live):
        yield started()
        yield batch(1, 0)  # sooner than a tenth of a second after: not stored yet
        raise MemoryError("no more")

    with pytest.raises(MemoryError):
        record(store, run_id, CONFIG, trainer=dies)
    assert store.get(run_id).step == 1


def test_a_run_whose_checkpoint_has_gone_keeps_its_curves(store):
    run_id = store.create(CONFIG)

    def interrupt(event):
        if isinstance(event, Batch) and event.epoch == 4:
            raise KeyboardInterrupt

    record(store, run_id, CONFIG, on_event=interrupt, trainer=scripted())
    checkpoint_path(run_id).unlink()
    store.requeue(run_id)
    with pytest.raises(InputError, match="has gone, and would begin anew"):
        record(store, run_id, CONFIG, trainer=scripted())
    run = store.get(run_id)
    assert (run.status, run.epoch) == (Status.FAILED, 3)
    assert "start a new run" in run.message


HANGS = """
import sys, time
from cnncore.runs import worker
from cnncore.runs.store import open_store
worker.BEAT, worker.STUCK = 0.05, 0.2
def hangs(config, *, checkpoint, resume, live):
    if len(sys.argv) > 2:
        open_store().claim(sys.argv[1], sys.argv[2], 1)
    time.sleep(600)
    yield
run = open_store().get(sys.argv[1])
worker.record(open_store(), run.id, run.config, trainer=hangs)
"""


def said_by_one_that_hangs(run_id, *owner, asked=lambda: None):
    """Return what a hanging process of the run said before it ended itself; `owner` takes the run from it."""
    command = [sys.executable, "-c", HANGS, run_id, *owner]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            asked()
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 1
    return said


def test_a_process_that_hangs_ends_itself_when_it_is_to_stop_and_its_supervisor_is_gone(store, app_home):
    run_id = store.create(CONFIG)

    def asked():
        until(lambda: store.get(run_id).status is Status.RUNNING, seconds=60)
        store.request(run_id, Intent.STOP)

    said = said_by_one_that_hangs(run_id, asked=asked)
    assert "was to stop: it did not come to an update within" in said
    run = store.get(run_id)
    assert run.status is Status.STOPPED
    assert "its process was ended" in run.message


def test_a_process_that_hangs_ends_itself_when_another_one_has_its_run(store, app_home):
    run_id = store.create(CONFIG)
    assert "Traceback" not in said_by_one_that_hangs(run_id, "another")
    assert store.get(run_id).status is Status.RUNNING, "it is the other one's"


def test_a_run_of_another_version_fails_with_its_sentence(store, monkeypatch, capsys):
    run_id = store.create(CONFIG)
    with store._transaction() as db:
        db.execute("""UPDATE runs SET config = '{"attention_heads": 8}'""")
    monkeypatch.setattr(sys, "argv", ["worker", run_id])
    assert worker.main() == 2
    assert "made by another version" in capsys.readouterr().err
    [entry] = store.listed()
    assert entry.status == "failed"


def test_a_machine_on_which_torch_cannot_be_loaded_says_so_with_the_run(store, monkeypatch):
    run_id = store.create(CONFIG)
    monkeypatch.setattr(sys, "argv", ["worker", run_id])
    monkeypatch.setitem(sys.modules, "cnncore.training.trainer", None)  # Python then refuses to import it
    assert worker.main() == 1
    run = store.get(run_id)
    assert run.status is Status.FAILED
    assert run.message.startswith("PyTorch cannot be loaded (import of cnncore.training.trainer halted")
    assert "cnncore doctor" in run.message


def test_a_divergence_is_an_end_with_its_sentence(store):
    run_id, seen = store.create(CONFIG), []
    assert record(store, run_id, CONFIG, on_event=seen.append, trainer=scripted(diverge_at=2)) is Status.DIVERGED
    assert isinstance(seen[-1], Diverged)
    assert store.get(run_id).message == "too large a step"


def test_bad_input_is_recorded_as_its_sentence_and_raised(store):
    run_id = store.create(CONFIG)

    def refuses(config, *, checkpoint, resume, live):
        raise InputError("`dataset` (=x) is not there: prepare it.")
        yield started()

    with pytest.raises(InputError, match="prepare it"):
        record(store, run_id, CONFIG, trainer=refuses)
    assert store.get(run_id).message == "`dataset` (=x) is not there: prepare it."


def test_the_real_trainer_stopped_and_resumed_gives_the_uninterrupted_curve(store, tiny):
    whole, broken = store.create(CONFIG), store.create(CONFIG)
    record(store, whole, CONFIG)

    def stop_in_the_third(event):
        if getattr(event, "epoch", 0) == 3:
            raise KeyboardInterrupt

    record(store, broken, CONFIG, on_event=stop_in_the_third)
    assert checkpoint_path(broken).exists()
    store.requeue(broken)
    record(store, broken, CONFIG)
    for metric in ("batch/loss", "train/accuracy", "test/loss"):
        assert store.curve(broken, metric).value.tolist() == store.curve(whole, metric).value.tolist()
