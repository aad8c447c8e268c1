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
    ColourJitter,
    Draws,
    HorizontalFlip,
    PadCrop,
    RandomCrop,
    RandomErasing,
    Rotation,
    draw,
    output_size,
)


@dataclass(frozen=True, eq=False)  # comparing arrays gives an array, not a truth value
class Views:
    """Training's `views` of one image, uint8 (N, C, H', W'); `test`, what testing sees of it, uint8 (C, H', W').

    `draws` holds the sampled values, one table for each transform, as `cnncore.data.augmentation.draw` made them.
    """

    views: NDArray[np.uint8]
    test: NDArray[np.uint8]
    draws: list[Draws]


def views(image: NDArray[np.uint8], augmentations: tuple[Augmentation, ...], seed: int, count: int) -> Views:
    """Return `count` augmented views of the uint8 `image` (C, H, W), and its test-time version.

    Drawn and applied as `cnncore.training.batches` does for a batch; standardization, which comes after, is left out.
    A crop that does not fit into the image is an `InputError`.
    """
    import torch

    from cnncore.data.transform import apply, centre

    _, height, width = image.shape
    # Here, and not only in `draw`: the sizes are checked before anything is made.
    output_size(augmentations, height, width)
    tables = draw(augmentations, np.random.default_rng(seed), count, height, width)
    draws = [{name: torch.from_numpy(values) for name, values in table.items()} for table in tables]
    one = torch.from_numpy(image.copy())[None]  # (1, C, H, W); torch wants to own writable memory
    batch = apply(one.repeat(count, 1, 1, 1), augmentations, draws)  # (N, C, H', W')
    test = centre(one, augmentations)[0]
    to_bytes = [(pixels * 255).round().to(torch.uint8).numpy() for pixels in (batch, test)]
    return Views(to_bytes[0], to_bytes[1], tables)


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
            case RandomErasing():
                words += [f"erased {drawn['top']:.0f}, {drawn['left']:.0f}"] if drawn["erased"] else []
    # No line break inside of a value, and a minus sign that is as long as the plus.
    return ", ".join(word.replace(" ", "\N{NO-BREAK SPACE}") for word in words).replace("-", "−") or "as it was"


def possibilities(augmentation: Augmentation, height: int, width: int) -> int | None:
    """Return how many different results the transform has on a `height` x `width` image, None for endlessly many.

    Counted are the outcomes that can be drawn: a random 28 x 28 crop of 32 x 32 has (32 - 28 + 1)² = 25.

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
    """Return the Python source of the function that applies the transform `kind`, and of those it calls.

    Read from the file of `cnncore.data.transform`, which is not imported: it would bring torch in.
    """
    text = (Path(__file__).parent / "transform.py").read_text(encoding="utf-8")
    functions = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
    wanted = [kind.replace("-", "_")]
    for name in wanted:  # grows while it is read
        called = [node.id for node in ast.walk(functions[name]) if isinstance(node, ast.Name) and node.id in functions]
        wanted += [other for other in dict.fromkeys(called) if other not in wanted]
    # In the order of the file, where what is called stands first or close by.
    parts = [ast.get_source_segment(text, node) or "" for name, node in functions.items() if name in wanted]
    return "\n\n\n".join(parts)
