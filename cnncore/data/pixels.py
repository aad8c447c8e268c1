"""Statistics of pixels from how often each byte stands in each channel: exact, and cheap to ask again and again.

Q20's question, whose statistics may be used, is answered with them: on the train set, on the test set, on both, on a
single image, on a test set that is darker than the train set.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnncore.errors import InputError

# The practical's constants for CIFAR-10. Its "std" is the mean over images of each image's own standard
# deviation; over all train pixels it is (.247, .243, .262). Harmless, and kept, because its figures used it.
HANDOUT_MEAN = (0.491, 0.482, 0.447)
HANDOUT_STD = (0.202, 0.199, 0.201)
LEVELS = np.arange(256)
LARGEST = 4096  # values of an image that is whitened: its covariance has the square of it, the eigenvectors the cube


def check_handout(channels: int) -> None:
    """Raise an `InputError` if the handout's constants are not for images of so many channels."""
    if channels != len(HANDOUT_MEAN):
        raise InputError(
            f"`standardize` (=handout) has constants for {len(HANDOUT_MEAN)} channels and the images have {channels}: "
            "use channel."
        )


def check_whitening(values: int, name: str = "standardize") -> None:
    """Raise an `InputError` if images of so many values are too large to be whitened; `name` is the setting's."""
    if values > LARGEST:
        raise InputError(
            f"`{name}` whitens with a matrix of {values} x {values}: it is made for images of at most {LARGEST} "
            "values (32x32x3 are 3072), use channel."
        )


@dataclass(frozen=True, eq=False)  # comparing arrays gives an array, not a truth value
class PixelCounts:
    """`counts` of every byte by split, each (C, 256); `image_std` (C,) is the mean deviation of a train image."""

    counts: dict[str, NDArray[np.int64]]
    image_std: NDArray[np.float64]

    def of(self, split: str) -> NDArray[np.int64]:
        """Return the counts (C, 256) of "train", "test" or "all", which is both."""
        return self.counts["train"] + self.counts["test"] if split == "all" else self.counts[split]


@dataclass(frozen=True, eq=False)  # comparing arrays gives an array, not a truth value
class Histogram:
    """How often values lie in each of the bins between `edges` (B + 1,), by channel: `share` (C, B) sums to 1 in each.

    `mean` and `std` (C,) are those of all values; the bins leave out the two farthest of a thousand.
    """

    edges: NDArray[np.float64]
    share: NDArray[np.float64]
    mean: NDArray[np.float64]
    std: NDArray[np.float64]


def mean_std(counts: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and standard deviation of each channel of `counts` (C, 256), as pixels in [0, 1]; each (C,)."""
    total = counts.sum(1)
    mean = counts @ LEVELS / total
    square = counts @ LEVELS**2 / total
    return mean / 255, np.sqrt(np.maximum(square - mean**2, 0)) / 255


def image_counts(image: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the counts (C, 256) of one image (C, H, W)."""
    return np.stack([np.bincount(channel.ravel(), minlength=256) for channel in image])


def darkened(counts: NDArray[np.int64], brightness: float) -> NDArray[np.int64]:
    """Return the counts when every byte is multiplied by `brightness`, from 0 to 1, and rounded."""
    if not 0 <= brightness <= 1:
        raise InputError(f"`brightness` (={brightness:g}) must lie between 0 and 1: choose a value in that range.")
    target = np.rint(LEVELS * brightness).astype(np.int64)
    result = np.zeros_like(counts)
    for row, channel in zip(result, counts, strict=True):
        np.add.at(row, target, channel)
    return result


@dataclass(frozen=True, eq=False)  # comparing arrays gives an array, not a truth value
class Standing:
    """Where a set lies after standardization with some statistics: `mean` and `std` (C,), 0 and 1 for their own set."""

    mean: NDArray[np.float64]
    std: NDArray[np.float64]


def standing(counts: NDArray[np.int64], statistics: NDArray[np.int64]) -> Standing:
    """Return where `counts` lie after subtracting the mean and dividing by the deviation of `statistics`."""
    (mean, std), (own_mean, own_std) = mean_std(statistics), mean_std(counts)
    std = np.maximum(std, 1 / 255)  # one grey level has no contrast: the floor that the standardization has too
    return Standing((own_mean - mean) / std, own_std / std)
