"""Which images of a data set a run trains on, validates on and tests on. It depends on the labels alone, on no seed."""

import numpy as np
from numpy.typing import NDArray

from cnncore.data.subset import balanced
from cnncore.errors import InputError
from cnncore.training.config import RunConfig


def rows_of_train(config: RunConfig, labels: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the indices of the train and of the validation images among the data set's train images, both sorted.

    The validation images are the last ones when the classes take turns, the train images the first `train_size` of
    what is left: as long as both fit, a train subset is the same with and without a validation split.
    """
    labels = np.asarray(labels)
    if config.validation_size >= len(labels):
        raise InputError(
            f"`validation_size` (={config.validation_size}) must leave some of the {len(labels)} train images to train "
            "on: choose fewer."
        )
    last = len(labels) - 1
    validation = np.sort(last - balanced(labels[::-1], config.validation_size, "validation_size"))
    rest = np.setdiff1d(np.arange(len(labels)), validation, assume_unique=True)
    return rest[balanced(labels[rest], config.train_size, "train_size")], validation


def rows_of_test(config: RunConfig, labels: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return the indices of the run's test images among the data set's: the order of a snapshot's predictions."""
    return balanced(np.asarray(labels), config.test_size, "test_size")
