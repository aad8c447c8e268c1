"""A preparation in a process of its own, so that a page can be closed while it goes on.

data/<name>.progress.json   how far it is, or how it ended; replaced as a whole at every report
data/<name>.cancel          asks it to end; it looks at every report
data/<name>.lock            locked while it runs
data/<name>.log             what the process printed, should it ever end without a word
"""

import contextlib
import dataclasses
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import cnncore
from cnncore.data.atomic import lock, write_text
from cnncore.data.images import ImageData, dataset_name
from cnncore.data.progress import Progress, Report
from cnncore.data.sources import lock_path, prepare
from cnncore.errors import InputError
from cnncore.home import home

_GRACE = 30.0  # seconds without a report after which it is checked that the process still lives


class State(StrEnum):
    """How a preparation stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Preparation:
    """The last that is known of the preparation of `name`; for a failed one `progress.message` says why."""

    name: str
    state: State
    progress: Progress


class CancelledError(Exception):
    """The user has asked for an end."""


_children: dict[str, subprocess.Popen[bytes]] = {}  # kept to be waited for: a child that nobody waits for is a zombie


def uploads() -> Path:
    """Return the folder for archives that were uploaded; what lies there is removed once it is prepared."""
    return home() / "data" / "uploads"


def _file(name: str, ending: str) -> Path:
    return home() / "data" / f"{dataset_name(name)}.{ending}"


def _write(name: str, state: State, progress: Progress) -> None:
    text = json.dumps({"state": state, "updated": time.time(), "progress": dataclasses.asdict(progress)})
    write_text(_file(name, "progress.json"), text)


def start(name: str, source: str | None = None, size: int | None = None) -> None:
    """Begin to prepare a data set in a new process, which outlives this one; `status(name)` tells the rest.

    A name that cannot be used, or that is being prepared already, is an `InputError`.
    """
    found = status(name)
    if found is not None and found.state is State.RUNNING:
        raise InputError(f"`dataset` (={name}) is being prepared already: wait for it, or cancel it first.")
    if name in _children:
        _children.pop(name).wait(timeout=_GRACE)  # it has said how it ended and is on its way out
    command = [sys.executable, "-m", "cnncore", "data", "prepare", name, "--progress-file"]
    command += ["--from", source] if source else []
    command += ["--size", str(size)] if size else []
    try:
        _file(name, "log").parent.mkdir(parents=True, exist_ok=True)
        _file(name, "cancel").unlink(missing_ok=True)
        _write(name, State.RUNNING, Progress("Starting"))
        with _file(name, "log").open("wb") as log:
            _children[name] = _detached(command, log.fileno())
    except OSError as error:
        raise InputError(
            f"{home() / 'data'} cannot be written to ({error.strerror}): set CNNCORE_HOME to a folder that can."
        ) from error


def _detached(command: list[str], log: int) -> subprocess.Popen[bytes]:
    # A new session (POSIX) or process group without a console (Windows): closing the server does not end it.
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    return subprocess.Popen(
        command,
        cwd=Path(cnncore.__file__).parents[1],  # where `-m cnncore` is found, wherever the server was started
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=sys.platform != "win32",
        creationflags=flags,
    )


def status(name: str) -> Preparation | None:
    """Return how the preparation of `name` stands, None if there is none to speak of."""
    try:
        values = json.loads(_file(name, "progress.json").read_text(encoding="utf-8"))
        found = Preparation(name, State(values["state"]), Progress(**values["progress"]))
        updated = float(values["updated"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):  # none, or written by another version
        return None
    child = _children.get(name)
    ended = child is not None and child.poll() is not None
    if found.state is not State.RUNNING:
        return found
    if not ended and (child is not None or time.time() - updated < _GRACE or _alive(name)):
        return found
    again = json.loads(_file(name, "progress.json").read_text(encoding="utf-8"))  # its last word, just before the end
    if again["state"] != State.RUNNING:
        return Preparation(name, State(again["state"]), Progress(**again["progress"]))
    message = f"The preparation ended without a result: {_last_line(name)}"
    return Preparation(name, State.FAILED, dataclasses.replace(found.progress, message=message))


def _alive(name: str) -> bool:
    with lock(lock_path(name)) as free:
        return not free


def _last_line(name: str) -> str:
    with contextlib.suppress(FileNotFoundError):
        lines = _file(name, "log").read_text(encoding="utf-8", errors="replace").splitlines()
        if lines:
            return lines[-1][:300]
    return "it was ended from outside. Start it again."


def preparations() -> list[Preparation]:
    """Return every preparation there is something to say about: those that run and those that ended unseen."""
    names = [path.name.removesuffix(".progress.json") for path in (home() / "data").glob("*.progress.json")]
    return [found for name in sorted(names) if (found := status(name)) is not None]


def cancel(name: str) -> None:
    """Ask the preparation of `name` to end; it does so at its next report, and keeps what it has downloaded."""
    _file(name, "cancel").touch()


def dismiss(name: str) -> None:
    """Forget how the preparation of `name` ended."""
    for ending in ("progress.json", "cancel", "log"):
        _file(name, ending).unlink(missing_ok=True)


def prepare_on_record(name: str, source: str | None, size: int | None, report: Report) -> ImageData:
    """Prepare a data set as `cnncore.data.sources.prepare` does, and write every report where `status` finds it.

    Raises `CancelledError` when `cancel` was called. An uploaded archive is removed afterwards.
    """
    last = Progress("Starting")
    _file(name, "progress.json").parent.mkdir(parents=True, exist_ok=True)

    def both(progress: Progress) -> None:
        nonlocal last
        last = progress
        if _file(name, "cancel").exists():
            raise CancelledError
        report(progress)
        _write(name, State.RUNNING, progress)

    state, message = State.FAILED, "The program has failed: run the same with `python -m cnncore data prepare`."
    try:
        data = prepare(name, source, both, size=size)
        state, message = State.DONE, f"{len(data.train_labels):,} train and {len(data.test_labels):,} test images."
    except InputError as error:
        message = str(error)
        raise
    except (CancelledError, KeyboardInterrupt):
        state, message = State.CANCELLED, "Cancelled. What was downloaded is kept: the next attempt continues there."
        raise
    else:
        return data
    finally:
        _write(name, state, dataclasses.replace(last, message=message))
        _file(name, "cancel").unlink(missing_ok=True)
        if source is not None and Path(source).parent == uploads():
            Path(source).unlink(missing_ok=True)
