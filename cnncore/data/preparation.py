"""A preparation as a job of its own (see `cnncore.jobs`), so that a page can be closed while it goes on."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from cnncore import jobs
from cnncore.data.images import dataset_name
from cnncore.data.sources import prepare
from cnncore.errors import InputError
from cnncore.home import home
from cnncore.jobs import State
from cnncore.progress import Progress, Report

_PREFIX = "data-"


@dataclass(frozen=True)
class Preparation:
    """The last that is known of the preparation of `name`; `progress.message` says how an ended one ended."""

    name: str
    state: State
    progress: Progress


def uploads() -> Path:
    """Return the folder for archives that were uploaded, each in a folder of its own, removed once it is prepared."""
    return home() / "data" / "uploads"


def job_name(name: str) -> str:
    """Return what the job that prepares the data set `name` is called."""
    return _PREFIX + dataset_name(name)


def start(name: str, source: str | None = None, size: int | None = None) -> None:
    """Begin to prepare a data set in a new process, which outlives this one; `status(name)` tells the rest.

    A name that cannot be used, or that is being prepared already, is an `InputError`.
    """
    found = status(name)
    if found is not None and found.state is State.RUNNING:
        raise InputError(f"`dataset` (={name}) is being prepared already: wait for it, or cancel it first.")
    jobs.start(job_name(name), "cnncore.data.preparation:work", name=name, source=source, size=size)


def work(report: Report, name: str, source: str | None, size: int | None) -> str:
    """Prepare the data set as `cnncore.data.sources.prepare` does and return its sizes in words: the job itself.

    An uploaded archive is removed afterwards, with its folder; messages call it by its name, as the user does.
    """
    uploaded = source is not None and Path(source).parent.parent == uploads()
    try:
        data = prepare(name, source, report, size=size)
    except InputError as error:
        if source is not None and uploaded:
            raise InputError(str(error).replace(source, Path(source).name)) from error
        raise
    finally:
        if source is not None and uploaded:
            shutil.rmtree(Path(source).parent, ignore_errors=True)
    return f"{len(data.train_labels):,} train and {len(data.test_labels):,} test images."


def _preparation(job: jobs.Job) -> Preparation:
    message = job.progress.message
    if job.state is State.DONE:
        message = str(job.result)
    elif job.state is State.CANCELLED:
        message = "Cancelled. What was downloaded is kept: the next attempt continues there."
    return Preparation(job.name.removeprefix(_PREFIX), job.state, replace(job.progress, message=message))


def status(name: str) -> Preparation | None:
    """Return how the preparation of `name` stands, None if there is none to speak of."""
    found = jobs.status(job_name(name))
    return None if found is None else _preparation(found)


def preparations() -> list[Preparation]:
    """Return every preparation there is something to say about: those that run and those that ended unseen."""
    return [_preparation(job) for job in jobs.jobs(_PREFIX)]


def cancel(name: str) -> None:
    """Ask the preparation of `name` to end; it does so at its next report, and keeps what it has downloaded."""
    jobs.cancel(job_name(name))


def dismiss(name: str) -> None:
    """Forget how the preparation of `name` ended."""
    jobs.dismiss(job_name(name))
