"""`python -m cnncore layer`: one layer on one image."""

import argparse
import json
from dataclasses import asdict

from cnncore.architecture import AvgPool2d, Conv2d, ConvTranspose2d, MaxPool2d, Pair, Shape, layer_facts
from cnncore.errors import InputError

LayerOfKind = Conv2d | ConvTranspose2d | MaxPool2d | AvgPool2d


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; a size is one number or HEIGHTxWIDTH."""
    parser.add_argument("kind", choices=["conv", "conv-transpose", "pool", "avg-pool"])
    parser.add_argument("--input", required=True, metavar="CxHxW", help="for instance 3x32x32")
    parser.add_argument("--filters", type=int, default=1)
    parser.add_argument("--kernel", required=True)
    parser.add_argument("--stride", help="1; for a pool the kernel")
    parser.add_argument("--padding", default="0", help="pixels on each side, HEIGHTxWIDTH, `same` or `valid`")
    parser.add_argument("--dilation", default="1")
    parser.add_argument("--groups", type=int, default=1)
    parser.add_argument("--output-padding", default="0")
    parser.add_argument("--ceil-mode", action="store_true")
    parser.add_argument("--json", action="store_true", help="print JSON only")


def run(args: argparse.Namespace) -> int:
    """Compute and print the layer's facts."""
    facts = asdict(layer_facts(_layer(args), shape("input", args.input)))
    facts["output"] = list(facts["output"])
    if args.json:
        print(json.dumps(facts))
    else:
        facts["output"] = "x".join(map(str, facts["output"]))
        for name, value in facts.items():
            print(f"{name.replace('_', ' '):15} {value:,}" if isinstance(value, int) else f"{name:15} {value}")
    return 0


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
    """Return the padding; `same` is half of what the kernel spans beyond one pixel, which must be a whole number."""
    if args.padding != "same":
        return _pair("padding", args.padding)
    if args.kind != "conv" or args.stride not in (None, "1", "1x1"):
        raise InputError("`padding` (=same) is for a convolution of stride 1, as in PyTorch: give a number of pixels.")
    beyond = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    if any(pixels % 2 for pixels in beyond):
        raise InputError(
            f"`padding` (=same) needs an odd kernel, not {args.kernel}: no equal padding on both sides fits."
        )
    return beyond[0] // 2, beyond[1] // 2


def _layer(args: argparse.Namespace) -> LayerOfKind:
    kernel, dilation = _pair("kernel", args.kernel), _pair("dilation", args.dilation)
    padding = (0, 0) if args.padding == "valid" else _same(args, kernel, dilation)
    if args.kind in ("pool", "avg-pool"):
        stride = kernel if args.stride is None else _pair("stride", args.stride)
        if args.kind == "avg-pool":
            if dilation != (1, 1):
                raise InputError(f"`dilation` (={args.dilation}) of an average pool must be 1: leave it out.")
            return AvgPool2d(kernel, stride, padding, args.ceil_mode)
        return MaxPool2d(kernel, stride, padding, dilation, args.ceil_mode)
    stride = _pair("stride", args.stride or "1")
    if args.kind == "conv":
        return Conv2d(args.filters, kernel, stride, padding, dilation, args.groups)
    extra = _pair("output_padding", args.output_padding)
    return ConvTranspose2d(args.filters, kernel, stride, padding, extra, dilation, args.groups)
