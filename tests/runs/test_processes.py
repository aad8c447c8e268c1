"""Runs in real processes, which are killed."""

import contextlib
import os
import signal
import sys
from dataclasses import replace

import numpy as np
import pytest

from cnncore.runs import client
from cnncore.runs.record import Intent, Status
from cnncore.runs.store import open_store
from cnncore.training.config import RunConfig
from tests.runs.test_worker import until

REAL = RunConfig(dataset="tiny", network="classroom", epochs=400, batch_size=4, device="cpu")


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
