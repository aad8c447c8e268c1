"""Home: what this is, and where to begin."""

import sqlite3

import streamlit as st

from cnncore.architecture import Conv2d
from cnncore.data.prepared import datasets
from cnncore.errors import InputError
from cnncore.figures.convolution import window_data
from cnncore.runs.store import open_store
from cnncore.wording import counted
from pages.parts.header import header
from pages.parts.link_to import link_to
from pages.parts.navigation import existing
from pages.parts.plain import plain, with_code
from pages.parts.prefetch import prefetch
from pages.parts.window.component import sliding_window

CARDS = {
    "convolution": "What does one layer compute, and how large is its output?",
    "receptive_field": "Which pixels can one unit see, and which of them change its value?",
    "builder": "Change a network layer by layer: what becomes of it?",
    "augmentation": "One image, many views: what does a network see while it trains?",
    "training": "Train a network from scratch and watch it learn.",
    "ladder": "What does each improvement add, and is it more than luck?",
    "course": "The practical's questions, with worked answers and common mistakes.",
    "report": "Your answers, your numbers and your own runs: one file to hand in.",
}


def show_machine() -> None:
    """Say what this machine has ready: data sets and stored runs."""
    try:
        ready = [info.title for info in datasets() if info.prepared]
        runs, active = open_store().count(), len(open_store().active())
    except (InputError, OSError, sqlite3.Error) as error:
        st.caption(with_code(f"The home folder cannot be read: {error}"))
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("On this machine", width="content")
        st.badge(
            f"{counted(len(ready), 'data set')} ready",
            icon=":material/photo_library:",
            help=plain(", ".join(ready)),
        )
        st.badge(counted(runs, "stored run"), icon=":material/show_chart:")
        if active:
            st.badge(f"{active} active", icon=":material/play_arrow:", color="green")


header("Convolutional networks", "See what each layer computes. Then train a network of your own, live.")
sliding_window(
    window_data(Conv2d(1, 3, padding=1), (1, 26, 26), autoplay=True, compact=True),
    key="home_window",
)
with st.grid(columns=4, min_column_width=180):
    for page in existing():
        if page.name in CARDS:
            with st.container(border=True, height="stretch"):
                link_to(page.name)
                st.caption(CARDS[page.name])
show_machine()
prefetch()
