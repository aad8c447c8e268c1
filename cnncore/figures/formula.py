"""The size of a convolution's output as a formula with its numbers in it, in LaTeX for KaTeX."""

from cnncore.architecture import Conv2d, Shape, conv_output_size

# Input, kernel, output: the app's colours (see palette.py), light enough or dark enough to be read as text.
INK = {"light": ("#0072B2", "#A66F00", "#007A59"), "dark": ("#6CC1F2", "#F0B840", "#2FC79A")}


def size_formula(layer: Conv2d, shape: Shape, axis: int, theme: str = "light") -> str:
    """Return floor((i + 2p - d(k-1) - 1) / s) + 1 for one axis, once in letters and once in numbers."""
    blue, orange, green = INK.get(theme, INK["light"])
    i, k, s, p, d = (
        shape[1 + axis],
        *(pair[axis] for pair in (layer.kernel, layer.stride, layer.padding, layer.dilation)),
    )
    o = conv_output_size(i, k, s, p, d)

    def ink(colour: str, text: object) -> str:
        return rf"\textcolor{{{colour}}}{{{text}}}"

    def size(i: object, k: object, s: object, p: object, d: object, times: str) -> str:
        span = ink(orange, rf"{d}{times}({k}-1)")
        return rf"\left\lfloor\frac{{{ink(blue, i)}+2{times}{p}-{span}-1}}{{{s}}}\right\rfloor+1"

    name = ("H", "W")[axis]
    letters = size(name, "k", "s", "p", "d", "")
    numbers = size(i, k, s, p, d, r"\cdot ")
    output, result = ink(green, f"{name}'"), ink(green, rf"\mathbf{{{o}}}")
    return rf"\begin{{aligned}}{output}&={letters}\\[0.6em]&={numbers}={result}\end{{aligned}}"
