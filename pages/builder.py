"""Builder: change a network layer by layer, and see at once what that does."""

from functools import partial
from typing import Any

import streamlit as st

from cnncore.architecture import Network, describe
from cnncore.architecture.diagnosis import walk
from cnncore.figures.layer_list import amount, layer_list, memory_sentence, numbers_of
from cnncore.figures.network_diagram import network_diagram
from cnncore.wording import dimensions
from pages.parts.builder.actions import add, choose_place, chosen_place, did, hold_dense, picked, refused, set_fields
from pages.parts.builder.diagram.component import diagram
from pages.parts.builder.exercises import exercise
from pages.parts.builder.layers.component import layer_rows
from pages.parts.builder.panel import panel, trouble
from pages.parts.builder.toolbar import image_fields, toolbar
from pages.parts.current_network import choose, current_network, network_choice
from pages.parts.folded import folded, why
from pages.parts.header import header
from pages.parts.link_to import link_to
from pages.parts.network_exchange import exchange
from pages.parts.plain import with_code

BATCH = 128  # the practical's
LIST, DIAGRAM = "layer_rows", "network_diagram"
# Below this width the form stands under the list: beside it both would be too narrow to read.
NARROW = """<style>@media (max-width: 1000px) {
:is(.st-key-builder_halves, .st-key-builder_top) [data-testid="stColumn"] { min-width: calc(100% - 1.5rem); }
}</style>"""
# What to press: the network to begin with, the layer to choose, what to do there, and what to notice.
TRY: dict[str, tuple[str, tuple[int, ...], dict[str, Any], str]] = {
    "One more pool": (
        "practical",
        (8,),
        {"add": "max-pool"},
        "A pool has no parameter, and this one takes 768,000 away: fc4 reads 2 × 2 cells instead of 4 × 4.",
    ),
    "Forget the padding": (
        "practical",
        (3,),
        {"hold": True, "fields": {"padding": (0, 0)}},
        "Four pixels fewer after conv2, and it is fc4 that complains. The ways out are one click each: put the padding "
        "back, or begin fc4's weights anew.",
    ),
    "A residual block": (
        "practical",
        (7,),
        {"add": "residual"},
        "73,984 parameters and 4.7 million multiply-adds more, and no shape changes: the block adds to its input. "
        "Give its last convolution another number of filters, and the sum fails.",
    ),
    "Look into GoogLeNet": (
        "googlenet",
        (11, 1, 0),
        {},
        "Four paths side by side: 64 + 128 + 32 + 32 maps make the 256 that come out. The 1 × 1 convolutions before "
        "the 3 × 3 ones keep them cheap.",
    ),
}
WHY = """
**Weights do not depend on the image, dense layers do.** A convolution has k · k · channels · filters weights wherever
it stands; the first dense layer has one for each value of the last map. Halve that map's sides, and a quarter of these
weights is left.

**A residual block adds.** Both paths must end with the same shape. Where the body changes it, the shortcut needs a
1 × 1 convolution with the same stride and number of filters.

**Branches stand side by side.** Their maps must have the same size; their numbers of channels may differ, for the
channels are put one after the other.

**Dense layers that keep their inputs** are what PyTorch has: `nn.Linear(1024, 1000)` says how many values arrive, and
fails if another number comes. Otherwise, each dense layer takes what arrives.

**Memory.** Training keeps every layer's output for the backward pass: for convolutions that is far more than their
weights.
"""


def try_it(name: str) -> None:
    """Begin with a network of the catalogue, do what the prompt says, and keep what it showed."""
    network, place, what, _ = TRY[name]
    choose(network)
    if what.get("hold"):
        hold_dense(True)
    choose_place(place)
    if "add" in what:
        add(what["add"])
    if "fields" in what:
        set_fields(**what["fields"])
    st.session_state.builder_tried = (name, current_network())


def show_try(network: Network) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown("**Try**", width="content")
        for name in TRY:
            st.button(name, key=f"try_{name}", on_click=try_it, args=(name,))
    name, shown = st.session_state.get("builder_tried", ("", None))
    if shown == network:
        st.info(TRY[name][3], icon=":material/lightbulb:")


def show_totals(network: Network) -> None:
    """Say what the whole network costs."""
    found = describe(network)
    last = found.rows[-1].output
    output = dimensions(last if last[1:] != (1, 1) else last[:1])
    st.markdown(
        f"{found.weights:,} weights + {found.biases:,} biases = **{found.parameters:,} parameters** · "
        f"**{amount(found.macs)}** multiply-adds an image · output **{output}**. "
        + memory_sentence(found.parameters, found.activations, BATCH)
    )


header("Builder", "What becomes of a network when you change a layer?")
st.html(NARROW)
with st.container(key="builder_top"):
    first, second = st.columns([2, 5], vertical_alignment="bottom")
with first:
    network = network_choice()
steps = walk(network)
found = [step.problem for step in steps if step.problem is not None]
with second, st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    toolbar(network, not found)
if message := refused():
    st.error(with_code(message), icon=":material/block:")
trouble(network, found)
place = chosen_place(network)
diagram(network_diagram(network, steps), place, key=DIAGRAM, picked=partial(picked, DIAGRAM))
listed = layer_list(network, place, steps)
with st.container(key="builder_halves"):
    rows, form = st.columns([2, 1], gap="small")
with rows:
    layer_rows(listed, key=LIST, done=partial(did, LIST))
with form, st.container(border=True):
    panel(network, place, numbers_of(listed["rows"], place))
if not found:
    show_totals(network)
show_try(network)
image = st.expander(
    "Image, and how dense layers take it",
    icon=":material/image:",
    key="builder_image",
    on_change="rerun",  # made when it is unfolded; no fragment: the page has to know what changes here
)
if image.open:
    with image:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            image_fields(network)
        link_to("architecture", "Which sizes does it take? Where are its parameters?")
exchange(network)
folded("builder_slips", "Find the slip: totals as in lab reports", exercise, network, icon=":material/quiz:")
why(WHY)
