"""`python -m cnncore describe`: a network layer by layer."""

import argparse
import json
from dataclasses import asdict
from typing import Any

from cnncore.architecture import NETWORKS, Description, Network, Row, Shape, describe, load_network, named_network
from cnncore.commands.interrupt import at_once
from cnncore.commands.layer import shape
from cnncore.commands.output import put
from cnncore.errors import InputError

_TORCHVISION = "torchvision:"
_COLUMNS = ("layer", "kind", "output", "weights", "biases", "multiply-adds", "field", "jump")
_WIDTHS, _SIDES = (14, 18, 14, 14, 9, 17, 7, 6), "<<>>>>>>"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "network",
        help=f"one of {', '.join(NETWORKS)}; torchvision:NAME; or the path of a JSON description or of PyTorch code",
    )
    parser.add_argument("--input", metavar="CxHxW", help="instead of the size that the network is made for")
    parser.add_argument("--fully-convolutional", action="store_true", help="dense layers as convolutions: any size")
    parser.add_argument("--json", action="store_true", help="print JSON only")


def run(args: argparse.Namespace) -> int:
    """Describe the network and print it."""
    network = _network(args.network)
    given = None if args.input is None else shape("input", args.input)
    result = _described(args.network, network, given, args.fully_convolutional)
    if args.json:
        totals = {"weights": result.weights, "biases": result.biases, "macs": result.macs}
        put(json.dumps({"layers": [_plain(row) for row in result.rows], **totals}))
        return 0
    for line in _table(result):
        put(line)
    put("multiply-adds are those of one image, without biases; fields are in pixels, not clipped at the border")
    return 0


def _table(result: Description) -> list[str]:
    """Return a line for each layer, the totals last; columns are as wide as what is in them."""
    lines: list[tuple[str, ...]] = [_COLUMNS]
    for row in result.rows:
        numbers = (f"{count:,}" for count in (row.weights, row.biases, row.macs))
        seen = (str(size or "-") for size in (row.receptive_field, row.jump))
        lines.append((row.name, row.kind, "x".join(map(str, row.output)), *numbers, *seen))
    totals = (f"{count:,}" for count in (result.weights, result.biases, result.macs))
    lines.append(("total", "", "", *totals, "", ""))
    widths = [
        max(least, 1 + max(map(len, cells))) for least, cells in zip(_WIDTHS, zip(*lines, strict=True), strict=True)
    ]
    return [
        "".join(f"{cell:{side}{width}}" for cell, side, width in zip(line, _SIDES, widths, strict=True)).rstrip()
        for line in lines
    ]


def _plain(row: Row) -> dict[str, Any]:
    """Return a layer for JSON; `fields` has size, jump and start (the first unit's centre) down and across."""
    return asdict(row) | {"receptive_field": row.receptive_field, "jump": row.jump}


def _network(spec: str) -> Network:
    if not spec.startswith(_TORCHVISION):
        return load_network(spec)
    with at_once():  # torch takes a second: only where it is asked for
        from cnncore.architecture.modules import torchvision_network

    return torchvision_network(spec.removeprefix(_TORCHVISION))


def _described(spec: str, network: Network, given: Shape | None, convolutional: bool) -> Description:
    """Return the description at `given`, with the catalogue's own rounding where that keeps the dense layers.

    The practical trains on crops of 28 pixels with its third pool rounded up, so that the map stays 4x4 and every
    weight fits: at this size `practical` means that network, and not one whose last map is 3x3.
    """
    try:
        return describe(network, given, convolutional)
    except InputError:
        if spec in NETWORKS and given is not None and not convolutional and given[0] == network.input[0]:
            refitted = describe(named_network(spec, given))
            if refitted.parameters == describe(network).parameters:
                return refitted
        raise
