"""The layers of a network, one at a time, for one image: all its maps, and one of them large with what it sees."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore.architecture.reach import reach, seen_box
from cnncore.figures.feature_maps import bars_chart, shaded, size_text
from cnncore.figures.first_filters import filter_pictures
from cnncore.inspection.activations import Forward, LayerMaps
from cnncore.inspection.subject import numbers_by_name
from cnncore.wording import signed
from pages.parts.charts import draw
from pages.parts.maps.component import map_choice
from pages.parts.pictures import Tile, data_address, row
from pages.parts.plain import plain

MOST = 64  # maps of one layer


def show_layers(found: Forward) -> None:
    """Show one layer's output for the image, and one of its channels large."""
    layers = _named(found)
    name = st.select_slider("Layer by layer", list(layers), key="inside_layer", bind="query-params")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Channel, 0 for the one that responds most", width="content")
        channel = st.number_input(
            "Channel",
            0,
            100_000,
            0,
            key="inside_channel",
            bind="query-params",
            label_visibility="collapsed",
            width=120,
        )
        common = st.toggle(
            "One scale", key="inside_common", help="For all maps of the layer. Otherwise each uses all shades."
        )
    layer = layers[name]
    channels = layer.shape[0]
    chosen = int(layer.strongest()[0]) if channel == 0 else min(int(channel), channels) - 1
    if layer.dense:
        _show_units(found, layer)
        return
    levels = layer.on_one_scale() if common else layer.maps
    kept = layer.strongest(MOST) if channels > MOST else np.arange(channels)
    maps = {int(number) + 1: data_address(shaded(levels[number])) for number in kept}
    map_choice(maps, chosen + 1, key="inside_maps", picked=_pick)
    some = f"The {MOST} maps of {channels} with the largest values. " if channels > MOST else ""
    scale = (
        f"Black is {layer.low.min():.2f}, white {layer.high.max():.2f}, in all maps"
        if common
        else "In each map black is its least and white its largest value"
    )
    st.caption(
        f"**{plain(size_text(layer))}.** {some}{scale}. **{100 * layer.zero_share:.0f} %** of all values are exactly 0."
    )
    _show_channel(found, layer, chosen, levels[chosen])


def _pick() -> None:
    st.session_state.inside_channel = int(st.session_state.inside_maps.channel)


def _named(found: Forward) -> dict[str, LayerMaps]:
    by_number = {layer.number: layer for layer in found.layers}
    names = numbers_by_name((number, layer.name) for number, layer in by_number.items())
    return {name: by_number[number] for name, number in names.items()}


def _show_units(found: Forward, layer: LayerMaps) -> None:
    values = layer.values[:, 0, 0]
    last = layer is found.layers[-1]
    draw(bars_chart(values, found.classes if last else None), f"inside_units_{last}", f"The values of {layer.name}")
    st.caption(
        f"{len(values):,} units, no map: each reads the whole image. **{100 * layer.zero_share:.0f} %** are exactly 0. "
        + ("The scores: softmax turns them into the probabilities above." if last else "")
    )


def _show_channel(found: Forward, layer: LayerMaps, channel: int, levels: NDArray[np.uint8]) -> None:
    """Show one map large, the place where it is largest, and what that place sees of the image."""
    at = int(layer.peaks[channel, 0]), int(layer.peaks[channel, 1])
    network = found.network
    box = seen_box(reach(network.layers[: layer.number + 1], network.input)[-1], *at)
    part = found.pixels[:, box.top : box.bottom, box.left : box.right]
    tiles = [Tile(shaded(levels), f"{layer.name}, channel {channel + 1}", frame=(*at, 1, 1))]
    if part.size:
        tiles.append(Tile(found.pixels, "what its largest value sees", frame=(box.top, box.left, *box.size)))
        tiles.append(Tile(part, f"the same, {box.size[0]} × {box.size[1]} pixels"))
    else:  # its bias is larger than all that it makes of pixels
        tiles.append(Tile(found.pixels, "its largest value sees nothing of it, only padding"))
    if layer.number == 0 and found.filters.size:
        picture = filter_pictures(found.filters, float(np.abs(found.filters).max()))[channel]
        tiles.append(Tile(picture, "its filter: grey is 0"))
    st.html(_large(tiles))
    st.caption(
        f"From {signed(layer.low[channel], '.3g')} to **{signed(layer.high[channel], '.3g')}**, at row {at[0] + 1}, "
        f"column {at[1] + 1} of {layer.shape[1]} × {layer.shape[2]}; "
        f"{100 * layer.zeros[channel]:.0f} % of this map are exactly 0."
    )


def _large(tiles: list[Tile]) -> str:
    """Return HTML: the tiles side by side, all of one height."""
    parts = [row([tile], 190 / tile.image.shape[1], large=True) for tile in tiles]
    return f'<div style="display:flex;flex-wrap:wrap;gap:1.2rem;align-items:flex-start">{"".join(parts)}</div>'
