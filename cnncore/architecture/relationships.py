"""The fifteen relationships of convolution arithmetic, by their numbers in the guide (Dumoulin & Visin, 2016)."""

from dataclasses import dataclass

from cnncore.architecture.layers import AvgPool2d, Conv2d, ConvTranspose2d, MaxPool2d


@dataclass(frozen=True)
class Relationship:
    """One relationship: its number, what it is about, and its formula in plain text; i input, o output size."""

    number: int
    about: str
    formula: str


RELATIONSHIPS: dict[int, Relationship] = {
    number: Relationship(number, about, formula)
    for number, about, formula in (
        (1, "no padding, stride 1 (valid)", "o = i - k + 1"),
        (2, "padding, stride 1", "o = i - k + 2p + 1"),
        (3, "half padding, stride 1 (same)", "o = i"),
        (4, "full padding, stride 1", "o = i + k - 1"),
        (5, "no padding, larger stride", "o = floor((i - k)/s) + 1"),
        (6, "padding and larger stride", "o = floor((i + 2p - k)/s) + 1"),
        (7, "pooling (PyTorch adds padding, dilation and ceil mode)", "o = floor((i - k)/s) + 1"),
        (8, "transposed of 1", "o = i + k - 1"),
        (9, "transposed of 2", "o = i + (k - 1) - 2p"),
        (10, "transposed of half padding", "o = i"),
        (11, "transposed of full padding", "o = i - (k - 1)"),
        (12, "transposed of 5, nothing left over", "o = s(i - 1) + k"),
        (13, "transposed of 6, nothing left over", "o = s(i - 1) + k - 2p"),
        (14, "transposed of 6, `output_padding` a for what is left over", "o = s(i - 1) + a + k - 2p"),
        (15, "dilation", "o = floor((i + 2p - k - (k - 1)(d - 1))/s) + 1"),
    )
}


def relationship(layer: Conv2d | ConvTranspose2d | MaxPool2d | AvgPool2d, axis: int = 0) -> Relationship:
    """Return the simplest relationship that holds for `layer` along one axis (0 height, 1 width).

    A dilated transposed convolution is in none of them; 14 is its nearest kin.

    >>> relationship(Conv2d(1, 5, padding=2)).number, relationship(Conv2d(1, 3, stride=2)).number
    (3, 5)
    """
    k, s, p, d = (getattr(layer, name)[axis] for name in ("kernel", "stride", "padding", "dilation"))
    if isinstance(layer, (MaxPool2d, AvgPool2d)):
        return RELATIONSHIPS[7]
    if isinstance(layer, Conv2d):
        if d > 1:
            return RELATIONSHIPS[15]
        return RELATIONSHIPS[_by_padding(k, p) if s == 1 else 6 if p else 5]
    if d > 1 or layer.output_padding[axis]:
        return RELATIONSHIPS[14]
    return RELATIONSHIPS[7 + _by_padding(k, p) if s == 1 else 13 if p else 12]


def _by_padding(k: int, p: int) -> int:
    if p == 0:
        return 1
    if k % 2 and p == k // 2:
        return 3
    return 4 if p == k - 1 else 2
