"""An image as a histogram over visual words. Only numpy, so that a page can do it for one image."""

import numpy as np
from numpy.typing import NDArray

from cnncore.baselines.config import BagOfWordsConfig
from cnncore.baselines.descriptors import grid
from cnncore.data.images import Shape

_MEMORY = 2**26  # bytes of the distances that are held at a time


def nearest(descriptors: NDArray[np.float32], words: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return the number of the word nearest to each descriptor (..., D), Euclidean; words are (K, D).

    |d - w|^2 = |d|^2 - 2 d.w + |w|^2, in which |d|^2 is the same for all words.
    """
    flat = descriptors.reshape(-1, descriptors.shape[-1])
    lengths = (words**2).sum(axis=1)
    found = np.empty(len(flat), np.intp)
    step = max(1, _MEMORY // (4 * len(words)))
    for start in range(0, len(flat), step):
        rows = slice(start, start + step)
        found[rows] = (lengths - 2 * (flat[rows] @ words.T)).argmin(axis=1)
    return found.reshape(descriptors.shape[:-1])


def cells(config: BagOfWordsConfig, shape: Shape) -> NDArray[np.intp]:
    """Return the cells of the pyramid that each patch counts in: (L, 1), or (L, 2) with its quarter, 1 to 4.

    A patch belongs to the quarter in which its centre lies.
    """
    corners = grid(config, shape)
    whole = np.zeros(len(corners), np.intp)
    if not config.pyramid:
        return whole[:, None]
    lower, right = (2 * corners[:, axis] + config.patch > shape[1 + axis] for axis in (0, 1))
    return np.stack([whole, 1 + 2 * lower + right], axis=1)


def histograms(assigned: NDArray[np.intp], count: int, config: BagOfWordsConfig, shape: Shape) -> NDArray[np.float32]:
    """Return the features of images whose patches belong to the words `assigned` (N, L): (N, cells * count).

    How often each of `count` words occurs, in the whole image and with the pyramid in each quarter; each histogram
    divided by its sum, then the square root. Then the dot product of two is the Bhattacharyya coefficient of their
    histograms (the Hellinger kernel: Arandjelovic and Zisserman 2012), and each histogram has length 1.
    """
    where = cells(config, shape)  # (L, levels)
    bins = where[None] * count + assigned[..., None]  # (N, L, levels)
    size = config.cells * count
    offset = np.arange(len(assigned))[:, None, None] * size
    sums = np.bincount((bins + offset).ravel(), minlength=len(assigned) * size)
    counted = sums.reshape(len(assigned), config.cells, count).astype(np.float32)
    shares = counted / np.maximum(counted.sum(axis=2, keepdims=True), 1)
    return np.asarray(np.sqrt(shares), np.float32).reshape(len(assigned), size)
