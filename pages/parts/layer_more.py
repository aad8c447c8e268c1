"""What stands below a drawn layer: its check, its bill, the arithmetic backwards, the layer as a matrix."""

import numpy as np
import pandas as pd
import streamlit as st

from cnncore import compute
from cnncore.architecture import AvgPool2d, Conv2d, ConvTranspose2d, LayerFacts, MaxPool2d, Shape, layer_facts
from cnncore.architecture.inverse import DILATIONS, KERNELS, LARGEST, STRIDES, settings
from cnncore.architecture.oracle import Opinion
from cnncore.errors import InputError
from cnncore.figures.bill import bill_picture, bill_sentence, true_to_scale
from cnncore.figures.convolution import agreement, kernels, picture
from cnncore.figures.matrix import matrix, matrix_picture
from cnncore.figures.palette import by_name
from cnncore.figures.sliding import Sliding
from cnncore.wording import dimensions
from pages.parts.address import explain
from pages.parts.awaited import awaited
from pages.parts.layer_form import GEOMETRY, set_all
from pages.parts.plain import with_code
from pages.parts.svg import show_svg
from pages.parts.tabulate import tabulate

INVERSE = ("conv_inverse_from", "conv_inverse_to")  # what a link can set
_SEARCHED = (
    f"a kernel up to {KERNELS[-1]}, a stride up to {STRIDES[-1]}, a dilation up to {DILATIONS[-1]} and a padding "
    "smaller than what the kernel spans"
)
_SHOWN = 200  # ways from one size to another: nobody reads further


def show_check(layer: Sliding, shape: Shape, data: dict[str, object]) -> None:
    """Show whether formula, count, drawing and PyTorch agree; PyTorch's word comes a moment later."""
    found = agreement(layer, shape, data)
    if not found.holds:
        st.badge(f"these should agree: {found}", icon=":material/error:", color="red")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        badge = st.empty()
        badge.badge("formula = counted step by step = drawn", icon=":material/check:", color="green")
        try:
            opinions = awaited("opinions", asked, layer, shape, height=24, below=True)
        except (InputError, compute.ComputeError) as error:
            st.caption(with_code(f"PyTorch could not be asked: {error}"))
            return
    if opinions is None:
        return
    if wrong := _disagreements(layer, shape, data, opinions):
        badge.badge(f"PyTorch says otherwise: {', '.join(wrong)}", icon=":material/error:", color="red")
    else:
        badge.badge("formula = counted step by step = drawn = PyTorch", icon=":material/check:", color="green")


@st.cache_data(max_entries=256, show_spinner=False)
def asked(layer: Sliding, shape: Shape) -> list[Opinion]:
    """Return PyTorch's opinion for each kernel that is drawn."""
    image = picture(*shape[1:]).tolist()
    drawn = [np.ones(layer.kernel)] if isinstance(layer, (MaxPool2d, AvgPool2d)) else kernels(*layer.kernel).values()
    return [
        compute.call(
            "cnncore.architecture.oracle:ask",
            timeout=10.0,
            layer=layer,
            shape=shape,
            image=image,
            weights=weights.tolist(),
        )
        for weights in drawn
    ]


def _disagreements(layer: Sliding, shape: Shape, data: dict[str, object], opinions: list[Opinion]) -> list[str]:
    facts = layer_facts(layer, shape)
    wrong = []
    drawn = data["kernels"]
    assert isinstance(drawn, list)
    for opinion, kernel in zip(opinions, drawn, strict=True):
        if opinion.output != facts.output:
            wrong.append(f"output {opinion.output}")
        elif not np.allclose(opinion.values, kernel["values"]):
            wrong.append(f"values of {kernel['name']}")
        if (opinion.weights, opinion.biases) != (facts.weights, facts.biases):
            wrong.append(f"{opinion.weights} weights and {opinion.biases} biases")
    return wrong


def show_bill(shape: Shape, facts: LayerFacts, transposed: bool) -> None:
    """Show the convolution's weights beside those of a dense layer."""
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="large"):
        st.html(by_name(bill_picture(facts)), width="content")
        with st.container(width=420):
            st.markdown(f"##### Why not a dense layer?\n{bill_sentence(facts)}")
            inputs = dimensions(shape)
            windows = "each input to one window of the output" if transposed else "each output to one window"
            st.caption(
                f"It joins each of the {inputs} inputs to each of the {facts.dense_biases:,} outputs. The convolution "
                f"joins {windows}, and every window uses the same weights."
            )
            if not true_to_scale(facts):
                st.caption(
                    "The areas show the numbers of weights; the smaller one would not be visible and is drawn larger."
                )


def show_inverse() -> None:
    """Show every way from one size to another, the cheapest first; a click sets the controls."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        size = st.number_input("From", 1, LARGEST, 32, key="conv_inverse_from", bind="query-params", width=140)
        output = st.number_input("to", 1, LARGEST, 8, key="conv_inverse_to", bind="query-params", width=140)
    explain({"conv_inverse_from": size, "conv_inverse_to": output})
    found = settings(size, output)
    if not found:
        st.markdown(f"No layer with {_SEARCHED} makes {output} from {size}: two layers might.")
        return
    text = (
        f"**{len(found)} ways**, the cheapest first; then those that pad by more than half of the kernel, and last "
        f"those that leave pixels unread. Searched: {_SEARCHED}."
    )
    st.markdown(text + (f" The first {_SHOWN}:" if len(found) > _SHOWN else ""))
    table = pd.DataFrame(
        [
            {
                "kernel": way.kernel,
                "stride": way.stride,
                "padding": way.padding,
                "dilation": way.dilation,
                "weights": way.weights,
                "multiply-adds": way.macs,
                "unread": way.unread,
            }
            for way in found[:_SHOWN]
        ]
    )
    chosen = tabulate(
        table,
        height=300,
        key="inverse_table",
        on_select="rerun",
        selection_mode="single-row",
        column_config={"unread": st.column_config.NumberColumn("never read", help="Pixels along the axis.")},
    )
    st.caption("Weights and multiply-adds of one filter on one channel. Choose a row, then show it above.")
    rows = chosen.selection.rows
    way = found[rows[0]] if rows else None
    limits = {} if way is None else {"input": size} | {key: getattr(way, key) for key in list(GEOMETRY)[1:]}
    fits = bool(limits) and all(GEOMETRY[key][0] <= value <= GEOMETRY[key][1] for key, value in limits.items())
    st.button("Show it above", key="inverse_show", disabled=not fits, on_click=set_all, args=(limits,))
    if limits and not fits:
        st.caption("The controls above go up to an input of 64, a stride of 6 and a padding of 8.")


def show_matrix(layer: Conv2d | ConvTranspose2d, shape: Shape) -> None:
    """Show the layer, for one channel and one filter, as the matrix that multiplies the input written as a column."""
    name, weights = next(iter(kernels(*layer.kernel).items()))
    try:
        values = matrix(layer, shape, weights)
    except InputError as error:
        st.info(with_code(error))
        return
    outputs, inputs = values.shape
    # By place, not by value: some weights of the drawn kernel are 0, and a learned one could have any.
    used = int(np.count_nonzero(matrix(layer, shape, np.ones_like(weights))))
    drawn = int(np.count_nonzero(values))
    zeros = f": {drawn:,} entries are drawn, those of its zeros are not" if drawn < used else ""
    st.markdown(
        f"Write the {shape[1]} × {shape[2]} input as a column of {inputs} numbers: the layer multiplies it by this "
        f"**{outputs} × {inputs}** matrix. A dense layer could choose all {values.size:,} entries. Here only {used:,} "
        f"can be other than 0, and they share {layer.kernel[0] * layer.kernel[1]} weights."
    )
    show_svg(matrix_picture(values), key="matrix")
    st.caption(
        f"The kernel *{name}*{zeros}; orange positive, green negative, point at an entry for its value. The matrix of "
        "the transposed convolution with the same settings is this one mirrored along its diagonal: hence its name."
    )
