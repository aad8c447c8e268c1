"""`python -m cnncore layer`: one layer on one image."""

import argparse
import json
from dataclasses import asdict

from cnncore.architecture import AvgPool2d, Conv2d, ConvTranspose2d, MaxPool2d, Pair, Shape, layer_facts
from cnncore.architecture.arithmetic import half_padding
from cnncore.architecture.layers import PADDING_MODES
from cnncore.commands.output import put
from cnncore.errors import InputError

# The options that each kind does not have, and the one value of each that would change nothing and is let through.
FOREIGN: dict[str, dict[str, object]] = {
    "conv": {"output_padding": "0", "ceil_mode": False},
    "conv-transpose": {"ceil_mode": False, "padding_mode": "zeros"},
    "pool": {"groups": 1, "output_padding": "0", "padding_mode": "zeros"},
    "avg-pool": {"groups": 1, "output_padding": "0", "padding_mode": "zeros", "dilation": "1"},
}
OWNERS = {
    "filters": "conv and conv-transpose",
    "groups": "conv and conv-transpose",
    "output_padding": "conv-transpose",
    "ceil_mode": "pool and avg-pool",
    "padding_mode": "conv",
    "dilation": "conv, conv-transpose and pool",
}
LayerOfKind = Conv2d | ConvTranspose2d | MaxPool2d | AvgPool2d


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; a size is one number or HEIGHTxWIDTH."""
    parser.add_argument("kind", choices=["conv", "conv-transpose", "pool", "avg-pool"])
    parser.add_argument("--input", required=True, metavar="CxHxW", help="for instance 3x32x32")
    parser.add_argument("--filters", type=int, help="1; a pool has as many as its input has channels")
    parser.add_argument("--kernel", required=True)
    parser.add_argument("--stride", help="1; for a pool the kernel")
    parser.add_argument("--padding", default="0", help="pixels on each side, HEIGHTxWIDTH, `same` or `valid`")
    parser.add_argument("--dilation", default="1")
    parser.add_argument("--groups", type=int, default=1)
    parser.add_argument("--output-padding", default="0")
    parser.add_argument("--ceil-mode", action="store_true")
    parser.add_argument("--padding-mode", choices=PADDING_MODES, default="zeros", help="what the padding holds")
    parser.add_argument("--json", action="store_true", help="print JSON only")


def run(args: argparse.Namespace) -> int:
    """Compute and print the layer's facts."""
    size = shape("input", args.input)
    _refuse_foreign(args, channels=size[0])
    facts = asdict(layer_facts(_layer(args), size))
    facts["output"] = list(facts["output"])
    if args.json:
        put(json.dumps(facts))
    else:
        facts["output"] = "x".join(map(str, facts["output"]))
        for name, value in facts.items():
            put(f"{name.replace('_', ' '):15} {value:,}" if isinstance(value, int) else f"{name:15} {value}")
    return 0


def _refuse_foreign(args: argparse.Namespace, channels: int) -> None:
    """Raise `InputError` for an option that the kind does not have: ignoring it would answer another question."""
    neutral = dict(FOREIGN[args.kind])
    if args.kind in ("pool", "avg-pool") and args.filters is not None:
        neutral["filters"] = channels
    for name, value in neutral.items():
        given = getattr(args, name)
        if set(str(given).split("x")) != {str(value)}:  # 1x1 is 1
            shown = "" if given is True else f" (={given})"
            raise InputError(f"`{name}`{shown} is an option of {OWNERS[name]}, not of {args.kind}: leave it out.")


def shape(name: str, text: str) -> Shape:
    """Return the (C, H, W) that `text` writes as CxHxW."""
    parts = text.lower().split("x")
    if len(parts) != 3 or not all(part.isdecimal() and len(part) < 8 and 0 < int(part) <= 1_000_000 for part in parts):
        raise InputError(f"`{name}` (={text}) must be CHANNELSxHEIGHTxWIDTH, three whole numbers: try 3x32x32.")
    channels, height, width = map(int, parts)
    return channels, height, width


def _pair(name: str, text: str) -> tuple[int, int]:
    parts = text.lower().split("x")
    if len(parts) > 2 or not all(part.isdecimal() and len(part) < 8 for part in parts):
        raise InputError(f"`{name}` (={text}) must be one whole number or HEIGHTxWIDTH: try 3 or 3x5.")
    return int(parts[0]), int(parts[-1])


def _same(args: argparse.Namespace, kernel: Pair, dilation: Pair) -> Pair:
    """Return the padding; `same` is half of the kernel's span less one pixel, which must be a whole number."""
    if args.padding != "same":
        return _pair("padding", args.padding)
    if args.kind != "conv" or args.stride not in (None, "1", "1x1"):
        raise InputError("`padding` (=same) is for a convolution of stride 1, as in PyTorch: give a number of pixels.")
    sides = [half_padding(k, d) for k, d in zip(kernel, dilation, strict=True)]
    if any(before != after for before, after in sides):
        raise InputError(
            f"`padding` (=same) needs an odd kernel, not {args.kernel}: no equal padding on both sides fits."
        )
    return sides[0][0], sides[1][0]


def _layer(args: argparse.Namespace) -> LayerOfKind:
    kernel, dilation = _pair("kernel", args.kernel), _pair("dilation", args.dilation)
    padding = (0, 0) if args.padding == "valid" else _same(args, kernel, dilation)
    if args.kind in ("pool", "avg-pool"):
        stride = kernel if args.stride is None else _pair("stride", args.stride)
        if args.kind == "avg-pool":
            return AvgPool2d(kernel, stride, padding, args.ceil_mode)
        return MaxPool2d(kernel, stride, padding, dilation, args.ceil_mode)
    stride = _pair("stride", "1" if args.stride is None else args.stride)
    filters = 1 if args.filters is None else args.filters
    if args.kind == "conv":
        return Conv2d(filters, kernel, stride, padding, dilation, args.groups, padding_mode=args.padding_mode)
    extra = _pair("output_padding", args.output_padding)
    return ConvTranspose2d(filters, kernel, stride, padding, extra, dilation, args.groups)
