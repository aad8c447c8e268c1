"""One image to look at: of a prepared data set, of a file, or of the camera."""

import threading
import time
from typing import NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore.data import ImageData, datasets, load, prepared
from cnncore.data.archives import UnreadableFileError
from cnncore.data.images import Shape
from cnncore.data.pictures import decode
from cnncore.data.sources import in_preparation
from cnncore.errors import InputError
from cnncore.runs.process import start_detached
from pages.parts.address import explain, remember
from pages.parts.awaited import awaited

DATA, UPLOAD, CAMERA = "Data set", "Upload", "Camera"
_DRAWING = threading.Lock()
_PAUSE = 0.5  # seconds between two looks whether somebody else's process has drawn the set
OWN = (3, 32, 32)  # own pictures are prepared to CIFAR-10's shape


class Picked(NamedTuple):
    """An image uint8 (C, H, W) that was chosen, the name of its class, and in words which one it is."""

    image: NDArray[np.uint8]
    label: str
    caption: str


@st.cache_resource(max_entries=4, show_spinner="Opening the data set ...")
def opened(name: str, version: str) -> ImageData:  # noqa: ARG001 the version makes a set that was prepared anew a new key
    """Return the data set, its images mapped from disk: read-only, so all sessions share it."""
    return load(name)


def drawn(name: str) -> bool:
    """Draw the built-in set unless it is drawn, in a process of its own: here it would hold up every session.

    While another process draws it, as it was asked to on the page Data sets, that one is waited for.
    """
    with _DRAWING:
        tried = False
        while (found := prepared.info(name)) is not None and not found.version:
            if in_preparation(name):
                time.sleep(_PAUSE)
            elif tried:
                break  # what is wrong is in its log, and said by who opens the set
            else:
                start_detached("cnncore", "data", "prepare", name, log="drawing.log").wait()
                tried = not in_preparation(name)  # else it came too late, ended at once, and the other may be cancelled
    return True


@st.cache_data(max_entries=32, show_spinner="Reading the picture ...")
def own_picture(content: bytes, shape: Shape) -> NDArray[np.uint8]:
    """Return an own picture as data preparation would make it: upright, RGB, centre square, of `shape` (C, H, W)."""
    return decode(content, shape)[0]


def from_data(prefix: str, only: str = "") -> Picked:
    """Let the user choose a train image of a prepared data set; return it with its class.

    The controls' keys, also in the address, are `prefix` followed by `_data`, `_class` and `_number`. With `only` it
    is the data set of this name: a stored run's network has learned no other.
    """
    infos = {info.name: info for info in datasets() if info.prepared}
    if only and only not in infos:
        raise InputError(f"`dataset` (={only}) is not prepared on this machine: prepare it on the page Data sets.")
    remember(f"{prefix}_class", f"{prefix}_number")
    name = only or next(iter(infos))
    if len(infos) > 1 and not only:
        name = st.selectbox(
            "Data set",
            list(infos),
            format_func=lambda name: infos[name].title,
            key=f"{prefix}_data",
            bind="query-params",
            label_visibility="collapsed",
        )
    # The built-in set, when the server starts for the first time of all.
    if not infos[name].version and awaited("drawn", drawn, name, height=300) is None:
        st.caption("The built-in images are being drawn: a few seconds, once.")
        st.stop()
    data = opened(name, infos[name].version)
    # A car: it looks different when it is mirrored, and is still a car.
    usual = data.classes.index("car") if "car" in data.classes else 0
    places = st.container(horizontal=True, gap="small")
    label = places.selectbox("Class", data.classes, index=usual, key=f"{prefix}_class", bind="query-params", width=120)
    rows = np.flatnonzero(data.train_labels == data.classes.index(label))
    if not len(rows):
        raise InputError(f"`class` (={label}) has no train image: choose another class.")
    number = places.number_input(
        "Number",
        1,
        len(rows),
        min(5, len(rows)),
        key=f"{prefix}_number",
        bind="query-params",
        help="Of its train images.",
        width=120,
    )
    explain({f"{prefix}_class": label, f"{prefix}_number": number})
    return Picked(np.array(data.train_images[rows[number - 1]]), label, f"{label}, number {number}")


def partners(from_set: bool, prefix: str, seed: int, count: int) -> tuple[NDArray[np.uint8], list[str]]:
    """Return `count` random train images (count, C, H, W) and their labels, to mix an image with.

    From the data set that `from_data` shows; for an own picture from the first one, the built-in.
    """
    infos = {info.name: info for info in datasets() if info.prepared}
    name = st.session_state.get(f"{prefix}_data") if from_set else None
    info = infos.get(name or "") or next(iter(infos.values()))
    data = opened(info.name, info.version)
    rows = np.sort(np.random.default_rng(seed).choice(len(data.train_labels), count))
    order = np.random.default_rng(seed).permutation(count)
    return data.train_images[rows][order], [data.classes[label] for label in data.train_labels[rows][order]]


def from_user(kind: str, prefix: str, shape: Shape = OWN) -> NDArray[np.uint8] | None:
    """Let the user give a picture of their own; return it as a network for `shape` would get it, None without one."""
    if kind == CAMERA:
        file = st.camera_input("Take a picture", key=f"{prefix}_camera", label_visibility="collapsed")
    else:
        file = st.file_uploader(
            "A picture in any common format",
            key=f"{prefix}_upload",
            max_upload_size=50,
            label_visibility="collapsed",
        )
    if file is None:
        return None
    try:
        return own_picture(file.getvalue(), shape)
    except UnreadableFileError as error:
        raise InputError(f"`picture` cannot be read ({error}): choose another file.") from None
