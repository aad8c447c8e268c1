"""The shell around every page: the navigation. Run by `streamlit_app.py`, for every address.

The pages are given by absolute path: this script lies beside no `pages` folder, so that Streamlit's older way of
finding pages, which would run them without this shell, never comes into play.
"""

from pathlib import Path

import streamlit as st

PAGES = Path(__file__).parents[1]
# section -> (file and address, title in the navigation, icon); home has the address of the app itself
COURSE = {
    "": [("home", "Home", "home")],
    "Layers": [("convolution", "Convolution", "grid_on")],
    "Data": [("datasets", "Data sets", "photo_library"), ("augmentation", "Augmentation", "flip")],
    "Training": [("training", "Train", "show_chart")],
    "Course": [("course", "Questions", "school")],
}


def pages() -> dict[str, list[st.Page]]:
    """Return the pages of each section, those that exist."""
    return {
        section: [
            st.Page(PAGES / f"{name}.py", title=title, icon=f":material/{icon}:", url_path=name, default=name == "home")
            for name, title, icon in entries
            if (PAGES / f"{name}.py").exists()
        ]
        for section, entries in COURSE.items()
    }


st.set_page_config(page_title="Convolutional networks", page_icon=":material/grid_on:", layout="wide")
st.navigation({section: found for section, found in pages().items() if found}).run()
