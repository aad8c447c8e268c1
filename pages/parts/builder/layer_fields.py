"""The form of one layer: a control for each of its fields, live."""

import dataclasses
from functools import partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnncore.architecture import Branches, Layer, Residual
from cnncore.architecture.layers import PADDING_MODES
from cnncore.figures.layer_list import path_titles
from pages.parts.builder.actions import add_path, remove_path, set_fields, unwrap

_RARE = ("dilation", "output_padding", "groups", "bias", "padding_mode", "inputs", "eps")  # folded
_LEAST = {"padding": 0, "output_padding": 0}
_field = partial(st.number_input, value=None)  # emptied, it shows the layer's value again, not the smallest there is
_LABELS = {"p": "Probability of dropping", "ceil_mode": "Ceil mode", "bias": "Biases", "size": "Size of the output"}
_HELP = {
    "inputs": "PyTorch's in_features: how many inputs its weights are made for. 0: as many as arrive.",
    "ceil_mode": "Rounds up: rows that are left over get a window of their own.",
    "groups": "Each group of filters sees its own share of the channels.",
    "p": "PyTorch's p drops; the paper's p keeps.",
}


def layer_fields(layer: Layer) -> DeltaGenerator:
    """Show the fields of `layer`; what is changed is edited at once. Return the fold with what only few need."""
    fields = [field.name for field in dataclasses.fields(layer) if field.name not in ("body", "shortcut", "paths")]
    pairs = [name for name in fields if isinstance(getattr(layer, name), tuple)]
    apart = any(getattr(layer, name)[0] != getattr(layer, name)[1] for name in pairs)
    if pairs:
        apart = st.session_state.get("field_apart", False) or apart
    _group(layer, [name for name in fields if name not in _RARE and name != "name"], pairs, apart)
    if isinstance(layer, Residual | Branches):
        _paths(layer)
    more = st.expander("More", icon=":material/tune:")
    with more:
        _group(layer, [name for name in fields if name in _RARE], pairs, apart)
        if pairs:
            st.toggle("Height and width apart", key="field_apart")
        _control(st.text_input, "name", layer.name, max_chars=40)
    return more


def _group(layer: Layer, names: list[str], pairs: list[str], apart: bool) -> None:
    if not names:
        return
    with st.grid(columns="auto", min_column_width=98):
        for name in names:
            value = getattr(layer, name)
            if name in pairs:
                _pair(name, value, apart)
            elif name == "padding_mode":
                _control(st.selectbox, name, value, options=PADDING_MODES)
            elif isinstance(value, bool):
                _control(st.toggle, name, value)
            else:
                _number(name, value)


def _label(name: str) -> str:
    return _LABELS.get(name, name.replace("_", " ").capitalize())


def _control(widget: Any, name: str, value: Any, **options: Any) -> None:
    """Show a control that always shows the layer's value, whatever changed it."""
    key = f"field_{name}"
    st.session_state[key] = value
    widget(_label(name), key=key, help=_HELP.get(name), on_change=_changed, args=(name,), **options)


def _changed(name: str) -> None:
    value = st.session_state[f"field_{name}"]
    if name == "inputs":
        value = value or None
    if value is not None or name == "inputs":
        set_fields(**{name: value})


def _number(name: str, value: float | None) -> None:
    if isinstance(value, float):
        step = 0.05 if name == "p" else 0.001
        _control(_field, name, value, step=step, format="%g", min_value=None)
    else:
        _control(_field, name, value or 0, min_value=0 if name == "inputs" else 1, step=1)


def _pair(name: str, value: tuple[int, int], apart: bool) -> None:
    least = _LEAST.get(name, 1)
    for axis, word in enumerate(("height", "width") if apart else ("",)):
        key = f"field_{name}_{axis}"
        st.session_state[key] = value[axis]
        label = f"{_label(name)} {word}".strip()
        _field(label, least, step=1, key=key, on_change=_changed_pair, args=(name, value, apart))


def _changed_pair(name: str, before: tuple[int, int], apart: bool) -> None:
    first = st.session_state[f"field_{name}_0"]
    second = st.session_state[f"field_{name}_1"] if apart else first
    if first is not None and second is not None and (first, second) != before:
        set_fields(**{name: (first, second)})


def _paths(layer: Residual | Branches) -> None:
    with st.container(horizontal=True, gap="small"):
        if isinstance(layer, Branches):
            st.button("Add a path", key="add_path", icon=":material/add:", on_click=add_path)
            for number, title in enumerate(path_titles(layer)):
                st.button(f"Remove {title}", key=f"remove_path_{number}", on_click=remove_path, args=(number,))
        st.button("Take the block apart", key="unwrap", on_click=unwrap, help="The layers of its first path stay.")
