"""The page Data sets: images from elsewhere, by a path, an address or an upload."""

import re
import secrets
import shutil
from pathlib import Path
from typing import IO

import streamlit as st

from cnncore.data.catalogue import KNOWN
from cnncore.data.images import dataset_name
from cnncore.data.preparation import uploads
from cnncore.errors import InputError
from pages.parts.dataset_preparations import begin
from pages.parts.plain import plain

PATH, ADDRESS, UPLOAD = "A path on this machine", "A web address", "Upload an archive"
ENDINGS = ["zip", "tar", "gz", "tgz", "xz", "txz", "bz2"]


def show_form() -> None:
    """Show the form for images from elsewhere."""
    st.subheader("Bring your own images")
    st.markdown(
        "A folder, zip or tar with one folder for each class, `train/<class>/` and `test/<class>/` or just `<class>/`. "
        "Any size, any common format. Without test images, a fifth of each class is kept for testing."
    )
    kind = st.segmented_control(
        "Where are they?", [PATH, ADDRESS, UPLOAD], default=PATH, required=True, key="datasets_kind"
    )
    (where, side), (name, button) = (st.columns([3, 1], vertical_alignment="bottom") for _ in range(2))
    with where:
        if kind == ADDRESS:
            st.text_input("Address", placeholder="https://host/flowers.zip", key="datasets_address")
        elif kind == UPLOAD:
            st.file_uploader("Archive", type=ENDINGS, key="datasets_upload")
        else:
            st.text_input("Path", placeholder="/home/me/flowers or flowers.zip", key="datasets_path")
    side.number_input("Side (pixels)", 8, 512, 32, key="datasets_size")
    name.text_input(
        "Name of the data set",
        placeholder="flowers",
        key="datasets_name",
        help=f"A new name, or {', '.join(KNOWN)} for a copy of that one: its original archive, a mirror of it, or "
        "the same images as files.",
    )
    button.button("Prepare", key="datasets_prepare", type="primary", on_click=_begin)
    # Where one has pressed: the form lies far below the page's top.
    if "datasets_error" in st.session_state:
        st.error(plain(st.session_state.pop("datasets_error")))


def _begin() -> None:
    """Start what the form asks for; what is wrong with it stands below the form on the next run."""
    name, kind = st.session_state.datasets_name.strip(), st.session_state.datasets_kind
    uploaded: Path | None = None
    try:
        dataset_name(name)
        if kind == UPLOAD:
            file = st.session_state.datasets_upload
            if file is None:
                raise InputError("`upload` is empty: choose a zip or tar of class folders first.")
            source = _save_upload(name, file.name, file)
            uploaded = Path(source).parent
        else:
            source = st.session_state.datasets_path if kind == PATH else st.session_state.datasets_address
            source = source.strip().strip('"')  # Windows copies a path with its quotation marks
            web = source.lower().startswith(("http://", "https://"))
            if not source or web != (kind == ADDRESS):
                wanted = "an address that begins with http:// or https://" if kind == ADDRESS else "a path"
                field = "address" if kind == ADDRESS else "path"
                raise InputError(f"`{field}` (={source!r}) must be {wanted}: fill in that field.")
        begin(name, source, None if name in KNOWN else int(st.session_state.datasets_size))
    except (InputError, OSError) as error:
        st.session_state.datasets_error = str(error)
        if uploaded is not None:  # nobody will read it
            shutil.rmtree(uploaded, ignore_errors=True)


def _save_upload(name: str, filename: str, file: IO[bytes]) -> str:
    """Write an uploaded archive in a folder of its own, under its own name, and return its path."""
    own = re.sub(r"[^\w. ()-]", "_", filename.replace("\\", "/").rpartition("/")[2])[-60:]
    target = uploads() / f"{name}-{secrets.token_hex(4)}" / (own.lstrip(".") or "archive")
    target.parent.mkdir(parents=True)
    try:
        with target.open("wb") as written:
            shutil.copyfileobj(file, written)
    except OSError:  # the disk is full: half an archive helps nobody
        shutil.rmtree(target.parent, ignore_errors=True)
        raise
    return str(target)
