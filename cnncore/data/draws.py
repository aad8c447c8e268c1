"""What is drawn for an augmentation: a table of numbers, one row per image; and the checks of its parameters."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cnncore.errors import InputError

Draws: TypeAlias = dict[str, NDArray[np.float32]]  # name of the sampled value -> (N,)


def between(name: str, value: float, low: float, high: float, unit: str = "") -> None:
    """Raise an `InputError` unless the parameter `name` lies within its limits."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise InputError(
            f"`{name}` (={value}) must lie between {low:g} and {high:g}{unit}: choose a value in that range."
        )


def whole(name: str, value: int, low: int, high: int, unit: str = "") -> None:
    """Raise an `InputError` unless the parameter `name` is a whole number within its limits."""
    if not isinstance(value, int):
        raise InputError(f"`{name}` (={value}) must be a whole number between {low} and {high}{unit}: choose one.")
    between(name, value, low, high, unit)


def flags(rng: np.random.Generator, count: int, p: float) -> NDArray[np.float32]:
    """Return 1 with probability `p`, else 0, (count,)."""
    return (rng.random(count) < p).astype(np.float32)
