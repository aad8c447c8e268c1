"""The field that grows from layer to layer, its recursion written with numbers, and how a gradient is spread in it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.architecture import AvgPool2d, Conv2d, Description, Field, Fields, MaxPool2d, Network, Row, describe
from cnncore.architecture.network import without_pools
from cnncore.errors import InputError
from cnncore.figures.curves import Chart
from cnncore.figures.palette import GUESS, INK, INPUT, KERNEL
from cnncore.figures.ticks import names_below
from cnncore.inspection.subject import map_layers
from cnncore.wording import by_axis


def recursion(network: Network) -> dict[str, list[Any]]:
    """Return the table of all layers that shape the field, by column; numbers are those along the height.

    `size` and `jump` are written as r + (k - 1) j and j s with their numbers. `start` is the upper edge of the first
    unit's field and `centre` its middle, in pixels from the image's upper edge.

    >>> from cnncore.architecture import named_network
    >>> recursion(named_network("practical"))["size"][2]
    '6 + (5 − 1) · 2 = 14'
    """
    table: dict[str, list[Any]] = {name: [] for name in ("layer", "kind", "size", "jump", "start", "centre")}
    description = describe(network)
    before: Fields | None = (Field(), Field())
    shown = set(map_layers(network))
    for number, row in enumerate(description.rows):
        if number in shown:
            table["layer"].append(row.name)
            table["kind"].append(_kind(network, number, row))
            size, jump = _written(network, number, row, before)
            table["size"].append(size)
            table["jump"].append(jump)
            table["start"].append(row.fields[0].span(0)[0] if row.fields else None)
            table["centre"].append(row.fields[0].start if row.fields else None)
        before = row.fields
    return table


def _kind(network: Network, number: int, row: Row) -> str:
    layer = network.layers[number]
    if not isinstance(layer, (Conv2d, MaxPool2d, AvgPool2d)):
        return row.kind
    parts = [f"{row.kind} {by_axis(layer.kernel)}"]
    parts += [f"stride {by_axis(layer.stride)}"] if layer.stride != (1, 1) else []
    parts += [f"padding {by_axis(layer.padding)}"] if layer.padding != (0, 0) else []
    parts += [f"dilation {by_axis(layer.dilation)}"] if layer.dilation != (1, 1) else []
    return ", ".join(parts)


def _written(network: Network, number: int, row: Row, before: Fields | None) -> tuple[str, str]:
    if row.fields is None or before is None:
        return "–", "–"
    (old, new), layer = (before[0], row.fields[0]), network.layers[number]
    if isinstance(layer, (Conv2d, MaxPool2d, AvgPool2d)):
        dilated = f"{layer.dilation[0]} · " if layer.dilation[0] > 1 else ""
        size = f"{old.size} + {dilated}({layer.kernel[0]} − 1) · {old.jump} = {new.size}"
        return size, f"{old.jump} · {layer.stride[0]} = {new.jump}"
    if new == old:
        return str(new.size), str(new.jump)
    if row.kind in ("linear", "adaptive-avg-pool"):
        return f"{old.size} + ({(new.size - old.size) // old.jump + 1} − 1) · {old.jump} = {new.size}", str(new.jump)
    return (
        f"{old.size} + {new.size - old.size} (its paths) = {new.size}",
        f"{old.jump} · {new.jump // old.jump} = {new.jump}",
    )


WITH, WITHOUT = "with its pools", "pools switched off"


def growth_chart(network: Network, layer: int) -> Chart:
    """Return the field's size after every layer, as it is and with pools switched off; the image's side is marked.

    `network` has its pools; the layer number `layer` is marked.
    """
    kinds: list[tuple[str, Description]] = [(WITH, describe(network))]
    try:
        kinds.append((WITHOUT, describe(without_pools(network))))
    except InputError:  # a block that pools by a stride does not fit any more: only what is there is drawn
        kinds = kinds[:1]
    data: dict[str, list[Any]] = {"layer": [], "at": [], "size": [], "network": []}
    for name, description in kinds:
        for number in map_layers(network):
            row = description.rows[number]
            if row.receptive_field is not None:
                for column, value in zip(data, (row.name, number, row.receptive_field, name), strict=True):
                    data[column].append(value)
    order = list(dict.fromkeys(data["layer"]))
    side = network.input[1]
    x = {
        "field": "layer",
        "type": "nominal",
        "sort": order,
        "axis": {"title": None, "labelLimit": 90, **names_below(order)},
    }
    y = {"type": "quantitative", "axis": {"title": "field (pixels)", "tickCount": 6}}
    size = y | {"field": "size"}
    names = [name for name, _ in kinds]
    colour = {"field": "network", "type": "nominal", "scale": {"domain": names, "range": [KERNEL, GUESS][: len(names)]}}
    legend = {"orient": "top", "title": None, "symbolType": "stroke", "symbolOpacity": 1, "symbolStrokeWidth": 3}
    rows = [
        {
            "data": {"values": [{"side": side, "text": f"the image's height: {side}"}]},
            "encoding": {"y": {"field": "side", "type": "quantitative"}},
            "layer": [
                {"mark": {"type": "rule", "color": INPUT, "strokeWidth": 2}},
                {
                    "mark": {"type": "text", "align": "left", "dx": 4, "dy": -7, "color": INPUT, "fontSize": 12},
                    "encoding": {"x": {"value": 0}, "text": {"field": "text"}},
                },
            ],
        },
        {
            "mark": {"type": "line", "strokeWidth": 2, "point": {"size": 55, "filled": True}},
            "encoding": {
                "x": x,
                "y": size,
                "color": colour | {"legend": legend},
                "strokeDash": {
                    "field": "network",
                    "type": "nominal",
                    "scale": {"domain": names, "range": [[1, 0], [5, 4]][: len(names)]},
                    "legend": None,
                },
                "tooltip": [{"field": name} for name in ("layer", "size", "network")],
            },
        },
        {
            "transform": [{"filter": f"datum.at == {layer}"}],
            "mark": {"type": "point", "size": 190, "strokeWidth": 2, "color": INK},
            "encoding": {"x": x, "y": size},
        },
    ]
    return Chart({"height": 250, "layer": rows}, data)


def profile_chart(profiles: dict[str, NDArray[np.float64]], ends: tuple[int, int]) -> Chart:
    """Return how each gradient is spread over the pixel rows, in percent; `ends` are the box's (top, bottom).

    `profiles` has up to two curves by name. The thin line is what an evenly used field would have.
    """
    data: dict[str, list[Any]] = {"row": [], "share": [], "which": []}
    for name, rows in profiles.items():
        data["row"].extend(range(1, len(rows) + 1))
        data["share"].extend(np.round(100 * rows, 3).tolist())
        data["which"].extend([name] * len(rows))
    names = list(profiles)
    top, bottom = ends
    even = [{"row": place, "share": 100 / (bottom - top)} for place in (top + 1, bottom)] if bottom > top else []
    size = len(next(iter(profiles.values())))
    x = {"field": "row", "type": "quantitative", "scale": {"domain": [1, size], "nice": False, "zero": False}}
    y = {"field": "share", "type": "quantitative"}
    spec = {
        "height": 190,
        "layer": [
            {
                "mark": {"type": "line", "strokeWidth": 2.4, "interpolate": "monotone"},
                "encoding": {
                    "x": x | {"axis": {"title": "pixel row of the image", "tickMinStep": 1}},
                    "y": y | {"axis": {"title": "gradient (%)", "tickCount": 5}},
                    "color": {
                        "field": "which",
                        "type": "nominal",
                        "scale": {"domain": names, "range": [KERNEL, GUESS] if len(names) == 1 else [GUESS, KERNEL]},
                        "legend": {"orient": "top", "title": None, "labelLimit": 320} if len(names) > 1 else None,
                    },
                    "tooltip": [{"field": "row"}, {"field": "share", "title": "%"}],
                },
            },
            {
                "data": {"values": even},
                "mark": {"type": "line", "strokeDash": [4, 3], "color": INK, "opacity": 0.7},
                "encoding": {"x": x, "y": y},
            },
            {
                "data": {"values": even},
                "mark": {"type": "rule", "strokeDash": [4, 3], "color": INK, "opacity": 0.4},
                "encoding": {"x": x},
            },
        ],
    }
    return Chart(spec, data)
