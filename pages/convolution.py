"""Convolution: what one layer computes, how large its output is and what it costs; pools and transposed ones too."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from cnncore.architecture import Conv2d, ConvTranspose2d, layer_code, layer_facts
from cnncore.errors import InputError
from cnncore.figures.convolution import window_data
from pages.parts.address import explain, remember
from pages.parts.folded import why
from pages.parts.header import header
from pages.parts.layer_address import explain_idle, imply
from pages.parts.layer_form import ADDRESS, advanced, advanced_needed, controls, is_set_to, set_all, setting
from pages.parts.layer_more import INVERSE, show_bill, show_check, show_inverse, show_matrix
from pages.parts.layer_numbers import show_formula, show_groups, show_numbers, show_unread
from pages.parts.plain import with_code
from pages.parts.questions import questions
from pages.parts.tries import show_tries
from pages.parts.window.component import sliding_window

# What to press, the setting, and what to notice once it is there.
TRY: dict[str, tuple[Mapping[str, Any], str]] = {
    "Stride 3 on 8": (
        {"input": 8, "kernel": 3, "stride": 3, "padding": 0},
        "The window moves by 3 and then finds no room: the last two rows and columns are thrown away, without a word "
        "from PyTorch. That is the *floor* in the formula.",
    ),
    "Even kernel": (
        {"input": 8, "kernel": 4, "stride": 1, "padding": 1},
        "Padding 1 gives 7, padding 2 gives 9: no symmetric padding keeps 8, because p = (k − 1)/2 is not whole. "
        "That is why kernels are odd.",
    ),
    "Dilation 3": (
        {"input": 9, "kernel": 3, "stride": 1, "padding": 0, "dilation": 3},
        "The kernel still has nine weights and every output still costs nine products, but it spans d(k − 1) + 1 = 7 "
        "pixels. Point at an input cell: the outputs that read it are no longer neighbours.",
    ),
    "Mirrored padding": (
        {"input": 7, "kernel": 3, "stride": 1, "padding": 1, "padding_mode": "reflect"},
        "The border is no longer dark: the padding holds copies of the input. Point at one of them to see which.",
    ),
    "Depthwise": (
        {"input": 16, "kernel": 3, "stride": 1, "padding": 1, "channels": 16, "filters": 16, "groups": 16},
        "One kernel for each channel and no mixing: a sixteenth of the weights and of the multiply-adds. Move the "
        "groups, below, to 1 and watch both rise. A 1 × 1 convolution is needed to mix the channels again.",
    ),
    "There and back": (
        {"layer": "Transposed", "input": 4, "kernel": 3, "stride": 2, "padding": 1},
        "A convolution with these settings makes 4 from 7 and also 4 from 8. The transposed one goes back to 7: zeros "
        "are put between the inputs. For 8 it needs an output padding of 1, below.",
    ),
    "Pool, odd size": (
        {"layer": "Max pool", "input": 7, "kernel": 2, "stride": 2, "padding": 0},
        "The last row and column fall away. Ceil mode, below, gives them a window of their own: that is how the "
        "practical's network keeps its 4 × 4 map when it trains on crops of 28 pixels.",
    ),
    "First layer": (
        {"input": 32, "kernel": 5, "stride": 1, "padding": 2, "channels": 3, "filters": 32},
        "2,400 weights, for an image of any size. A dense layer with the same output needs a hundred million.",
    ),
}


WHY = """
**Local and shared.** Each output reads one window, and all windows use the same weights. So the layer has few weights,
their number does not depend on the size of the image, and what is learned in one place works in every other.

**Equivariant, not invariant.** Shift the input by a multiple of the stride, and the output shifts with it, except near
the border, where padding comes in: the layer itself does not ignore position. Pooling and the layers after it do that,
and only in part.

**Few weights do not mean little work.** Every weight is used once for each output position: look at the multiply-adds.

**One layer sees only its window.** Pixels farther apart meet only through depth, stride, pooling, dilation, dense
layers or attention.

**Why the floor?** The window moves while it fits. What is left over at the right and at the bottom, fewer cells than
one stride, is not reached.
"""

header("Convolution", "What does one convolution layer compute, and how large is its output?")
remember(*ADDRESS, *INVERSE)
imply()
with st.container(gap="small"):
    controls()
drawn, tries, numbers = st.container(), st.container(), st.container()
more = st.expander(
    "Groups, kinds of padding, height apart from width", icon=":material/tune:", key="layer_advanced", on_change="rerun"
)
if more.open or advanced_needed():
    with more:
        advanced()
explain({key: st.session_state[key] for key in ADDRESS if key in st.session_state})
explain_idle()
with tries:
    show_tries(TRY, {}, set_all, is_set_to)
try:
    layer, shape = setting()
    facts = layer_facts(layer, shape)
except InputError as error:
    drawn.error(with_code(error), icon=":material/block:")
else:
    with numbers:
        show_numbers(layer, shape, facts)
        show_formula(layer, shape)
    with drawn:
        try:
            data = window_data(layer, shape)
        except InputError as error:
            st.info(with_code(error))
        else:
            sliding_window(data, key="convolution_window")
            with numbers:
                show_check(layer, shape, data)
        show_unread(layer, shape)
    with numbers:
        st.code(layer_code(layer, shape), language="python")
    if isinstance(layer, (Conv2d, ConvTranspose2d)):
        with more:
            show_groups(layer, shape)
        with numbers:
            show_bill(shape, facts, isinstance(layer, ConvTranspose2d))
        matrix = st.expander("The same layer as a matrix", icon=":material/grid_4x4:", on_change="rerun")
        if matrix.open:
            with matrix:
                show_matrix(layer, shape)
inverse = st.expander(
    "From sizes to settings: 32 to 8, every way",
    any(key in st.query_params for key in INVERSE),
    icon=":material/undo:",
    key="layer_inverse",
    on_change="rerun",
)
if inverse.open:
    with inverse:
        show_inverse()
why(WHY)
questions("convolution")
