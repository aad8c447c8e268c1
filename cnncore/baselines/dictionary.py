"""The visual words: k-means over descriptors of train patches. For a job's process: learning imports scikit-learn.

`sample` and `learn` are generators: they yield how far they are and return what they are for (`x = yield from ...`).
"""

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnncore.baselines.config import BagOfWordsConfig, dimensions
from cnncore.baselines.descriptors import describe, grid, patches
from cnncore.baselines.encoding import nearest
from cnncore.baselines.outcome import Dictionary
from cnncore.data.images import Shape
from cnncore.errors import InputError
from cnncore.progress import Progress

SAMPLES = 100  # patches a word: k-means needs tens for a stable mean
IMAGES = 5_000  # train images that they come from: neighbouring patches of one image are much alike
PASSES = 5  # over the sample
_MEMORY = 2**28  # bytes of the sample at most
_BATCH = 2**26  # bytes of one batch of descriptors, about


def batch_size(config: BagOfWordsConfig, shape: Shape) -> int:
    """Return how many images are described at a time, so that a batch takes about 64 MB."""
    size = len(grid(config, shape)) * dimensions(config.descriptor, config.patch, shape) * 4
    return max(1, min(500, _BATCH // size))


@dataclass(frozen=True, eq=False)  # comparing arrays gives an array, not a truth value
class Sample:
    """Randomly chosen train patches: `vectors` float32 (S, D) and `pixels` uint8 (S, C, P, P)."""

    vectors: NDArray[np.float32]
    pixels: NDArray[np.uint8]


def sample(images: NDArray[np.uint8], config: BagOfWordsConfig) -> Generator[Progress, None, Sample]:
    """Describe randomly chosen patches of the train images (N, C, H, W); the choice follows from the seed."""
    channels, height, width = (int(length) for length in images.shape[1:])
    shape = channels, height, width
    rng = np.random.default_rng([config.seed, 0])
    rows = np.sort(rng.choice(len(images), min(len(images), IMAGES), replace=False))
    each = 4 * dimensions(config.descriptor, config.patch, shape) + channels * config.patch**2
    wanted = max(config.words, min(SAMPLES * config.words, _MEMORY // each))
    per_image = len(grid(config, shape))
    chosen = np.unique(rng.integers(len(rows) * per_image, size=wanted))  # a patch drawn twice counts once
    vectors, pixels = [], []
    step = batch_size(config, shape)
    for start in range(0, len(rows), step):
        yield Progress("descriptors", start, len(rows))
        batch = np.asarray(images[rows[start : start + step]])
        low, high = np.searchsorted(chosen, [start * per_image, (start + len(batch)) * per_image])
        image, patch = np.divmod(chosen[low:high] - start * per_image, per_image)
        vectors.append(describe(batch, config)[image, patch])
        pixels.append(patches(batch, config)[image, patch])
    return Sample(np.concatenate(vectors), np.concatenate(pixels))


def learn(found: Sample, config: BagOfWordsConfig) -> Generator[Progress, None, Dictionary]:
    """Cluster the sample by k-means in small batches (Sculley 2010, k-means++ start) and return the dictionary.

    Patches without contrast take no part: they have the fixed zero word. Fewer patches with contrast than words are
    an `InputError`.
    """
    vectors = found.vectors[found.vectors.any(axis=1)]
    if len(vectors) < config.words:
        raise InputError(
            f"`words` (={config.words}) must not exceed the {len(vectors):,} patches with contrast that were drawn: "
            "choose fewer words, a smaller stride or more train images."
        )
    from sklearn.cluster import MiniBatchKMeans

    size = max(1024, 3 * config.words)  # k-means++ chooses among the first batch
    means = MiniBatchKMeans(config.words, batch_size=size, n_init=1, random_state=config.seed)
    rng = np.random.default_rng([config.seed, 1])
    total = PASSES * len(vectors)
    for number in range(PASSES):
        order = rng.permutation(len(vectors))
        for start in range(0, len(order), size):
            yield Progress("dictionary", number * len(order) + start, total, "patches")
            means.partial_fit(vectors[order[start : start + size]])
    zero = np.zeros((1, vectors.shape[1]), np.float32)
    return _illustrated(np.concatenate([zero, means.cluster_centers_.astype(np.float32)]), found)


def _illustrated(words: NDArray[np.float32], found: Sample) -> Dictionary:
    """Return the words in order of frequency, each with the mean of its patches."""
    assigned = nearest(found.vectors, words)
    counts = np.bincount(assigned, minlength=len(words))
    order = np.concatenate([[0], 1 + np.argsort(-counts[1:], kind="stable")])
    pictures = np.full((len(words), *found.pixels.shape[1:]), 128, np.uint8)
    by_word = np.split(np.argsort(assigned, kind="stable"), np.cumsum(counts)[:-1])
    for word, members in enumerate(by_word):
        if len(members):
            pictures[word] = found.pixels[members].mean(axis=0).round()
    return Dictionary(words[order], pictures[order], counts[order].astype(np.int64))
