"""Architecture: what a network is made of, where its parameters are, and which images it takes."""

from typing import Any

import streamlit as st

from cnncore.architecture import Description, Network, describe
from cnncore.errors import InputError
from cnncore.figures.image_size import SIZES, Sizes, has_dense, sizes, sizes_chart, sizes_sentence, takes_every_size
from cnncore.figures.network_bill import Count, bill_chart
from cnncore.wording import dimensions
from pages.parts.address import explain, remember
from pages.parts.builder.mend import mend_at
from pages.parts.charts import draw
from pages.parts.class_map import class_map
from pages.parts.current_network import choose, current_network, network_choice
from pages.parts.folded import why
from pages.parts.header import header
from pages.parts.layer_table import show_table
from pages.parts.link_to import link_to
from pages.parts.network_exchange import exchange
from pages.parts.plain import with_code
from pages.parts.questions import questions
from pages.parts.tries import show_tries

TOGGLE = "Dense as convolutions"
ADDRESS = ("arch_size", "arch_convolutional", "arch_count")
# What to press, the setting, and what to notice once it is there.
TRY: dict[str, tuple[dict[str, Any], str]] = {
    "Flip to multiply-adds": (
        {"network": "practical", "arch_size": 32, "arch_convolutional": False, "arch_count": Count.MACS},
        "fc4 holds 86 % of the parameters and does 4.4 % of the work. The convolutions share few weights and use each "
        "of them at every position.",
    ),
    "VGG16 at 255": (
        {"network": "vgg16", "arch_size": 255, "arch_convolutional": False, "arch_count": Count.ACTIVATIONS},
        "31 pixels more than it was made for, and it still works: five pools round down. One more pixel breaks it.",
    ),
    "Over the wall": (
        {"network": "vgg16", "arch_size": 384, "arch_convolutional": True, "arch_count": Count.PARAMETERS},
        "As convolutions the dense layers slide: the same parameters, and 6 × 6 answers, one for each window of 224 "
        "pixels. There is no wall any more, only a smallest size.",
    ),
    "What one unit sees": (
        {"network": "vgg16", "arch_size": 224, "arch_convolutional": False, "arch_count": Count.FIELD},
        "3, 5, 6, 10, ... 212 pixels: each pool doubles how fast the field grows. fc6 reaches beyond the image: its "
        "404 pixels are clipped at the border.",
    ),
}
WHY = """
**Convolutions and pools take any size.** Their weights do not know how large the image is. A dense layer does: it has
one weight for each value of the map before it. So the network hits a wall where the map's size changes; because pools
round down, a few sizes in a row still give the same map.

**A dense layer is a convolution** whose kernel is as large as the map: 1000 dense units on a map of 64 × 4 × 4 are 1000
filters of 64 × 4 × 4, with the same numbers in another order. On a larger map these filters slide.

**Receptive field:** begin with r = j = 1; each layer adds (k − 1) · j to r, then multiplies j by its stride. Pools
count like convolutions.
"""


@st.cache_data(max_entries=64, show_spinner=False)
def all_sizes(network: str, convolutional: bool) -> Sizes:
    """Return what becomes of every image size; `network` is the description's JSON."""
    return sizes(Network.from_json(network), convolutional)


def set_all(values: dict[str, Any]) -> None:
    choose(values["network"])
    st.session_state.arch_sized_for = current_network().input
    st.session_state.update({key: value for key, value in values.items() if key != "network"})


def native_size(network: Network) -> int:
    return max(SIZES[0], min(SIZES[-1], network.input[1]))


def show_at_native_size(network: Network) -> None:
    """Show another network, wherever it was chosen, at the size that it is made for."""
    if st.session_state.get("arch_sized_for", network.input) != network.input:
        st.session_state.arch_size = native_size(network)
    st.session_state.arch_sized_for = network.input


def nothing_to_turn(network: Network) -> str:
    """Return why dense layers as convolutions would change nothing, "" where they would."""
    if not has_dense(network):
        return "This network has no dense layer."
    if takes_every_size(network):
        return "The size does not matter here: adaptive pooling turns a map of any size into one of fixed size."
    return ""


def show_wall(network: Network, size: int, convolutional: bool) -> None:
    """Show which sizes work and what comes out, and the formula."""
    found = all_sizes(network.to_json(), convolutional)
    draw(sizes_chart(found, size), "sizes", "The side of the output for every side of the image")
    st.markdown(sizes_sentence(found))


def show_refusal(error: str, network: Network, size: int, convolutional: bool) -> None:
    """Say why the network does not take this size and at which it is shown, with the ways to mend that."""
    works = all_sizes(network.to_json(), convolutional).works
    if convolutional and works and size < works[0][0]:  # the layer that fails knows only that its map is too small
        error = (
            f"The image (={size} pixels) must have at least {works[0][0]} pixels along each side: choose a larger size."
        )
    own = dimensions(dict.fromkeys(network.input[1:]))  # 32, and 32 × 48 where the sides differ
    st.error(
        with_code(f"{error} Below, the network is shown at {own} pixels, the size it was made for."),
        icon=":material/block:",
    )
    with st.container(horizontal=True, gap="small"):
        if not convolutional and all_sizes(network.to_json(), True).sides[size - SIZES[0]]:
            st.button(TOGGLE, key="to_convolutional", icon=":material/grid_view:", on_click=take_any_size)
        mend_at((network.input[0], size, size))


def take_any_size() -> None:
    st.session_state.arch_convolutional = True


def is_set_to(values: dict[str, Any]) -> bool:
    return values == {key: st.session_state[key] for key in ADDRESS} | {"network": current_network().name}


def show(network: Network, native: Description) -> None:
    """Show the network at the chosen size, or at its own where it does not take that one."""
    state = st.session_state
    convolutional = state.arch_convolutional and not nothing_to_turn(network)
    try:
        found = describe(network, (network.input[0], state.arch_size, state.arch_size), convolutional)
    except InputError as error:
        show_refusal(str(error), network, state.arch_size, convolutional)
        found = describe(network, None, True) if convolutional else native
    draw(bill_chart(found, Count(state.arch_count)), "bill", f"{state.arch_count} of each layer")
    show_wall(network, state.arch_size, convolutional)
    show_tries(TRY, {}, set_all, is_set_to)
    with st.expander("Layer by layer", icon=":material/table_rows:", expanded=True):
        show_table(found, network)
    with st.expander(
        "Over the wall, really run: the map of classes of a larger picture",
        icon=":material/grid_view:",
        key="over",
        on_change="rerun",
    ) as over:
        if over.open:
            class_map()
    exchange(network)


header("Architecture", "What is a network made of, where are its parameters, and which images does it take?")
remember(*ADDRESS)
first, second = st.columns([2, 5], vertical_alignment="bottom")
with first:
    network = network_choice()
show_at_native_size(network)
second.slider(
    "Side of the image (pixels)", SIZES[0], SIZES[-1], native_size(network), key="arch_size", bind="query-params"
)
with st.container(horizontal=True, vertical_alignment="bottom"):
    st.segmented_control(
        "Count",
        list(Count),
        default=Count.PARAMETERS,
        required=True,
        key="arch_count",
        bind="query-params",
        width="content",
    )
    needless = nothing_to_turn(network)
    st.toggle(TOGGLE, key="arch_convolutional", bind="query-params", disabled=bool(needless), help=needless or None)
explain({key: st.session_state[key] for key in ADDRESS})
try:
    native = describe(network)
except InputError as error:
    st.error(with_code(f"{error} The page Builder offers ways to mend it."), icon=":material/block:")
    link_to("builder", "Mend it in the builder")
else:
    show(network, native)
why(WHY)
questions("architecture")
