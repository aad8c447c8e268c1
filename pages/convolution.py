"""Convolution: what one layer computes, how large its output is and what it costs."""

from typing import Any

import streamlit as st

from cnncore.architecture import Conv2d, LayerFacts, Shape, layer_code, layer_facts
from cnncore.errors import InputError
from cnncore.figures.bill import bill_picture, bill_sentence, true_to_scale
from cnncore.figures.convolution import agreement, unread_sentence, window_data
from cnncore.figures.formula import size_formula
from pages.parts.address import explain, remember
from pages.parts.header import header
from pages.parts.questions import questions
from pages.parts.window.component import sliding_window

CHANNELS = (1, 2, 3, 4, 6, 8, 12, 16, 32, 64, 128, 256, 512)
# key (also in the address) -> smallest, largest and first value
GEOMETRY = {"input": (1, 64, 7), "kernel": (1, 11, 3), "stride": (1, 6, 2), "padding": (0, 8, 1), "dilation": (1, 4, 1)}
FIRST = {key: first for key, (_, _, first) in GEOMETRY.items()} | {"channels": 1, "filters": 1, "groups": 1}
ADDRESS = (*FIRST, "apart", *(f"{key}_width" for key in GEOMETRY))  # all that a link can set
LABELS = {"input": ":blue[**Input**]", "kernel": ":orange[**Kernel**]"}
HELP = {
    "input": "Height and width of the input, in pixels.",
    "kernel": "Height and width of the kernel, in pixels.",
    "stride": "How far the window moves from one output to the next.",
    "padding": "Rows and columns of zeros on each side.",
    "dilation": "Distance between neighbouring cells that the kernel reads: 1 leaves no gaps.",
    "channels": "Channels of the input: 3 for a colour image, more for the maps of an earlier layer.",
    "filters": "How many kernels the layer has: each makes one channel of the output.",
}
# What to press, the setting, and what to notice once it is there.
TRY = {
    "Stride 3 on 8 pixels": (
        {"input": 8, "kernel": 3, "stride": 3, "padding": 0},
        "The window moves by 3 and then finds no room: the last two rows and columns are thrown away, without a word "
        "from PyTorch. That is the *floor* in the formula.",
    ),
    "Same size, even kernel": (
        {"input": 8, "kernel": 4, "stride": 1, "padding": 1},
        "Padding 1 gives 7, padding 2 gives 9: no symmetric padding keeps 8, because p = (k − 1)/2 is not whole. "
        "That is why kernels are odd.",
    ),
    "Dilation 3": (
        {"input": 9, "kernel": 3, "stride": 1, "padding": 0, "dilation": 3},
        "The kernel still has nine weights and every output still costs nine products, but it spans d(k − 1) + 1 = 7 "
        "pixels. Point at an input cell: its readers are no neighbours any more.",
    ),
    "First layer on CIFAR-10": (
        {"input": 32, "kernel": 5, "stride": 1, "padding": 2, "channels": 3, "filters": 32},
        "2,400 weights, for an image of any size. A dense layer with the same output needs a hundred million.",
    ),
}


def set_all(setting: dict[str, int]) -> None:
    """Set the controls to `setting`, all others to their first values."""
    for key, value in (FIRST | {"apart": False} | setting).items():
        st.session_state[key] = value


def controls() -> None:
    """Show the seven controls that matter most."""
    with st.grid(columns="auto", min_column_width=92):
        for key, (low, high, first) in GEOMETRY.items():
            label = LABELS.get(key, f"**{key.capitalize()}**")
            st.slider(label, low, high, first, key=key, help=HELP[key], bind="query-params")
        for key, label in (("channels", ":blue[**Channels**]"), ("filters", ":green[**Filters**]")):
            st.select_slider(label, CHANNELS, FIRST[key], key=key, help=HELP[key], bind="query-params")


def advanced() -> None:
    """Show what only a few need: height and width apart, groups."""
    left, right = st.columns([1, 3])
    left.number_input(
        "Groups",
        1,
        max(CHANNELS),
        key="groups",
        bind="query-params",
        help="Each group of filters sees its own share of the channels. As many groups as channels: a depthwise "
        "convolution.",
    )
    apart = right.toggle("Height and width apart", key="apart", bind="query-params")
    if apart:
        st.caption("The controls above now set the height; these set the width.")
        with st.grid(columns="auto", min_column_width=92):
            for key, (low, high, first) in GEOMETRY.items():
                name = "Width" if key == "input" else f"{key.capitalize()} width"
                st.slider(name, low, high, first, key=f"{key}_width", bind="query-params")


def setting() -> tuple[Conv2d, Shape]:
    """Return the layer and the input's shape (C, H, W) that the controls describe."""
    state = st.session_state
    second = "{}_width" if state.apart else "{}"
    height, width = state.input, state[second.format("input")]
    kernel, stride, padding, dilation = (
        (state[key], state[second.format(key)]) for key in ("kernel", "stride", "padding", "dilation")
    )
    layer = Conv2d(state.filters, kernel, stride, padding, dilation, state.groups)
    return layer, (state.channels, height, width)


def show_numbers(layer: Conv2d, shape: Shape, facts: LayerFacts) -> None:
    """Show the output's shape and the bill."""
    numbers = {
        "Output": ("{} × {} × {}".format(*facts.output), "Channels × height × width."),
        "Weights": (
            f"{facts.weights:,}",
            f"{layer.filters} × {shape[0] // layer.groups} × {layer.kernel[0]} × {layer.kernel[1]}: "
            "filters × channels that each sees × kernel height × kernel width. The size of the image plays no part.",
        ),
        "Biases": (f"{facts.biases:,}", "One for each filter."),
        "Multiply-adds": (f"{facts.macs:,}", "Weights × output height × output width, for one image, biases left out."),
    }
    with st.grid(columns="auto", min_column_width=170):
        for name, (value, how) in numbers.items():
            st.metric(name, value, help=how)


def show_check(layer: Conv2d, shape: Shape, data: dict[str, Any]) -> None:
    """Show whether formula, count and drawing agree on the size."""
    found = agreement(layer, shape, data)
    if found.holds:
        st.badge("formula = counted step by step = drawn", icon=":material/check:", color="green")
    else:
        st.badge(f"these should agree: {found}", icon=":material/error:", color="red")


def show_formula(layer: Conv2d, shape: Shape) -> None:
    """Show the size rule with its numbers, twice where height and width differ."""
    theme = st.context.theme.type or "light"
    axes = (layer.kernel, layer.stride, layer.padding, layer.dilation, shape[1:])
    st.latex(size_formula(layer, shape, 0, theme))
    if any(height != width for height, width in axes):
        st.latex(size_formula(layer, shape, 1, theme))


def show_bill(shape: Shape, facts: LayerFacts) -> None:
    """Show the convolution's weights beside those of a dense layer."""
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="large"):
        st.html(bill_picture(facts), width="content")
        with st.container(width=420):
            st.markdown(f"##### Why not a dense layer?\n{bill_sentence(facts)}")
            channels, height, width = shape
            inputs = f"{channels} × {height} × {width}"
            st.caption(
                f"It joins each of the {inputs} inputs to each of the {facts.dense_biases:,} outputs. The convolution "
                "joins each output to one window, and every window uses the same weights."
            )
            if not true_to_scale(facts):
                st.caption(
                    "The areas show the numbers of weights; the smaller one could not be seen and is drawn larger."
                )


def show_try() -> None:
    """Show settings that lead to a surprise, and what to notice where one of them is set."""
    state = {key: st.session_state.get(key) for key in FIRST}
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**Try**", width="content")
        for name, (values, _) in TRY.items():
            st.button(name, key=f"try_{name}", on_click=set_all, args=(values,))
    for values, notice in TRY.values():
        if state == FIRST | values and not st.session_state.get("apart"):
            st.info(notice, icon=":material/lightbulb:")


WHY = """
**Local and shared.** Each output reads one window, and all windows use the same weights. So the layer has few weights,
their number does not depend on the size of the image, and what is learned in one place works in every other.

**Equivariant, not invariant.** Shift the input, and the output shifts with it: the layer itself does not ignore
position. Pooling and the layers after it do that, and only in part.

**Few weights is not little work.** Every weight is used once for each output position: look at the multiply-adds.

**One layer sees only its window.** What is far apart meets through depth, stride, pooling, dilation, dense layers or
attention.

**Why the floor?** The window moves while it fits. What is left over at the right and at the bottom, fewer cells than
one stride, is not reached.
"""

header("Convolution", "What does one convolution layer compute, and how large is its output?")
remember(*ADDRESS)
with st.container(gap="small"):
    controls()
drawn, tries, numbers = st.container(), st.container(), st.container()
with st.expander("Groups, and height apart from width", icon=":material/tune:", key="convolution_advanced"):
    advanced()
explain({key: st.session_state[key] for key in ADDRESS if key in st.session_state})
with tries:
    show_try()
try:
    layer, shape = setting()
    facts, data = layer_facts(layer, shape), window_data(layer, shape)
except InputError as error:
    drawn.error(str(error), icon=":material/block:")
else:
    with drawn:
        sliding_window(data, key="convolution_window")
        if sentence := unread_sentence(layer, shape):
            st.warning(sentence, icon=":material/texture:")
    with numbers:
        show_numbers(layer, shape, facts)
        show_formula(layer, shape)
        show_check(layer, shape, data)
        show_bill(shape, facts)
    with st.expander("The same layer in PyTorch", icon=":material/code:"):
        st.code(f"from torch import nn\n\nlayer = {layer_code(layer, shape)}", language="python")
with st.expander("Why it is so", icon=":material/menu_book:"):
    st.markdown(WHY)
questions("convolution")
