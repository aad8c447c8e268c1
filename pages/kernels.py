"""Kernels: a classic kernel, or one's own, on a real image."""

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore.architecture.layers import PADDING_MODES, PaddingMode
from cnncore.errors import InputError
from cnncore.figures.filtering import (
    LIBRARY,
    Kernel,
    Shown,
    Values,
    filter_code,
    filtered,
    grey,
    kernel_sentence,
    picture_of,
    range_sentence,
)
from pages.parts.address import explain, remember
from pages.parts.beside import in_shares
from pages.parts.folded import folded, why
from pages.parts.header import header
from pages.parts.image_choice import DATA, UPLOAD, from_data, from_user
from pages.parts.kernel_form import from_address, named, set_kernel, show_cells, the_kernel, to_address
from pages.parts.pictures import Tile, grid
from pages.parts.plain import with_code
from pages.parts.questions import questions

LARGEST = (3, 160, 160)  # an uploaded picture's centre square: every pixel still shows, and a rerun takes a moment
# key -> first value; the weights and what divides them are in the address too, by `to_address`.
CHOICES: dict[str, Any] = {
    "kernels_border": "reflect",
    "kernels_shown": Shown.AUTOMATIC,
    "kernels_colours": False,
    "kernels_image": DATA,
}
# What to press, the kernel and the setting, and what to notice once it is there.
TRY: dict[str, tuple[str, dict[str, Any], str]] = {
    "Edges that run down": (
        "Sobel x",
        {},
        "Right minus left: what gets brighter to the right is white, what gets darker black, flat areas grey. Then try "
        "Sobel y: the other edges. A network's first layer learns kernels like these.",
    ),
    "A dark frame": (
        "Gaussian 5 × 5",
        {"kernels_border": "zeros"},
        "The blur averages in the zeros of the padding: the border gets dark. Let *reflect* or *replicate* lie beyond "
        "the border, and the frame is gone.",
    ),
    "What a ReLU keeps": (
        "Sobel x",
        {"kernels_shown": Shown.CLIPPED},
        "All that is negative is cut off: of an object's two sides only one is left. A network that needs both learns "
        "the mirrored kernel too. Write the weights with the other sign.",
    ),
    "More than white": (
        "Sharpen",
        {"kernels_colours": True},
        "The weights add up to 1, and still values fall outside 0 to 255: on both sides of an edge it overshoots. That "
        "is why a sharpened picture looks sharp.",
    ),
}
WHY = """
**A convolution is this, many times over.** Each filter of a layer has such a kernel for every input channel and adds
the results up; what is different in a network is who chooses the weights: training does, not a textbook.

**The sum of the weights** is what a flat area is multiplied by. 1 keeps it (blur, sharpen), 0 leaves only differences
(edges).

**Values, not pictures.** What comes out is any real number. Negative ones are as good as positive ones for the next
layer; a picture of them needs a convention, and it must say which.

**Not mirrored.** Mathematicians mirror the kernel first. Networks do not: for weights that are learned it makes no
difference.
"""


def attempt(name: str, setting: dict[str, Any]) -> None:
    st.session_state.kernels_own = False
    set_kernel(LIBRARY[name])
    for key, value in (CHOICES | setting).items():
        if key != "kernels_image":
            st.session_state[key] = value


@st.cache_data(max_entries=64, show_spinner=False)
def result_of(image: NDArray[np.uint8], kernel: Kernel, border: PaddingMode) -> Values:
    return filtered(image, kernel, border)


def show_try() -> None:
    """Show settings that lead to a surprise, and what to notice where one of them is set."""
    state = st.session_state
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown("**Try**", width="content")
        for title, (name, setting, _) in TRY.items():
            st.button(title, key=f"try_{title}", on_click=attempt, args=(name, setting))
    for name, setting, notice in TRY.values():
        wanted = {key: value for key, value in (CHOICES | setting).items() if key != "kernels_image"}
        if the_kernel() == LIBRARY[name] and all(state[key] == value for key, value in wanted.items()):
            st.info(notice, icon=":material/lightbulb:")


def show_pictures(image: NDArray[np.uint8], what: str, kernel: Kernel) -> None:
    """Show the image before and after, and which value has which brightness."""
    state = st.session_state
    seen = image if state.kernels_colours else grey(image)
    values = result_of(seen, kernel, state.kernels_border)
    picture, legend = picture_of(values, state.kernels_shown)
    tiles = [Tile(seen, what, f"Before: {what}"), Tile(picture, f"{named(kernel)}. {legend}", f"After: {legend}")]
    st.html(grid(tiles, 130, fill=True))
    st.markdown(f"{range_sentence(values)} {kernel_sentence(kernel)}")


header("Kernels", "What does a small grid of weights make of a real image? Choose one, or write your own.")
remember("kernels_weights", "kernels_divisor", *CHOICES)
from_address()
cells, pictures = in_shares("kernel", 3, 8)
with cells:
    show_cells()
with pictures:
    drawn = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Beyond the border",
            PADDING_MODES,
            PADDING_MODES.index("reflect"),
            key="kernels_border",
            bind="query-params",
            width=160,
        )
        st.selectbox("Values are shown", list(Shown), key="kernels_shown", bind="query-params", width=220)
        st.toggle("Each colour by itself", key="kernels_colours", bind="query-params")
    choice = st.container(horizontal=True, vertical_alignment="bottom")
    own = choice.segmented_control(
        "Image", [DATA, UPLOAD], default=DATA, required=True, key="kernels_image", bind="query-params", width="content"
    )
kernel = the_kernel()
explain(
    {"kernels_weights": kernel.written(), "kernels_divisor": kernel.divisor}
    | {key: st.session_state[key] for key in CHOICES}
)
to_address(kernel)
try:
    with choice:
        if own == UPLOAD:
            image, what = from_user(UPLOAD, "kernels", LARGEST), "your picture, its centre square"
        else:
            image, _, what = from_data("kernels")
    with drawn:
        if image is None:
            st.info("Choose a picture below: any common format, any size.", icon=":material/upload:")
        else:
            show_pictures(image, what, kernel)
except InputError as error:
    drawn.error(with_code(error), icon=":material/block:")
show_try()
folded(
    "code", "The same in PyTorch", st.code, filter_code(kernel, st.session_state.kernels_border), icon=":material/code:"
)
why(WHY)
questions("kernels")
