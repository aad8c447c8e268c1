"""Readings of an accuracy on few test images: drawn from a network's own answers, and what theory expects of them."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnncore.errors import InputError
from cnncore.statistics import wilson_interval

BATCH = 128  # the source report's test batch


def draw_batches(right: NDArray[np.bool_], count: int, size: int = BATCH, seed: int = 0) -> NDArray[np.int64]:
    """Return (count,) how many images of each batch are right: `size` of `right` (N,), drawn without replacement."""
    if not 1 <= size <= len(right):
        raise InputError(f"`size` (={size}) must lie between 1 and the {len(right)} test images: choose fewer.")
    rng = np.random.default_rng(seed)
    drawn = [rng.choice(len(right), size, replace=False, shuffle=False) for _ in range(count)]
    return np.asarray(right[np.array(drawn)].sum(axis=1), np.int64)


def simulate_batches(accuracy: float, count: int, size: int = BATCH, seed: int = 0) -> NDArray[np.int64]:
    """Return (count,) how many of `size` images are right in each batch, each image with probability `accuracy`."""
    _probability(accuracy)
    right: NDArray[np.bool_] = np.random.default_rng(seed).random((count, size)) < accuracy
    return np.asarray(right.sum(axis=1), np.int64)


def hypergeometric(right: int, total: int, size: int = BATCH) -> NDArray[np.float64]:
    """Return (size + 1,) the probability of 0, 1, ... `size` right images in a batch drawn without replacement.

    C(right, k) C(total - right, size - k) / C(total, size), in whole numbers until the division.
    """
    if not (0 <= right <= total and 1 <= size <= total):
        raise InputError(f"`right` (={right}) and `size` (={size}) must lie within `total` (={total}): count again.")
    ways = math.comb(total, size)
    return np.array([math.comb(right, k) * math.comb(total - right, size - k) / ways for k in range(size + 1)])


def binomial(accuracy: float, size: int = BATCH) -> NDArray[np.float64]:
    """Return (size + 1,) the probability of 0, 1, ... `size` right images: C(size, k) p^k (1 - p)^(size - k)."""
    _probability(accuracy)
    return np.array([math.comb(size, k) * accuracy**k * (1 - accuracy) ** (size - k) for k in range(size + 1)])


@dataclass(frozen=True)
class Spread:
    """What many readings of one network say. Shares are between 0 and 1, `low` and `high` accuracies.

    95 % of the readings lie between `low` and `high`; `covered` is the share whose Wilson interval holds the true
    accuracy, `apart` the share of pairs of readings that differ by at least `images` images.
    """

    low: float
    high: float
    covered: float
    apart: float
    images: int


def spread(counts: NDArray[np.int64], accuracy: float, size: int = BATCH, images: int = 4) -> Spread:
    """Return what `counts` (n,) of right images among `size` say of a network of that true `accuracy`.

    Pairs are the first half of the readings with the second.
    """
    low, high = np.quantile(counts, [0.025, 0.975]) / size
    holds = [start <= accuracy <= end for start, end in (wilson_interval(k, size) for k in range(size + 1))]
    half = len(counts) // 2
    apart = np.abs(counts[:half] - counts[half : 2 * half]) >= images
    return Spread(float(low), float(high), float(np.mean(np.array(holds)[counts])), float(np.mean(apart)), images)


def _probability(accuracy: float) -> None:
    if not 0 <= accuracy <= 1:
        raise InputError(f"`accuracy` (={accuracy}) must lie between 0 and 1: 0.75 is three of four images right.")
