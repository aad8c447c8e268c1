"""What a run's network answered to its test images after each epoch, from its snapshots. No torch.

What was read or computed once is cached: a page asks at every interaction, and a run adds an epoch now and then.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cnncore.data.prepared import info
from cnncore.errors import InputError
from cnncore.inspection.calibration import Sureness, sureness
from cnncore.runs.snapshots import check_images, scored_images, snapshot_folder
from cnncore.runs.store import open_store
from cnncore.training.snapshots import Folder, Snapshot


@dataclass(frozen=True, eq=False)  # arrays do not compare
class Answers:
    """What a run's network made of each of its test images after one epoch.

    `rows` (N,) are the images' rows among the data set's test images, `labels` (N,) their true classes, `found` the
    snapshot, in their order.
    """

    rows: NDArray[np.intp]
    labels: NDArray[np.int64]
    found: Snapshot

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which images were taken for what they are (N,)."""
        right: NDArray[np.bool_] = self.found.predicted == self.labels
        return right


def answers(run_id: str, epoch: int) -> Answers:
    """Return the run's answers after `epoch`.

    An `InputError` if there is no such run, that epoch was not kept, or the data set is another one by now.
    """
    run = _Tested.of(run_id)
    return run.answers(epoch, run.folder.written(epoch))


def sureness_by_epoch(run_id: str) -> dict[int, Sureness]:
    """Return how right and how sure the run was on its test images after each epoch that was kept, in order.

    Epoch 0 is before training; nothing kept gives nothing. Errors as of `answers`.
    """
    run = _Tested.of(run_id)
    return {epoch: _sureness(run, epoch, written) for epoch, written in run.epochs()}


def wrong_confidence(run_id: str) -> dict[int, float]:
    """Return the mean confidence, a fraction, of the run's wrong answers after each epoch, in order.

    It grows while the accuracy holds where a run overfits (Q18). Epochs without a wrong answer are left out.
    """
    found = sureness_by_epoch(run_id)
    return {epoch: sure.wrong for epoch, sure in found.items() if sure.wrong is not None}


def cell_by_epoch(run_id: str, cell: tuple[int, int]) -> dict[int, int]:
    """Return how many images of the class cell[0] were taken for cell[1] after each epoch that was kept, in order."""
    run = _Tested.of(run_id)
    true, answer = cell
    labels = _images(run)[1]
    of_class = np.flatnonzero(labels == true)
    given = {epoch: run.answers(epoch, written).found.predicted for epoch, written in run.epochs()}
    return {epoch: int(np.count_nonzero(predicted[of_class] == answer)) for epoch, predicted in given.items()}


@dataclass(frozen=True)
class _Tested:
    """A run by what its answers depend on: its folder of snapshots, and its data set as it was last prepared."""

    run_id: str
    label: str
    folder: Folder
    version: str

    @staticmethod
    def of(run_id: str) -> "_Tested":
        run = open_store().get(run_id)
        check_images(run)
        data = info(run.config.dataset)
        return _Tested(run.id, run.label, snapshot_folder(run.id), data.version if data else "")

    def epochs(self) -> Iterator[tuple[int, int]]:
        """Yield each epoch that was kept, and when it was written: one that a resumed run writes anew is another."""
        return ((epoch, self.folder.written(epoch)) for epoch in self.folder.epochs())

    def answers(self, epoch: int, written: int) -> Answers:
        rows, labels = _images(self)
        found = _read(self.folder, epoch, written)
        if len(found.predicted) != len(labels):
            raise InputError(
                f"`run` (={self.label}) was tested on {len(found.predicted)} images and its data set now has "
                f"{len(labels)}: train it anew."
            )
        return Answers(rows, labels, found)


@lru_cache(maxsize=8)
def _images(run: _Tested) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    return scored_images(run.run_id)


@lru_cache(maxsize=256)  # all epochs of a run; 50 kB each for 10,000 test images
def _read(folder: Folder, epoch: int, written: int) -> Snapshot:  # noqa: ARG001 `written` tells a newer file apart
    return folder.read(epoch)


@lru_cache(maxsize=4096)
def _sureness(run: _Tested, epoch: int, written: int) -> Sureness:
    given = run.answers(epoch, written)
    return sureness(given.found.confidence, given.right)
