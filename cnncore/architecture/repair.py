"""Ways to mend what `diagnosis` finds, each tried on the network before it is offered."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from cnncore.architecture.arithmetic import half_padding
from cnncore.architecture.diagnosis import (
    Problem,
    Step,
    Trouble,
    expected_side,
    fitting_filters,
    problems,
    rounds_away,
    source_of,
    walk,
)
from cnncore.architecture.editing import added, changed_fields, fresh_name, layer_at, removed, replaced
from cnncore.architecture.layers import (
    AdaptiveAvgPool2d,
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    ConvTranspose2d,
    Flatten,
    Layer,
    Linear,
    MaxPool2d,
    Path,
    Residual,
)
from cnncore.architecture.network import Network, fully_convolutional
from cnncore.errors import InputError
from cnncore.wording import by_axis, counted

MOST_FIXES = 6
_SIDES = (28, 32, 64, 96, 128, 224)  # of the usual data sets


@dataclass(frozen=True)
class Fix:
    """One way to mend a problem: what it does, in words, and the network that it makes."""

    title: str
    network: Network


def fixes(network: Network, problem: Problem, most: int = MOST_FIXES) -> list[Fix]:
    """Return up to `most` ways to mend `problem`, best first.

    Each was tried: the network that it makes has fewer problems, so where this is the only one, it has none.
    """
    found: list[Fix] = []
    count = len(problems(network))
    for title, mended in _candidates(network, problem):
        if len(found) == most:
            break
        already = title.startswith("Images") and any(fix.title.startswith("Images") for fix in found)
        if not already and len(problems(mended)) < count and all(mended != fix.network for fix in found):
            found.append(Fix(title, mended))
    return found


def repaired(network: Network) -> Network | None:
    """Return the network with the first fix of each problem applied; None where there is no way."""
    while left := problems(network):
        options = next((options for problem in left if (options := fixes(network, problem, 1))), None)
        if options is None:
            return None
        network = options[0].network
    return network


def dense_as_convolutions(network: Network) -> Network:
    """Return the network with its dense layers as convolutions; the first covers the map that it is made for (Q5)."""
    shapes = []
    for step in (step for step in walk(network) if len(step.place) == 1):
        shape = step.input
        following = network.layers[step.place[0] + 1 :]
        dense = next((layer for layer in following if isinstance(layer, Linear)), None)
        if isinstance(step.layer, Flatten) and dense is not None:
            side = expected_side(dense, shape[0])
            shape = shape if side is None else (shape[0], side, side)
        shapes.append(shape)
    return fully_convolutional(network, shapes)


def _candidates(network: Network, problem: Problem) -> Iterator[tuple[str, Network]]:
    """Yield what may help, as a title and the network; what cannot even be described is left out."""
    steps = walk(network)
    makers = {
        Trouble.NOT_FLAT: _flatten_it,
        Trouble.FLAT: _unflatten_it,
        Trouble.INPUTS: _fit_dense,
        Trouble.GROUPS: _regroup,
        Trouble.PATHS: _align,
        Trouble.SIZE: _enlarge,
    }
    try:
        yield from makers[problem.trouble](network, problem, steps)
        yield f"Remove {problem.name}", removed(network, problem.place)
    except InputError:  # the last layer cannot be removed, a size runs out of bounds: then there is nothing more
        return


def _flatten_it(network: Network, problem: Problem, _: list[Step]) -> Iterator[tuple[str, Network]]:
    yield f"Insert a flatten before {problem.name}", added(network, problem.place, Flatten())
    averaged = added(network, problem.place, Flatten())
    pool = AdaptiveAvgPool2d(1, name=fresh_name(network, "adaptive-avg-pool"))
    yield f"Average each map, then flatten, before {problem.name}", added(averaged, problem.place, pool)


def _unflatten_it(network: Network, problem: Problem, _: list[Step]) -> Iterator[tuple[str, Network]]:
    (index,) = problem.place
    flatten = max((n for n in range(index) if isinstance(network.layers[n], Flatten)), default=None)
    if flatten is None:  # a dense layer without a flatten stands before: that problem comes first
        return
    bare = removed(network, (flatten,))  # the failing layer is at index - 1 now
    dense = next((n for n in range(index, len(bare.layers)) if isinstance(bare.layers[n], Linear)), len(bare.layers))
    after = bare.layers[dense - 1]
    yield f"Move the flatten behind {after.name or after.kind}", added(bare, (dense,), Flatten())
    layer = layer_at(network, problem.place)
    moved = added(removed(network, problem.place), (flatten,), layer)
    yield f"Move {problem.name} in front of the flatten", moved


def _fit_dense(network: Network, problem: Problem, steps: list[Step]) -> Iterator[tuple[str, Network]]:
    index = problem.place[0]
    before = [step for step in steps if step.place[0] < index]
    yield from _padded(network, before)
    yield from _rounded_up(network, before)
    dense = layer_at(network, problem.place)
    arriving = next(step.input[0] for step in steps if step.place == problem.place)
    if not isinstance(dense, Linear) or dense.inputs is None:
        return
    source = source_of(before)
    if source is not None and isinstance(source.layer, Linear):
        wider = replaced(network, source.place, replace(source.layer, features=dense.inputs))
        yield f"{dense.inputs:,} units in {source.name}", wider
    side = expected_side(dense, source.input[0]) if source else None
    filters = fitting_filters(dense, source) if source else None
    convolution = next((step for step in reversed(before) if isinstance(step.layer, Conv2d)), None)
    if side is None and filters and convolution and len(convolution.place) == 1:
        wider = replaced(network, convolution.place, changed_fields(convolution.layer, filters=filters, groups=1))
        yield f"{filters} filters in {convolution.name}", wider
    fitted = replaced(network, problem.place, replace(dense, inputs=arriving))
    yield f"Give {problem.name} {arriving:,} inputs (its weights begin anew)", fitted
    if not any(isinstance(layer, AdaptiveAvgPool2d) for layer in network.layers):
        yield "Dense layers as convolutions", dense_as_convolutions(network)
    if source and side:
        pool = AdaptiveAvgPool2d(side, name=fresh_name(network, "adaptive-avg-pool"))
        yield f"Average any map to {side} × {side} before the flatten", added(network, source.place, pool)
    yield from _other_images(network)


def _regroup(network: Network, problem: Problem, steps: list[Step]) -> Iterator[tuple[str, Network]]:
    layer = layer_at(network, problem.place)
    channels = next(step.input[0] for step in steps if step.place == problem.place)
    if isinstance(layer, (Conv2d, ConvTranspose2d)):
        for groups in (math.gcd(channels, layer.groups), math.gcd(channels, layer.filters), 1):
            mended = replaced(network, problem.place, replace(layer, groups=groups))
            yield f"{counted(groups, 'group')} in {problem.name}", mended


def _align(network: Network, problem: Problem, steps: list[Step]) -> Iterator[tuple[str, Network]]:
    block = layer_at(network, problem.place)
    inside = [step for step in steps if step.place[: len(problem.place)] == problem.place != step.place]
    shape = next(step.input for step in steps if step.place == problem.place)
    if isinstance(block, Residual):
        last = next((step for step in reversed(inside) if step.place[len(problem.place)] == 0), None)
        end = last.output if last else shape
        strides = [_stride(size, wanted) for size, wanted in zip(shape[1:], end[1:], strict=True)]
        if None not in strides:
            stride = (strides[0] or 1, strides[1] or 1)
            normed = any(isinstance(layer, BatchNorm2d) for layer in block.body)
            project: Path = (Conv2d(end[0], 1, stride, bias=not normed), *((BatchNorm2d(),) if normed else ()))
            title = f"1 × 1 convolution to {end[0]} channels{f', stride {stride[0]},' if stride != (1, 1) else ''}"
            yield (
                f"{title} in the shortcut of {problem.name}",
                replaced(network, problem.place, replace(block, shortcut=project)),
            )
    yield from _padded(network, inside)
    kept = network
    for step in inside:
        kept = replaced(kept, step.place, _keeping(step.layer))
    yield f"Padding (k − 1)/2 in every layer of {problem.name}", kept
    for step in inside:
        kept = replaced(kept, step.place, _keeping(_unstrided(step.layer)))
    yield f"Stride 1 and padding (k − 1)/2 in every layer of {problem.name}", kept
    if isinstance(block, Residual):
        filters = [step for step in inside if isinstance(step.layer, Conv2d) and step.place[len(problem.place)] == 0]
        for changed in (network, kept):
            if filters:
                last_conv = layer_at(changed, filters[-1].place)
                same = replaced(changed, filters[-1].place, changed_fields(last_conv, filters=shape[0]))
                yield f"{shape[0]} filters in {filters[-1].name}{', size kept' if changed is kept else ''}", same


def _enlarge(network: Network, problem: Problem, steps: list[Step]) -> Iterator[tuple[str, Network]]:
    layer = layer_at(network, problem.place)
    shape = next(step.input for step in steps if step.place == problem.place)
    before = [step for step in steps if step.place < problem.place]
    if isinstance(layer, Conv2d) and layer.padding_mode != "zeros":
        yield (
            f"Padding with zeros in {problem.name}",
            replaced(network, problem.place, replace(layer, padding_mode="zeros")),
        )
    if isinstance(layer, Conv2d):
        kept = _keeping(layer)
        yield f"Padding {_said(kept)} in {problem.name}", replaced(network, problem.place, kept)
    if isinstance(layer, ConvTranspose2d):
        yield f"Padding 0 in {problem.name}", replaced(network, problem.place, replace(layer, padding=(0, 0)))
    if isinstance(layer, (Conv2d, MaxPool2d, AvgPool2d)):
        kernel = (min(layer.kernel[0], shape[1]), min(layer.kernel[1], shape[2]))
        border = tuple(min(p, k // 2) for p, k in zip(layer.padding, kernel, strict=True))
        smaller = changed_fields(layer, kernel=kernel, padding=border, **_undilated(layer))
        name = "Kernel" if isinstance(layer, Conv2d) else "Window"
        yield f"{name} {kernel[0]} × {kernel[1]} in {problem.name}", replaced(network, problem.place, smaller)
    yield from _padded(network, before)
    yield from _rounded_up(network, before)
    for step in reversed(before):
        if isinstance(step.layer, (MaxPool2d, AvgPool2d)) and step.layer.stride != (1, 1):
            yield f"Remove {step.name}", removed(network, step.place)
    yield from _other_images(network)


def _other_images(network: Network) -> Iterator[tuple[str, Network]]:
    for side in _SIDES:
        yield f"Images of {side} × {side}", replace(network, input=(network.input[0], side, side))


def _padded(network: Network, steps: list[Step]) -> Iterator[tuple[str, Network]]:
    """Yield the padding that makes a convolution keep its size, the last convolution first."""
    for step in reversed(steps):
        if isinstance(step.layer, Conv2d) and step.layer.stride == (1, 1) and step.input[1:] != step.output[1:]:
            kept = _keeping(step.layer)
            title = f"Padding {_said(kept)} in {step.name} keeps {step.input[1]} × {step.input[2]}"
            yield title, replaced(network, step.place, kept)


def _rounded_up(network: Network, steps: list[Step]) -> Iterator[tuple[str, Network]]:
    for step in reversed(steps):
        if rounds_away(step) and isinstance(step.layer, (MaxPool2d, AvgPool2d)):
            yield f"Set {step.name} to ceil mode", replaced(network, step.place, replace(step.layer, ceil_mode=True))


def _keeping(layer: Layer) -> Layer:
    """Return the layer with the padding (k - 1)/2 that keeps the size at stride 1; other layers as they are."""
    if isinstance(layer, (Conv2d, MaxPool2d, AvgPool2d)):
        half = tuple(half_padding(k, d)[0] for k, d in zip(layer.kernel, layer.dilation, strict=True))
        if isinstance(layer, Conv2d):
            return replace(layer, padding=half)
        return replace(layer, padding=tuple(min(p, k // 2) for p, k in zip(half, layer.kernel, strict=True)))
    return layer


def _unstrided(layer: Layer) -> Layer:
    if isinstance(layer, (Conv2d, MaxPool2d, AvgPool2d)):
        return replace(layer, stride=(1, 1))
    return layer


def _undilated(layer: Layer) -> dict[str, tuple[int, int]]:
    return {} if isinstance(layer, AvgPool2d) else {"dilation": (1, 1)}  # PyTorch's average pool has none


def _said(layer: Layer) -> str:
    padding: tuple[int, int] = getattr(layer, "padding", (0, 0))
    return by_axis(padding)


def _stride(size: int, wanted: int) -> int | None:
    """Return the stride with which a 1 x 1 convolution makes `wanted` of `size` cells, None if there is none."""
    return next((stride for stride in range(1, size + 1) if (size - 1) // stride + 1 == wanted), None)
