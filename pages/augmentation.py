"""Augmentation: one image, many views. What does the network see while it trains?"""

import inspect
import math
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore import compute
from cnncore.data import ImageData, datasets, load
from cnncore.data.archives import UnreadableFileError
from cnncore.data.augmentation import (
    AUGMENTATIONS,
    Augmentation,
    ColourJitter,
    HorizontalFlip,
    PadCrop,
    RandomCrop,
    RandomErasing,
    Rotation,
)
from cnncore.data.pictures import decode
from cnncore.data.views import Views, caption, factors, source
from cnncore.errors import InputError
from pages.parts.address import explain, remember
from pages.parts.header import header
from pages.parts.pictures import Tile, grid, row
from pages.parts.questions import questions

DATA, UPLOAD, CAMERA = "Data set", "Upload", "Camera"
TITLES = {kind: augmentation.title for kind, augmentation in AUGMENTATIONS.items()}
KINDS = {title: kind for kind, title in TITLES.items()}
PRACTICAL = [RandomCrop.title, HorizontalFlip.title]
OWN = (3, 32, 32)  # own pictures are prepared to CIFAR-10's shape
DRAWN = 48  # always so many are drawn, however many are shown: showing more does not change the first
# What the address of the page may hold, besides the transforms.
ADDRESS = (
    *("aug_source", "aug_data", "aug_class", "aug_number", "aug_seed", "aug_views", "aug_crop", "aug_padding"),
    *("aug_flip", "aug_degrees", "aug_brightness", "aug_contrast", "aug_saturation", "aug_erase", "aug_area"),
)


@st.cache_data(max_entries=128, show_spinner=False)
def seen(image: NDArray[np.uint8], augmentations: tuple[Augmentation, ...], seed: int) -> Views:
    """Return what the network sees, made in the compute pool by the functions that training uses."""
    found: Views = compute.call(
        "cnncore.data.views:views", image=image, augmentations=augmentations, seed=seed, count=DRAWN
    )
    return found


@st.cache_resource(max_entries=4, show_spinner="Opening the data set ...")
def opened(name: str, version: str) -> ImageData:  # noqa: ARG001 the version makes a set that was prepared anew a new key
    """Return the data set, its images mapped from disk: read-only, so all sessions share it."""
    return load(name)


@st.cache_data(max_entries=32, show_spinner="Reading the picture ...")
def prepared(content: bytes) -> NDArray[np.uint8]:
    """Return an own picture as data preparation would make it: upright, RGB, centre square, 32 x 32."""
    return decode(content, OWN)[0]


def from_data() -> tuple[NDArray[np.uint8], str]:
    """Let the user choose an image of a prepared data set; return it and what it is."""
    infos = {info.name: info for info in datasets() if info.prepared}
    name = next(iter(infos))
    if len(infos) > 1:
        name = st.selectbox(
            "Data set",
            list(infos),
            format_func=lambda name: infos[name].title,
            key="aug_data",
            bind="query-params",
            label_visibility="collapsed",
        )
    data = opened(name, infos[name].version)
    # A car: it looks different when it is mirrored, and is still a car.
    usual = data.classes.index("car") if "car" in data.classes else 0
    places = st.container(horizontal=True, gap="small")
    label = places.selectbox("Class", data.classes, index=usual, key="aug_class", bind="query-params", width=120)
    rows = np.flatnonzero(data.train_labels == data.classes.index(label))
    if not len(rows):
        raise InputError(f"`class` (={label}) has no train image: choose another class.")
    number = places.number_input(
        "Number",
        1,
        len(rows),
        min(5, len(rows)),
        key="aug_number",
        bind="query-params",
        help="Of its train images.",
        width=120,
    )
    return np.array(data.train_images[rows[number - 1]]), f"{label}, number {number}"


def from_user(kind: str) -> NDArray[np.uint8] | None:
    """Let the user give a picture of their own; return it as the network would get it, None while there is none."""
    if kind == CAMERA:
        file = st.camera_input("Take a picture", key="aug_camera", label_visibility="collapsed")
    else:
        file = st.file_uploader(
            "A picture in any common format", key="aug_upload", max_upload_size=50, label_visibility="collapsed"
        )
    if file is None:
        return None
    try:
        return prepared(file.getvalue())
    except UnreadableFileError as error:
        raise InputError(f"`picture` cannot be read ({error}): choose another file.") from None


def slider(label: str, key: str, low: float, high: float, value: float, step: float, **options: Any) -> float:
    """Return the value of a slider that is in the page's address."""
    return st.slider(label, low, high, value, step, key=key, bind="query-params", **options)


def parameters(kind: str, size: int) -> Augmentation:
    """Show the controls of one transform on images of `size` pixels and return it."""
    match kind:
        case RandomCrop.kind:
            # Beyond the image's size too: what happens then is worth seeing once.
            value = max(8, size * 7 // 8)
            return RandomCrop(int(slider("Crop to", "aug_crop", 8, size + 8, value, 1, format="%d pixels")))
        case PadCrop.kind:
            return PadCrop(int(slider("Shift by up to", "aug_padding", 1, 16, 4, 1, format="%d pixels")))
        case HorizontalFlip.kind:
            return HorizontalFlip(slider("Flip with probability", "aug_flip", 0.0, 1.0, 0.5, 0.05))
        case Rotation.kind:
            return Rotation(slider("Turn by up to", "aug_degrees", 0.0, 180.0, 15.0, 5.0, format="%d°"))
        case ColourJitter.kind:
            names = ("brightness", "contrast", "saturation")
            with st.container(horizontal=True, gap="small"):
                amounts = [
                    slider(name.capitalize(), f"aug_{name}", 0.0, 1.0, 0.3, 0.1, format="±%.1f", width=74)
                    for name in names
                ]
            return ColourJitter(*amounts)
        case _:
            with st.container(horizontal=True, gap="small"):
                p = slider("Erase, probability", "aug_erase", 0.0, 1.0, 0.5, 0.05, width=120)
                area = slider("Part of the image", "aug_area", 0.05, 0.9, 0.15, 0.05, width=120)
            return RandomErasing(p, area)


def next_seed() -> None:
    st.session_state.aug_seed = (st.session_state.aug_seed + 1) % 10_000


def attempt(values: dict[str, Any]) -> None:
    """Set the controls as one of the prompts below says."""
    for key, value in values.items():
        if key not in st.session_state:
            # Streamlit keeps the address in step for controls that are on the page; for those that appear with this
            # value (tested with 1.67) it must be told, else the value is lost at the next reload.
            st.query_params[key] = str(value)
        st.session_state[key] = value


def factor(augmentation: Augmentation, n: int, height: int, width: int) -> str:
    """Return one factor of the number of views in words, "" where the transform changes nothing."""
    match augmentation:
        case RandomCrop():
            return f"{height - augmentation.size + 1} × {width - augmentation.size + 1} windows"
        case PadCrop():
            return f"{2 * augmentation.padding + 1} × {2 * augmentation.padding + 1} shifts"
        case HorizontalFlip():
            return "2 ways round" if n == 2 else "1 way round"
        case RandomErasing() if augmentation.p == 1:
            return f"{n:,} places to erase"
        case RandomErasing() if augmentation.p:
            return f"({n - 1:,} + 1) places to erase or none"
    return ""


def count_line(augmentations: tuple[Augmentation, ...], height: int, width: int) -> str:
    """Return how many different views there are, with the product that it comes from, as Markdown."""
    counts = factors(augmentations, height, width)
    endless = [augmentation.title.lower() for augmentation, n in zip(augmentations, counts, strict=True) if n is None]
    if endless:
        return f"**Endlessly many views** of this one image: values from a continuous range ({', '.join(endless)})."
    numbers = [n for n in counts if n is not None]
    words = [factor(augmentation, n, height, width) for augmentation, n in zip(augmentations, numbers, strict=True)]
    total = math.prod(numbers)
    product = " × ".join(filter(None, words))
    views = f"**{total:,} different views**" if total > 1 else "**1 view**"
    return f"{product} = {views} of this one image." if product else f"{views} of this one image: itself."


def show_pictures(image: NDArray[np.uint8], name: str, found: Views, augmentations: tuple[Augmentation, ...]) -> None:
    """Show the stored image, the test-time version and the training views."""
    _, height, width = image.shape
    _, high, wide = found.test.shape
    frame = ((height - high) // 2, (width - wide) // 2, high, wide) if (high, wide) != (height, width) else None
    scale = 100 / max(height, width)
    tiles = [
        Tile(image, f"Stored: {height}×{width}", f"The stored image, {name}", frame),
        Tile(found.test, f"Tested: {high}×{wide}", "What testing sees of it"),
    ]
    tested = f"the centre {high}×{wide} window" if frame else "the whole image"
    left, right = st.columns([2, 3], vertical_alignment="center")
    left.html(row(tiles, scale))
    right.markdown(count_line(augmentations, height, width))
    right.caption(
        f"Training sees one of them an epoch, drawn anew each time; the label stays. Testing sees {tested}, always: a "
        "test must not depend on luck."
    )
    shown = st.session_state.aug_views
    words = [caption(augmentations, found.draws, number) for number in range(shown)]
    tiles = [
        Tile(view, said, f"Training view {number + 1}: {said}")
        for number, (view, said) in enumerate(zip(found.views, words, strict=False))
    ]
    st.html(grid(tiles))
    if any(isinstance(augmentation, ColourJitter) for augmentation in augmentations):
        st.caption("b, c, s: the factors of brightness, contrast and saturation.")
    st.caption(f"True size, one screen pixel for each of the {high}×{wide} that enter the network:")
    st.html(row([Tile(tile.image, "", tile.alt) for tile in tiles]))


def show_values(found: Views, augmentations: tuple[Augmentation, ...]) -> None:
    """Show the table of sampled values and the code that was run."""
    with st.expander("The sampled values"):
        table: dict[str, Any] = {"view": range(1, st.session_state.aug_views + 1)}
        for augmentation, draws in zip(augmentations, found.draws, strict=True):
            for value, values in draws.items():
                table[f"{augmentation.kind}: {value}"] = values[: st.session_state.aug_views]
        st.dataframe(table, hide_index=True, width="stretch", key="aug_table")
        st.caption(
            "Drawn with numpy from the seed, before any pixel is touched: the same seed gives the same views on every "
            "device. Pixels for places, degrees counter-clockwise, factors for colours, 1 for yes."
        )
    with st.expander("The very code that training uses"):
        for augmentation in augmentations:
            st.markdown(f"**{augmentation.title}**: what is drawn, and how it is applied to a batch")
            st.code(inspect.cleandoc(inspect.getsource(type(augmentation).draw)) + "\n\n\n" + source(augmentation.kind))
        if not augmentations:
            st.markdown("No transform is on: the pixels go in as they are.")


def show_prompts(size: int) -> None:
    """Show what is worth trying on an image of `size` pixels; each button sets the controls."""
    crop = {"aug_transforms": [RandomCrop.title]}
    prompts = [
        (f"Crop {size} of {size}", crop | {"aug_crop": size}, "How many different views are left?"),
        (f"Crop {size + 4} of {size}", crop | {"aug_crop": size + 4}, "Where would the missing pixels come from?"),
        (
            "Erase most of it",
            {"aug_transforms": [RandomErasing.title], "aug_erase": 1.0, "aug_area": 0.7},
            "Could you still tell the label? Then how should the network?",
        ),
        (
            "Everything at once",
            {"aug_transforms": list(TITLES.values())},
            "Still the same object? Augmentation that is too strong underfits.",
        ),
    ]
    if any(info.name == "mnist" and info.prepared for info in datasets()):
        flip = {"aug_source": DATA, "aug_data": "mnist", "aug_transforms": [HorizontalFlip.title], "aug_flip": 1.0}
        prompts.insert(2, ("Mirror a digit", flip, "Which digits are still themselves?"))
    st.markdown("**Try:**")
    for number, (column, (label, values, question)) in enumerate(zip(st.columns(len(prompts)), prompts, strict=True)):
        with column:
            st.button(label, key=f"aug_try_{number}", on_click=attempt, args=(values,), width="stretch")
            st.caption(question)


remember(*ADDRESS)
header("Augmentation", "One image, many views: what does the network see while it trains?")
notice = st.container()
controls, pictures = st.columns([1, 2], gap="medium")
image, name, problem = None, "your picture", ""
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
            image, name = from_data()
        else:
            image = from_user(kind or UPLOAD)
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
    explain({key: st.session_state[key] for key in ADDRESS if key in st.session_state})
found = None
with pictures:
    message = st.container()
    if image is not None:
        try:
            waiting = "Making the views ..." if compute.is_warm() else "PyTorch is starting in a process of its own ..."
            with st.spinner(waiting):
                found = seen(image, augmentations, int(seed))
            show_pictures(image, name, found, augmentations)
        except (InputError, compute.ComputeError) as error:
            problem = str(error)
            st.html(row([Tile(image, f"Stored: {image.shape[1]}×{image.shape[2]}", name)], 100 / side))
    elif not problem:
        st.info(
            "Give a picture on the left: it is cut to its centre square and shrunk to 32×32 pixels, as in a data set."
        )
    if problem:
        message.error(problem)
if found is not None:
    show_values(found, augmentations)
show_prompts(side)
questions("augmentation")
