"""What a network takes the test images for, from a snapshot's answers. Pure numpy."""

from collections.abc import Mapping
from dataclasses import dataclass
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


def worst_cell(counts: NDArray[np.int64]) -> tuple[int, int]:
    """Return the (true class, answer) of the most frequent error, the first of equals; (0, 0) where all is right.

    >>> worst_cell(np.array([[9, 1, 2], [3, 7, 0], [0, 0, 5]]))
    (1, 0)
    """
    wrong = counts - np.diag(np.diag(counts))
    row, column = divmod(int(wrong.argmax()), len(counts))
    return row, column


@dataclass(frozen=True, eq=False)  # arrays do not compare
class ClassScores:
    """How each class fares, fractions (C,), NaN where there is nothing to divide by.

    `precision`: of the images taken for the class, the share that is of it. `recall`: of its images, the share that
    was taken for it. `f1` = 2 precision recall / (precision + recall), their harmonic mean.
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]


def class_scores(counts: NDArray[np.int64]) -> ClassScores:
    """Return each class's scores from the confusion matrix `counts` (true, answer).

    >>> scores = class_scores(np.array([[8, 2], [4, 6]]))
    >>> scores.precision.round(3).tolist(), scores.recall.tolist(), scores.f1.round(3).tolist()
    ([0.667, 0.75], [0.8, 0.6], [0.727, 0.667])
    """
    right, answered, of_class = np.diag(counts), counts.sum(0), counts.sum(1)

    def share(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
        shares = np.full(len(part), np.nan)
        np.divide(part, whole, out=shares, where=whole > 0)
        return shares

    # 2 TP / (2 TP + FP + FN), which has a value where one of precision and recall has none.
    return ClassScores(share(right, answered), share(right, of_class), share(2 * right, answered + of_class))


def least_true(right: NDArray[np.bool_], confidence: NDArray[Any], true: NDArray[Any]) -> NDArray[np.intp]:
    """Return the places of the wrong answers, the least probability of the true class first, all arguments (N,).

    Of equals, and float16 rounds much to 0, the one that is surer of its wrong answer comes first.
    """
    order = np.lexsort((-confidence.astype(np.float64), true.astype(np.float64)))
    return order[~right[order]]


def surest_wrong(right: NDArray[np.bool_], confidence: NDArray[Any]) -> NDArray[np.intp]:
    """Return the places of the wrong answers, the surest first, both arguments (N,)."""
    wrong = np.flatnonzero(~right)
    return wrong[np.argsort(-confidence[wrong].astype(np.float64), kind="stable")]


def unbroken_since(counts: Mapping[int, int]) -> int | None:
    """Return the epoch since which, up to the last one, every count is above 0; None if the last one is 0.

    >>> unbroken_since({0: 4, 1: 0, 2: 3, 3: 1})
    2
    """
    since = None
    for epoch in sorted(counts, reverse=True):
        if not counts[epoch]:
            break
        since = epoch
    return since
