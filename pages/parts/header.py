"""What every page begins with."""

import streamlit as st

from cnncore.figures.palette import style_sheet

# Charts and pictures need little air around them, and a projector has few pixels: Streamlit's own margins are wide.
# Drawings and pictures read there --large, by how much they may grow where the window has room, and the colours. Charts
# in a place whose key begins with `tall` are as high as a good part of the window. Columns in one that begins with
# `beside` stand below one another as soon as they get too narrow; Streamlit's do only in a window of 640 pixels. A
# caption is faded as a whole: code in it, small and coloured, could not be read.
_STYLE = """<style>
[data-testid="stHeader"] { background: transparent; }
[data-testid="stMainBlockContainer"] { padding: 3.2rem clamp(1rem, 3vw, 3rem) 3rem; max-width: 1400px; }
:root { --large: 1; }
@media (min-width: 1400px) and (min-height: 850px) { :root { --large: 1.2; } }
@media (min-width: 1600px) and (min-height: 930px) { :root { --large: 1.35; } }
[class*="st-key-tall"] [data-testid="stElementContainer"] { height: clamp(270px, 37vh, 560px); }
[class*="st-key-beside"] > * > [data-testid="stHorizontalBlock"] > [data-testid="stColumn"] { min-width: 200px; }
[data-testid="stCaptionContainer"]:has(code) { opacity: .85; }
[data-testid="stCaptionContainer"] code { font-size: .93em; color: inherit; }
[data-testid="stMainBlockContainer"] h1 { font-size: 1.9rem; padding: 0 0 .1rem 0; }
COLOURS
</style>""".replace("COLOURS", style_sheet())


def header(title: str, question: str) -> None:
    """Show the page's title and the one question that it answers."""
    st.html(_STYLE)
    st.title(title, anchor=False)
    st.markdown(question)
