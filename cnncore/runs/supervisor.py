"""One detached process per home: it takes runs from the queue, starts a worker for each, and notices dead ones.

It outlives the server that started it, and ends by itself when there is nothing to do. If it dies, its workers go on;
the next supervisor finds them by their heartbeats.
"""

import contextlib
import os
import secrets
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable

from cnncore.errors import InputError
from cnncore.runs.process import start_detached
from cnncore.runs.record import Intent, Status
from cnncore.runs.snapshots import checkpoint_time, has_lost_checkpoint
from cnncore.runs.store import RunStore, open_store
from cnncore.runs.supervision import STALE

TICK = 0.25  # seconds between two looks at the store
SILENT = 20  # ticks in a row without a sign of life: after the machine slept, a worker has time to give one
IDLE = 60.0  # seconds without an active run after which the supervisor ends
GRACE = 10.0  # seconds a worker has to stop by itself before it is ended
PATIENCE = 600.0  # seconds after which the supervisor gives up on a store that cannot be used, on a full disk say
PAUSE = 5.0  # seconds between two attempts to use it
SLOTS = "CNNCORE_SLOTS"  # how many runs train at the same time; one by default, they would share the one device


class Supervisor:
    """The queue and the workers of one store. `step` does everything that is due; `run` repeats it."""

    def __init__(
        self,
        store: RunStore,
        start: Callable[[str], "subprocess.Popen[bytes]"] = lambda run_id: start_detached(
            "cnncore.runs.worker", run_id, log=f"{run_id}.log"
        ),
    ) -> None:
        self._store = store
        self._start = start
        self._token = secrets.token_hex(8)
        self._workers: dict[str, subprocess.Popen[bytes]] = {}
        self._heartbeats: dict[str, float | None] = {}  # each worker's run's last sign of life before it was started
        self._stopping: dict[str, float] = {}  # run -> when it was first seen to be asked to stop
        self._silent: dict[str, int] = {}  # run that another supervisor has begun -> ticks without a sign of life

    def run(self) -> None:
        """Supervise until idle or until another supervisor has taken over.

        A store that cannot be used for a while, because the disk is full or busy, is waited for: otherwise the queue
        would stand still until somebody opens a page again.
        """
        idle_since = failing_since = time.monotonic()
        while True:
            try:
                if not self._store.supervise(self._token, os.getpid()):
                    return
                if self.step():
                    idle_since = time.monotonic()
                elif time.monotonic() - idle_since > IDLE and self._store.resign(self._token):
                    return
            except InputError as error:
                if time.monotonic() - failing_since > PATIENCE:
                    raise
                print(error, file=sys.stderr, flush=True)  # noqa: T201 into the supervisor's log
                time.sleep(PAUSE)
                continue
            failing_since = time.monotonic()
            time.sleep(TICK)

    def step(self) -> bool:
        """Do what is due now; return whether any run is active."""
        self._reap()
        active = self._store.active()
        # A run without an owner waits for a worker, unless one is just starting, or the run is the command line's,
        # which creates it as running and claims it a moment later.
        waiting = [
            r for r in active if r["owner"] is None and r["status"] != Status.RUNNING and r["id"] not in self._workers
        ]
        begun = [r for r in active if r not in waiting]
        # A run that was resumed has its full grace again when it is asked to stop once more.
        asked = {row["id"] for row in begun if row["intent"] == Intent.STOP}
        self._stopping = {run_id: since for run_id, since in self._stopping.items() if run_id in asked}
        self._silent = {
            row["id"]: self._silent.get(row["id"], 0) + 1
            for row in begun
            if row["id"] not in self._workers and abs(time.time() - (row["heartbeat"] or row["updated"])) > STALE
        }
        for row in begun:
            if self._silent.get(row["id"], 0) >= SILENT:
                self._ended(row["id"], Intent(row["intent"]), "its process is gone")
            elif row["intent"] == Intent.STOP:
                self._press(row["id"])
        # A paused run has given its slot away, unless it was told to go on and is about to.
        busy = sum(row["status"] != Status.PAUSED or row["intent"] == Intent.NONE for row in begun)
        for row in begun:
            if row["status"] == Status.PAUSED and row["intent"] == Intent.CONTINUE and busy < slots():
                self._store.grant(row["id"])
                busy += 1
        for row in waiting:
            busy += self._queued(row, busy < slots())
        return bool(active) or bool(self._workers)

    def _queued(self, row: sqlite3.Row, free: bool) -> bool:
        """See to a run that no worker has; return whether one was started."""
        run_id, status, intent = row["id"], Status(row["status"]), Intent(row["intent"])
        if intent is Intent.STOP:
            if row["resume"]:  # it had begun, and was to go on
                self._ended(run_id, intent)
            else:
                self._store.set_status(run_id, Status.STOPPED, "Stopped before it began.")
        elif intent is Intent.PAUSE:
            if status is Status.QUEUED:
                self._store.set_status(run_id, Status.PAUSED, "Held in the queue.")
        elif status is Status.PAUSED:
            self._store.set_status(run_id, Status.QUEUED)
        elif free:
            try:
                self._workers[run_id] = self._start(run_id)
                self._heartbeats[run_id] = row["heartbeat"]
            except InputError as error:
                self._store.set_status(run_id, Status.FAILED, str(error))
                return False
            return True
        return False

    def _reap(self) -> None:
        for run_id, process in list(self._workers.items()):
            code = process.poll()
            if code is None:
                continue
            row = next((row for row in self._store.active() if row["id"] == run_id), None)
            del self._workers[run_id]
            before = self._heartbeats.pop(run_id)
            # Over as it should be, or put back into the queue by somebody faster than the process took to end: a
            # queued run that this process once claimed. One that it never claimed died on the way. (Process numbers
            # do not tell: on Windows a virtual environment's python is another process's parent.)
            if row is None or (row["status"] == Status.QUEUED and row["heartbeat"] != before):
                continue
            self._ended(run_id, Intent(row["intent"]), f"its process ended with status {code}")

    def _ended(self, run_id: str, intent: Intent, how: str = "") -> None:
        resumable = self._prospect(run_id)
        if intent is Intent.STOP:
            self._store.set_status(run_id, Status.STOPPED, f"Stopped as asked. {resumable}")
        else:
            self._store.set_status(run_id, Status.INTERRUPTED, f"Interrupted: {how}. {resumable}")

    def _prospect(self, run_id: str) -> str:
        """Return in a sentence whether a run that has ended early can go on."""
        if checkpoint_time(run_id) > 0:
            return "It can be resumed from its last checkpoint."
        with contextlib.suppress(InputError):  # of a run that another version has stored its row is all that is read
            if has_lost_checkpoint(self._store.get(run_id)):
                return "Its checkpoint has gone: it keeps its curves and cannot be resumed."
        return "Resumed, it begins anew."

    def _press(self, run_id: str) -> None:
        """End a worker that does not stop by itself: first with a signal that it can handle, then without."""
        since = self._stopping.setdefault(run_id, time.monotonic())
        process = self._workers.get(run_id)
        if process is not None and time.monotonic() - since > GRACE:
            if time.monotonic() - since > 2 * GRACE:
                process.kill()
            else:
                process.terminate()


def slots() -> int:
    """Return how many runs train at a time: `CNNCORE_SLOTS`, one where it is no number."""
    value = os.environ.get(SLOTS, "1")
    return max(1, int(value)) if value.isdecimal() else 1


def main() -> int:
    """Supervise this home's store, unless somebody does already."""
    try:
        Supervisor(open_store()).run()
    except InputError as error:
        print(error, file=sys.stderr)  # noqa: T201 into the supervisor's log
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
