"""Data sets: what there is to train on, and how to bring your own."""

import re
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import streamlit as st

from cnncore.data import load
from cnncore.data.catalogue import BUILTIN, KNOWN
from cnncore.data.images import dataset_name
from cnncore.data.preparation import Preparation, cancel, dismiss, preparations, start, uploads
from cnncore.data.prepared import DatasetInfo, datasets
from cnncore.data.progress import duration
from cnncore.data.samples import CLASSES, sample_picture
from cnncore.errors import InputError
from cnncore.jobs import State
from pages.parts.header import header
from pages.parts.plain import plain
from pages.parts.refusal import refuse

PATH, ADDRESS, UPLOAD = "A path on this machine", "A web address", "Upload an archive"
ENDINGS = ["zip", "tar", "gz", "tgz", "xz", "txz", "bz2"]


@st.cache_data(max_entries=32, show_spinner="Drawing the samples ...")
def samples(name: str, version: str) -> bytes:  # noqa: ARG001 the version makes a set that was prepared anew a new key
    """Return the PNG with a few images of each class, encoded once."""
    return sample_picture(load(name))


def begun_here() -> set[str]:
    """Return the names of the preparations that this session has begun."""
    found: set[str] = st.session_state.setdefault("datasets_begun", set())
    return found


def begin(name: str, source: str | None = None, size: int | None = None) -> None:
    """Start a preparation."""
    start(name, source, size)
    begun_here().add(name)


def get(name: str) -> None:
    """Start what a card's button asks for."""
    try:
        begin(name)
    except InputError as error:
        refuse(error)


def begin_from_form() -> None:
    """Start what the form asks for; what is wrong with it stands below the form on the next run."""
    name, kind = st.session_state.datasets_name.strip(), st.session_state.datasets_kind
    uploaded: Path | None = None
    try:
        dataset_name(name)
        if kind == UPLOAD:
            file = st.session_state.datasets_upload
            if file is None:
                raise InputError("`upload` is empty: choose a zip or tar of class folders first.")
            source = save_upload(name, file.name, file)
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


def save_upload(name: str, filename: str, file: IO[bytes]) -> str:
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


def show_preparation(found: Preparation) -> None:
    """Show how one preparation stands, with the button that fits."""
    progress, key = found.progress, f"datasets_end_{found.name}"
    with st.container(border=True):
        if found.state is State.RUNNING:
            left = progress.remaining_seconds
            label = f"**{found.name}** · {plain(progress.line())}"
            st.progress(progress.fraction or 0.0, text=label)
            if left is not None and left > 600:
                st.caption(f"{duration(left)} to go: you can close this page, the download goes on.")
            st.button("Cancel", key=key, on_click=cancel, args=(found.name,), icon=":material/close:")
            return
        kinds = {State.DONE: st.success, State.FAILED: st.error, State.CANCELLED: st.info}
        with st.container(horizontal=True, vertical_alignment="center"):
            kinds[found.state](f"**{found.name}**: {plain(progress.message)}")
            st.button("Close", key=key, on_click=dismiss, args=(found.name,))


def names_running(found: Iterable[Preparation]) -> set[str]:
    """Return the names of the preparations that go on."""
    return {one.name for one in found if one.state is State.RUNNING}


def show_preparations(running: set[str]) -> None:
    """Show all preparations; when one that was `running` has ended, the whole page is drawn once more.

    After the last one polling stops.
    How those have ended that other sessions began is folded: on a shared machine they are somebody else's.
    """
    found = preparations()
    mine = begun_here()
    others = [one for one in found if one.state is not State.RUNNING and one.name not in mine]
    for preparation in found:
        if preparation not in others:
            show_preparation(preparation)
    if others:
        with st.expander(f"Begun in other windows, and ended: {len(others)}", icon=":material/history:"):
            for preparation in others:
                show_preparation(preparation)
    if running and names_running(found) != running:
        st.rerun()


def show_dataset(info: DatasetInfo, state: State | None) -> None:
    """Show one data set as a card; `state` is that of its preparation."""
    channels, height, width = info.shape
    with st.container(border=True, height="stretch"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"#### {plain(info.title)}", width="content")
            if info.prepared:
                st.badge("ready", icon=":material/check:", color="green")
            else:
                st.badge("not on this machine yet", color="gray")
        colour = "colour" if channels == 3 else "grey"
        st.markdown(
            f"**{info.train_size:,}** train and **{info.test_size:,}** test images, **{len(info.classes)}** classes, "
            f"{colour}, {height}\u00a0×\u00a0{width} pixels"
        )
        classes = ", ".join(info.classes[:CLASSES])
        if info.version:
            more = f" and {len(info.classes) - CLASSES} more" if len(info.classes) > CLASSES else ""
            try:
                st.image(samples(info.name, info.version), caption=f"{plain(classes)}{more}", width="stretch")
            except InputError as error:
                st.error(plain(str(error)))
        else:
            st.caption(plain(classes))
        for note in info.notes:
            st.caption(plain(note))
        if not info.version:
            drawn = info.name == BUILTIN.name
            st.button(
                "Draw the images" if drawn else "Download",
                key=f"datasets_get_{info.name}",
                on_click=get,
                args=(info.name,),
                disabled=state is State.RUNNING,
                icon=":material/brush:" if drawn else ":material/download:",
                help="Takes a few seconds." if drawn else "From its authors. For a copy or a mirror, see below.",
            )
            if state is State.RUNNING:
                st.caption("On its way: how far it is stands [below](#bring-your-own-images).")
            elif state is State.FAILED and info.name in begun_here():
                st.caption("It did not come: the reason stands [below](#bring-your-own-images).")


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
    left, right = st.columns([3, 1])
    with left:
        if kind == ADDRESS:
            st.text_input("Address", placeholder="https://host/flowers.zip", key="datasets_address")
        elif kind == UPLOAD:
            st.file_uploader("Archive", type=ENDINGS, key="datasets_upload")
        else:
            st.text_input("Path", placeholder="/home/me/flowers or flowers.zip", key="datasets_path")
        st.text_input(
            "Name of the data set",
            placeholder="flowers",
            key="datasets_name",
            help=f"A new name, or {', '.join(KNOWN)} for a copy of that one: its original archive, a mirror of it, or "
            "the same images as files.",
        )
    with right:
        st.number_input("Height and width in pixels", 8, 512, 32, key="datasets_size")
        st.button("Prepare", key="datasets_prepare", type="primary", on_click=begin_from_form)


header("Data sets", "What is there to learn from, and what does it look like?")

known = preparations()
states = {preparation.name: preparation.state for preparation in known}
entries = datasets()
for first in range(0, len(entries), 2):
    for column, info in zip(st.columns(2), entries[first : first + 2], strict=False):
        with column:
            show_dataset(info, states.get(info.name))
show_form()
# Where one has pressed: the form lies far below the page's top.
if "datasets_error" in st.session_state:
    st.error(plain(st.session_state.pop("datasets_error")))
running = names_running(known)
st.fragment(show_preparations, run_every=1.0 if running else None)(running)
st.markdown(f"**Try:** prepare a folder of your own photographs, then train on it and on {BUILTIN.title.lower()}.")
