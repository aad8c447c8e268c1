"""The size of a layer's output as a formula with its numbers in it, in LaTeX for KaTeX."""

from cnncore.architecture import AvgPool2d, ConvTranspose2d, MaxPool2d, Shape, cost
from cnncore.figures.sliding import Sliding

# Input, kernel, output: the app's colours (see palette.py), light enough or dark enough to be read as text.
INK = {"light": ("#0072B2", "#8F6200", "#007A59"), "dark": ("#6CC1F2", "#F0B840", "#2FC79A")}


def size_formula(layer: Sliding, shape: Shape, axis: int, theme: str = "light") -> str:
    """Return the size rule for one axis (0 height, 1 width), once in letters and once in numbers.

    floor((i + 2p - d(k-1) - 1) / s) + 1; in ceil mode rounded up; (i-1)s - 2p + d(k-1) + a + 1 transposed.
    """
    blue, orange, green = INK.get(theme, INK["light"])
    k, s, p, d = (getattr(layer, name)[axis] for name in ("kernel", "stride", "padding", "dilation"))
    i, o = shape[1 + axis], cost(layer, shape).output[1 + axis]
    ceil = isinstance(layer, (MaxPool2d, AvgPool2d)) and layer.ceil_mode
    left, right = (r"\left\lceil", r"\right\rceil") if ceil else (r"\left\lfloor", r"\right\rfloor")

    def ink(colour: str, text: object) -> str:
        return rf"\textcolor{{{colour}}}{{{text}}}"

    def direct(i: object, k: object, s: object, p: object, d: object, times: str) -> str:
        span = ink(orange, rf"{d}{times}({k}-1)")
        return rf"{left}\frac{{{ink(blue, i)}+2{times}{p}-{span}-1}}{{{s}}}{right}+1"

    def transposed(i: object, k: object, s: object, p: object, d: object, a: object, times: str) -> str:
        return rf"({ink(blue, i)}-1){times}{s}-2{times}{p}+{ink(orange, rf'{d}{times}({k}-1)')}+{a}+1"

    name = ("H", "W")[axis]
    if isinstance(layer, ConvTranspose2d):
        letters = transposed(name, "k", "s", "p", "d", "a", r"\,")
        numbers = transposed(i, k, s, p, d, layer.output_padding[axis], r"\cdot ")
    else:
        letters = direct(name, "k", "s", "p", "d", "")
        numbers = direct(i, k, s, p, d, r"\cdot ")
        if ceil and -(-(i + 2 * p - d * (k - 1) - 1) // s) + 1 != o:  # that window would begin in the padding
            numbers += "-1"
    output, result = ink(green, f"{name}'"), ink(green, rf"\mathbf{{{o}}}")
    return rf"\begin{{aligned}}{output}&={letters}\\[0.6em]&={numbers}={result}\end{{aligned}}"
