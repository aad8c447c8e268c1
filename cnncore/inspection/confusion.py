"""What a network takes the test images for, from a snapshot's answers. Pure numpy."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def confusion(labels: NDArray[np.int64], predicted: NDArray[Any], classes: int) -> NDArray[np.int64]:
    """Return how many images of each true class (row) were taken for each class (column): (classes, classes).

    >>> confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    places = np.asarray(labels) * classes + np.asarray(predicted, np.int64)
    return np.bincount(places, minlength=classes * classes).reshape(classes, classes)


def of_cell(
    labels: NDArray[np.int64], predicted: NDArray[Any], confidence: NDArray[Any], cell: tuple[int, int]
) -> NDArray[np.intp]:
    """Return the places of the images in the cell (true class, answer), the surest answer first."""
    found = np.flatnonzero((labels == cell[0]) & (predicted == cell[1]))
    return found[np.argsort(-confidence[found].astype(np.float64), kind="stable")]
