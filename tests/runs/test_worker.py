import threading
import time

import pytest

from cnncore.errors import InputError
from cnncore.events import Diverged, Epoch, Finished, Stopped
from cnncore.runs.record import Intent, Status
from cnncore.runs.snapshots import checkpoint_path
from cnncore.runs.store import RunStore
from cnncore.runs.worker import record
from tests.runs.conftest import CONFIG, scripted, started


def in_background(store, run_id, **options):
    """Run the worker in a thread, as a process of its own would; the thread's `result` gets how it ended."""
    result = {}

    def work():
        mine = RunStore(store.path)
        try:
            result["status"] = record(mine, run_id, CONFIG, **options)
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


def test_pause_continue_and_stop(store):
    run_id, seen = store.create(CONFIG), []
    thread, result = in_background(store, run_id, trainer=scripted(pause=0.05, seen=seen))
    until(lambda: store.get(run_id).step > 2)
    store.request(run_id, Intent.PAUSE)
    until(lambda: store.get(run_id).status is Status.PAUSED)
    made = len(seen)
    time.sleep(0.4)
    assert len(seen) == made, "a paused run asks for nothing"
    store.request(run_id, Intent.NONE)
    until(lambda: store.get(run_id).status is Status.RUNNING and len(seen) > made)
    store.request(run_id, Intent.STOP)
    thread.join(20)
    assert result["status"] is Status.STOPPED
    run = store.get(run_id)
    assert run.status is Status.STOPPED
    assert run.message.startswith("Stopped as asked; ")
    assert run.epoch < 4


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
