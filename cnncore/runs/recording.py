"""What a worker does with its trainer's events, and with what is asked of the run."""

import contextlib
import time
from collections.abc import Callable

from cnncore.errors import InputError
from cnncore.events import Batch, Diverged, Epoch, Event, Finished, Started, Stopped
from cnncore.runs.record import Intent, Status, Wanted
from cnncore.runs.store import RunStore
from cnncore.training.live import Live

FLUSH = 0.1  # seconds between two transactions: ten a second are smooth to the eye and nothing to the disk
POLL = 0.1  # seconds between two looks at the intent while paused


class Recording:
    """Takes a run's events from the trainer to the store, and what is asked of the run back to the trainer.

    The trainer reads `live` before each update.
    """

    def __init__(self, store: RunStore, run_id: str, owner: str, on_event: Callable[[Event], object]) -> None:
        self._store, self._run, self._owner, self._on_event = store, run_id, owner, on_event
        self.live = Live(store.wanted(run_id, owner).lr_factor)
        self._waiting: list[Event] = []
        self._flushed = time.monotonic()
        self._complete = self._kept = 0  # the last complete epoch, and the last one whose checkpoint is written
        self._over = False  # true once its last event has come: what is asked then comes too late

    def take(self, event: Event) -> bool:
        """Store the event, do what is wanted of the run, and return whether it goes on."""
        self._kept = self._complete  # an epoch's checkpoint is written when the next event is asked for
        if isinstance(event, Started):
            self._complete = self._kept = event.first_epoch - 1
        elif isinstance(event, Epoch):
            self._complete = event.epoch
        self._waiting.append(event)
        self._over = isinstance(event, (Finished, Diverged))
        self._on_event(event)
        if isinstance(event, Batch) and not self._due:
            return True
        wanted = self.flush()
        if self._over:
            return True
        if wanted.intent is Intent.NONE and self.live.single:
            self._store.set_status(self._run, Status.RUNNING, "", self._owner)
        if isinstance(event, Epoch):
            return self._adopt(wanted)  # to pause or to stop here would lose the epoch
        if wanted.intent in (Intent.PAUSE, Intent.STEP) and (isinstance(event, Batch) or not self.live.single):
            wanted = self._paused()
        return wanted.intent is not Intent.STOP and self._adopt(wanted)

    @property
    def _due(self) -> bool:
        """Whether to store now: step by step at once, so that nothing done is hidden, else never within a burst."""
        return self.live.single or (not self.live.more and time.monotonic() - self._flushed >= FLUSH)

    def _adopt(self, wanted: Wanted) -> bool:
        self.live.lr_factor = wanted.lr_factor
        self.live.single = wanted.intent is not Intent.NONE  # asked to make one update, and perhaps not there yet
        self._flushed = time.monotonic()
        return True

    def _paused(self) -> Wanted:
        """Wait until something else is asked, and return that; going step by step, the run counts as paused."""
        self._store.set_status(self._run, Status.PAUSED, "", self._owner)
        while (wanted := self._store.wanted(self._run, self._owner)).intent is Intent.PAUSE:
            time.sleep(POLL)
        if wanted.intent is Intent.NONE:
            self._store.set_status(self._run, Status.RUNNING, "", self._owner)
        return wanted

    def flush(self) -> Wanted:
        """Store what has come since the last time, and return what is wanted of the run now."""
        waiting, self._waiting = self._waiting, []  # Ctrl-C in the midst of it must not store anything twice
        return self._store.append(self._run, waiting, self._owner)

    def stop(self) -> Status:
        """Store that the run was stopped, and from where it can go on; one that was over already stays what it was."""
        if self._over:
            self.flush()
            return self._store.get(self._run).status
        epoch = self._kept
        resumable = f"it can be resumed after epoch {epoch}" if epoch else "no epoch was kept, resumed it begins anew"
        event = Stopped(epoch, f"Stopped as asked; {resumable}.")
        self._waiting.append(event)
        self.flush()
        self._on_event(event)
        return Status.STOPPED

    def fail(self, message: str) -> None:
        """Store what there is, and that the run has failed."""
        with contextlib.suppress(InputError):  # where the disk is full the message may still find room
            self.flush()
        self._store.set_status(self._run, Status.FAILED, message, self._owner)
