"""Data sets: what there is to train on, and how to bring your own."""

import streamlit as st

from cnncore.data.catalogue import BUILTIN
from cnncore.data.preparation import preparations
from cnncore.data.prepared import datasets, troubles
from pages.parts.dataset_cards import show_dataset
from pages.parts.dataset_form import show_form
from pages.parts.dataset_preparations import names_running, show_preparations
from pages.parts.header import header
from pages.parts.plain import with_code

header("Data sets", "What is there to learn from, and what does it look like?")
known = preparations()
states = {preparation.name: preparation.state for preparation in known}
entries = datasets()
for first in range(0, len(entries), 2):
    for column, info in zip(st.columns(2), entries[first : first + 2], strict=False):
        with column:
            show_dataset(info, states.get(info.name))
for trouble in troubles():
    st.warning(with_code(trouble), icon=":material/warning:")
show_form()
running = names_running(known)
st.fragment(show_preparations, run_every=1.0 if running else None)(running)
st.markdown(f"**Try:** prepare a folder of your own photographs, then train on it and on {BUILTIN.title.lower()}.")
