"""The controls of each transform, and how the numbers of its views are said in words."""

import math
from typing import Any

import streamlit as st

from cnncore.data.augmentation import (
    Augmentation,
    AutoAugment,
    ColourJitter,
    CutMix,
    GaussianNoise,
    HorizontalFlip,
    Mixup,
    PadCrop,
    RandAugment,
    RandomCrop,
    RandomErasing,
    Rotation,
    TrivialAugment,
)
from cnncore.data.views import factors
from pages.parts.address import fit


def slider(label: str, key: str, low: float, high: float, value: float, step: float, **options: Any) -> float:
    """Return the value of a slider that is in the page's address."""
    return st.slider(label, low, high, value, step, key=key, bind="query-params", **options)


def parameters(kind: str, size: int) -> Augmentation:
    """Show the controls of one transform on images of `size` pixels and return it."""
    match kind:
        case RandomCrop.kind:
            # Beyond the image's size too: what happens then is worth seeing once.
            value, most = max(8, size * 7 // 8), size + 8
            fit("aug_crop", 8, most, value)  # the last image may have been larger
            return RandomCrop(int(slider("Crop to", "aug_crop", 8, most, value, 1, format="%d pixels")))
        case PadCrop.kind:
            return PadCrop(int(slider("Shift by up to", "aug_padding", 1, 16, 4, 1, format="%d pixels")))
        case HorizontalFlip.kind:
            return HorizontalFlip(slider("Flip with probability", "aug_flip", 0.0, 1.0, 0.5, 0.05))
        case Rotation.kind:
            return Rotation(slider("Turn by up to", "aug_degrees", 0.0, 180.0, 15.0, 5.0, format="%d°"))
        case ColourJitter.kind:
            names = ("brightness", "contrast", "saturation")
            with st.container(horizontal=True, gap="small"):
                amounts = [
                    slider(name.capitalize(), f"aug_{name}", 0.0, 1.0, 0.3, 0.1, format="±%.1f", width=74)
                    for name in names
                ]
            return ColourJitter(*amounts)
        case AutoAugment.kind:
            st.caption("AutoAugment: one of 25 pairs of operations, searched for on CIFAR-10; nothing to set.")
            return AutoAugment()
        case RandAugment.kind:
            with st.container(horizontal=True, gap="small"):
                steps = slider("Operations", "aug_operations", 1, 4, 2, 1, width=120)
                magnitude = slider("RandAugment, magnitude", "aug_magnitude", 0, 30, 9, 1, width=160)
            return RandAugment(int(steps), int(magnitude))
        case TrivialAugment.kind:
            st.caption("TrivialAugment: one operation at any magnitude; nothing to set.")
            return TrivialAugment()
        case GaussianNoise.kind:
            return GaussianNoise(slider("Noise, up to", "aug_noise", 0.0, 0.5, 0.1, 0.05))
        case Mixup.kind | CutMix.kind:
            mixing = Mixup if kind == Mixup.kind else CutMix
            with st.container(horizontal=True, gap="small"):
                p = slider(f"{mixing.title}, probability", f"aug_{kind}", 0.0, 1.0, 0.5, 0.05, width=120)
                alpha = slider(f"{mixing.title}, alpha", f"aug_{kind}_alpha", 0.1, 2.0, 1.0, 0.1, width=120)
            return mixing(alpha, p)
        case _:
            with st.container(horizontal=True, gap="small"):
                p = slider("Erase, probability", "aug_erase", 0.0, 1.0, 0.5, 0.05, width=120)
                area = slider("Part of the image", "aug_area", 0.05, 0.9, 0.15, 0.05, width=120)
            return RandomErasing(p, area)


def factor(augmentation: Augmentation, n: int, height: int, width: int) -> str:
    """Return one factor of the number of views in words, "" where the transform changes nothing."""
    match augmentation:
        case RandomCrop():
            return f"{height - augmentation.size + 1} × {width - augmentation.size + 1} windows"
        case PadCrop():
            return f"{2 * augmentation.padding + 1} × {2 * augmentation.padding + 1} shifts"
        case HorizontalFlip():
            return "2 ways round" if n == 2 else "1 way round"
        case RandomErasing() if augmentation.p == 1:
            return f"{n:,} places to erase"
        case RandomErasing() if augmentation.p:
            return f"({n - 1:,} + 1) places to erase or none"
        case AutoAugment() | RandAugment() | TrivialAugment():
            return f"{n:,} draws of {augmentation.title}"
    return ""


def count_line(augmentations: tuple[Augmentation, ...], height: int, width: int) -> str:
    """Return how many different views there are, with the product that it comes from, as Markdown."""
    counts = factors(augmentations, height, width)
    endless = [augmentation.title.lower() for augmentation, n in zip(augmentations, counts, strict=True) if n is None]
    if endless:
        return (
            f"**Endlessly many views** of this one image: values from a continuous range or other images "
            f"({', '.join(endless)})."
        )
    numbers = [n for n in counts if n is not None]
    words = [factor(augmentation, n, height, width) for augmentation, n in zip(augmentations, numbers, strict=True)]
    total = math.prod(numbers)
    product = " × ".join(filter(None, words))
    # Two draws of a policy may give one picture.
    most = (
        "at most " if any(isinstance(one, (AutoAugment, RandAugment, TrivialAugment)) for one in augmentations) else ""
    )
    views = f"{most}**{total:,} different views**" if total > 1 else "**1 view**"
    return f"{product} = {views} of this one image." if product else f"{views} of this one image: itself."
