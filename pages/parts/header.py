"""What every page begins with."""

import streamlit as st

# Charts and pictures need little air around them, and a projector has few pixels: Streamlit's own margins are wide.
_STYLE = """<style>
[data-testid="stHeader"] { background: transparent; }
[data-testid="stMainBlockContainer"] { padding-top: 3.2rem; padding-bottom: 3rem; max-width: 1240px; }
[data-testid="stMainBlockContainer"] h1 { font-size: 1.9rem; padding: 0 0 .1rem 0; }
</style>"""


def header(title: str, question: str) -> None:
    """Show the page's title and the one question that it answers."""
    st.html(_STYLE)
    st.title(title, anchor=False)
    st.markdown(question)
