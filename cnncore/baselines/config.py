"""What a bag of visual words is: one frozen record with every choice that changes its result."""

import dataclasses
import hashlib
import json
import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from cnncore.data.images import Shape, dataset_name
from cnncore.errors import InputError

CELLS, ORIENTATIONS = 4, 8  # a gradient descriptor has 4 x 4 cells of 8 orientations, as SIFT has (Lowe 2004)


class Descriptor(StrEnum):
    """How a patch becomes a vector. Both rules are fixed: nothing in them is learned."""

    PATCHES = "patches"  # its pixels, colours included, mean 0 and length 1
    GRADIENTS = "gradients"  # histograms of gradient orientations, as in SIFT, grey


# Smallest and largest value, and what to try instead.
_LIMITS = {
    "words": (2, 4000, "the course's practical used 1000"),
    "patch": (4, 64, "try 8"),
    "stride": (1, 64, "try 2"),
    "seed": (0, 2**31 - 1, "try 0"),
    "train_size": (1, 10**8, "leave it out to use all images"),
    "test_size": (1, 10**8, "leave it out to use all images"),
}


@dataclass(frozen=True)
class BagOfWordsConfig:
    """One bag of visual words with a linear SVM. Equal configurations give equal results on one machine.

    `words` is the size of the dictionary, the fixed zero word apart. `patch` is the side of the squares that are
    described and `stride` the distance between two of them, in pixels. With `pyramid` the words are also counted in
    each quarter of the image, five histograms in all (Lazebnik et al. 2006). `c` is the SVM's C: how much an error
    on a train image costs. `train_size` and `test_size` cut the data as those of a training run do.
    """

    dataset: str = "builtin"
    descriptor: Descriptor = Descriptor.GRADIENTS
    words: int = 200
    patch: int = 12
    stride: int = 2
    pyramid: bool = True
    c: float = 0.1  # of 0.1, 1 and 10 the best on train images held out: 1,000 built-in ones, 2,000 of CIFAR-10
    train_size: int | None = None
    test_size: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        dataset_name(self.dataset)
        for name, (low, high, remedy) in _LIMITS.items():
            value = getattr(self, name)
            if value is None and name.endswith("_size"):
                continue
            if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                raise InputError(f"`{name}` (={value}) must be a whole number from {low} to {high}: {remedy}.")
        if not isinstance(self.c, (int, float)) or not math.isfinite(self.c) or not 1e-4 <= self.c <= 1e4:
            raise InputError(f"`c` (={self.c}) must be a number between 0.0001 and 10,000: try 1.")
        try:
            object.__setattr__(self, "descriptor", Descriptor(self.descriptor))
        except ValueError:
            raise InputError(
                f"`descriptor` (={self.descriptor!r}) must be one of {', '.join(Descriptor)}: choose one of them."
            ) from None

    @property
    def cells(self) -> int:
        """How many histograms describe an image: 1, or 1 + 4 with the pyramid."""
        return 5 if self.pyramid else 1

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration as plain values, ready for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "BagOfWordsConfig":
        """Return the configuration that `to_dict` wrote; an unknown name or a bad value is an `InputError`."""
        known = {spec.name for spec in dataclasses.fields(cls)}
        if not values.keys() <= known:
            surplus = ", ".join(sorted(values.keys() - known))
            raise InputError(f"a bag of words has no `{surplus}`: it knows {', '.join(sorted(known))}.")
        return cls(**values)

    @property
    def key(self) -> str:
        """A short name that two configurations share only if they are equal: the file that a result is kept in."""
        digest = hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()
        return f"{self.dataset}-{digest[:10]}"

    @property
    def label(self) -> str:
        """The configuration in a few words: '200 words of gradients, pyramid'."""
        return f"{self.words:,} words of {self.descriptor}{', pyramid' if self.pyramid else ''}"


PRESETS: dict[str, BagOfWordsConfig] = {
    "classroom-words": BagOfWordsConfig(),
    # The course's thousand words.
    "cifar-words": replace(BagOfWordsConfig(), dataset="cifar10", words=1000),
}


def dimensions(descriptor: Descriptor, patch: int, shape: Shape) -> int:
    """Return how many numbers describe a patch: 4 x 4 x 8 = 128, or a patch's pixels times its colours.

    >>> dimensions(Descriptor.GRADIENTS, 12, (3, 32, 32)), dimensions(Descriptor.PATCHES, 8, (3, 32, 32))
    (128, 192)
    """
    return CELLS * CELLS * ORIENTATIONS if descriptor is Descriptor.GRADIENTS else shape[0] * patch * patch


def dictionary_numbers(words: int, dimensions: int) -> int:
    """Return how many numbers k-means learns: one vector a word. The zero word is fixed and does not count.

    >>> dictionary_numbers(words=1000, dimensions=128)
    128000
    """
    return words * dimensions


def classifier_numbers(classes: int, words: int, cells: int = 1) -> int:
    """Return how many numbers the linear SVMs learn: for each class a weight a bin, zero word included, and a bias.

    classes x (cells x (words + 1) + 1).

    >>> classifier_numbers(classes=15, words=1000), classifier_numbers(classes=10, words=1000)
    (15030, 10020)
    """
    return classes * (cells * (words + 1) + 1)
