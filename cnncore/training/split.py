"""Which images of a data set a run trains on, validates on and tests on. It depends on the labels alone, on no seed."""

import numpy as np
from numpy.typing import NDArray

from cnncore.data.subset import balanced, in_proportion, part_of
from cnncore.errors import InputError
from cnncore.training.config import RunConfig


def size_of_train(config: RunConfig, images: int) -> int:
    """Return on how many of the data set's `images` train images the run trains; an `InputError` if there are too few.

    >>> [size_of_train(RunConfig(validation_size=500, train_size=size), 5000) for size in (None, 1000)]
    [4500, 1000]
    """
    if config.validation_size >= images:
        raise InputError(
            f"`validation_size` (={config.validation_size}) must leave some of the {images} train images to train "
            "on: choose fewer."
        )
    return part_of(images - config.validation_size, config.train_size, "train_size")


def size_of_test(config: RunConfig, images: int) -> int:
    """Return on how many of the data set's `images` test images the run is tested; an `InputError` for too many."""
    return part_of(images, config.test_size, "test_size")


def rows_of_train(config: RunConfig, labels: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the indices of the train and of the validation images among the data set's train images, both sorted.

    The validation images are the last ones of every class, as large a share of each as of all, the train images the
    first `train_size` of what is left when the classes take turns: as long as both fit, a train subset is the same
    with and without a validation split. An `InputError` if a class would have no train image left.
    """
    labels = np.asarray(labels)
    size_of_train(config, len(labels))
    last = len(labels) - 1
    validation = np.sort(last - in_proportion(labels[::-1], config.validation_size))
    rest = np.setdiff1d(np.arange(len(labels)), validation, assume_unique=True)
    if missing := len(np.unique(labels)) - len(np.unique(labels[rest])):
        raise InputError(
            f"`validation_size` (={config.validation_size}) leaves {missing} of the classes without "
            f"an image to train on, of {len(labels)}: choose fewer."
        )
    return rest[balanced(labels[rest], config.train_size, "train_size")], validation


def rows_of_test(config: RunConfig, labels: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return the indices of the run's test images among the data set's: the order of a snapshot's predictions."""
    return balanced(np.asarray(labels), config.test_size, "test_size")
