"""Dropout masks, and the ways to account for the factor 1 - p in training or in test. Pure numpy, one layer's masks."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from cnncore.architecture.layers import check_drop

Array = NDArray[np.float64]
MASKS = 1000


class Books(StrEnum):
    """Where the factor 1 - p is put, so that training and test agree on average (or not)."""

    PAPER = "paper"  # training as it is, test times 1 - p
    PYTORCH = "PyTorch"  # survivors divided by 1 - p, test as it is
    BOTH = "both"
    NEITHER = "neither"

    def scales(self, p: float) -> tuple[float, float]:
        """Return what survivors are multiplied by in training, and all units in test.

        >>> Books.PYTORCH.scales(0.5)
        (2.0, 1.0)
        """
        inverted = self in (Books.PYTORCH, Books.BOTH)
        scaled_test = self in (Books.PAPER, Books.BOTH)
        return (1 / (1 - p) if inverted else 1.0), (1 - p if scaled_test else 1.0)


@dataclass(frozen=True, eq=False)  # arrays do not compare to one truth value
class Hidden:
    """The last hidden layer of a network for one image, and the dense layer that reads it.

    `activations` (units,) as dropout receives them, `weights` (classes, units) and `biases` (classes,) of the last
    dense layer, called `head`; `classes` are the names, `epoch` is 0 before training.
    """

    activations: NDArray[np.float64]
    weights: NDArray[np.float64]
    biases: NDArray[np.float64]
    head: str
    classes: tuple[str, ...]
    epoch: int

    @property
    def scores(self) -> NDArray[np.float64]:
        """The scores (classes,) without dropout."""
        return self.weights @ self.activations + self.biases


def kept(units: int, p: float, count: int = 1, seed: int = 0) -> NDArray[np.bool_]:
    """Return `count` masks (count, units): True where a unit stays, each with probability 1 - p, all independent.

    With the same seed, a unit that is dropped at one p is dropped at every larger p too: a slider drops one by one.
    """
    check_drop(p)
    return np.asarray(np.random.default_rng([2014, seed]).random((count, units)) >= p)


@dataclass(frozen=True, eq=False)  # arrays do not compare to one truth value
class Account:
    """One way of keeping the books: what a unit of the next layer receives over many masks, and in test.

    `scores` (masks,) are its values in training; `expected` and `deviation` are their mean and standard deviation by
    formula. The books agree where `expected` equals `test`.
    """

    books: Books
    scores: Array
    expected: float
    deviation: float
    test: float

    @property
    def mean(self) -> float:
        """The mean over the masks."""
        return float(self.scores.mean())

    @property
    def spread(self) -> float:
        """The standard deviation over the masks."""
        return float(self.scores.std(ddof=1))

    @property
    def error(self) -> float:
        """The standard error of `mean`: the spread divided by the root of the number of masks."""
        return self.spread / float(np.sqrt(len(self.scores)))

    @property
    def agrees(self) -> bool:
        """Whether training and test have the same expectation, by formula."""
        return bool(np.isclose(self.expected, self.test, rtol=1e-9, atol=1e-9))


def accounts(
    activations: Array, weights: Array, bias: float, p: float, seed: int = 0, masks: int = MASKS
) -> list[Account]:
    """Return the books of one unit of the next layer: its weights (units,) on `activations` (units,), and its bias.

    With the factor s in training the score b + s * sum(w a kept) has the mean b + s (1 - p) sum(w a) and the variance
    s^2 p (1 - p) sum((w a)^2); with the factor t in test it is b + t sum(w a). All books meet the same masks.
    """
    products = np.asarray(weights, float) * np.asarray(activations, float)
    sums = kept(len(products), p, masks, seed) @ products
    result = []
    for books in Books:
        train, test = books.scales(p)
        result.append(
            Account(
                books,
                bias + train * sums,
                bias + train * (1 - p) * float(products.sum()),
                train * float(np.sqrt(p * (1 - p) * (products**2).sum())),
                bias + test * float(products.sum()),
            )
        )
    return result


def noise_variance(p: float, units: int = 1000, masks: int = MASKS, seed: int = 0) -> float:
    """Return the measured variance of what inverted dropout multiplies a unit by: 0 or 1 / (1 - p).

    The formula is p / (1 - p): the mean of the square is (1 - p) / (1 - p)^2, the mean 1.

    >>> abs(noise_variance(0.5) - 1) < 0.01
    True
    """
    return float((kept(units, p, masks, seed) / (1 - p)).var())
