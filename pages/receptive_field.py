"""Receptive field: what one unit can see of the image, and which pixels change its value."""

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from cnncore import compute
from cnncore.architecture import describe, without_pools
from cnncore.errors import InputError
from cnncore.figures.growing_field import growth_chart, recursion
from cnncore.wording import dimensions
from pages.parts.address import explain, remember
from pages.parts.charts import draw
from pages.parts.current_network import choose
from pages.parts.field_choice import FRESH, Choice, choice, forget_unit, runs_with_weights
from pages.parts.field_unit import AFTER, BEFORE, MANY, ONE, page_follows, show_unit, unit_from_address
from pages.parts.folded import why
from pages.parts.header import header
from pages.parts.plain import with_code
from pages.parts.questions import questions
from pages.parts.tabulate import tabulate
from pages.parts.tries import show_tries

ADDRESS = (
    "field_weights",
    "field_layer",
    "field_unit",
    "field_moment",
    "field_gradient",
    "field_pools",
    "field_channel",
)
# What to press, the setting, and what to notice once it is there. The unit is counted from 1, as on the picture.
TRY: dict[str, tuple[dict[str, Any], str]] = {
    "Pools off": (
        {"network": "practical", "field_layer": "conv2", "field_pools": False},
        "Without the pool between them two 5 × 5 convolutions see **9** pixels instead of **14**, and neighbours are "
        "one pixel apart instead of two. The map is four times as large, and takes more work.",
    ),
    "At the border": (
        {"network": "practical", "field_layer": "conv3", "field_unit": (4, 4)},
        "32 × 32 by the formula, but even this unit in the middle **really sees 30 × 30**: two rows and columns of "
        "its field lie in the padding. A corner sees 18 × 18.",
    ),
    "More than the image": (
        {"network": "resnet18", "field_layer": "conv5-2", "field_unit": (3, 3)},
        "435 pixels of an image of 224: every unit could see nearly all of it. Its pixels do not all count alike: "
        "read beside the picture how much of the gradient the middle quarter holds. If they did, it would hold 25 %.",
    ),
    "What it really uses": (
        {"network": "practical", "field_layer": "conv3", "field_unit": (4, 4), "field_gradient": MANY},
        "Averaged over images and channels the gradient is a hill: many paths lead from the middle of the field to the "
        "unit, few from its edge. The *effective* field is smaller than the formula's.",
    ),
}
WHY = r"""
**The recursion.** Begin with $r = j = 1$: a pixel sees itself, and pixels are one pixel apart. A layer with kernel $k$
reads $k$ neighbours, which lie $j$ pixels apart: $r \leftarrow r + (k - 1)\,j$. Its stride $s$ moves its units apart:
$j \leftarrow j\,s$. Pools count like convolutions; dilation $d$ counts as $d\,(k - 1)$; ReLU, batch norm and dropout
change nothing. Of several paths, as in a residual block, the widest counts.

**Start and centre.** With padding $p$ the first unit begins $p\,j$ pixels further out, so its centre moves by
$\left(\frac{k-1}{2} - p\right) j$. With $p = (k-1)/2$ it stays.

**Deeper units see more, not less.** The *map* gets smaller from layer to layer, the *field* larger: edges first, then
motifs, parts, objects.

**The effective field.** The gradient says how much each pixel moves the unit. Pixels in the middle reach it on many
paths, those at the edge on one: a bell, whose width grows like the square root of the number of layers (Luo et al.
2016). Training widens or narrows it; pools and strides widen it at once.
"""


def segments(name: str, options: list[str], first: str) -> None:
    key = f"field_{name}"
    st.segmented_control(
        name, options, default=first, required=True, key=key, bind="query-params", label_visibility="collapsed"
    )


def set_all(values: dict[str, Any]) -> None:
    """Set the network, its fresh weights and the controls as a prompt says, the others to their first values."""
    page_follows()
    choose(values["network"])
    state = st.session_state
    state.field_weights, state.field_layer, state.field_gradient, state.field_channel = (
        FRESH,
        values["field_layer"],
        values.get("field_gradient", ONE),
        0,
    )
    state.field_pools = values.get("field_pools", True)
    forget_unit()
    if "field_unit" in values:
        state.field_unit = tuple(place - 1 for place in values["field_unit"])


def is_set_to(values: dict[str, Any], chosen: Choice) -> bool:
    """Return whether the network and the controls stand as a prompt says."""
    state = st.session_state
    now = {
        "network": chosen.network.name,
        "field_layer": state.field_layer,
        "field_gradient": state.field_gradient,
        "field_pools": state.field_pools,
    }
    first = {"field_gradient": ONE, "field_pools": True}
    unit = state.get("field_unit")
    there = "field_unit" not in values or unit is None or unit == tuple(place - 1 for place in values["field_unit"])
    return there and all(now[key] == values.get(key, first.get(key)) for key in now)


def show_table(chosen: Choice, pools: bool) -> None:
    """Show the recursion of every layer with its numbers."""
    network = chosen.network if pools else without_pools(chosen.network)
    table = pd.DataFrame(recursion(network))
    table["output"] = [dimensions(row.output) for row in describe(network).rows if row.name in set(table.layer)]
    names = {
        "size": "size: r + (k − 1) · j",
        "jump": "jump: j · s",
        "start": "start of the first unit",
        "centre": "its centre",
    }
    tabulate(table.rename(columns=names), height=min(38 + 35 * len(table), 430))
    st.caption(
        "Along the height, in pixels of the image, not clipped. Start and centre are those of the first unit, as "
        "distances from the image's upper edge: a negative start lies in the padding. The unit in row n lies n − 1 "
        "jumps further. The picture above counts rows from 1 instead: its row 1 reaches from 0 to 1, its middle is "
        "at 0.5."
    )


header("Receptive field", "Which pixels can one unit of a layer see, and which of them change its value?")
remember(*ADDRESS)
try:
    chosen = choice()
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        segments("gradient", [ONE, MANY], ONE)
        if chosen.run is not None:
            segments("moment", [BEFORE, AFTER], AFTER)
        st.toggle(
            "Pools", True, key="field_pools", bind="query-params", help="Off: windows of 1 × 1 that change nothing."
        )
        if not runs_with_weights():
            st.caption(
                "No trained network yet: *Train* makes one. Then its weights can be chosen here.", width="content"
            )
    unit_from_address()
    explain({key: st.session_state[key] for key in ADDRESS if key in st.session_state and key != "field_unit"})
    show_unit(chosen, partial(show_tries, TRY, {}, set_all, lambda values: is_set_to(values, chosen)))
    with st.expander("How the field grows from layer to layer", icon=":material/trending_up:", expanded=True):
        draw(growth_chart(chosen.network, chosen.layer), "growth", "The receptive field after every layer")
    with st.expander("Layer by layer: size, jump, start, centre", icon=":material/table_rows:", expanded=True):
        show_table(chosen, st.session_state.field_pools)
except (InputError, compute.ComputeError) as error:
    st.error(with_code(error), icon=":material/block:")
why(WHY)
questions("receptive_field")
