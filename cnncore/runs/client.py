"""What pages and the command line do with runs: they write what they want into the store, others carry it out."""

import threading
import time
from pathlib import Path

from cnncore.errors import InputError
from cnncore.home import home
from cnncore.runs.process import start_detached
from cnncore.runs.record import Intent, Status
from cnncore.runs.store import open_store
from cnncore.runs.worker import checkpoint_path
from cnncore.training.config import RunConfig

_lock = threading.Lock()
_last_start: dict[Path, float] = {}  # by home: when a supervisor was started there last


def attend() -> None:
    """See to it that a supervisor lives if any run is active: cheap enough for every refresh of a page."""
    store = open_store()
    if store.supervised() or not store.active():
        return
    with _lock:
        # One that was just started needs a moment to report; meanwhile there is no need for another.
        if time.monotonic() - _last_start.get(home(), -60.0) > 3:
            _last_start[home()] = time.monotonic()
            start_detached("cnncore.runs.supervisor", log="supervisor.log")


def start(config: RunConfig, name: str = "") -> str:
    """Put a run into the queue and return its id."""
    run_id = open_store().create(config, name)
    attend()
    return run_id


def pause(run_id: str) -> None:
    """Let the run wait after the update that it is making."""
    _while_active(run_id, Intent.PAUSE)


def unpause(run_id: str) -> None:
    """Let a paused run go on."""
    _while_active(run_id, Intent.NONE)


def stop(run_id: str) -> None:
    """End the run; it can be resumed from its last complete epoch."""
    _while_active(run_id, Intent.STOP)


def resume(run_id: str) -> None:
    """Put a run that ended early back into the queue."""
    open_store().requeue(run_id)
    attend()


def delete(run_id: str) -> None:
    """Remove a run that is over, its curves and its checkpoint."""
    store = open_store()
    run = store.get(run_id)
    store.delete(run.id)
    checkpoint_path(run.id).unlink(missing_ok=True)


def _while_active(run_id: str, intent: Intent) -> None:
    store = open_store()
    run = store.get(run_id)
    if not run.status.active:
        verbs = {Intent.PAUSE: "paused", Intent.NONE: "continued", Intent.STOP: "stopped"}
        raise InputError(f"`run` (={run.id}) is {run.status} and cannot be {verbs[intent]}: it is over.")
    store.request(run.id, intent)
    if run.status is Status.QUEUED or intent is Intent.NONE:
        attend()
