"""Policies: AutoAugment, RandAugment and TrivialAugment draw operations and their magnitudes from a list.

The lists and magnitudes are those of torchvision.transforms.v2 (its tests here compare them). Drawn for each image of
a batch: which operation, by how much, with its sign. `cnncore.data.operations` applies them with torch.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from cnncore.data.draws import Draws, whole

# By number in a draw. A magnitude is a slope for shears, pixels for translations, degrees for rotations, 1 + it is
# the factor for brightness to sharpness, bits for posterize, a part of white for solarize; the last three have none.
OPERATIONS = (
    *("Identity", "ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", "Brightness", "Color", "Contrast"),
    *("Sharpness", "Posterize", "Solarize", "AutoContrast", "Equalize", "Invert"),
)
SIGNED = OPERATIONS[1:10]
RANDOM = OPERATIONS[:-1]  # what RandAugment and TrivialAugment choose from: Invert is AutoAugment's alone
# AutoAugment's 25 pairs for CIFAR-10 (Cubuk et al. 2019, table 7): operation, probability, magnitude from 0 to 9.
_Step = tuple[str, float, int]
CIFAR10: tuple[tuple[_Step, _Step], ...] = (
    (("Invert", 0.1, 0), ("Contrast", 0.2, 6)),
    (("Rotate", 0.7, 2), ("TranslateX", 0.3, 9)),
    (("Sharpness", 0.8, 1), ("Sharpness", 0.9, 3)),
    (("ShearY", 0.5, 8), ("TranslateY", 0.7, 9)),
    (("AutoContrast", 0.5, 0), ("Equalize", 0.9, 0)),
    (("ShearY", 0.2, 7), ("Posterize", 0.3, 7)),
    (("Color", 0.4, 3), ("Brightness", 0.6, 7)),
    (("Sharpness", 0.3, 9), ("Brightness", 0.7, 9)),
    (("Equalize", 0.6, 0), ("Equalize", 0.5, 0)),
    (("Contrast", 0.6, 7), ("Sharpness", 0.6, 5)),
    (("Color", 0.7, 7), ("TranslateX", 0.5, 8)),
    (("Equalize", 0.3, 0), ("AutoContrast", 0.4, 0)),
    (("TranslateY", 0.4, 3), ("Sharpness", 0.2, 6)),
    (("Brightness", 0.9, 6), ("Color", 0.2, 8)),
    (("Solarize", 0.5, 2), ("Invert", 0.0, 0)),
    (("Equalize", 0.2, 0), ("AutoContrast", 0.6, 0)),
    (("Equalize", 0.2, 0), ("Equalize", 0.6, 0)),
    (("Color", 0.9, 9), ("Equalize", 0.6, 0)),
    (("AutoContrast", 0.8, 0), ("Solarize", 0.2, 8)),
    (("Brightness", 0.1, 3), ("Color", 0.7, 0)),
    (("Solarize", 0.4, 5), ("AutoContrast", 0.9, 0)),
    (("TranslateY", 0.9, 9), ("TranslateY", 0.7, 9)),
    (("AutoContrast", 0.9, 0), ("Solarize", 0.8, 3)),
    (("Equalize", 0.8, 0), ("Invert", 0.1, 0)),
    (("TranslateY", 0.7, 9), ("AutoContrast", 0.9, 0)),
)


def magnitudes(operation: str, bins: int, height: int, width: int, *, wide: bool = False) -> NDArray[np.float64] | None:
    """Return the `bins` magnitudes of an operation from weakest to strongest, (bins,); None where it has none.

    `wide` are TrivialAugment's, which do not depend on the image's size. Translations are cut to whole pixels.

    >>> magnitudes("Rotate", 4, 32, 32)
    array([ 0., 10., 20., 30.])
    """
    strongest = {
        **dict.fromkeys(("ShearX", "ShearY"), 0.99 if wide else 0.3),
        "TranslateX": 32.0 if wide else 150 / 331 * width,
        "TranslateY": 32.0 if wide else 150 / 331 * height,
        "Rotate": 135.0 if wide else 30.0,
        **dict.fromkeys(("Brightness", "Color", "Contrast", "Sharpness"), 0.99 if wide else 0.9),
    }
    if operation in strongest:
        values = np.linspace(0, strongest[operation], bins)
        return np.trunc(values) if operation.startswith("Translate") else values
    if operation == "Posterize":
        return np.round(8 - np.arange(bins) / ((bins - 1) / (6 if wide else 4)))
    return np.linspace(1, 0, bins) if operation == "Solarize" else None


def _table(bins: int, height: int, width: int, *, wide: bool = False) -> NDArray[np.float64]:
    """Return the magnitudes of all operations, 0 where one has none, (operations, bins)."""
    rows = [magnitudes(name, bins, height, width, wide=wide) for name in OPERATIONS]
    return np.stack([np.zeros(bins) if row is None else row for row in rows])


def _step(number: int, operation: NDArray[np.int64], strength: NDArray[np.float64], rng: np.random.Generator) -> Draws:
    """Return one step's columns: the operation's number, and its magnitude with a random sign where it has one."""
    negative = rng.random(len(operation)) < 0.5
    signed = np.isin(operation, [OPERATIONS.index(name) for name in SIGNED])
    value = np.where(signed & negative, -strength, strength) + 0.0  # no minus zero in the table
    return {f"operation{number}": operation.astype(np.float32), f"magnitude{number}": value.astype(np.float32)}


def choices(strengths: NDArray[np.float64], operation: str) -> int:
    """Return how many different magnitudes, signs included, can be drawn for `operation` from `strengths`."""
    values = set(strengths.tolist())
    return len(values | {-value for value in values} if operation in SIGNED else values)


@dataclass(frozen=True)
class AutoAugment:
    """One of 25 pairs of operations that were searched for on CIFAR-10 (Cubuk et al. 2019), each with its chance."""

    kind: ClassVar[str] = "autoaugment"
    title: ClassVar[str] = "AutoAugment"

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the size after the transform: it stays."""
        return height, width

    def draw(self, rng: np.random.Generator, count: int, height: int, width: int) -> Draws:
        """Return the `policy` (0 to 24) and for both steps `operation` and `magnitude`, each (count,).

        A step that its probability leaves out is operation 0, Identity.
        """
        table = _table(10, height, width)
        policy = rng.integers(0, len(CIFAR10), count)
        draws: Draws = {"policy": policy.astype(np.float32)}
        for number in (0, 1):
            steps = [pair[number] for pair in CIFAR10]
            operation = np.array([OPERATIONS.index(name) for name, _, _ in steps])[policy]
            level = np.array([level for _, _, level in steps])[policy]
            done = rng.random(count) < np.array([p for _, p, _ in steps])[policy]
            strength = np.where(done, table[operation, level], 0)
            draws |= _step(number + 1, np.where(done, operation, 0), strength, rng)
        return draws

    def outcomes(self, height: int, width: int) -> int:
        """Return how many chains of operations can be drawn; two chains may give the same picture."""
        table = _table(10, height, width)

        def step(name: str, p: float, level: int) -> int:
            n = choices(table[OPERATIONS.index(name), [level]], name)
            return (n if p > 0 else 0) + (1 if p < 1 else 0)

        return sum(step(*first) * step(*second) for first, second in CIFAR10)


@dataclass(frozen=True)
class RandAugment:
    """`operations` random operations one after the other, all at one `magnitude` from 0 to 30 (Cubuk et al. 2019)."""

    kind: ClassVar[str] = "randaugment"
    title: ClassVar[str] = "RandAugment"
    operations: int = 2
    magnitude: int = 9

    def __post_init__(self) -> None:
        whole("operations", self.operations, 1, 4)
        whole("magnitude", self.magnitude, 0, 30)

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the size after the transform: it stays."""
        return height, width

    def draw(self, rng: np.random.Generator, count: int, height: int, width: int) -> Draws:
        """Return for each step `operation`, an index into `OPERATIONS`, and `magnitude`, each (count,)."""
        strength = _table(31, height, width)[:, self.magnitude]
        draws: Draws = {}
        for number in range(1, self.operations + 1):
            operation = rng.integers(0, len(RANDOM), count)
            draws |= _step(number, operation, strength[operation], rng)
        return draws

    def outcomes(self, height: int, width: int) -> int:
        """Return how many chains of operations can be drawn; two chains may give the same picture."""
        strength = _table(31, height, width)[:, [self.magnitude]]
        return int(sum(choices(strength[number], name) for number, name in enumerate(RANDOM)) ** self.operations)


@dataclass(frozen=True)
class TrivialAugment:
    """One random operation at a random one of 31 magnitudes, wide ranges, nothing to tune (Müller & Hutter 2021)."""

    kind: ClassVar[str] = "trivialaugment"
    title: ClassVar[str] = "TrivialAugment"

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the size after the transform: it stays."""
        return height, width

    def draw(self, rng: np.random.Generator, count: int, height: int, width: int) -> Draws:
        """Return `operation1`, an index into `OPERATIONS`, and `magnitude1`, each (count,)."""
        operation, level = rng.integers(0, len(RANDOM), count), rng.integers(0, 31, count)
        return _step(1, operation, _table(31, height, width, wide=True)[operation, level], rng)

    def outcomes(self, height: int, width: int) -> int:
        """Return how many different draws there are; two may give the same picture."""
        table = _table(31, height, width, wide=True)
        return sum(choices(table[number], name) for number, name in enumerate(RANDOM))
