"""What a `forward` does to a tensor's shape without a layer: views, squeezes and averages as flattens and pools."""

from collections.abc import Callable, Sequence
from typing import Any

from cnncore.architecture.layers import AdaptiveAvgPool2d, Flatten
from cnncore.architecture.reading.flow import Flow, Size, Unfinished
from cnncore.architecture.reading.meaning import Unknown
from cnncore.architecture.reading.part import Only, Part
from cnncore.architecture.reading.pytorch_layers import bound, unknown
from cnncore.errors import InputError

Args = Sequence[Any]
Kwargs = dict[str, Any]


def _view(flow: Flow, args: Args, kwargs: Kwargs, label: str) -> Flow:
    sizes = args[0] if len(args) == 1 and isinstance(args[0], (tuple, list)) else args or kwargs.get("shape", ())
    apart = isinstance(sizes, (tuple, list)) and len(sizes) > 1 and _is_batch(flow, sizes[0])
    if not apart or sizes[0] == sizes[1] == -1:
        raise InputError(f"{label} must keep the images apart and join the rest: write torch.flatten(x, 1).")
    channels = not flow.flat and _is_axis(flow, sizes[1], 1)
    if len(sizes) == 4 and not flow.flat:
        return _same_map(flow, tuple(sizes[1:]), label)
    if len(sizes) == 3 and channels and sizes[2] == -1:
        flow.known()
        sentence = f"{label} joins height and width, of which only the mean is a layer here: write .mean(2) behind it."
        return Flow(flow.parts, flow.source, Unfinished("mean", sentence), views=flow.views)
    if len(sizes) == 2 and channels:
        return flow.through(Part(Flatten(), label, only=Only.PIXEL))
    if len(sizes) != 2:
        raise InputError(f"{label} makes maps of another shape, which no layer here does: leave it out.")
    if not _is_rest(flow, sizes[1]):
        raise InputError(f"{label} must keep the images apart and join the rest: write torch.flatten(x, 1).")
    stated = sizes[1] if isinstance(sizes[1], int) and sizes[1] > 0 else None
    return flow.through(Part(Flatten(), label, stated))


def _is_batch(flow: Flow, size: Any) -> bool:
    """Return whether a size is that of the batch: a number other than 1 can be no other."""
    if flow.source is not None:
        return size in (-1, flow.source.batch)
    if isinstance(size, Size):
        return size.axes == (0,)
    return isinstance(size, Unknown) or size == -1 or (isinstance(size, int) and size > 1)


def _is_axis(flow: Flow, size: Any, axis: int) -> bool:
    """Return whether a size is the tensor's own along `axis`."""
    return isinstance(size, Size) and size.parts == flow.parts and size.axes == (axis,)


def _is_rest(flow: Flow, size: Any) -> bool:
    """Return whether a size is that of one image: -1, a number to be compared, or the product of all its sizes."""
    if isinstance(size, Size):
        return size.parts == flow.parts and sorted(size.axes) == ([1] if flow.flat else [1, 2, 3])
    return isinstance(size, int) and not isinstance(size, bool) and (size == -1 or size > 0)


def _same_map(flow: Flow, sizes: tuple[Any, ...], label: str) -> Flow:
    """Return the flow itself for a view that leaves it as it is: at the beginning it states the image."""
    if all(_is_axis(flow, size, axis) for axis, size in enumerate(sizes, 1)):
        return flow
    channels, height, width = sizes
    if flow.parts or flow.source or not all(type(size) is int and size > 0 for size in sizes):
        raise InputError(f"{label} makes maps of another shape, which no layer here does: leave it out.")
    flow.stated.append((channels, height, width))
    return flow


def _mean(flow: Flow, args: Args, kwargs: Kwargs, label: str) -> Flow:
    values = bound(("dim", "keepdim"), args, {"dim" if k == "axis" else k: kwargs[k] for k in kwargs}, label)
    over, keep = values.get("dim"), values.get("keepdim", False)
    pooled = Part(AdaptiveAvgPool2d(1), label)
    sentence = f"{label} must be over height and width, [2, 3]: change it."
    if flow.known("mean") and over in (-1, 2) and not keep:
        return Flow(flow.parts, flow.source).through(pooled, Part(Flatten(), label))
    flow.known()
    if over in (-1, 2, 3, -2) and not keep and not flow.flat:
        return Flow(flow.parts, flow.source, Unfinished("mean", sentence))
    sides = isinstance(over, (list, tuple)) and len(over) == 2 and {axis for axis in over if type(axis) is int}
    if sides not in ({2, 3}, {-2, -1}, {2, -1}, {-2, 3}) or flow.flat:
        raise InputError(sentence)
    return flow.through(pooled) if keep else flow.through(pooled, Part(Flatten(), label))


def _squeeze(flow: Flow, args: Args, kwargs: Kwargs, label: str) -> Flow:
    over = bound(("dim",), args, kwargs, label).get("dim")
    sentence = f"{label} must take away height and width both: write torch.flatten(x, 1)."
    flattened = Part(Flatten(), label, only=Only.PIXEL)
    if flow.known("squeeze") and over in (-1, 2):
        return Flow(flow.parts, flow.source, views=flow.views).through(flattened)
    flow.known()
    if flow.flat:
        raise InputError(f"{label} is given a flat vector: leave it out.")
    if over is None or (isinstance(over, tuple) and sorted(over) in ([2, 3], [-2, -1])):
        return flow.through(flattened)
    if over not in (-1, -2, 2, 3):
        raise InputError(sentence)
    return Flow(flow.parts, flow.source, Unfinished("squeeze", sentence), views=flow.views)


def _log_softmax(flow: Flow, args: Args, kwargs: Kwargs, label: str) -> Flow:
    """Return the flow, at its end: cross-entropy of log-probabilities is that of the scores, to the gradient."""
    values = bound(("dim", "_stacklevel", "dtype"), args, kwargs, label)
    sentence = unknown(label, "log_softmax")
    if values.get("dim") not in (None, 1, *([-1] if flow.flat else [-3])):
        raise InputError(sentence)
    flow.known("log_softmax")
    return Flow(flow.parts, flow.source, Unfinished("log_softmax", sentence))


RESHAPING: dict[str, Callable[[Flow, Args, Kwargs, str], Flow]] = {
    "view": _view,
    "reshape": _view,
    "mean": _mean,
    "squeeze": _squeeze,
    "log_softmax": _log_softmax,
}
