"""What *same* padding means for one setting: for even kernels, and for strides, where libraries disagree."""

from cnncore.architecture import Conv2d, Shape, effective_kernel
from cnncore.architecture.arithmetic import half_padding


def same_padding(i: int, k: int, s: int = 1, d: int = 1) -> tuple[int, int, int]:
    """Return the output's size under *same*, ceil(i / s), and the zeros before and after that it takes.

    The rule of TensorFlow and ONNX (SAME_UPPER), which for stride 1 is that of PyTorch's `padding="same"`; PyTorch
    refuses other strides. Where the zeros do not divide by two, one more stands at the end.

    >>> same_padding(8, 4), same_padding(7, 3, 2)
    ((8, 1, 2), (4, 1, 1))
    """
    output = -(-i // s)
    zeros = max((output - 1) * s + effective_kernel(k, d) - i, 0)
    return output, zeros // 2, zeros - zeros // 2


def same_sentence(layer: Conv2d, shape: Shape) -> str:
    """Return what *same* is for this kernel, stride and dilation, and whether the layer has it, in Markdown."""
    height, width = (_along(layer, axis, shape[1 + axis]) for axis in (0, 1))
    return height if height == width else f"Height: {height} Width: {width}"


def _along(layer: Conv2d, axis: int, size: int) -> str:
    k, s, p, d = (getattr(layer, name)[axis] for name in ("kernel", "stride", "padding", "dilation"))
    half, rest = half_padding(k, d)
    output, before, after = same_padding(size, k, s, d)
    uneven = f"{before} before and {after} after, which no `padding` alike on both sides gives"
    if s > 1:
        text = (
            f"With a stride of {s} *same* cannot keep {size}, and PyTorch refuses `padding='same'`. TensorFlow then "
            f"means ceil({size}/{s}) = {output}"
        )
        if half == rest:  # floor((i - 1)/s) + 1 is ceil(i/s)
            return f"{text}: half padding, p = {half}, gives that size too."
        return f"{text}" + (f", with {uneven}." if before != after else f", with p = {before}.")
    if half != rest:
        return (
            f"An even kernel has no symmetric *same*: {half + rest} zeros are to be shared out, and PyTorch's "
            f"`padding='same'` puts {uneven}."
        )
    if p == half:
        return f"This is *same*: `padding='same'` is p = {p} here."
    return f"*Same* would be p = d(k − 1)/2 = {half}."
