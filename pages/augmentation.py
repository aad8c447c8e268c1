"""Augmentation: one image, many views. What does the network see while it trains?"""

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore import compute
from cnncore.data import datasets
from cnncore.data.augmentation import (
    AUGMENTATIONS,
    Augmentation,
    CutMix,
    HorizontalFlip,
    Mixup,
    RandomCrop,
    RandomErasing,
)
from cnncore.data.views import Views
from cnncore.errors import InputError
from cnncore.wording import dimensions
from pages.parts.address import explain, remember
from pages.parts.augmentation_controls import parameters, slider
from pages.parts.augmentation_views import show_pictures, show_values
from pages.parts.awaited import awaited
from pages.parts.header import header
from pages.parts.image_choice import CAMERA, DATA, OWN, UPLOAD, from_data, from_user, partners
from pages.parts.pictures import Tile, row
from pages.parts.plain import with_code
from pages.parts.questions import questions
from pages.parts.tries import show_tries

TITLES = {kind: augmentation.title for kind, augmentation in AUGMENTATIONS.items()}
KINDS = {title: kind for kind, title in TITLES.items()}
PRACTICAL = [RandomCrop.title, HorizontalFlip.title]
DRAWN = 48  # always so many are drawn, however many are shown: showing more does not change the first
# What the address of the page may hold, besides the transforms.
ADDRESS = (
    *("aug_source", "aug_data", "aug_class", "aug_number", "aug_seed", "aug_views", "aug_crop", "aug_padding"),
    *("aug_flip", "aug_degrees", "aug_brightness", "aug_contrast", "aug_saturation", "aug_erase", "aug_area"),
    *("aug_operations", "aug_magnitude", "aug_noise", "aug_mixup", "aug_mixup_alpha", "aug_cutmix", "aug_cutmix_alpha"),
)


@st.cache_data(max_entries=128, show_spinner=False)
def seen(
    image: NDArray[np.uint8],
    augmentations: tuple[Augmentation, ...],
    seed: int,
    others: NDArray[np.uint8] | None,
) -> Views:
    """Return what the network sees, made in the compute pool by the functions that training uses."""
    found: Views = compute.call(
        "cnncore.data.views:views", image=image, augmentations=augmentations, seed=seed, count=DRAWN, others=others
    )
    return found


def next_seed() -> None:
    st.session_state.aug_seed = (st.session_state.aug_seed + 1) % 10_000


def in_address(key: str, value: Any) -> Any:
    """Return a control's value as the address has it: a data set by its title, as its choice is worded."""
    titles = {info.name: info.title for info in datasets()} if key == "aug_data" else {}
    return titles.get(value, value)


def attempt(values: dict[str, Any]) -> None:
    """Set the controls as a prompt says, and leave the others."""
    for key, value in values.items():
        if key not in st.session_state:
            # Streamlit keeps the address in step for controls that are on the page; for those that appear with this
            # value (tested with 1.67) it must be told, else the value is lost at the next reload.
            st.query_params[key] = str(in_address(key, value))
        st.session_state[key] = value


def prompts(size: int) -> dict[str, tuple[dict[str, Any], str]]:
    """Return what is worth trying on an image of `size` pixels: what to press, what it sets and what to ask then."""
    crop = {"aug_transforms": [RandomCrop.title]}
    found: dict[str, tuple[dict[str, Any], str]] = {
        f"Crop {size} of {size}": (crop | {"aug_crop": size}, "How many different views are left?"),
        f"Crop {size + 4} of {size}": (crop | {"aug_crop": size + 4}, "Where would the missing pixels come from?"),
    }
    if any(info.name == "mnist" and info.prepared for info in datasets()):
        flip = {"aug_source": DATA, "aug_data": "mnist", "aug_transforms": [HorizontalFlip.title], "aug_flip": 1.0}
        found["Mirror a digit"] = flip, "Which digits are still themselves?"
    return found | {
        "Erase most of it": (
            {"aug_transforms": [RandomErasing.title], "aug_erase": 1.0, "aug_area": 0.7},
            "Could you still tell the label? If not, how could the network?",
        ),
        "Everything at once": (
            {"aug_transforms": list(TITLES.values()), "aug_crop": size * 7 // 8},
            "Still the same object? Augmentation that is too strong underfits.",
        ),
        "Mix two images": (
            {"aug_transforms": [Mixup.title], "aug_mixup": 1.0},
            "What should the label be now?",
        ),
    }


def stands(values: dict[str, Any]) -> bool:
    """Return whether the controls stand as a prompt sets them."""
    return all(st.session_state.get(key) == value for key, value in values.items())


remember(*ADDRESS, "aug_transforms")
header("Augmentation", "One image, many views: what does the network see while it trains?")
notice = st.container()
controls, pictures = st.columns([1, 2], gap="medium")
image, label, name, problem = None, "your picture", "your picture", ""
with controls:
    kind = st.segmented_control(
        "Image",
        [DATA, UPLOAD, CAMERA],
        default=DATA,
        required=True,
        key="aug_source",
        bind="query-params",
        label_visibility="collapsed",
        wrap=True,
    )
    try:
        if kind == DATA:
            image, label, name = from_data("aug")
        else:
            image = from_user(kind or UPLOAD, "aug")
    except InputError as error:
        problem = str(error)
    titles = st.pills(
        "Transforms",
        list(KINDS),
        selection_mode="multi",
        default=PRACTICAL,
        key="aug_transforms",
        bind="query-params",
        help="Applied in this order, whatever order you switch them on in.",
        wrap=True,
    )
    chosen = [kind for kind, title in TITLES.items() if title in (titles or [])]
    side = min(image.shape[1:]) if image is not None else OWN[1]
    augmentations = tuple(parameters(kind, side) for kind in chosen)
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        seed = st.number_input("Seed", 0, 9_999, 0, key="aug_seed", bind="query-params", width=120)
        st.button("Next seed", key="aug_next", on_click=next_seed, icon=":material/casino:", width=120)
    slider("Views", "aug_views", 6, DRAWN, 24, 6)

with notice:
    shown = {key: in_address(key, st.session_state[key]) for key in ADDRESS if key in st.session_state}
    explain(shown | {"aug_transforms": st.session_state.aug_transforms})
found = None
with pictures:
    message = st.container()
    if image is not None:
        try:
            mixes = any(isinstance(augmentation, (Mixup, CutMix)) for augmentation in augmentations)
            others, labels = partners(kind == DATA, "aug", int(seed), DRAWN) if mixes else (None, [])
            found = awaited("views", seen, image, augmentations, int(seed), others, height=420)
            if found is not None:
                show_pictures(image, name, found, augmentations, (label, labels))
        except (InputError, compute.ComputeError) as error:
            problem = str(error)
            st.html(row([Tile(image, f"Stored: {dimensions(image.shape[1:])}", name)], 100 / side))
    elif not problem:
        st.info(
            "Choose a picture on the left: it is cut to its centre square and shrunk to 32 × 32 pixels, as in a data "
            "set."
        )
    if problem:
        message.error(with_code(problem))
if found is not None:
    show_values(found, augmentations)
show_tries(prompts(side), {}, attempt, stands)
questions("augmentation")
