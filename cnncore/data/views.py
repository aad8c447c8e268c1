"""One image, many views: what the augmentation page shows, made by the functions that training uses.

`views` runs in the compute pool and imports torch there; the rest describes the draws in words and numbers, and the
server imports this module without torch.
"""

import ast
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnncore.data.augmentation import (
    Augmentation,
    AutoAugment,
    ColourJitter,
    CutMix,
    Draws,
    GaussianNoise,
    HorizontalFlip,
    Mixup,
    PadCrop,
    RandAugment,
    RandomCrop,
    RandomErasing,
    Rotation,
    TrivialAugment,
    draw,
    output_size,
)
from cnncore.data.policies import OPERATIONS

_HERE = Path(__file__).parent
# Where a transform is applied, if not by the function of its name in transform.py.
_POLICIES = (AutoAugment.kind, RandAugment.kind, TrivialAugment.kind)


@dataclass(frozen=True, eq=False)  # comparing arrays gives an array, not a truth value
class Views:
    """Training's `views` of one image, uint8 (N, C, H', W'); `test`, what testing sees of it, uint8 (C, H', W').

    `draws` holds the sampled values, one table for each transform, as `cnncore.data.augmentation.draw` made them.
    `shares` (N,) is the weight of the image's own label in each view, None where nothing mixes.
    """

    views: NDArray[np.uint8]
    test: NDArray[np.uint8]
    draws: list[Draws]
    shares: NDArray[np.float32] | None = None


def views(
    image: NDArray[np.uint8],
    augmentations: tuple[Augmentation, ...],
    seed: int,
    count: int,
    others: NDArray[np.uint8] | None = None,
) -> Views:
    """Return `count` augmented views of the uint8 `image` (C, H, W), and its test-time version.

    Drawn and applied as `cnncore.training.batches` does for a batch; standardization, which comes after, is left out.
    Mixup and CutMix mix view i with a view of image i of `others`, uint8 (count, C, H, W), where training takes the
    image before it in the batch; without `others`, with another view of the image itself. A crop that does not fit
    into the image is an `InputError`.
    """
    import torch

    from cnncore.data.mixing import mix, shares
    from cnncore.data.transform import as_bytes, centre, one_by_one

    _, height, width = image.shape
    # Here, and not only in `draw`: the sizes are checked before anything is made.
    high, wide = output_size(augmentations, height, width)
    rng = np.random.default_rng(seed)
    one = torch.from_numpy(image.copy())[None]  # (1, C, H, W); torch wants to own writable memory
    same = one.repeat(count, 1, 1, 1)
    tables, partner_tables = (draw(augmentations, rng, count, height, width) for _ in range(2))
    draws, partner_draws = (
        [{name: torch.from_numpy(values) for name, values in table.items()} for table in found]
        for found in (tables, partner_tables)
    )
    batch = one_by_one(same, augmentations, draws)  # (N, C, H', W')
    weight = shares(augmentations, draws, high, wide)
    if weight is not None:
        partner = same if others is None else torch.from_numpy(others.copy())
        batch = mix(batch, one_by_one(partner, augmentations, partner_draws), augmentations, draws)
    test = centre(one, augmentations)[0]
    found = None if weight is None else weight.numpy()
    return Views(as_bytes(batch).numpy(), as_bytes(test).numpy(), tables, found)


def caption(augmentations: tuple[Augmentation, ...], draws: list[Draws], row: int) -> str:
    """Return the sampled values of one view in a few words: "top 3, left 1, flipped"."""
    words: list[str] = []
    for augmentation, table in zip(augmentations, draws, strict=True):
        drawn = {name: float(values[row]) for name, values in table.items()}
        match augmentation:
            case RandomCrop():
                words += [f"top {drawn['top']:.0f}", f"left {drawn['left']:.0f}"]
            case PadCrop():
                words += [f"down {drawn['down']:+.0f}", f"right {drawn['right']:+.0f}"]
            case HorizontalFlip():
                words += ["flipped"] if drawn["flipped"] else []
            case Rotation():
                words += [f"{drawn['angle']:+.0f}°"]
            case ColourJitter():
                words += [f"b {drawn['brightness']:.2f}", f"c {drawn['contrast']:.2f}", f"s {drawn['saturation']:.2f}"]
            case AutoAugment() | RandAugment() | TrivialAugment():
                words += chain_words(drawn)
            case GaussianNoise():
                words += [f"noise {drawn['sigma']:.2f}"]
            case Mixup():
                words += [f"λ {drawn['share']:.2f}"] if drawn["share"] < 1 else []
            case CutMix():
                words += [f"box {drawn['tall']:.0f} × {drawn['wide']:.0f}"] if drawn["tall"] else []
            case RandomErasing():
                words += [f"erased {drawn['top']:.0f}, {drawn['left']:.0f}"] if drawn["erased"] else []
    # No line break inside of a short value, and a minus sign that is as long as the plus.
    kept = [word.replace(" ", "\N{NO-BREAK SPACE}") if len(word) <= 12 else word for word in words]
    return ", ".join(kept).replace("-", "−") or "as it was"


def chain_words(drawn: dict[str, float]) -> list[str]:
    """Return a policy's drawn operations in words, those that change something: ["Rotate +9°", "Equalize"]."""
    words: list[str] = []
    number = 1
    while f"operation{number}" in drawn:
        name, value = OPERATIONS[int(drawn[f"operation{number}"])], drawn[f"magnitude{number}"]
        match name:
            case "Identity":
                pass
            case "AutoContrast" | "Equalize" | "Invert":
                words.append(name)
            case "Rotate":
                words.append(f"Rotate {value:+.0f}°")
            case "TranslateX" | "TranslateY":
                words.append(f"{name} {value:+.0f}")
            case "Posterize":
                words.append(f"Posterize {value:.0f} bits")
            case "Solarize":
                words.append(f"Solarize {value:.2f}")
            case _:
                words.append(f"{name} {value:+.2f}")
        number += 1
    return words


def possibilities(augmentation: Augmentation, height: int, width: int) -> int | None:
    """Return how many different results the transform has on a `height` x `width` image, None for endlessly many.

    Counted are the outcomes that can be drawn: a random 28 x 28 crop of 32 x 32 has (32 - 28 + 1)² = 25. Two chains
    of a policy may give one picture: for policies it is the most there can be. Mixing brings in other images: None.

    >>> possibilities(RandomCrop(28), 32, 32), possibilities(HorizontalFlip(), 28, 28)
    (25, 2)
    """
    match augmentation:
        case RandomCrop():
            return (height - augmentation.size + 1) * (width - augmentation.size + 1)
        case PadCrop():
            return (2 * augmentation.padding + 1) ** 2
        case HorizontalFlip():
            return 2 if 0 < augmentation.p < 1 else 1
        case Rotation():
            return None if augmentation.degrees else 1
        case ColourJitter():
            return None if augmentation.brightness or augmentation.contrast or augmentation.saturation else 1
        case AutoAugment() | RandAugment() | TrivialAugment():
            return augmentation.outcomes(height, width)
        case GaussianNoise():
            return None if augmentation.sigma else 1
        case Mixup() | CutMix():
            return None if augmentation.p else 1
        case RandomErasing():
            side = int(augmentation.draw(np.random.default_rng(0), 1, height, width)["side"][0])
            places = (height - side + 1) * (width - side + 1)
            return (places if augmentation.p else 0) + (1 if augmentation.p < 1 else 0)


def factors(augmentations: tuple[Augmentation, ...], height: int, width: int) -> list[int | None]:
    """Return the `possibilities` of each transform, each on the image that the ones before it leave."""
    counts = []
    for augmentation in augmentations:
        counts.append(possibilities(augmentation, height, width))
        height, width = augmentation.output_size(height, width)
    return counts


def source(kind: str) -> str:
    """Return the Python source of the function that applies the transform `kind`, and of those that it calls there.

    Read from its module's file, which is not imported: it would bring torch in.
    """
    if kind in _POLICIES:
        module, name = "operations", "chain"
    else:
        module, name = ("mixing" if kind in (Mixup.kind, CutMix.kind) else "transform"), kind.replace("-", "_")
    text = (_HERE / f"{module}.py").read_text(encoding="utf-8")
    functions = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
    wanted = [name]
    for name in wanted:  # grows while it is read
        called = [node.id for node in ast.walk(functions[name]) if isinstance(node, ast.Name) and node.id in functions]
        wanted += [other for other in dict.fromkeys(called) if other not in wanted]
    # In the order of the file, where what is called stands first or close by.
    parts = [ast.get_source_segment(text, node) or "" for name, node in functions.items() if name in wanted]
    return "\n\n\n".join(parts)
