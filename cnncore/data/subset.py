"""A part of a data set with every class in it."""

import numpy as np
from numpy.typing import NDArray

from cnncore.errors import InputError


def balanced(labels: NDArray[np.int64], size: int | None, name: str) -> NDArray[np.intp]:
    """Return the indices of the first `size` images when the classes take turns; of all images if it is None.

    Which images these are depends on the labels alone, so that runs with different seeds see the same subset.
    """
    if size is None or size == len(labels):
        return np.arange(len(labels))
    if size > len(labels):
        raise InputError(f"`{name}` (={size}) must not exceed the {len(labels)} images there are: choose fewer.")
    by_class = np.argsort(labels, kind="stable")
    turn = np.concatenate([np.arange(count) for count in np.bincount(labels)])  # the how-many-eth of its class
    return np.sort(by_class[np.argsort(turn, kind="stable")][:size])
