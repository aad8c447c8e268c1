"""The controls that describe one layer on one image, all of them in the page's address. Returns the layer.

In one file, as the controls' limits depend on one another.
"""

import math
from collections.abc import Mapping
from typing import Any

import streamlit as st

from cnncore.architecture import AvgPool2d, Conv2d, ConvTranspose2d, MaxPool2d, Pair, Shape
from cnncore.architecture.layers import PADDING_MODES
from cnncore.figures.sliding import Sliding

# As they stand in the address too: Streamlit writes what is shown.
CONVOLUTION, TRANSPOSED, MAX_POOL, AVERAGE_POOL = "Convolution", "Transposed", "Max pool", "Average pool"
CONVOLUTIONS, POOLS = (CONVOLUTION, TRANSPOSED), (MAX_POOL, AVERAGE_POOL)
CHANNELS = (1, 2, 3, 4, 6, 8, 12, 16, 32, 64, 128, 256, 512)
# name (with `own` before it the key, also in the address) -> smallest, largest and first value
GEOMETRY = {"input": (1, 64, 7), "kernel": (1, 11, 3), "stride": (1, 6, 2), "padding": (0, 8, 1), "dilation": (1, 4, 1)}
FIRST: dict[str, Any] = {key: first for key, (_, _, first) in GEOMETRY.items()} | {
    "layer": CONVOLUTION,
    "channels": 1,
    "filters": 1,
    "groups": 1,
    "padding_mode": "zeros",
    "output_padding": 0,
    "output_padding_width": 0,
    "ceil_mode": False,
    "apart": False,
}
ADDRESS = tuple(f"conv_{name}" for name in (*FIRST, *(f"{name}_width" for name in GEOMETRY)))  # all that a link can set
ADVANCED = ("groups", "padding_mode", "output_padding", "output_padding_width", "ceil_mode", "apart")
# What each layer has no control for, because PyTorch's has no such setting.
FOREIGN = {
    CONVOLUTION: ("ceil_mode", "output_padding"),
    TRANSPOSED: ("ceil_mode", "padding_mode"),
    MAX_POOL: ("filters", "groups", "padding_mode", "output_padding"),
    AVERAGE_POOL: ("filters", "groups", "padding_mode", "output_padding", "dilation"),
}
PADDINGS = {"Valid": 1, "Half (same)": 3, "Full": 4}  # the guide's relationships
HELP = {
    "input": "Height and width of the input, in pixels.",
    "kernel": "Height and width of the kernel (of a pool: of its window), in pixels.",
    "stride": "How far the window moves from one output to the next.",
    "padding": "Rows and columns around the input, on each side.",
    "dilation": "Distance between neighbouring cells that the kernel reads: 1 leaves no gaps.",
    "channels": "Channels of the input: 3 for a colour image, more for the maps of an earlier layer.",
    "filters": "How many kernels the layer has: each makes one channel of the output.",
}


def own(name: str) -> str:
    """Return the key, also in the address, of the control called `name`."""
    return f"conv_{name}"


def _value(name: str) -> Any:
    """Return what the control called `name` holds, its first value while it is not shown."""
    return st.session_state.get(own(name), FIRST[name.removesuffix("_width")])


def set_all(setting: Mapping[str, Any]) -> None:
    """Set the controls to `setting`, all others to their first values."""
    for name, value in (FIRST | dict(setting)).items():
        key = own(name)
        if key not in st.session_state and value != FIRST[name]:
            # Streamlit keeps the address in step for controls that are on the page; for those that appear with this
            # value (tested with 1.67) it must be told, else the value is lost at the next reload.
            st.query_params[key] = str(value)
        st.session_state[key] = value


def advanced_needed() -> bool:
    """Return whether a control of `advanced` stands at another value than its first, or is asked to by the address.

    Else there is no need to show them: a control that is not shown has its first value.
    """
    return any(own(name) in st.query_params or _value(name) != FIRST[name] for name in ADVANCED)


def is_set_to(setting: Mapping[str, Any]) -> bool:
    """Return whether the controls show `setting`, and nothing else that differs from their first values."""
    return all(_value(name) == dict(setting).get(name, first) for name, first in FIRST.items())


def controls() -> None:
    """Show the operation and the sliders that matter most to it."""
    kind = st.segmented_control(
        "Layer",
        [*CONVOLUTIONS, *POOLS],
        default=CONVOLUTION,
        required=True,
        key=own("layer"),
        bind="query-params",
        label_visibility="collapsed",
    )
    with st.grid(columns=7, min_column_width=92):
        for key, (low, high, first) in GEOMETRY.items():
            if key == "dilation" and kind == AVERAGE_POOL:  # PyTorch's has none
                continue
            st.slider(key.capitalize(), low, high, first, key=own(key), help=HELP[key], bind="query-params")
        for key in ("channels", "filters"):
            if key == "channels" or kind in CONVOLUTIONS:
                name = key.capitalize()
                st.select_slider(name, CHANNELS, FIRST[key], key=own(key), help=HELP[key], bind="query-params")


def advanced() -> None:
    """Show what only a few need: groups, what the padding holds, ceil mode, height and width apart."""
    kind = _value("layer")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        if kind in CONVOLUTIONS:
            _groups()
            padding = st.container(horizontal=True, vertical_alignment="bottom", gap="small", width="content")
            padding.markdown("Padding", width="content")
            for name, number in PADDINGS.items():
                shown = number if kind == CONVOLUTION else number + 7  # 8 to 11 are the transposed of 1 to 4
                padding.button(
                    name,
                    key=f"padding_{name}",
                    on_click=_pad,
                    args=(name,),
                    help=f"With stride 1 and no dilation: relationship {shown} of the guide.",
                )
        if kind == CONVOLUTION:
            st.selectbox(
                "What the padding holds",
                PADDING_MODES,
                key=own("padding_mode"),
                bind="query-params",
                width=180,
                help="Zeros, the input mirrored at its border, its last value repeated, or its other end.",
            )
        if kind == TRANSPOSED:
            st.slider("Output padding", 0, 5, 0, key=own("output_padding"), bind="query-params", width=180)
        if kind in POOLS:
            st.toggle(
                "Ceil mode",
                key=own("ceil_mode"),
                bind="query-params",
                help="Rounds up: what is left over gets a window of its own, even if it is not full.",
            )
        st.toggle("Height and width apart", key=own("apart"), bind="query-params", on_change=_part)
    if _value("apart"):
        st.caption("The controls above now set the height; these set the width.")
        with st.grid(columns=7, min_column_width=92):
            for key, (low, high, first) in GEOMETRY.items():
                if key == "dilation" and kind == AVERAGE_POOL:
                    continue
                name = "Width" if key == "input" else f"{key.capitalize()} width"
                st.slider(name, low, high, first, key=own(f"{key}_width"), bind="query-params")
            if kind == TRANSPOSED:
                st.slider("Output padding width", 0, 5, 0, key=own("output_padding_width"), bind="query-params")


def _part() -> None:
    """Let the width begin as the height is."""
    if _value("apart"):
        for name in (*GEOMETRY, "output_padding"):
            value, key = _value(name), own(f"{name}_width")
            st.session_state[key] = value
            if value != FIRST[name]:  # a control that appears now: the address must be told (see set_all)
                st.query_params[key] = str(value)


def _groups() -> None:
    """Show the slider of the groups, with those numbers that divide channels and filters."""
    common = math.gcd(_value("channels"), _value("filters"))
    numbers = [number for number in CHANNELS if common % number == 0]
    now = _value("groups")
    if now not in numbers:  # the channels were changed: what comes nearest
        st.session_state[own("groups")] = max(number for number in numbers if number <= now)
    help_text = (
        "Each group of filters sees its own share of the channels: weights and multiply-adds fall. As many groups as "
        "channels: a depthwise convolution."
    )
    if len(numbers) > 1:
        st.select_slider("Groups", numbers, key=own("groups"), bind="query-params", width=220, help=help_text)
    else:
        st.session_state[own("groups")] = 1
        st.markdown("Groups: **1**", width=220, help=f"{help_text} Choose more channels and filters first.")


def _pad(name: str) -> None:
    for end in ("", "_width") if _value("apart") else ("",):
        span = _value(f"dilation{end}") * (_value(f"kernel{end}") - 1)
        value = {"Valid": 0, "Half (same)": span // 2, "Full": span}[name]
        st.session_state[own(f"padding{end}")] = min(value, GEOMETRY["padding"][1])


def change(name: str, value: Pair) -> None:
    """Set one control, and that of the width where it has one of its own, to `value` (height, width)."""
    if name == "ceil_mode":
        key = own("ceil_mode")
        if key not in st.session_state:
            st.query_params[key] = "True"  # it appears with this value (see set_all)
        st.session_state[key] = True
        return
    st.session_state[own(name)] = value[0]
    if _value("apart"):
        st.session_state[own(f"{name}_width")] = value[1]


def reaches(name: str, value: Pair) -> bool:
    """Return whether the control called `name` can be set to `value`."""
    low, high, _ = GEOMETRY.get(name, (0, 1, 0))
    return low <= min(value) and max(value) <= high


def setting() -> tuple[Sliding, Shape]:
    """Return the layer and the input's shape (C, H, W) that the controls describe; `InputError` if there is none."""
    second = "{}_width" if _value("apart") else "{}"
    size, kernel, stride, padding, dilation = ((_value(name), _value(second.format(name))) for name in GEOMETRY)
    shape = (_value("channels"), size[0], size[1])
    match _value("layer"):
        case "Transposed":
            extra = (_value("output_padding"), _value(second.format("output_padding")))
            return ConvTranspose2d(_value("filters"), kernel, stride, padding, extra, dilation, _value("groups")), shape
        case "Max pool":
            return MaxPool2d(kernel, stride, padding, dilation, _value("ceil_mode")), shape
        case "Average pool":
            return AvgPool2d(kernel, stride, padding, _value("ceil_mode")), shape
        case _:
            mode, groups = _value("padding_mode"), _value("groups")
            return Conv2d(_value("filters"), kernel, stride, padding, dilation, groups, padding_mode=mode), shape
