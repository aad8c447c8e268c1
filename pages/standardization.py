"""Standardization: what it does to an image, and whose statistics it may use (Q19-Q21)."""

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore import compute
from cnncore.data import datasets
from cnncore.errors import InputError
from cnncore.figures.standardization import to_bytes
from cnncore.training.config import WHITENING, Standardization
from pages.parts.address import explain, remember
from pages.parts.header import header
from pages.parts.image_choice import from_data
from pages.parts.pictures import Tile, grid
from pages.parts.plain import with_code
from pages.parts.questions import questions
from pages.parts.standardization_views import (
    NAMES,
    asked,
    show_handout,
    show_histograms,
    show_neighbours,
    show_spectrum,
    show_whose,
)

HISTOGRAMS, SPECTRUM, NEIGHBOURS, WHOSE, HANDOUT = (
    *("Histograms", "Spectrum", "Neighbours"),
    *("Whose statistics?", "The handout's numbers"),
)
VIEWS = [HISTOGRAMS, SPECTRUM, NEIGHBOURS, WHOSE, HANDOUT]
EPS = [1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 10.0]
ADDRESS = ("std_data", "std_class", "std_number", "std_eps", "std_view", "std_after", "std_dusk")
TRY: dict[str, tuple[dict[str, Any], str]] = {
    "eps 0.000001": (
        {"std_eps": 1e-6, "std_view": SPECTRUM},
        "Every direction now has the same variance, the noise as well: in the ZCA picture fine grain is as strong as "
        "the object.",
    ),
    "eps 10": (
        {"std_eps": 10.0, "std_view": NEIGHBOURS},
        "Few directions lie above eps: all others are scaled by nearly the same factor, so that most of what makes "
        "neighbours alike is left. The strongest ones, light and colour of the whole image, are still made smaller: "
        "hence the lower curve, and a ZCA picture that is not quite the mean-image one.",
    ),
    "A dark test set": (
        {"std_view": WHOSE, "std_dusk": 0.4},
        "With its own statistics the dark test set looks just like the train set: what would break the network in use "
        "has been hidden from the test.",
    ),
    "One image, itself": (
        {"std_view": HISTOGRAMS, "std_after": Standardization.IMAGE},
        "With statistics per image nothing is fitted, so nothing can leak; but the fact that one image was darker "
        "than another is lost.",
    ),
}


def in_address(key: str, value: Any) -> Any:
    """Return a control's value as the address has it: a choice by its words."""
    if key == "std_data":
        return next((info.title for info in datasets() if info.name == value), value)
    return NAMES.get(value, value) if key == "std_after" else value


def attempt(values: dict[str, Any]) -> None:
    """Set the controls as one of the prompts says."""
    for key, value in values.items():
        if key not in st.session_state:
            # A control that appears with this value is not told to the address by Streamlit (tested with 1.67).
            st.query_params[key] = str(in_address(key, value))
        st.session_state[key] = value


def tiles(image: NDArray[np.uint8], found: dict[Standardization, NDArray[np.float32]]) -> list[Tile]:
    """Return the stored image and what each standardization makes of it, with the value that is drawn white."""
    shown = [Tile(image, "Stored: bytes 0 to 255", "The stored image")]
    for kind, values in found.items():
        picture, limit = to_bytes(values)
        name = NAMES[kind]
        shown.append(Tile(picture, f"{name[0].upper()}{name[1:]}: ±{limit:.2f}", f"{name}, white is {limit:.2f}"))
    return shown


def show_try() -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown("**Try**", width="content")
        for number, (name, (values, _)) in enumerate(TRY.items()):
            st.button(name, key=f"std_try_{number}", on_click=attempt, args=(values,))
    for values, notice in TRY.values():
        if all(st.session_state.get(key) == value for key, value in values.items()):
            st.info(notice, icon=":material/lightbulb:")


header("Standardization", "What does the network see of an image once it is standardized, and with whose statistics?")
remember(*ADDRESS)
controls, shown = st.columns([1, 3], gap="medium")
with controls:
    try:
        image = from_data("std").image
    except InputError as error:
        st.error(with_code(error))
        st.stop()
    eps = st.select_slider(
        "eps of the whitening",
        EPS,
        0.1,
        format_func=lambda value: np.format_float_positional(value, trim="-"),  # as in the prompts: 0.000001
        key="std_eps",
        bind="query-params",
        help="Each direction is divided by √(variance + eps): one with a variance far below eps stays small.",
    )
infos = {info.name: info for info in datasets() if info.prepared}
info = infos[st.session_state.get("std_data") or next(iter(infos))]
source: dict[str, Any] = {"dataset": info.name, "version": info.version}
offered = [kind for kind in NAMES if kind is not Standardization.NONE]
if image.shape[0] != 3:
    offered.remove(Standardization.HANDOUT)
with shown:
    place = st.container()
    found: dict[Standardization, NDArray[np.float32]] = {}
    try:
        cheap = tuple(kind for kind in offered if kind not in WHITENING)
        found |= asked("pictures", "pictures", 170, **source, image=image, kinds=cheap, eps=0.1) or {}
        if image.size <= 4096:
            white = asked("whitened", "pictures", 170, **source, image=image, kinds=WHITENING, eps=eps)
            if white is None:
                st.caption("Finding the principal components of the train set: a few seconds, the first time.")
            found |= white or {}
        else:
            offered = list(cheap)
            st.info(
                f"Whitening is left out: images of {image.size:,} values would need a matrix of that many rows and "
                "columns."
            )
    except (InputError, compute.ComputeError) as error:
        st.error(with_code(error))
    place.html(grid(tiles(image, found), 130))
    st.caption(
        "Each picture has its own scale: middle grey is 0, white the value after ±, black its negative (the largest "
        "one in 200 values is cut off). PCA shows its components in the order of their strength, row by row, channel "
        "after channel: no longer an image."
    )
show_try()
view = st.segmented_control(
    "Look at",
    VIEWS,
    default=HISTOGRAMS,
    required=True,
    key="std_view",
    bind="query-params",
    label_visibility="collapsed",
)
try:
    match view:
        case "Histograms":
            kind = st.selectbox(
                "After", offered, format_func=NAMES.__getitem__, key="std_after", bind="query-params", width=260
            )
            show_histograms(**source, kind=kind, eps=eps)
        case "Spectrum" if image.size <= 4096:
            show_spectrum(**source, eps=eps)
        case "Neighbours" if image.size <= 4096:
            show_neighbours(**source, eps=eps)
        case "Whose statistics?":
            show_whose(**source, image=image)
        case "The handout's numbers":
            show_handout(**source)
        case _:
            st.info("Choose a data set of smaller images: the covariance of these has too many numbers.")
except (InputError, compute.ComputeError) as error:
    st.error(with_code(error))
explain({key: in_address(key, st.session_state[key]) for key in ADDRESS if key in st.session_state})
questions("standardization")
