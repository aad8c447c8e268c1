"""Pooling: what a shift of the picture does to the maps before and after it, and what pooling costs and saves."""

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore.architecture import AvgPool2d, MaxPool2d, layer_code, load_network
from cnncore.errors import InputError
from cnncore.figures.pooling import DOWN, IMAGE, MAPS, RIGHT, Bill, Study, bills, drawn_scene, photo_scene, study
from cnncore.wording import dimensions
from pages.parts.address import asked, explain, remember
from pages.parts.folded import folded, why
from pages.parts.header import header
from pages.parts.image_choice import from_data
from pages.parts.plain import with_code
from pages.parts.pool.component import pooled_picture
from pages.parts.questions import questions
from pages.parts.tabulate import tabulate
from pages.parts.tries import show_tries

BALL, PIXEL, PHOTO = "Ball", "One pixel", "Image of a data set"
SIZE = 12  # of the drawn pictures, in pixels: the ball stays inside for every shift
ADDRESS = ("pool_scene", "pool_map", "pool_window", "pool_stride", "pool_right", "pool_down", "pool_back")
FIRST: dict[str, Any] = {
    "pool_scene": BALL,
    "pool_map": IMAGE,
    "pool_window": 2,
    "pool_stride": 2,
    "pool_right": 1,
    "pool_down": 0,
    "pool_back": False,
}
# What to press, the setting, and what to notice once it is there.
TRY: dict[str, tuple[dict[str, Any], str]] = {
    "Shift by 2": (
        {"pool_right": 2, "pool_back": True},
        "A shift by the stride moves the pooled map by exactly one cell: moved back, not one value differs. Now try 1.",
    ),
    "Shift by 1": (
        {"pool_right": 1, "pool_back": True},
        "Half a cell: no whole move brings the map back. Before the pool the shift could be undone, after the "
        "pool it cannot. Pooling is *not* invariant to every small shift.",
    ),
    "One pixel": (
        {"pool_scene": PIXEL, "pool_right": 1},
        "The pixel stays inside its window: the max does not notice at all, and it can no longer be told where the "
        "pixel was. That is the invariance, and its price.",
    ),
    "Stride 1": (
        {"pool_window": 2, "pool_stride": 1, "pool_right": 1, "pool_back": True},
        "With stride 1 a pool is as equivariant as a convolution: the map moves along, pixel by pixel, and is hardly "
        f"smaller ({SIZE} → {SIZE - 1} a side). It is the stride that loses the place, and the stride that saves "
        "work.",
    ),
    "Edges of an image": (
        {"pool_scene": PHOTO, "pool_map": "Edges, left to right", "pool_window": 3, "pool_stride": 2, "pool_right": 1},
        "On an image of the data and after a convolution with ReLU, as in a network: relative to its values the pooled "
        "map changes less than the map before it, but it changes.",
    ),
}
WHY = """
**Why pool?** The maps get smaller, so everything after them is cheaper, dense layers above all; every unit after the
pool sees more of the image; relative to the values, a small shift changes less after the pool than before it, and
nothing where a window keeps its largest value; and a pool has no parameters.

**Only some invariance.** A shift by the stride moves the map by one cell, a shift by less changes its values. What
ignores the position altogether is *global* average pooling: one number for the whole map.

**Max or average?** The max keeps the strongest response wherever in its window it lies; the average dilutes one strong
response among weak ones, and changes little for every shift because it blurs.

**The price** is position: the winner's place in its window is lost. A network that must say where something is pools
less, or keeps the places.
"""


def set_all(values: dict[str, Any]) -> None:
    """Set the controls to `values`, all others to their first values, and the picture's sliders with them."""
    st.session_state.update(FIRST | values)
    st.session_state.pool_turn = st.session_state.get("pool_turn", 0) + 1


def moved() -> None:
    """Keep the shift that was chosen on the picture in the page's address."""
    shift = st.session_state.pool_picture.shift
    if shift:
        st.session_state.pool_right, st.session_state.pool_down, st.session_state.pool_back = (
            shift[0],
            shift[1],
            bool(shift[2]),
        )


def from_address() -> None:
    """Take the shift, which has no control of Streamlit's, from the address when the page is opened."""
    known: dict[str, dict[str, Any]] = {
        "pool_right": {str(pixels): pixels for pixels in range(RIGHT + 1)},
        "pool_down": {str(pixels): pixels for pixels in range(DOWN + 1)},
        "pool_back": {"true": True, "false": False},
    }
    for key, values in known.items():
        wanted = asked(key)
        if wanted is not None or key not in st.session_state:
            st.session_state[key] = values.get((wanted or "").lower(), FIRST[key])


def to_address() -> None:
    """Write the shift into the address where it differs from the first one."""
    for key in ("pool_right", "pool_down", "pool_back"):
        if st.session_state[key] != FIRST[key]:
            st.query_params[key] = str(st.session_state[key])
        elif key in st.query_params:
            del st.query_params[key]


@st.cache_data(max_entries=64, show_spinner=False)
def studied(scene: NDArray[np.int64], name: str, window: int, stride: int) -> Study:
    """Return the study of one setting; 10 to 30 ms, kept for those who share it."""
    return study(scene, name, (MaxPool2d(window, stride), AvgPool2d(window, stride)))


def show_bills(found: list[Bill]) -> None:
    """Show what the practical's network would cost with fewer pools."""
    table = {
        "max-pools": [bill.pools for bill in found],
        "map before fc4": [dimensions(bill.map) for bill in found],
        "receptive field of that map": [bill.field for bill in found],
        "weights of fc4": [bill.dense_weights for bill in found],
        "parameters in all": [bill.parameters for bill in found],
        "multiply-adds": [bill.macs for bill in found],
    }
    numbers = {name: st.column_config.NumberColumn(format="localized") for name in list(table)[3:]}
    tabulate(table, column_config=numbers)
    with_all, without = found[0], found[-1]
    st.markdown(
        f"Without its pools the network would have **{without.parameters / with_all.parameters:.0f} times** the "
        f"parameters and **{without.macs / with_all.macs:.1f} times** the work, and a unit of its last map would see "
        f"{without.field} pixels instead of {with_all.field}."
    )


header("Pooling", "Shift the picture: which values change before the pool, and which after it?")
remember(*ADDRESS)
from_address()
controls = st.grid(columns=4, min_column_width=165)
controls.selectbox("Picture", [BALL, PIXEL, PHOTO], key="pool_scene", bind="query-params")
controls.selectbox("Map before the pool", list(MAPS), key="pool_map", bind="query-params")
controls.slider("Window", 1, 4, 2, key="pool_window", bind="query-params")
controls.slider("Stride", 1, 4, 2, key="pool_stride", bind="query-params")
state = st.session_state
to_address()
explain({key: state[key] for key in ADDRESS})
try:
    if state.pool_scene == PHOTO:
        image = from_data("pool").image
        scene = photo_scene(image)
    else:
        scene = drawn_scene(SIZE, state.pool_scene == PIXEL)
    found = studied(scene, state.pool_map, state.pool_window, state.pool_stride)
    begin = {key: state[f"pool_{key}"] for key in ("right", "down", "back")} | {"turn": state.get("pool_turn", 0)}
    pooled_picture(found.data, begin, key="pool_picture", moved=moved)
except InputError as error:
    st.error(with_code(error), icon=":material/block:")
show_tries(TRY, FIRST, set_all)
with st.expander("What the pools save in the practical's network", icon=":material/savings:", expanded=True):
    show_bills(bills(load_network("practical")))
why(WHY)
code = "\n".join(layer_code(make(state.pool_window, state.pool_stride), (1, 1, 1)) for make in (MaxPool2d, AvgPool2d))
folded("code", "The two pools in PyTorch", st.code, code, icon=":material/code:")
questions("pooling")
