"""The process of one run: it pulls the trainer's events and appends them to the store.

`python -m cnncore.runs.worker RUN_ID` is how the supervisor starts it; the command line calls `record` in its own
process.
"""

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
from cnncore.events import Batch, Changed, Event, Started, Stopped
from cnncore.runs.process import yield_priority
from cnncore.runs.record import Intent, Status, Wanted
from cnncore.runs.snapshots import checkpoint_path
from cnncore.runs.store import LostRunError, RunStore, open_store
from cnncore.training.config import RunConfig
from cnncore.training.live import Live

FLUSH = 0.1  # seconds between two transactions: ten a second are smooth to the eye and nothing to the disk
BEAT = 2.0  # seconds between two signs of life
POLL = 0.1  # seconds between two looks at the intent while paused


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
    epoch = 0
    status = Status.RUNNING
    with _Heartbeat(store, run_id, owner):
        try:
            live = Live(store.wanted(run_id, owner).lr_factor)
            events = trainer(config, checkpoint=checkpoint_path(run_id), resume=resume, live=live)
            waiting: list[Event] = []
            flushed = time.monotonic()
            for event in events:
                if isinstance(event, Started):
                    epoch = event.first_epoch - 1
                waiting.append(event)
                on_event(event)
                # A burst is stored as a whole: what a paused run shows is what it has done.
                if isinstance(event, Batch) and (live.more or time.monotonic() - flushed < FLUSH) and not live.single:
                    continue
                epoch = getattr(event, "epoch", epoch) - isinstance(event, (Batch, Changed))
                wanted = store.append(run_id, waiting, owner)
                waiting.clear()
                if wanted.intent in (Intent.PAUSE, Intent.STEP) and (isinstance(event, Batch) or not live.single):
                    wanted = _paused(store, run_id, owner)
                elif wanted.intent is Intent.NONE and live.single:
                    store.set_status(run_id, Status.RUNNING, "", owner)
                if wanted.intent is Intent.STOP:
                    status = _stop(store, run_id, owner, epoch, on_event)
                    break
                live.lr_factor = wanted.lr_factor
                live.single = wanted.intent is not Intent.NONE  # asked to make one update, and perhaps not there yet
                flushed = time.monotonic()
            if waiting:
                store.append(run_id, waiting, owner)
            if status is Status.RUNNING:
                status = store.get(run_id).status
        except KeyboardInterrupt:
            status = _stop(store, run_id, owner, epoch, on_event)
        except LostRunError:
            raise
        except Exception as error:
            message = str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
            store.set_status(run_id, Status.FAILED, message, owner)
            raise
    return status


def _stop(store: RunStore, run_id: str, owner: str, epoch: int, on_event: Callable[[Event], object]) -> Status:
    resumable = f"it can be resumed after epoch {epoch}" if epoch else "no epoch was complete, resumed it begins anew"
    event = Stopped(epoch, f"Stopped as asked; {resumable}.")
    store.append(run_id, [event], owner)
    on_event(event)
    return Status.STOPPED


def _paused(store: RunStore, run_id: str, owner: str) -> Wanted:
    """Wait until something else is wanted, and return that; while it goes step by step the run stays paused."""
    store.set_status(run_id, Status.PAUSED, "", owner)
    while (wanted := store.wanted(run_id, owner)).intent is Intent.PAUSE:
        time.sleep(POLL)
    if wanted.intent is Intent.NONE:
        store.set_status(run_id, Status.RUNNING, "", owner)
    return wanted


class _Heartbeat:
    """A thread that says every two seconds that this process lives, also while it evaluates or is paused."""

    def __init__(self, store: RunStore, run_id: str, owner: str) -> None:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, args=(store, run_id, owner), daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self, store: RunStore, run_id: str, owner: str) -> None:
        while not self._over.wait(BEAT):
            try:
                store.beat(run_id, owner)
            except InputError as error:  # a busy or full disk: the training thread says it where it matters
                print(error, file=sys.stderr)  # noqa: T201 into the worker's log
        store.close()


def main() -> int:
    """Run the worker of the run that the command line names."""
    store = open_store()
    run = store.get(sys.argv[1])
    yield_priority()
    try:
        from cnncore.training.trainer import own_process

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
