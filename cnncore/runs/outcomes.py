"""How runs ended: their best epoch, and the test images that one of two runs has right."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnncore.errors import InputError
from cnncore.runs.answers import answers
from cnncore.runs.record import Run
from cnncore.runs.snapshots import snapshot_folder
from cnncore.runs.store import RunStore
from cnncore.statistics import mcnemar


@dataclass(frozen=True)
class Best:
    """A run's best epoch. `test_accuracy` is that epoch's; `fair` if validation images chose it, not the test set."""

    epoch: int
    test_accuracy: float
    fair: bool


def best_epoch(store: RunStore, run: Run) -> Best | None:
    """Return the epoch of the highest validation accuracy, of the highest test accuracy where there is no validation.

    The first one of equals; None before the first epoch's end. A maximum over the test set's own curve is optimistic:
    the luckiest of many readings.
    """
    test = store.curve(run.id, "test/accuracy")
    validation = store.curve(run.id, "validation/accuracy")
    fair = len(validation.value) > 0
    choice = validation if fair else test
    both = np.isin(choice.step, test.step)  # an epoch may have ended between the two reads
    if not both.any():
        return None
    step = choice.step[both][int(np.argmax(choice.value[both]))]
    place = int(np.flatnonzero(test.step == step)[0])
    return Best(int(test.epoch[place]), float(test.value[place]), fair)


def right_images(run: Run) -> NDArray[np.bool_]:
    """Return (N,) which of its test images the run has right, in its last snapshot; an `InputError` if it has none."""
    epochs = snapshot_folder(run.id).epochs()
    if not epochs or not run.epoch:
        raise InputError(f"`run` (={run.label}) kept no predictions of its test images: train it anew.")
    return answers(run.id, epochs[-1]).right


@dataclass(frozen=True)
class Paired:
    """Two runs on the same test images: how many both, the first alone, the second alone, or neither has right."""

    both: int
    only_first: int
    only_second: int
    neither: int

    @property
    def total(self) -> int:
        """How many test images there are."""
        return self.both + self.only_first + self.only_second + self.neither

    @property
    def gain(self) -> float:
        """The second's accuracy less the first's, between -1 and 1."""
        return (self.only_second - self.only_first) / self.total

    @property
    def p(self) -> float:
        """McNemar's exact two-sided p."""
        return mcnemar(self.only_first, self.only_second)


def paired(first: Run, second: Run) -> Paired:
    """Return the two runs image by image; an `InputError` if their test images are not the same ones."""
    one, other = ((run.config.dataset, run.test_size) for run in (first, second))
    if one != other:
        raise InputError(
            f"`runs` (={one[0]}, {one[1]} test images, and {other[0]}, {other[1]}) were tested on different images, "
            "which no paired test can compare: choose two runs on the same test set."
        )
    a, b = right_images(first), right_images(second)
    return Paired(*(int(np.sum(cell)) for cell in (a & b, a & ~b, ~a & b, ~a & ~b)))
