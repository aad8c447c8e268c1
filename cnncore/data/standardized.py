"""What standardization does to images: the numbers behind the page, made with the standardizations that training uses.

For the compute pool: the functions import torch, their results are plain arrays. Data sets are read by name, and the
principal components, which take seconds, are cached in this process, and on disk beside the set for other processes.
"""

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cnncore.data.pixels import Histogram, PixelCounts
from cnncore.data.prepared import folder, load
from cnncore.data.spectrum import Spectrum, kept, spectrum
from cnncore.data.standardize import Standardize, fit, whitened
from cnncore.data.transform import as_float
from cnncore.training.config import WHITENING, Standardization

MOST = 10_000  # train images that the principal components are taken of: four times as many pixels as unknowns
SAMPLE = 1_000  # test images that are standardized to look at their values


def _tensor(images: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(np.array(images))  # a memory-mapped array is read-only; torch wants to own writable memory


def _spread(count: int, most: int) -> NDArray[np.int64]:
    """Return at most `most` row numbers, evenly over the whole set, whose order may be by class."""
    return np.unique(np.linspace(0, count - 1, min(most, count)).astype(np.int64))


@lru_cache(maxsize=2)
def _spectrum(dataset: str, version: str) -> Spectrum:
    images = load(dataset).train_images
    # The version is the folder of the arrays: what is kept there goes when the set is prepared anew. A set that
    # had none when it was asked for keeps nothing.
    return kept(folder(dataset) / (version or "none"), lambda: spectrum(_tensor(images[_spread(len(images), MOST)])))


@lru_cache(maxsize=16)
def _fitted(dataset: str, kind: Standardization, version: str) -> Standardize:  # noqa: ARG001 a set prepared anew
    return fit(kind, _tensor(load(dataset).train_images))


def _standardized(dataset: str, version: str, kind: Standardization, eps: float, images: Tensor) -> NDArray[np.float32]:
    """Return `images`, floats in [0, 1] (N, C, H, W), as training would see them."""
    if kind in WHITENING:
        result = whitened(kind, _spectrum(dataset, version), images, eps)
    else:
        result = _fitted(dataset, kind, version)(images)
    values: NDArray[np.float32] = result.numpy()
    return values


def components(dataset: str, version: str) -> None:
    """Find the principal components of a data set and keep them, so that later calls only read them."""
    _spectrum(dataset, version)


def pictures(
    dataset: str, version: str, image: NDArray[np.uint8], kinds: tuple[Standardization, ...], eps: float
) -> dict[Standardization, NDArray[np.float32]]:
    """Return the uint8 `image` (C, H, W) as the network sees it with each of `kinds`, float32 (C, H, W)."""
    one = as_float(_tensor(image))[None]
    return {kind: _standardized(dataset, version, kind, eps, one)[0] for kind in kinds}


def eigenvalues(dataset: str, version: str) -> tuple[NDArray[np.float64], int]:
    """Return the covariance's eigenvalues (C*H*W,), the largest first, and the number of train images behind them."""
    found = _spectrum(dataset, version)
    return found.eigenvalues.numpy(), min(MOST, len(load(dataset).train_labels))


def _sample(dataset: str, version: str, kind: Standardization, eps: float) -> NDArray[np.float32]:
    """Return `SAMPLE` test images, spread over the set, standardized with what was fitted on the train set."""
    images = load(dataset).test_images
    chosen = _tensor(images[_spread(len(images), SAMPLE)])
    return _standardized(dataset, version, kind, eps, as_float(chosen))


def histogram(dataset: str, version: str, kind: Standardization, eps: float, bins: int = 32) -> Histogram:
    """Return the values of test images after standardization."""
    values = _sample(dataset, version, kind, eps)
    low, high = np.quantile(values, [0.001, 0.999])
    edges = np.linspace(low, high + 1e-9, bins + 1)
    by_channel = values.swapaxes(0, 1).reshape(values.shape[1], -1).astype(np.float64)  # (C, N*H*W)
    counts = np.stack([np.histogram(row, edges)[0] for row in by_channel])
    return Histogram(edges, counts / counts.sum(1, keepdims=True), by_channel.mean(1), by_channel.std(1))


def neighbours(
    dataset: str, version: str, kinds: tuple[Standardization, ...], eps: float, farthest: int = 8
) -> dict[Standardization, NDArray[np.float64]]:
    """Return the correlation of pixels 0, 1, ..., `farthest` columns apart, over test images, (farthest + 1,).

    Each place's own mean is taken off; covariance over the product of the deviations, all places together.
    """
    found = {}
    for kind in kinds:
        values = _sample(dataset, version, kind, eps)
        values = values - values.mean(0)
        width = values.shape[3]
        row = []
        for distance in range(min(farthest, width - 1) + 1):
            left, right = values[..., : width - distance], values[..., distance:]
            row.append(float((left * right).sum() / np.sqrt((left**2).sum() * (right**2).sum())))
        found[kind] = np.array(row)
    return found


def pixel_counts(dataset: str, version: str) -> PixelCounts:  # noqa: ARG001 a set prepared anew
    """Return how often each byte stands in each channel of each split, exactly, over all images."""
    data = load(dataset)
    splits = {"train": data.train_images, "test": data.test_images}
    counts = {
        name: np.stack([np.bincount(images[:, c].ravel(), minlength=256) for c in range(images.shape[1])])
        for name, images in splits.items()
    }
    deviations = np.concatenate(
        [part.astype(np.float32).std(axis=(2, 3)) for part in np.array_split(data.train_images, 64) if len(part)]
    )
    return PixelCounts(counts, deviations.mean(0, dtype=np.float64) / 255)
