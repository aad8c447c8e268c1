"""What a data set is once it is ready: two splits of images as bytes, their labels, and what the classes are called."""

import re
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cnncore.errors import InputError

Shape: TypeAlias = tuple[int, int, int]  # (C, H, W)

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
# Device files on Windows whatever their ending: a folder of this name cannot be made there. And the folder of uploads.
_RESERVED = {"uploads", "con", "prn", "aux", "nul", *(f"com{n}" for n in range(10)), *(f"lpt{n}" for n in range(10))}


def dataset_name(name: str) -> str:
    """Return `name` if it can name a data set, which is a folder and an option of the command line at once.

    Small letters, digits, `-` and `_`, at most 40 of them, the first a letter or a digit; else an `InputError`.
    """
    if not is_dataset_name(name):
        raise InputError(
            f"`dataset` (={name!r}) must be at most 40 small letters, digits, - and _ and begin with a letter or a "
            "digit (and not a reserved word): try a name like my-images."
        )
    return name


def is_dataset_name(name: str) -> bool:
    """Return whether `name` can name a data set, see `dataset_name`."""
    return _NAME.fullmatch(name) is not None and name not in _RESERVED


@dataclass(frozen=True, eq=False)  # comparing arrays gives an array, not a truth value
class ImageData:
    """A data set in memory, or memory-mapped from disk.

    Images are uint8 (N, C, H, W), labels int64 (N,) indices into `classes`. `notes` are sentences on where the
    images come from and what was done to them, to be shown wherever the data set is.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int64]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        dataset_name(self.name)
        for split in ("train", "test"):
            images, labels = getattr(self, f"{split}_images"), getattr(self, f"{split}_labels")
            if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != self.train_images.shape[1:]:
                raise ValueError(f"{split}_images must be uint8 (N, C, H, W), not {images.dtype} {images.shape}")
            if labels.dtype != np.int64 or labels.shape != images.shape[:1] or len(labels) == 0:
                raise ValueError(f"{split}_labels must be int64 ({len(images)},), not {labels.dtype} {labels.shape}")
            if not 0 <= labels.min() <= labels.max() < len(self.classes):
                raise ValueError(f"{split}_labels must be indices of the {len(self.classes)} classes")

    @property
    def shape(self) -> Shape:
        """One image's (C, H, W)."""
        channels, height, width = self.train_images.shape[1:]
        return int(channels), int(height), int(width)
