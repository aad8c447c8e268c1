"""Augmentation: what each transform is called, its parameters, and its random draws.

Drawing is apart from applying. `draw` gives one row of numbers per image, from a numpy generator, so the same
seed gives the same views on every device, a table can be shown beside the pictures, and nothing random happens
on the accelerator. `cnncore.data.transform` applies the rows to a batch with torch. Sizes are in pixels, angles
in degrees, probabilities between 0 and 1.
"""

import dataclasses
from typing import Any, TypeAlias

import numpy as np

from cnncore.data.classic import (
    ColourJitter,
    GaussianNoise,
    HorizontalFlip,
    PadCrop,
    RandomCrop,
    RandomErasing,
    Rotation,
)
from cnncore.data.draws import Draws
from cnncore.data.pairs import CutMix, Mixup
from cnncore.data.policies import AutoAugment, RandAugment, TrivialAugment
from cnncore.errors import InputError

__all__ = [
    "AUGMENTATIONS",
    "Augmentation",
    "AutoAugment",
    "ColourJitter",
    "CutMix",
    "Draws",
    "GaussianNoise",
    "HorizontalFlip",
    "Mixing",
    "Mixup",
    "PadCrop",
    "Policy",
    "RandAugment",
    "RandomCrop",
    "RandomErasing",
    "Rotation",
    "TrivialAugment",
    "draw",
    "from_dict",
    "in_order",
    "output_size",
    "parse_augmentations",
    "to_dict",
]

Classic: TypeAlias = RandomCrop | PadCrop | HorizontalFlip | Rotation | ColourJitter | GaussianNoise | RandomErasing
Policy: TypeAlias = AutoAugment | RandAugment | TrivialAugment
Mixing: TypeAlias = Mixup | CutMix
Augmentation: TypeAlias = Classic | Policy | Mixing
# In the order in which they are applied, whatever order they are named in: geometry on bytes first, the policies that
# are defined on bytes, then colour and noise, then erasing, so that an erased square keeps its size and grey. Mixing
# comes last: it takes finished views.
AUGMENTATIONS: dict[str, type[Augmentation]] = {
    kind.kind: kind
    for kind in (
        *(RandomCrop, PadCrop, HorizontalFlip),
        *(AutoAugment, RandAugment, TrivialAugment),
        *(Rotation, ColourJitter, GaussianNoise, RandomErasing),
        *(Mixup, CutMix),
    )
}


def in_order(augmentations: tuple[Augmentation, ...]) -> tuple[Augmentation, ...]:
    """Return the transforms in the order of application; naming one twice is an error."""
    kinds = [augmentation.kind for augmentation in augmentations]
    twice = sorted({kind for kind in kinds if kinds.count(kind) > 1})
    if twice:
        raise InputError(f"`augment` names {', '.join(twice)} twice: name each transform once.")
    return tuple(sorted(augmentations, key=lambda augmentation: list(AUGMENTATIONS).index(augmentation.kind)))


def parse_augmentations(text: str) -> tuple[Augmentation, ...]:
    """Return the transforms that a comma-separated list names, with their default parameters.

    >>> parse_augmentations("flip,crop")
    (RandomCrop(size=28), HorizontalFlip(p=0.5))
    """
    names = [name.strip() for name in text.split(",") if name.strip() not in ("", "none")]
    for name in names:
        if name not in AUGMENTATIONS:
            raise InputError(f"`augment` (={name!r}) must be among {', '.join(AUGMENTATIONS)}: correct the name.")
    return in_order(tuple(AUGMENTATIONS[name]() for name in names))


def to_dict(augmentation: Augmentation) -> dict[str, Any]:
    """Return the transform as a dictionary for JSON, its kind under `"kind"`."""
    return {"kind": augmentation.kind} | dataclasses.asdict(augmentation)


def from_dict(values: dict[str, Any]) -> Augmentation:
    """Return the transform that `to_dict` wrote; an unknown kind or parameter is an `InputError`."""
    if not isinstance(values, dict):
        raise InputError(f'`augment` (={values!r}) must hold objects like {{"kind": "flip"}}: correct the entry.')
    kind = values.get("kind")
    if not isinstance(kind, str) or kind not in AUGMENTATIONS:
        raise InputError(f"`kind` (={kind!r}) must be among {', '.join(AUGMENTATIONS)}: correct the name.")
    parameters = {name: value for name, value in values.items() if name != "kind"}
    known = {spec.name for spec in dataclasses.fields(AUGMENTATIONS[kind])}
    if not parameters.keys() <= known:
        surplus = ", ".join(sorted(parameters.keys() - known))
        raise InputError(f"`{kind}` has no parameter {surplus}: it knows {', '.join(sorted(known))}.")
    return AUGMENTATIONS[kind](**parameters)


def output_size(augmentations: tuple[Augmentation, ...], height: int, width: int) -> tuple[int, int]:
    """Return the height and width that the network sees, after all transforms."""
    for augmentation in augmentations:
        height, width = augmentation.output_size(height, width)
    return height, width


def draw(
    augmentations: tuple[Augmentation, ...], rng: np.random.Generator, count: int, height: int, width: int
) -> list[Draws]:
    """Return the random values of every transform for `count` images of `height` x `width`, in order."""
    tables = []
    for augmentation in augmentations:
        tables.append(augmentation.draw(rng, count, height, width))
        height, width = augmentation.output_size(height, width)
    return tables
