"""Layers that were read from PyTorch, and whether each receives what it states to expect.

PyTorch writes the number of inputs into a layer (`nn.Conv2d(32, 64, 5)`), our descriptions work it out. What was read
keeps both until they were compared: a mismatch is the commonest slip, and worth a sentence.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from cnncore.architecture.counting import cost
from cnncore.architecture.layers import Branches, Conv2d, ConvTranspose2d, Flatten, Layer, Linear, Path, Residual
from cnncore.architecture.sizes import Shape
from cnncore.errors import InputError

# Sides of square images, tried in this order where the source does not say for which size it is made.
_SIDES = (32, 28, 224, 64, 96, 128, 48, 299, 227, 256, *range(1, 513))


class Only(Enum):
    """Maps that an operation is a layer for: `x.squeeze()` is a flatten of a single pixel alone."""

    ANY = "any map"
    PIXEL = "a map of one pixel: put nn.AdaptiveAvgPool2d(1) before it, or write torch.flatten(x, 1)"
    SQUARE = "a square map: write nn.AdaptiveAvgPool2d(1)"

    def holds(self, shape: Shape) -> bool:
        """Return whether the map (C, H, W) is one of these."""
        _, height, width = shape
        return self is Only.ANY or (height == width and (self is Only.SQUARE or height == 1))


@dataclass(frozen=True, eq=False)  # two equal layers are two parts: each has its own weights
class Part:
    """One layer as it was read: what to call it in a sentence, and the number of inputs that the source states.

    `paths` are the parts inside of a block. What works in place changes its input for whoever else holds it. `only` is
    what the map that it receives must be for the code to mean this layer.
    """

    layer: Layer
    label: str
    expects: int | None = None
    paths: tuple[tuple["Part", ...], ...] = ()
    inplace: bool = False
    only: Only = Only.ANY
    count: int = field(init=False)  # of the parts that it is, those inside of it among them
    flat: bool = field(init=False)  # whether it, or one of these, makes (N, F) of (N, C, H, W)

    def __post_init__(self) -> None:
        # Kept, as paths hold what came before: who walked all of it for each sum would do so exponentially often.
        inside = [part for path in self.paths for part in path]
        object.__setattr__(self, "count", 1 + sum(part.count for part in inside))
        flat = isinstance(self.layer, (Flatten, Linear)) or any(part.flat for part in inside)
        object.__setattr__(self, "flat", flat)


def path_of(parts: tuple[Part, ...]) -> Path:
    """Return the layers alone."""
    return tuple(part.layer for part in parts)


def all_parts(parts: tuple[Part, ...]) -> Iterator[Part]:
    """Yield every part, those inside of blocks after their block."""
    for part in parts:
        yield part
        for path in part.paths:
            yield from all_parts(path)


def check(parts: tuple[Part, ...], shape: Shape, before: Part | None = None) -> Shape:
    """Return what the parts make of (C, H, W); the first that cannot take what it receives is an `InputError`.

    `before` is the part that made the channels of `shape`; None for the image itself.
    """
    image = shape
    spread: Shape | None = None  # the map that was flattened
    for part in parts:
        given = shape[0] * shape[1] * shape[2] if isinstance(part.layer, Flatten) else shape[0]
        if isinstance(part.layer, Linear) and spread is None:
            received = "x".join(map(str, shape))
            raise InputError(
                f"{part.label} needs a flat input and receives a map of {received}: put a flatten before it."
            )
        if part.expects not in (None, given):
            raise InputError(_mismatch(part, given, shape, before, spread, image))
        if not part.only.holds(shape):
            raise InputError(f"{part.label} receives {'x'.join(map(str, shape))} and needs {part.only.value}.")
        for path in part.paths:
            check(path, shape, before)
        try:
            after = cost(part.layer, shape).output
        except InputError as error:
            raise InputError(f"{part.label} receives {'x'.join(map(str, shape))}: {error}") from None
        spread = shape if isinstance(part.layer, Flatten) else spread
        if isinstance(part.layer, (Conv2d, ConvTranspose2d, Linear, Flatten, Branches, Residual)):
            before = part
        shape = after
    return shape


def _mismatch(part: Part, given: int, shape: Shape, before: Part | None, spread: Shape | None, image: Shape) -> str:
    what = "inputs" if isinstance(part.layer, (Linear, Flatten)) else "channels"
    sentence = f"{part.label} expects {part.expects} {what} and receives {given}"
    if isinstance(part.layer, Flatten) or (before is not None and isinstance(before.layer, Flatten)):
        flattened = "x".join(map(str, spread or shape))
        size = "x".join(map(str, image))
        return f"{sentence} ({flattened}) from an image of {size}: write {given}, or use another size of image."
    if before is None:
        return f"{sentence} from the image: give an image of {part.expects} {what}, or write {given}."
    if isinstance(before.layer, (Conv2d, ConvTranspose2d, Linear)):
        made = "features" if isinstance(before.layer, Linear) else "filters"
        return f"{sentence} from {before.label}: write {given}, or give that one {part.expects} {made}."
    return f"{sentence} from {before.label}: write {given}."


def fits(parts: tuple[Part, ...], shape: Shape) -> bool:
    """Return whether every part can take what it receives from an image (C, H, W)."""
    try:
        check(parts, shape)
    except InputError:
        return False
    return True


def fitting_input(parts: tuple[Part, ...]) -> Shape:
    """Return the (C, H, W) of a square image that every part can take, the usual sizes first.

    An `InputError` where no size up to 512 fits: it says what is wrong at 32 pixels.
    """
    stated = next((part.expects for part in all_parts(parts) if part.expects is not None), None)
    begins_flat = isinstance(parts[0].layer, (Flatten, Linear))
    channels = (1, 3) if stated is None or begins_flat else (stated,)
    for side in _SIDES:
        for count in channels:
            if fits(parts, (count, side, side)):
                return (count, side, side)
    check(parts, (channels[0], _SIDES[0], _SIDES[0]))
    raise AssertionError("every size was refused before")
