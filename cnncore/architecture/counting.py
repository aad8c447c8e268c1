"""What one layer does to a shape, and what it costs: weights, biases, multiply-adds.

Convention, printed where the numbers are: multiply-adds are those of one image, without biases, of convolutions and
dense layers; pooling, activations and batch norm count none. Weights and biases are kept apart; the scale and shift
of a batch norm count as weights and biases, its running statistics count as neither.
"""

from dataclasses import dataclass

from cnncore.architecture.arithmetic import (
    conv_output_size,
    effective_kernel,
    pool_output_size,
    reads,
    transposed_output_size,
    unread,
    unread_transposed,
)
from cnncore.architecture.layers import (
    AdaptiveAvgPool2d,
    AvgPool2d,
    BatchNorm2d,
    Block,
    Branches,
    Conv2d,
    ConvTranspose2d,
    Flatten,
    Layer,
    Linear,
    MaxPool2d,
    Path,
    Residual,
)
from cnncore.architecture.sizes import Pair, Shape
from cnncore.errors import InputError


@dataclass(frozen=True)
class Cost:
    """Output shape (C, H, W), parameters, and multiply-adds for one image.

    `inner` counts the values that layers inside of a block put out, before its own output joins them.
    """

    output: Shape
    weights: int = 0
    biases: int = 0
    macs: int = 0
    inner: int = 0

    @property
    def activations(self) -> int:
        """All values put out for one image: what training keeps for the backward pass, if every layer keeps its own."""
        return self.inner + self.output[0] * self.output[1] * self.output[2]


def cost(layer: Layer, shape: Shape) -> Cost:
    """Return what `layer` makes of an input of `shape` (C, H, W), and at what cost.

    An `InputError` if the layer does not fit that input.

    >>> cost(Conv2d(32, 5, padding=2), (3, 32, 32))
    Cost(output=(32, 32, 32), weights=2400, biases=32, macs=2457600, inner=0)
    """
    channels, height, width = shape
    match layer:
        case Conv2d():
            _check_groups(channels, layer.groups)
            _check_padding(layer, shape)
            axes = zip((height, width), layer.kernel, layer.stride, layer.padding, layer.dilation, strict=True)
            rows, columns = (conv_output_size(*axis) for axis in axes)
            weights = layer.filters * (channels // layer.groups) * layer.kernel[0] * layer.kernel[1]
            return Cost((layer.filters, rows, columns), weights, layer.filters * layer.bias, weights * rows * columns)
        case ConvTranspose2d():
            _check_groups(channels, layer.groups)
            geometry = (layer.kernel, layer.stride, layer.padding, layer.dilation, layer.output_padding)
            rows, columns = (transposed_output_size(*axis) for axis in zip((height, width), *geometry, strict=True))
            weights = channels * (layer.filters // layer.groups) * layer.kernel[0] * layer.kernel[1]
            return Cost((layer.filters, rows, columns), weights, layer.filters * layer.bias, weights * height * width)
        case MaxPool2d() | AvgPool2d():
            axes = zip((height, width), layer.kernel, layer.stride, layer.padding, layer.dilation, strict=True)
            rows, columns = (pool_output_size(*axis, ceil_mode=layer.ceil_mode) for axis in axes)
            _check_windows(layer, shape, (rows, columns))
            return Cost((channels, rows, columns))
        case AdaptiveAvgPool2d():
            return Cost((channels, *layer.size))
        case Linear():
            if (height, width) != (1, 1):
                raise InputError(
                    f"`linear` needs a flat input and receives a map of {channels}x{height}x{width}: put a flatten "
                    "before it."
                )
            if layer.inputs not in (None, channels):
                raise InputError(
                    f"`inputs` (={layer.inputs}) must be as many as arrive, here {channels}: give the map the size "
                    "that the weights are made for, or leave `inputs` out."
                )
            weights = channels * layer.features
            return Cost((layer.features, 1, 1), weights, layer.features * layer.bias, weights)
        case Flatten():
            return Cost((channels * height * width, 1, 1))
        case BatchNorm2d():
            return Cost(shape, channels, channels)
        case Residual() | Branches():
            return _block(layer, shape)
        case _:  # activations and dropout change no shape and have no parameters
            return Cost(shape)


def _check_padding(layer: Conv2d, shape: Shape) -> None:
    """Refuse what PyTorch would: padding that mirrors or wraps around more pixels than there are."""
    spare = {"reflect": 1, "circular": 0}.get(layer.padding_mode)  # the mirror is the border itself: not repeated
    if spare is None:
        return
    for size, padding in zip(shape[1:], layer.padding, strict=True):
        if padding > size - spare:
            raise InputError(
                f"`padding` (={padding}) with `padding_mode` (={layer.padding_mode}) must be at most {size - spare} "
                f"for an input of {size}: there are no more pixels to copy, use less padding or zeros."
            )


def _check_windows(layer: MaxPool2d | AvgPool2d, shape: Shape, outputs: Pair) -> None:
    """Refuse windows whose taps all miss the map: PyTorch writes their gradient beside it, and may crash later."""
    axes = zip(shape[1:], outputs, layer.kernel, layer.stride, layer.padding, layer.dilation, strict=True)
    for size, count, k, s, p, d in axes:
        if d > 1 and p > 0 and not all(reads(o, size, k, s, p, d) for o in range(count)):
            raise InputError(
                f"`dilation` (={d}) of a pool with `padding` (={p}) leaves a window on a map of {size} in the padding "
                "alone: use no padding, or a smaller dilation."
            )


def _check_groups(channels: int, groups: int) -> None:
    if channels % groups:
        divisors = ", ".join(str(n) for n in range(1, min(channels, 64) + 1) if channels % n == 0)
        raise InputError(
            f"`in_channels` (={channels}) must be divisible by `groups` (={groups}): choose groups among {divisors}."
        )


def _block(layer: Block, shape: Shape) -> Cost:
    """Return the cost of all paths; their outputs are added, or put one after the other along the channels."""
    steps = [path_costs(path, shape) for path in layer.paths]
    ends = [costs[-1].output if costs else shape for costs in steps]
    agree = len({end if isinstance(layer, Residual) else end[1:] for end in ends}) == 1
    if not agree:
        given = " and ".join("x".join(map(str, end)) for end in ends)
        what = "alike" if isinstance(layer, Residual) else "with maps of one size"
        remedy = (
            "put a 1x1 convolution with the same stride and number of filters into the shortcut"
            if isinstance(layer, Residual)
            else "give each path the same stride in all, and a padding of (k - 1)/2"
        )
        raise InputError(
            f"the paths of {layer.kind} block {layer.name or 'without a name'!s} must end {what} and give {given}: "
            f"{remedy}."
        )
    channels = ends[0][0] if isinstance(layer, Residual) else sum(end[0] for end in ends)
    every = [step for costs in steps for step in costs]
    return Cost(
        (channels, *ends[0][1:]),
        sum(step.weights for step in every),
        sum(step.biases for step in every),
        sum(step.macs for step in every),
        sum(step.activations for step in every),
    )


def path_costs(path: Path, shape: Shape) -> list[Cost]:
    """Return the cost of each layer of a path that begins with (C, H, W)."""
    costs: list[Cost] = []
    for layer in path:
        costs.append(cost(layer, shape))
        shape = costs[-1].output
    return costs


@dataclass(frozen=True)
class LayerFacts:
    """Everything the calculator shows of one layer on one image.

    `dense_weights` and `dense_biases` belong to a dense layer with the same input and the same output; unread rows
    and columns are those of the input that no output depends on; `formula` is the size rule with its numbers.
    """

    output: Shape
    weights: int
    biases: int
    macs: int
    dense_weights: int
    dense_biases: int
    unread_rows: int
    unread_columns: int
    formula: str


def layer_facts(layer: Conv2d | ConvTranspose2d | MaxPool2d | AvgPool2d, shape: Shape) -> LayerFacts:
    """Return the facts of `layer` on an input of `shape` (C, H, W).

    >>> facts = layer_facts(Conv2d(1, 5, padding=2), (3, 32, 32))
    >>> facts.weights, facts.biases, facts.dense_weights, facts.dense_biases
    (75, 1, 3145728, 1024)
    """
    result = cost(layer, shape)
    sizes, outputs = shape[1:], result.output[1:]
    formulas = [_formula(layer, axis, sizes[axis], outputs[axis]) for axis in (0, 1)]
    left = [len(unread_cells(layer, axis, sizes[axis], outputs[axis])) for axis in (0, 1)]
    if any(count == size for count, size in zip(left, sizes, strict=True)):
        left = list(sizes)  # windows that miss every column read nothing in any row either
    outputs_in_all = result.output[0] * outputs[0] * outputs[1]
    return LayerFacts(
        output=result.output,
        weights=result.weights,
        biases=result.biases,
        macs=result.macs,
        dense_weights=shape[0] * sizes[0] * sizes[1] * outputs_in_all,
        dense_biases=outputs_in_all,
        unread_rows=left[0],
        unread_columns=left[1],
        formula=formulas[0] if formulas[0] == formulas[1] else f"height {formulas[0]}; width {formulas[1]}",
    )


def unread_cells(
    layer: Conv2d | ConvTranspose2d | MaxPool2d | AvgPool2d, axis: int, size: int, outputs: int
) -> tuple[int, ...]:
    """Return which of `size` input cells along one axis (0 height, 1 width) none of the layer's `outputs` reads."""
    k, s, p, d = (getattr(layer, name)[axis] for name in ("kernel", "stride", "padding", "dilation"))
    if isinstance(layer, ConvTranspose2d):
        return unread_transposed(size, outputs, k, s, p, d)
    return unread(size, outputs, k, s, p, d, layer.padding_mode if isinstance(layer, Conv2d) else "zeros")


def _formula(layer: Conv2d | ConvTranspose2d | MaxPool2d | AvgPool2d, axis: int, size: int, output: int) -> str:
    k, s, p, d = (getattr(layer, name)[axis] for name in ("kernel", "stride", "padding", "dilation"))
    if isinstance(layer, ConvTranspose2d):
        extra = layer.output_padding[axis]
        return f"({size} - 1)*{s} - 2*{p} + {d}*({k} - 1) + {extra} + 1 = {output}"
    rounding = "ceil" if isinstance(layer, (MaxPool2d, AvgPool2d)) and layer.ceil_mode else "floor"
    span = str(k) if d == 1 else f"({d}*({k} - 1) + 1)"
    formula = f"{rounding}(({size} + 2*{p} - {span})/{s}) + 1"
    rounded_up = -(-(size + 2 * p - effective_kernel(k, d)) // s) + 1
    if rounding == "ceil" and rounded_up != output:
        return f"{formula} - 1 = {output} (the last window would begin in the padding)"
    return f"{formula} = {output}"
