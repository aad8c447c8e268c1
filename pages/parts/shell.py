"""The shell around every page: the navigation. `streamlit_app.py` has it run for every address.

It lies beside no folder named `pages`, so that Streamlit's older way of finding pages, which would run them without
this shell, never comes into play.
"""

from pathlib import Path

import streamlit as st

from pages.parts.address import opened
from pages.parts.hidden import hide
from pages.parts.navigation import existing

ICON = Path(__file__).with_name("icon.svg")  # a file: for a named symbol the browser would ask an outside host

st.set_page_config(page_title="Convolutional networks", page_icon=ICON, layout="wide")
sections: dict[str, list[st.Page]] = {}
for entry in existing():
    home = entry.name == "home"
    page = st.Page(entry.path, title=entry.title, icon=entry.icon, url_path=None if home else entry.name, default=home)
    sections.setdefault(entry.section, []).append(page)
shown = st.navigation(sections)
opened(shown.url_path)
hide()
shown.run()
