"""A part of a data set with every class in it."""

import numpy as np
from numpy.typing import NDArray

from cnncore.errors import InputError


def balanced(labels: NDArray[np.int64], size: int | None, name: str) -> NDArray[np.intp]:
    """Return the indices of the first `size` images when the classes take turns; of all images if it is None.

    Which images these are depends on the labels alone, so that runs with different seeds see the same subset.
    """
    if part_of(len(labels), size, name) == len(labels):
        return np.arange(len(labels))
    by_class = np.argsort(labels, kind="stable")
    turn = np.concatenate([np.arange(count) for count in np.bincount(labels)])  # its number within its class
    return np.sort(by_class[np.argsort(turn, kind="stable")][:size])


def in_proportion(labels: NDArray[np.int64], size: int) -> NDArray[np.intp]:
    """Return the indices of `size` images, the first ones of each class, the same share of every class.

    Where all classes have the same size these are the images of `balanced`.
    """
    counts = np.bincount(labels)
    by_class = np.argsort(labels, kind="stable")
    share = np.concatenate([(np.arange(count) + 0.5) / count for count in counts if count])
    return np.sort(by_class[np.argsort(share, kind="stable")][:size])


def part_of(total: int, size: int | None, name: str) -> int:
    """Return how many of `total` images a part of `size` has, all if it is None; an `InputError` if it is too large."""
    if size is not None and size > total:
        raise InputError(f"`{name}` (={size}) must not exceed the {total} images there are: choose fewer.")
    return total if size is None else size
