"""What pages and the command line do with runs: they write what they want into the store, and others carry it out."""

import math
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from cnncore.errors import InputError
from cnncore.home import home
from cnncore.runs.process import start_detached
from cnncore.runs.record import Intent, Status
from cnncore.runs.snapshots import check_checkpoint, checkpoint_path, snapshot_folder
from cnncore.runs.store import open_store
from cnncore.training.config import RunConfig

LR_FACTORS = (1e-4, 1e4)  # the smallest and the largest that can be set by hand
_lock = threading.Lock()
_last_start: dict[Path, float] = {}  # by home: when a supervisor was started there last


def attend() -> None:
    """Make sure that a supervisor is alive if any run is active: cheap enough for every refresh of a page."""
    store = open_store()
    if store.supervised() or not store.active():
        return
    with _lock:
        # One that was just started needs a moment to report; meanwhile there is no need for another.
        if time.monotonic() - _last_start.get(home(), -60.0) > 3:
            _last_start[home()] = time.monotonic()
            start_detached("cnncore.runs.supervisor", log="supervisor.log")


def start(config: RunConfig, name: str = "", group: str = "") -> str:
    """Put a run into the queue and return its id."""
    run_id = open_store().create(config, name, group=group)
    attend()
    return run_id


def start_many(configs: Sequence[RunConfig], group: str = "") -> list[str]:
    """Put runs that belong together into the queue, all or none, in this order, and return their ids."""
    ids = open_store().create_many(configs, group=group)
    attend()
    return ids


def pause(run_id: str) -> None:
    """Let the run wait after the update that it is making."""
    _while_active(run_id, Intent.PAUSE)


def unpause(run_id: str) -> None:
    """Let a paused run go on once there is a slot: others may be training in its place."""
    _while_active(run_id, Intent.CONTINUE if open_store().get(run_id).status is Status.PAUSED else Intent.NONE)


def stop(run_id: str) -> None:
    """End the run; it can be resumed from its last complete epoch."""
    _while_active(run_id, Intent.STOP)


def step(run_id: str) -> None:
    """Let a paused run make exactly one update, even its first; a run that is going on pauses first."""
    _while_active(run_id, Intent.STEP if open_store().get(run_id).status is Status.PAUSED else Intent.PAUSE)


def set_lr_factor(run_id: str, factor: float) -> None:
    """Multiply the learning rate that the run's schedule has by `factor` from its next update on; 1 is the schedule's.

    The factor outlasts a stop: a resumed run goes on with the one that was set last.
    """
    if not math.isfinite(factor) or not LR_FACTORS[0] <= factor <= LR_FACTORS[1]:
        low, high = LR_FACTORS
        raise InputError(
            f"`lr_factor` (={factor:g}) must be between {low:g} and {high:g}: 1 is the schedule's own rate."
        )
    store = open_store()
    run = store.get(run_id)
    if not run.status.active and not run.status.resumable:
        raise InputError(
            f"`run` (={run.id}) is {run.status} and its learning rate cannot be changed: it is over, start a new run."
        )
    store.set_lr_factor(run.id, factor)


def resume(run_id: str) -> None:
    """Put a run that ended early back into the queue; an `InputError` where it would begin anew and lose its curves."""
    store = open_store()
    check_checkpoint(store.get(run_id))
    store.requeue(run_id)
    attend()


def delete(run_id: str) -> None:
    """Remove a run that is over: its curves, its checkpoint, its snapshots and its log."""
    store = open_store()
    run_id = store.over(run_id)
    # The run goes last: if a file cannot be removed, the deletion can be tried again.
    checkpoint = checkpoint_path(run_id)
    partial = checkpoint.parent.glob(f"{checkpoint.name}.*.part")  # of processes that were killed as they wrote
    try:
        for path in (checkpoint, *partial, home() / "logs" / f"{run_id}.log"):
            path.unlink(missing_ok=True)
        snapshot_folder(run_id).forget()
    except OSError as error:
        raise InputError(
            f"`run` (={run_id}) cannot be deleted, a file of it is held ({error.strerror}: {error.filename}): close "
            "what reads it or allow writing there, then delete the run again."
        ) from error
    store.delete(run_id)


def _while_active(run_id: str, intent: Intent) -> None:
    store = open_store()
    run = store.get(run_id)
    if not run.status.active:
        verb = {Intent.PAUSE: "paused", Intent.STOP: "stopped"}.get(intent, "continued")
        raise InputError(f"`run` (={run.id}) is {run.status} and cannot be {verb}: it is over, start a new run.")
    store.request(run.id, intent)
    attend()
