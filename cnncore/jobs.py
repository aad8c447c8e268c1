"""Named jobs: a calculation in a process of its own, which goes on when the page or the server that began it is gone.

    start("words", "cnncore.baselines.job:work", config={...})
    status("words")   ->  Job(state, progress, result)
    cancel("words")

The function gets `report`, to be called with a `Progress` now and then, and returns what JSON can hold: the result.

jobs/<name>.json     how far it is, or how it ended, and its result; replaced as a whole
jobs/<name>.cancel   asks it to end; it looks for this file at every report
jobs/<name>.start    locked while it is being started
jobs/<name>.lock     locked while it runs
logs/job-<name>.log  what the process printed, should it ever end without a word
"""

import contextlib
import dataclasses
import importlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from cnncore.atomic import lock, read_text, write_text
from cnncore.errors import InputError
from cnncore.home import home
from cnncore.progress import Progress, Report
from cnncore.runs.process import start_detached, yield_priority

_GRACE = 30.0  # seconds without a report after which it is checked whether the process is alive
_INTERVAL = 0.2  # seconds between two writes within a stage: a page looks once a second
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


class State(StrEnum):
    """How a job stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Job:
    """The latest state of a job; where it has failed `progress.message` says why, where it is done see `result`."""

    name: str
    state: State
    progress: Progress
    result: Any = None


class CancelledError(Exception):
    """The user has asked for an end."""


_children: dict[Path, "subprocess.Popen[bytes]"] = {}  # by the job's file: what this process has started


def _file(name: str, ending: str) -> Path:
    if not _NAME.fullmatch(name):
        raise ValueError(f"`name` (={name!r}) must be small letters, digits, - and _.")
    return home() / "jobs" / f"{name}.{ending}"


def _log(name: str) -> Path:
    return home() / "logs" / f"job-{name}.log"


def _write(name: str, state: State, progress: Progress, result: Any = None) -> None:
    values = {"state": state, "updated": time.time(), "progress": dataclasses.asdict(progress), "result": result}
    write_text(_file(name, "json"), json.dumps(values, allow_nan=False), lasting=state is not State.RUNNING)


def _read(name: str) -> tuple[Job, float]:
    values = json.loads(read_text(_file(name, "json")))
    job = Job(name, State(values["state"]), Progress(**values["progress"]), values["result"])
    return job, float(values["updated"])


def start(name: str, target: str, /, **values: Any) -> None:
    """Call the function `target` ("cnncore.module:function") with `report` and `values` in a new process.

    The process outlives this one; `status(name)` tells the rest. `values` must be what JSON can hold. A job of this
    name that is running already is an `InputError`, and so is a disk that cannot be written to.
    """
    file = _file(name, "json")
    try:
        with lock(_file(name, "start")) as free:  # of two that start it at the same time one does
            found = status(name)
            if not free or (found is not None and found.state is State.RUNNING):
                raise InputError(f"`job` (={name}) is running already: wait for it, or cancel it first.")
            _await_end(name)
            _file(name, "cancel").unlink(missing_ok=True)
            _forget_log(name)
            _write(name, State.RUNNING, Progress("Starting"))
            try:
                _children[file] = start_detached("cnncore.jobs", name, target, json.dumps(values), log=_log(name).name)
            except InputError:
                _forget(name)
                raise
    except OSError as error:
        raise InputError(
            f"{file.parent} cannot be written to ({error.strerror}): set CNNCORE_HOME to a folder that can."
        ) from error


def _await_end(name: str) -> None:
    """Wait for the process of an earlier job, which has said how it ended and is on its way out."""
    child = _children.get(_file(name, "json"))
    if child is not None:
        try:
            child.wait(timeout=_GRACE)
        except subprocess.TimeoutExpired:
            raise InputError(f"`job` (={name}) has a process that has not ended yet: try again in a minute.") from None
        _children.pop(_file(name, "json"), None)  # it says nothing about the process that is being started


def status(name: str) -> Job | None:
    """Return how the job `name` stands; None if there is none, or its file cannot be read."""
    file = _file(name, "json")
    try:
        found, updated = _read(name)
        child = _children.get(file)
        ended = child is not None and child.poll() is not None
        if found.state is not State.RUNNING:
            if ended:
                _children.pop(file, None)  # it says nothing about the next job of this name
            return found
        # That our own child has ended proves nothing: another process may have started the job of this name since.
        if (child is not None and not ended) or (child is None and abs(time.time() - updated) < _GRACE) or _alive(name):
            return found
        again, _ = _read(name)  # it may have written its result just before it ended
    except (OSError, ValueError, KeyError, TypeError, RecursionError):  # no file, a damaged one, another version's
        return None
    if again.state is not State.RUNNING:
        return again
    message = f"It ended without a result: {_last_line(name)}"
    return Job(name, State.FAILED, dataclasses.replace(again.progress, message=message))


def _alive(name: str) -> bool:
    with lock(_file(name, "lock")) as free:
        return not free


def _last_line(name: str) -> str:
    with contextlib.suppress(FileNotFoundError):
        lines = _log(name).read_text(encoding="utf-8", errors="replace").splitlines()
        if lines:
            return lines[-1][:300]
    return "it was ended from outside. Start it again."


def jobs(prefix: str = "") -> list[Job]:
    """Return every job whose name begins with `prefix` and that `status` knows, ordered by name."""
    names: list[str] = []
    with contextlib.suppress(OSError):  # a folder that may not be read has no jobs to show
        names = sorted(path.stem for path in (home() / "jobs").glob(f"{prefix}*.json"))
    return [found for name in names if _NAME.fullmatch(name) and (found := status(name)) is not None]


def cancel(name: str) -> None:
    """Ask the job to end, which it does at its next report; nothing happens if no such job was ever started."""
    if _file(name, "json").exists():
        _file(name, "cancel").touch()


def dismiss(name: str) -> None:
    """Forget how the job ended; if it is running again, started from elsewhere, it is left alone."""
    found = status(name)
    if found is None or found.state is not State.RUNNING:
        _forget(name)


def _forget(name: str) -> None:
    for path in (_file(name, "json"), _file(name, "cancel")):
        path.unlink(missing_ok=True)
    _forget_log(name)


def _forget_log(name: str) -> None:
    with contextlib.suppress(PermissionError):  # Windows: a process that is about to end still holds it
        _log(name).unlink(missing_ok=True)


def record(name: str, work: Callable[[Report], Any]) -> Any:
    """Call `work(report)` here, and write every report, and how it ends, where `status(name)` finds it.

    Raises what `work` raises, and `CancelledError` when `cancel` was called. A job of this name that another process
    is doing is an `InputError`, and is left as it is.
    """
    last, written = Progress("Starting"), 0.0

    def report(progress: Progress) -> None:
        nonlocal last, written
        if _file(name, "cancel").exists():
            raise CancelledError
        fresh = progress.stage != last.stage or time.monotonic() - written > _INTERVAL
        last = progress
        if fresh:
            written = time.monotonic()
            with contextlib.suppress(OSError):  # a full disk stops the work where it writes, not where it tells of it
                _write(name, State.RUNNING, progress)

    with lock(_file(name, "lock")) as free:
        if not free:
            raise InputError(f"`job` (={name}) is being done by another process: wait until it has ended.")
        _write(name, State.RUNNING, last)
        state, message, result = State.FAILED, f"The program has failed: {_log(name)} says more.", None
        try:
            result = work(report)
            state, message = State.DONE, ""
        except InputError as error:
            message = str(error)
            raise
        except (CancelledError, KeyboardInterrupt):
            state, message = State.CANCELLED, "Cancelled."
            raise
        else:
            return result
        finally:
            _write(name, state, dataclasses.replace(last, message=message), result)
            _file(name, "cancel").unlink(missing_ok=True)


def main(arguments: list[str]) -> int:
    """Do the job that `start` describes; return the exit status: 0 done, 2 bad input, 130 cancelled."""
    name, target, values = arguments
    module, function = target.split(":")
    yield_priority()

    def work(report: Report) -> Any:
        return getattr(importlib.import_module(module), function)(report=report, **json.loads(values))

    try:
        record(name, work)
    except InputError as error:
        print(error, flush=True)  # noqa: T201 the job's log
        return 2
    except (CancelledError, KeyboardInterrupt):
        return 130
    return 0


if __name__ == "__main__":
    # The functions raise this module's exceptions under its own name, not under `__main__`.
    sys.exit(importlib.import_module("cnncore.jobs").main(sys.argv[1:]))
