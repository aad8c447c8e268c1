"""The door: `streamlit run streamlit_app.py`."""

from pathlib import Path

import streamlit as st

from pages.parts.lifespan import lifespan

app = st.App(Path(__file__).parent / "pages" / "parts" / "shell.py", lifespan=lifespan)
