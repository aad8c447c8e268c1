"""What batch norm does to the channels of a layer, as plain arrays: results that travel without torch."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)  # arrays do not compare to one truth value
class Channels:
    """A layer's channels over one batch, before and after its batch norm in train() mode.

    `names` are all batch norms of the network, `count` is the number of a channel's values, N * H * W. `mean` and `std`
    (channels,) are of the values before, `..._after` of those after, and `running_...` are those that the layer keeps
    for eval(); `scale` and `shift` are its parameters. The histograms `before` and `after` are (channels, bins) over
    the common `edges` (bins + 1,); values beyond are counted in the outermost bins.
    """

    names: tuple[str, ...]
    count: int
    mean: Array
    std: Array
    mean_after: Array
    std_after: Array
    running_mean: Array
    running_std: Array
    scale: Array
    shift: Array
    edges: Array
    before: NDArray[np.int64]
    after: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Neighbours:
    """One image's probabilities (batches, classes) among other images each time, in train() and in eval()."""

    train: Array
    eval: Array
    classes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Running:
    """How running statistics follow those of the batches: (batches, channels) each, `variance` unbiased as kept.

    They begin at mean 0 and variance 1, and with every batch go the share `momentum` of the way to its statistics.
    """

    batch_mean: Array
    running_mean: Array
    batch_variance: Array
    running_variance: Array
    momentum: float


@dataclass(frozen=True, eq=False)
class Depth:
    """The values before each ReLU of a deep stack: standard deviation (layers,) and histogram (layers, bins).

    `between` (layers,) is the mean over all units of how one unit's value varies from image to image.
    """

    std: Array
    between: Array
    edges: Array
    histogram: NDArray[np.int64]


@dataclass(frozen=True)
class BiasShift:
    """The largest change behind a batch norm as the biases of the layer before it grow by `shift`, in both modes."""

    shift: float
    train: float
    eval: float


@dataclass(frozen=True, eq=False)
class FirstLosses:
    """The loss of the first batch (seeds,) before any step, as training computes it, without and with batch norm."""

    plain: Array
    normed: Array
    classes: int
