"""The process of one run: it pulls the trainer's events and appends them to the store.

`python -m cnncore.runs.worker RUN_ID` is how the supervisor starts it; the command line calls `record` in its own
process.
"""

import contextlib
import os
import secrets
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from cnncore.errors import InputError
from cnncore.events import Event
from cnncore.runs.process import yield_priority
from cnncore.runs.record import Intent, Status
from cnncore.runs.recording import Recording
from cnncore.runs.snapshots import check_checkpoint, checkpoint_path
from cnncore.runs.store import LostRunError, RunStore, open_store
from cnncore.training.config import RunConfig
from cnncore.training.live import Live

BEAT = 2.0  # seconds between two signs of life
STUCK = 20.0  # seconds after which a process that was asked to stop ends itself, as its supervisor may be gone


class Trainer(Protocol):
    """What makes events: `cnncore.training.trainer.train`, or a stand-in."""

    def __call__(self, config: RunConfig, *, checkpoint: Path | None, resume: bool, live: Live) -> Iterator[Event]:
        """Yield the run's events."""
        ...


def _train(config: RunConfig, *, checkpoint: Path | None, resume: bool, live: Live) -> Iterator[Event]:
    from cnncore.training.trainer import train  # torch comes in here, in the process that trains

    return train(config, checkpoint=checkpoint, resume=resume, live=live)


def record(
    store: RunStore,
    run_id: str,
    config: RunConfig,
    *,
    on_event: Callable[[Event], object] = lambda _: None,
    trainer: Trainer = _train,
) -> Status:
    """Train `config`, append every event to the run, and return how it ended.

    Pausing is not asking for the next event; stopping is closing the generator. An `InputError` and any other
    exception are recorded as the run's failure and raised again. Ctrl-C stops the run.
    """
    owner = secrets.token_hex(8)
    resume = store.claim(run_id, owner, os.getpid())
    recording = Recording(store, run_id, owner, on_event)
    with _Heartbeat(store, run_id, owner):
        try:
            checkpoint = _checkpoint(store, run_id, resume)
            for event in trainer(config, checkpoint=checkpoint, resume=resume, live=recording.live):
                if not recording.take(event):
                    return recording.stop()
            recording.flush()
        except KeyboardInterrupt:
            return recording.stop()
        except LostRunError:
            raise
        except Exception as error:
            recording.fail(str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}")
            raise
    return store.get(run_id).status


def _checkpoint(store: RunStore, run_id: str, resume: bool) -> Path:
    """Return where the run keeps its checkpoint; an `InputError` if it is to be resumed from one that has gone."""
    if resume:
        check_checkpoint(store.get(run_id))
    return checkpoint_path(run_id)


class _Heartbeat:
    """A thread that says every two seconds that this process lives, also while it evaluates or is paused.

    Where training hangs, this thread still learns that the run should stop, and ends the process.
    """

    def __init__(self, store: RunStore, run_id: str, owner: str) -> None:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, args=(store, run_id, owner), daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self, store: RunStore, run_id: str, owner: str) -> None:
        asked: float | None = None  # when the run was first seen to be asked to stop
        while not self._over.wait(BEAT):
            try:
                if store.beat(run_id, owner) is not Intent.STOP:
                    asked = None
                elif asked is None:
                    asked = time.monotonic()
                elif time.monotonic() - asked > STUCK:
                    said = f"it did not come to an update within {STUCK:.0f} s, and its process was ended."
                    print(f"`run` (={run_id}) was to stop: {said}", file=sys.stderr)  # noqa: T201 the log
                    with contextlib.suppress(LostRunError):  # then it is no longer this process's to say
                        store.set_status(run_id, Status.STOPPED, f"Stopped as asked; {said}", owner)
                    os._exit(1)
            except InputError as error:  # a busy or full disk: the training thread says it where it matters
                print(error, file=sys.stderr)  # noqa: T201 into the worker's log
        store.close()


def main() -> int:
    """Run the worker of the run that the command line names."""
    store = open_store()
    try:
        run = store.get(sys.argv[1])
    except InputError as error:  # a run that another version of the program has put into the queue
        store.set_status(sys.argv[1], Status.FAILED, str(error))
        print(error, file=sys.stderr)  # noqa: T201 into the worker's log
        return 2
    yield_priority()
    try:
        from cnncore.training.trainer import own_process
    except (ImportError, OSError) as error:  # an OSError where a library of the system is missing, as on Windows
        said = f"PyTorch cannot be loaded ({error}): `python -m cnncore doctor` says what this machine has."
        store.set_status(run.id, Status.FAILED, said)
        traceback.print_exc()
        return 1
    try:
        own_process()
        record(store, run.id, run.config)
    except (InputError, LostRunError) as error:
        print(error, file=sys.stderr)  # noqa: T201 into the worker's log
        return 2
    except Exception:  # noqa: BLE001 the message is in the store; the log keeps where it came from
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
