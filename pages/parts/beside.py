"""Things side by side, or one below the other where the window is narrow."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def beside(least: int = 340) -> tuple[DeltaGenerator, DeltaGenerator]:
    """Return two places of one width, side by side where both have `least` pixels: a chart's legend needs as many."""
    both = st.grid(columns=2, min_column_width=least, gap="medium")
    return both.cell(), both.cell()


def in_shares(name: str, *shares: int) -> list[DeltaGenerator]:
    """Return places whose widths are as `shares`, while each has the least that pages.parts.header gives them.

    `name` tells them apart from others on the page.
    """
    return st.container(key=f"beside_{name}").columns(shares, gap="medium")
