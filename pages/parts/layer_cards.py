"""Layers as cards: maps of one image, a histogram, and the numbers; in rows, as many as fit."""

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from cnncore.figures.palette import KERNEL, OUTPUT, UNREAD
from cnncore.figures.standardization import to_bytes
from cnncore.inspection.anatomy import Layer, Spread
from cnncore.wording import counted, dimensions, number
from pages.parts.pictures import data_address

ROUNDING = 1e-6  # of the spread: a sum in single precision is not more exact
MOST = 30  # cards; of a deeper network only layers with weights get one
_SMALL = "font-size:0.75rem;line-height:1.35;opacity:0.8"


def mean_of(values: Spread) -> str:
    """Return a tensor's mean; what single precision cannot tell from 0, beside values of that spread, is 0."""
    return number(0.0 if abs(values.mean) < ROUNDING * values.std else values.mean)


def cards(layers: Sequence[Layer], backward: bool = False) -> str:
    """Return HTML for `st.html`: what each layer puts out, or with `backward` the loss's gradient of that."""
    if len(layers) > MOST:
        layers = [layer for layer in layers if layer.kind in ("Conv2d", "ConvTranspose2d", "Linear")][:MOST]
    made = [_card(layer, backward) for layer in (reversed(layers) if backward else layers)]
    return (
        '<div style="display:grid;grid-template-columns:repeat(auto-fill,minmax(165px,1fr));gap:0.6rem">'
        f"{''.join(made)}</div>"
    )


def _card(layer: Layer, backward: bool) -> str:
    values = layer.gradient if backward else layer.output
    maps = layer.gradient_maps if backward else layer.maps
    apart = "display:flex;justify-content:space-between;align-items:baseline;gap:0.4rem"
    title = f'<div style="{apart}"><b>{escape(layer.name)}</b>'
    title += f'<span style="{_SMALL}">{dimensions(layer.shape)}</span></div>'
    inside = f'<div style="{_SMALL}">nothing before it learns: no gradient is needed</div>'
    if values is not None and maps is not None:
        what = f"{'gradients at the ' if backward else ''}outputs of {layer.name}"
        inside = _maps(maps, what) + _bars(values, KERNEL if backward else OUTPUT, what)
        inside += _numbers(layer, values, backward)
    broken = values is not None and values.broken
    border = f"2px solid {UNREAD}" if broken else "1px solid #8884"
    return f'<div style="border:{border};border-radius:0.5rem;padding:0.4rem 0.5rem">{title}{inside}</div>'


def _maps(maps: NDArray[np.float32], what: str) -> str:
    picture, _ = to_bytes(np.nan_to_num(maps, nan=0.0, posinf=0.0, neginf=0.0))
    width = "23.5%" if len(picture) > 1 else "100%"
    images = "".join(
        f'<img src="{data_address(channel[None])}" alt="" style="width:{width};image-rendering:pixelated">'
        for channel in picture
    )
    pictures = counted(len(picture), "picture")
    return (
        f'<div role="img" aria-label="{escape(f"{pictures} of {what}")}" '
        f'style="display:flex;gap:2%;height:42px;overflow:hidden;margin:0.2rem 0">{images}</div>'
    )


def _bars(values: Spread, colour: str, what: str) -> str:
    most = max(int(values.counts.max()), 1)
    bars = "".join(
        f'<span style="flex:1;background:{colour};height:{max(100 * count / most, 3 if count else 0):.0f}%"></span>'
        for count in values.counts.tolist()
    )
    low, high = number(float(values.edges[0])), number(float(values.edges[-1]))
    fullest = int(values.counts.argmax())
    most_often = " to ".join(number(float(edge)) for edge in values.edges[fullest : fullest + 2])
    said = f"Histogram of the {what}: from {low} to {high}, the highest bar from {most_often}"
    return (
        f'<div role="img" aria-label="{escape(said)}" style="display:flex;align-items:flex-end;gap:1px;height:38px;'
        f'border-bottom:1px solid #8886">{bars}</div>'
        f'<div style="{_SMALL};display:flex;justify-content:space-between"><span>{low}</span><span>{high}</span></div>'
    )


def _numbers(layer: Layer, values: Spread, backward: bool) -> str:
    parts = [f"mean {mean_of(values)}", f"std {number(values.std)}"]
    if values.zeros > 0.0005:
        parts.append(f"{100 * values.zeros:.0f} % zeros")
    if layer.silent and not backward:
        parts.append(f"{100 * layer.silent:.0f} % silent")
    if values.broken:
        parts.append(f"<b>{100 * values.broken:.0f} % no number</b>")
    words = ", ".join(part.replace(" ", "\N{NO-BREAK SPACE}") for part in parts)
    return f'<div style="{_SMALL}">{words}</div>'
