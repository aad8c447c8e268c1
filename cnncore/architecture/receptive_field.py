"""What one unit sees of the image: the recursion from layer to layer, and the box of pixels of each unit.

Size r, jump j and start of a `Field` per axis, begun with r = j = 1 (Araujo, Norris & Sim, "Computing receptive fields
of convolutional neural networks", Distill 2019). A box is the smallest rectangle that holds what a unit can depend on:
dilation and strides larger than the kernel leave holes in it. `cnncore.architecture.reach` has these to the pixel.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from cnncore.architecture.arithmetic import Field
from cnncore.architecture.counting import cost
from cnncore.architecture.layers import (
    AdaptiveAvgPool2d,
    AvgPool2d,
    Block,
    Branches,
    Conv2d,
    ConvTranspose2d,
    Flatten,
    Layer,
    Linear,
    MaxPool2d,
    Residual,
)
from cnncore.architecture.sizes import Pair, Shape

Fields: TypeAlias = tuple[Field, Field]  # along the height, along the width


@dataclass(frozen=True)
class Box:
    """Pixels of the image: rows `top` to `bottom`, columns `left` to `right`, from 0, the last ones not included.

    It may reach beyond the image, into padding, where there is nothing to see. Where `padding_mode` puts copies of
    pixels there, a unit also sees the pixels copied, wherever they lie: `cnncore.architecture.reach` has those.
    """

    top: int
    left: int
    bottom: int
    right: int

    @property
    def size(self) -> Pair:
        """Its (height, width) in pixels."""
        return self.bottom - self.top, self.right - self.left

    @property
    def centre(self) -> tuple[float, float]:
        """Its middle (down, across) in pixels from the image's corner: the first pixel's own is (0.5, 0.5)."""
        return (self.top + self.bottom) / 2, (self.left + self.right) / 2

    def clipped(self, height: int, width: int) -> "Box":
        """Return the part inside of an image of `height` x `width` pixels; empty, of size 0, if there is none.

        >>> Box(-2, -2, 3, 3).clipped(32, 32).size
        (3, 3)
        """
        top, left = min(max(self.top, 0), height), min(max(self.left, 0), width)
        return Box(top, left, max(top, min(self.bottom, height)), max(left, min(self.right, width)))


def box(fields: Fields, row: int, column: int) -> Box:
    """Return the pixels that the unit at `row` and `column` of a map sees, not clipped at the image's border.

    >>> conv = layer_fields((Conv2d(1, 5, padding=2),), (3, 32, 32))[0]
    >>> box(conv, 0, 4)
    Box(top=-2, left=2, bottom=3, right=7)
    """
    (top, bottom), (left, right) = (field.span(unit) for field, unit in zip(fields, (row, column), strict=True))
    return Box(top, left, bottom, right)


def layer_fields(layers: Sequence[Layer], shape: Shape) -> list[Fields | None]:
    """Return the fields after each of `layers`, on an image of `shape` (C, H, W).

    None where units have no window of one size, evenly spaced: from a transposed convolution on, and after adaptive
    pooling to cells that do not divide the map evenly. A block's field holds those of all its paths.
    """
    result: list[Fields | None] = []
    fields: Fields | None = (Field(), Field())
    spread: Shape | None = None  # the map that a flatten has written as a column and no dense layer has read yet
    for layer in layers:
        if isinstance(layer, Flatten):
            spread = spread or shape
        if isinstance(layer, Linear) and spread is not None:
            fields = fields and _each(fields, spread[1:], (1, 1))
            spread = None
        elif fields is not None:
            fields = _after(layer, fields, shape)
        result.append(fields)
        shape = cost(layer, shape).output
    return result


def _each(
    fields: Fields, kernel: Pair, stride: Pair, padding: Pair = (0, 0), dilation: Pair = (1, 1)
) -> Fields:  # one rule, once for each axis
    rows, columns = (
        field.through(*axis) for field, *axis in zip(fields, kernel, stride, padding, dilation, strict=True)
    )
    return rows, columns


def _after(layer: Layer, fields: Fields, shape: Shape) -> Fields | None:
    """Return the fields after `layer`, whose input is `shape` (C, H, W)."""
    match layer:
        case Conv2d() | MaxPool2d() | AvgPool2d():
            return _each(fields, layer.kernel, layer.stride, layer.padding, layer.dilation)
        case ConvTranspose2d():
            return None
        case AdaptiveAvgPool2d():
            windows = (shape[1] // layer.size[0], shape[2] // layer.size[1])
            even = all(window * size == side for window, size, side in zip(windows, layer.size, shape[1:], strict=True))
            return _each(fields, windows, windows) if even else None
        case Residual() | Branches():
            return _joined(layer, fields, shape)
        case _:
            return fields


def _joined(layer: Block, fields: Fields, shape: Shape) -> Fields | None:
    """Return the fields of all paths together: what any of them sees, the output depends on."""
    ends: list[Fields] = []
    for path in layer.paths:
        current: Fields | None = fields
        at = shape
        for inner in path:
            current = current and _after(inner, current, at)
            at = cost(inner, at).output
        if current is None:
            return None
        ends.append(current)
    if any(len({field.jump for field in axis}) > 1 for axis in zip(*ends, strict=True)):
        return None
    rows, columns = (functools.reduce(Field.joined, axis) for axis in zip(*ends, strict=True))
    return rows, columns
