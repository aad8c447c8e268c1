"""How sure a network is of its answers, and how far that can be trusted. Pure numpy."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.errors import InputError

BINS = 10


@dataclass(frozen=True, eq=False)  # arrays do not compare
class Reliability:
    """Answers sorted by confidence into bins (edges[b], edges[b + 1]] of equal width, b = 0 ... B - 1.

    `edges` (B + 1,), `count` (B,) answers, `right` (B,) how many of them are right, `confidence` (B,) their mean
    confidence, a fraction, NaN where the bin is empty.
    """

    edges: NDArray[np.float64]
    count: NDArray[np.int64]
    right: NDArray[np.int64]
    confidence: NDArray[np.float64]

    @property
    def accuracy(self) -> NDArray[np.float64]:
        """The share of right answers in each bin (B,), NaN where it is empty."""
        return _quotient(self.right, self.count)

    @property
    def error(self) -> float:
        """The expected calibration error, a fraction: sum_b (n_b / N) |accuracy_b - confidence_b| (Guo et al. 2017)."""
        filled = self.count > 0
        gaps = np.abs(self.accuracy - self.confidence)[filled]
        return float(np.sum(gaps * self.count[filled]) / self.count.sum())


def reliability(confidence: NDArray[Any], right: NDArray[np.bool_], bins: int = BINS) -> Reliability:
    """Return how often answers of each confidence are right, both arguments (N,); an `InputError` without answers.

    >>> found = reliability(np.array([0.95, 0.85, 0.85, 0.95]), np.array([True, True, False, True]))
    >>> found.count.tolist(), round(found.error, 3)
    ([0, 0, 0, 0, 0, 0, 0, 0, 2, 2], 0.2)
    """
    if not len(confidence):
        raise InputError("`confidence` (=none) must be of one answer at least: choose a run with test images.")
    if bins < 1:
        raise InputError(f"`bins` (={bins}) must be at least 1: the usual number is {BINS}.")
    sure = np.asarray(confidence, np.float64)
    edges = np.arange(bins + 1) / bins
    place = np.clip(np.searchsorted(edges, sure, side="left") - 1, 0, bins - 1)
    count = np.bincount(place, minlength=bins)
    correct = np.bincount(place[np.asarray(right, bool)], minlength=bins)
    return Reliability(edges, count, correct, _quotient(np.bincount(place, sure, bins), count))


@dataclass(frozen=True)
class Sureness:
    """How right a network is and how sure, all fractions: accuracy, and the mean confidence of right and wrong answers.

    A mean over no answers is None. `error` is the expected calibration error.
    """

    accuracy: float
    right: float | None
    wrong: float | None
    error: float


def sureness(confidence: NDArray[Any], right: NDArray[np.bool_]) -> Sureness:
    """Return how sure right and wrong answers are, both arguments (N,); an `InputError` without answers.

    >>> sureness(np.array([0.9, 0.8, 0.7]), np.array([True, True, False])).wrong
    0.7
    """
    error = reliability(confidence, right).error
    sure, correct = np.asarray(confidence, np.float64), np.asarray(right, bool)
    return Sureness(float(correct.mean()), _mean(sure[correct]), _mean(sure[~correct]), error)


def _mean(values: NDArray[np.float64]) -> float | None:
    return float(values.mean()) if len(values) else None


def _quotient(sums: NDArray[Any], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    found = np.full(len(counts), np.nan)
    np.divide(sums, counts, out=found, where=counts > 0)
    return found
