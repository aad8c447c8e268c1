"""A network as rows to look at and to point at: every layer with its map, its numbers, and the paths of its blocks."""

import math
from collections.abc import Sequence
from typing import Any

from cnncore.architecture import Branches, Layer, Network, Residual, Row, Shape, describe
from cnncore.architecture.diagnosis import Step, walk
from cnncore.architecture.editing import Place
from cnncore.architecture.layers import Path
from cnncore.figures.network_bill import group
from cnncore.wording import by_axis, dimensions

BYTES = 4  # of a value in single precision


def layer_list(network: Network, selected: Place, steps: Sequence[Step] | None = None) -> dict[str, Any]:
    """Return the rows of `network` as plain values; the block that holds the layer `selected` is open.

    A layer after the first problem has no numbers: what arrives there is not known. The memory is that of the layer's
    output for one image, of a block also of what its layers put out.
    """
    found = {step.place: step for step in (steps if steps is not None else walk(network))}
    broken = min((place for place, step in found.items() if step.problem), default=(len(network.layers),))[0]
    fields = _fields(network.input, network.layers[:broken])
    most = max((step.cost.weights + step.cost.biases for step in found.values() if step.cost), default=0)

    def rows(path: Path, prefix: Place, before: Path, seen: Sequence[Row]) -> list[dict[str, Any]]:
        return [
            row(layer, (*prefix, index), (*before, *path[:index]), seen[index] if index < len(seen) else None)
            for index, layer in enumerate(path)
        ]

    def row(layer: Layer, place: Place, before: Path, seen: Row | None) -> dict[str, Any]:
        step = found[place]
        result = {
            "place": list(place),
            "name": layer.name or layer.kind,
            "detail": detail(layer),
            "group": group(layer),
            "problem": step.problem.sentence if step.problem else "",
            "output": dimensions(_short(step.output)),
            "wide": round(_size(step.output[0], 12), 3),
            "tall": round(_size(step.output[1], 9), 3),
            "share": 0.0,
        }
        if step.cost is not None and place[0] <= broken:
            cost = step.cost
            result |= {
                "weights": f"{cost.weights:,}" if cost.weights else "",
                "biases": f"{cost.biases:,}" if cost.biases else "",
                "macs": amount(cost.macs) if cost.macs else "",
                "memory": memory(BYTES * cost.activations),
                "field": f"{seen.receptive_field:,}" if seen and seen.receptive_field else "",
                "share": round((cost.weights + cost.biases) / most, 4) if most else 0.0,
            }
        if isinstance(layer, (Residual, Branches)):
            is_open = selected[: len(place)] == place
            troubled = any(other[: len(place)] == place != other and found[other].problem for other in found)
            result["paths"] = [
                {
                    "title": title,
                    "place": [*place, number, 0],
                    "rows": rows(path, (*place, number), before, inner(path, before, is_open, place))
                    if is_open or troubled
                    else [],
                    "summary": " · ".join(brief(layer) for layer in path if group(layer) != "other") or "identity",
                }
                for number, (title, path) in enumerate(zip(path_titles(layer), layer.paths, strict=True))
            ]
            result["open"] = is_open or troubled
        return result

    def inner(path: Path, before: Path, is_open: bool, place: Place) -> Sequence[Row]:
        known = is_open and place[0] < broken
        return _fields(network.input, (*before, *path))[len(before) :] if known else ()

    return {"rows": rows(network.layers, (), (), fields), "selected": list(selected)}


def numbers_of(rows: Sequence[dict[str, Any]], place: Place) -> str:
    """Return all numbers of the row at `place` in a line of Markdown; empty where they are not known."""
    for row in rows:
        if tuple(row["place"]) == place:
            parts = [
                ("weights", "weights"),
                ("biases", "biases"),
                ("macs", "multiply-adds"),
                ("memory", "of activations"),
            ]
            said = [f"{row[key]} {word}" for key, word in parts if row.get(key)]
            said += [f"a unit sees {row['field']} px"] if row.get("field") else []
            return " · ".join([f"puts out {row['output']}", *said]) if said else ""
        for path in row.get("paths", ()):
            if found := numbers_of(path["rows"], place):
                return found
    return ""


def _fields(shape: Shape, layers: Path) -> tuple[Row, ...]:
    return describe(Network("", shape, layers)).rows if layers else ()


def path_titles(layer: Residual | Branches) -> list[str]:
    """Return what the paths of a block are called."""
    if isinstance(layer, Residual):
        return ["body", "shortcut"]
    return [f"path {number}" for number in range(1, len(layer.paths) + 1)]


def detail(layer: Any) -> str:
    """Return what sets a layer apart from others of its kind, in a few words."""
    match layer.kind:
        case "conv" | "conv-transpose":
            return f"{layer.filters} @ {dimensions(layer.kernel)}{_options(layer)}"
        case "max-pool" | "avg-pool":
            return f"{'max' if layer.kind == 'max-pool' else 'mean'} {dimensions(layer.kernel)}{_options(layer)}"
        case "adaptive-avg-pool":
            return f"to {dimensions(layer.size)}"
        case "linear":
            return f"{layer.features:,} units" + (f", expects {layer.inputs:,}" if layer.inputs else "")
        case "dropout":
            return f"p {layer.p:g}"
        case "residual":
            return "sum of two paths"
        case "branches":
            return f"{len(layer.paths)} paths side by side"
        case _:
            return ""


def brief(layer: Any) -> str:
    """Return a layer in a word: "3 × 3" for a convolution, "pool" for a pool."""
    return dimensions(layer.kernel) if layer.kind.startswith("conv") else layer.kind.removesuffix("-pool")


def _options(layer: Any) -> str:
    plain = {"stride": layer.kernel if "pool" in layer.kind else (1, 1), "padding": (0, 0), "dilation": (1, 1)}
    parts = [
        f", {name} {by_axis(getattr(layer, name))}" for name, usual in plain.items() if getattr(layer, name) != usual
    ]
    groups = getattr(layer, "groups", 1)
    parts += [f", {groups} groups"] if groups > 1 else []
    parts += [", ceil"] if getattr(layer, "ceil_mode", False) else []
    return "".join(parts)


def _short(shape: Shape) -> tuple[int, ...]:
    return shape[:1] if shape[1:] == (1, 1) else shape


def _size(count: int, bits: int) -> float:
    """Return how large a map's glyph is for `count` channels or cells, from 0 to 1: each doubling adds as much."""
    return min(1.0, math.log2(count + 1) / bits)


def amount(count: int) -> str:
    """Return a number in three digits.

    >>> amount(13107200), amount(950)
    ('13.1 M', '950')
    """
    size, unit = next(
        ((size, unit) for size, unit in ((1, ""), (1e3, " k"), (1e6, " M")) if count < 999.5 * size), (1e9, " G")
    )
    return f"{count / size:.3g}{unit}" if count < 999.5 * size else f"{count / size:,.0f}{unit}"


def memory(count: int) -> str:
    """Return bytes in words, in powers of 1000.

    >>> memory(131072)
    '131 kB'
    """
    return f"{amount(count)}B" if count >= 1000 else f"{count} B"


def memory_sentence(parameters: int, activations: int, batch: int) -> str:
    """Return in Markdown what training keeps, in single precision: parameters, gradients, and a batch's activations."""
    weights, kept = BYTES * parameters, BYTES * activations
    return (
        f"Memory at 4 bytes a number: parameters **{memory(weights)}**, with their gradients {memory(2 * weights)}, "
        f"with momentum {memory(3 * weights)}; activations **{memory(kept)} an image**, {memory(batch * kept)} for a "
        f"batch of {batch} that goes backward."
    )
