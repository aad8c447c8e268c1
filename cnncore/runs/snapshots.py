"""Where a run keeps its checkpoint and its snapshots, and what can be read of them without torch."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnncore.data.prepared import contents, load
from cnncore.errors import InputError
from cnncore.home import home
from cnncore.runs.record import Run
from cnncore.runs.store import open_store
from cnncore.training.snapshots import Folder
from cnncore.training.split import rows_of_test


def checkpoint_path(run_id: str) -> Path:
    """Return where a run keeps its last checkpoint."""
    return home() / "checkpoints" / f"{run_id}.pt"


def has_weights(run: Run) -> bool:
    """Return whether the run's network can be looked into: an epoch is complete, and its checkpoint is there."""
    return run.epoch > 0 and checkpoint_path(run.id).exists()


def has_lost_checkpoint(run: Run) -> bool:
    """Return whether a run that has lost its checkpoint would begin anew, instead of going on, if it were resumed.

    After its first epoch there may be no checkpoint yet: it is written once the epoch's event is stored.
    """
    return run.epoch > 1 and not checkpoint_path(run.id).exists()


def check_checkpoint(run: Run) -> None:
    """Raise an `InputError` for a run that is to be resumed from a checkpoint that has gone."""
    if has_lost_checkpoint(run):
        raise InputError(
            f"`run` (={run.id}) cannot be resumed, as its checkpoint {checkpoint_path(run.id)} has gone, and would "
            "begin anew: start a new run with the same settings, and this one keeps its curves."
        )


def checkpoint_time(run_id: str) -> int:
    """Return when a run's last checkpoint was written, in nanoseconds since 1970, 0 where there is none.

    Caches of a network go by this: the store may know of an epoch whose checkpoint is still being written.
    """
    try:
        return checkpoint_path(run_id).stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def snapshot_folder(run_id: str) -> Folder:
    """Return where a run keeps its snapshots: the folder beside its checkpoint."""
    return Folder(checkpoint_path(run_id).with_suffix(""))


@dataclass(frozen=True)
class Kept:
    """What was kept of a run: the `epochs` with a snapshot, and those after which the whole network can be loaded.

    Both are in order and begin with 0, before training. `cnncore.inspection.trained` loads the networks.
    """

    epochs: tuple[int, ...]
    networks: tuple[int, ...]


def snapshots_of(run_id: str) -> Kept:
    """Return what is kept of the run; an `InputError` if there is no such run."""
    run = open_store().get(run_id)
    folder = snapshot_folder(run.id)
    # The last epoch's weights are the checkpoint's, those before training follow from the seed.
    last = {run.epoch} if checkpoint_path(run.id).exists() else set()
    return Kept(folder.epochs(), tuple(sorted({0, *folder.weights(), *last})))


def check_images(run: Run) -> None:
    """Raise an `InputError` if the run's data set is known to have other images now than it was trained on.

    Of runs and data sets of earlier versions it is not known.
    """
    then, now = run.versions.get("data"), contents(run.config.dataset)
    if then and now and then != now:
        raise InputError(
            f"`run` (={run.label}) was trained and tested on other images than its data set has now: train it anew, "
            "or prepare the earlier ones again."
        )


def scored_images(run_id: str) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Return, in the order of a snapshot, the test images' rows in the data set and their labels, both (N,)."""
    config = open_store().get(run_id).config
    labels = np.asarray(load(config.dataset).test_labels)
    rows = rows_of_test(config, labels)
    return rows, labels[rows]
