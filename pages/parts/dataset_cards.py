"""The page Data sets: a card for each, with a few of its images or the button that gets it."""

import streamlit as st

from cnncore.data import load
from cnncore.data.catalogue import BUILTIN
from cnncore.data.prepared import DatasetInfo
from cnncore.data.samples import CLASSES, sample_picture
from cnncore.errors import InputError
from cnncore.jobs import State
from pages.parts.dataset_preparations import begin, begun_here
from pages.parts.plain import plain
from pages.parts.refusal import refuse


@st.cache_data(max_entries=32, show_spinner="Drawing the samples ...")
def samples(name: str, version: str) -> bytes:  # noqa: ARG001 the version makes a set that was prepared anew a new key
    """Return the PNG with a few images of each class, encoded once."""
    return sample_picture(load(name))


def get(name: str) -> None:
    """Start what a card's button asks for."""
    try:
        begin(name)
    except InputError as error:
        refuse(error)


def show_dataset(info: DatasetInfo, state: State | None) -> None:
    """Show one data set as a card; `state` is that of its preparation."""
    channels, height, width = info.shape
    with st.container(border=True, height="stretch"):
        with st.container(horizontal=True, vertical_alignment="center", gap=None):
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
                alt = f"A few images of each class of {info.title}: {classes}{more}"
                st.image(samples(info.name, info.version), f"{plain(classes)}{more}", width="stretch", alt=alt)
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
                st.caption("On its way: its progress is shown [below](#bring-your-own-images).")
            elif state is State.FAILED and info.name in begun_here():
                st.caption("It did not arrive: the reason is given [below](#bring-your-own-images).")
