"""A kernel on a real image: a library of classic ones, what they give, and how values become a picture again.

Weights are written as in textbooks, as whole numbers with one divisor: 1 2 1 / 2 4 2 / 1 2 1, divided by 16.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cnncore.architecture import Conv2d
from cnncore.architecture.layers import PaddingMode
from cnncore.errors import InputError
from cnncore.figures.sliding import lines, slide

Values: TypeAlias = NDArray[np.float64]
BRIGHTNESS = np.array([0.299, 0.587, 0.114])  # how bright red, green and blue look (ITU-R BT.601)
SIZES = (3, 5)  # an odd kernel has a centre, so the result lies where the image does
MOST = 99  # no weight is larger: what is written in a link must fit into a cell


@dataclass(frozen=True)
class Kernel:
    """Square weights, row by row, all divided by `divisor`."""

    weights: tuple[tuple[float, ...], ...]
    divisor: float = 1

    @property
    def values(self) -> Values:
        """The weights that multiply, (k, k)."""
        return np.array(self.weights) / self.divisor

    @property
    def size(self) -> int:
        """Rows and columns."""
        return len(self.weights)

    def resized(self, size: int) -> "Kernel":
        """Return the kernel with zeros around it, or without its border, so that it has `size` rows.

        >>> Kernel(((0, 0, 0), (0, 1, 0), (0, 0, 0))).resized(5).weights[2]
        (0.0, 0.0, 1.0, 0.0, 0.0)
        """
        old, new = np.array(self.weights, dtype=float), np.zeros((size, size))
        kept = min(self.size, size)
        (a, b), span = ((n - kept) // 2 for n in (self.size, size)), range(kept)
        new[np.ix_([b + i for i in span], [b + i for i in span])] = old[a : a + kept, a : a + kept]
        return Kernel(tuple(map(tuple, new.tolist())), self.divisor)

    def written(self) -> str:
        """Return the weights as they stand in an address: rows apart by `/`, weights by `,`.

        >>> LIBRARY["Sobel x"].written()
        '-1,0,1/-2,0,2/-1,0,1'
        """
        return "/".join(",".join(f"{weight:g}" for weight in row) for row in self.weights)


LIBRARY = {
    "Sobel x": Kernel(((-1, 0, 1), (-2, 0, 2), (-1, 0, 1))),
    "Sobel y": Kernel(((-1, -2, -1), (0, 0, 0), (1, 2, 1))),
    "Laplacian": Kernel(((0, 1, 0), (1, -4, 1), (0, 1, 0))),
    "Edge": Kernel(((-1, -1, -1), (-1, 8, -1), (-1, -1, -1))),
    "Sharpen": Kernel(((0, -1, 0), (-1, 5, -1), (0, -1, 0))),
    "Emboss": Kernel(((-2, -1, 0), (-1, 1, 1), (0, 1, 2))),
    "Box blur": Kernel(((1, 1, 1),) * 3, 9),
    "Gaussian": Kernel(((1, 2, 1), (2, 4, 2), (1, 2, 1)), 16),
    "Gaussian 5 × 5": Kernel(
        ((1, 4, 6, 4, 1), (4, 16, 24, 16, 4), (6, 24, 36, 24, 6), (4, 16, 24, 16, 4), (1, 4, 6, 4, 1)), 256
    ),
    "Identity": Kernel(((0, 0, 0), (0, 1, 0), (0, 0, 0))),
}


def read_kernel(text: str, divisor: float = 1) -> Kernel:
    """Return the kernel that `text` writes as `Kernel.written` does; `InputError` if it writes none."""
    rows = text.split("/")
    try:
        weights = tuple(tuple(float(weight) for weight in row.split(",")) for row in rows)
    except ValueError:
        weights = ()
    square = len(weights) in SIZES and {len(row) for row in weights} == {len(weights)}
    if not square or not all(-MOST <= weight <= MOST for row in weights for weight in row):  # NaN is neither
        raise InputError(
            f"`weights` (={text[:60]}) must be 3 x 3 or 5 x 5 numbers from -{MOST} to {MOST}, weights separated by "
            "commas and rows by /: try 0,-1,0/-1,5,-1/0,-1,0."
        )
    return Kernel(weights, divisor)


def grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return how bright each pixel looks: uint8 (1 or 3, H, W) -> (1, H, W)."""
    return image if len(image) == 1 else np.rint(np.tensordot(BRIGHTNESS, image, 1)).astype(np.uint8)[None]


def filtered(image: NDArray[np.uint8], kernel: Kernel, mode: PaddingMode = "zeros") -> Values:
    """Return what the kernel makes of each channel by itself: (C, H, W) -> (C, H, W), half padding, any real values.

    `mode` says what lies beyond the border, by PyTorch's names. As in a network the kernel is not mirrored.
    """
    layer = Conv2d(1, kernel.size, padding=kernel.size // 2, padding_mode=mode)
    rows, columns = lines(layer, (1, *image.shape[1:]))
    return np.stack([slide(layer, rows, columns, channel, kernel.values) for channel in image])


class Shown(StrEnum):
    """How values that are no brightness become one; what is said of it is in `picture_of`."""

    AUTOMATIC = "as they need it"
    SIGNED = "0 is grey"
    ABSOLUTE = "size without sign"
    CLIPPED = "cut off at 0 and 255"


def picture_of(values: Values, shown: Shown = Shown.AUTOMATIC) -> tuple[NDArray[np.uint8], str]:
    """Return the values as uint8 of the same shape, and in words which value has which brightness."""
    low, high = float(values.min()), float(values.max())
    most = max(-low, high, 1e-9)
    fits = low > -0.5 and high < 255.5
    if shown is Shown.AUTOMATIC:
        shown = Shown.CLIPPED if fits else Shown.SIGNED
    if shown is Shown.SIGNED:
        picture = np.rint(127.5 + 127.5 * values / most)
        return picture.astype(np.uint8), f"Grey is 0, white {number(most)}, black {number(-most)}."
    if shown is Shown.ABSOLUTE:
        picture = np.rint(255 * np.abs(values) / most)
        return picture.astype(np.uint8), f"Black is 0, white {number(most)} or {number(-most)}."
    picture = np.rint(values).clip(0, 255).astype(np.uint8)
    if fits:
        return picture, "Every value is a brightness from 0 to 255 and is shown as it is."
    lost = np.count_nonzero((values < -0.5) | (values > 255.5)) / values.size
    return picture, f"Black is 0 or less, white 255 or more: {100 * lost:.0f} % of the values are cut off."


def range_sentence(values: Values) -> str:
    """Return the smallest and largest value, and how many are negative, in Markdown."""
    negative = np.count_nonzero(values < 0) / values.size
    text = f"Values from **{number(float(values.min()))} to {number(float(values.max()))}**"
    return f"{text}, {100 * negative:.0f} % of them negative." if negative else f"{text}, none negative."


def kernel_sentence(kernel: Kernel) -> str:
    """Return what can be told from the weights alone: what becomes of a flat area, and what it costs, in Markdown."""
    total = float(kernel.values.sum())
    if not kernel.values.any():
        return "All weights are 0: whatever the image, nothing is left."
    if abs(total) < 1e-9:
        text = "The weights add up to **0**: where the image is flat nothing is left, only differences are."
    elif abs(total - 1) < 1e-9:
        text = "The weights add up to **1**: where the image is flat it stays as bright as it is."
    else:
        text = f"The weights add up to **{number(total)}**: flat parts become {number(total)} times as bright."
    if np.linalg.matrix_rank(kernel.values) == 1:
        k = kernel.size
        text += (
            f" It is **separable**, a column times a row: {k} + {k} = {2 * k} products a pixel can do what {k * k} do."
        )
    return text


def filter_code(kernel: Kernel, mode: PaddingMode = "zeros") -> str:
    """Return PyTorch code that does the same to `image`, a float tensor (C, H, W), and calls the result `result`."""
    weights = [[float(f"{weight:g}") for weight in row] for row in kernel.weights]
    rows = ",\n    ".join(str([int(w) if w == int(w) else w for w in row]) for row in weights)
    p = kernel.size // 2
    padding = "constant" if mode == "zeros" else mode
    return (
        "import torch\nimport torch.nn.functional as F\n\n"
        f"kernel = torch.tensor([\n    {rows},\n]) / {kernel.divisor:g}\n"
        f'padded = F.pad(image[:, None], ({p}, {p}, {p}, {p}), mode="{padding}")  # (C, 1, H + {2 * p}, W + {2 * p})\n'
        "result = F.conv2d(padded, kernel[None, None])[:, 0]  # (C, H, W): each colour by itself\n"
    )


def number(value: float) -> str:
    """Return the value with at most two decimals and a true minus sign.

    >>> number(-12.5), number(3.0), number(-0.001)
    ('−12.5', '3', '0')
    """
    text = f"{abs(value):,.2f}".rstrip("0").rstrip(".")
    return f"−{text}" if value < 0 and text != "0" else text
