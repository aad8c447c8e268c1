"""Things side by side, or one below the other where the window is narrow."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def beside(least: int = 340, level: str = "") -> tuple[DeltaGenerator, DeltaGenerator]:
    """Return two places of one width, side by side where both have `least` pixels: a chart's legend needs as many.

    Places that are `level`, by a name that tells them from others on the page, hold three things each at most, such as
    heading, chart and sentence: those of one rank begin at one height, however many lines the ones above have.
    """
    place = st.container(key=f"level_{level}") if level else st
    both = place.grid(columns=2, min_column_width=least, gap="medium")
    return both.cell(), both.cell()


def in_shares(name: str, *shares: int) -> list[DeltaGenerator]:
    """Return places whose widths are as `shares`, while each has the least that pages.parts.header gives them.

    `name` tells them apart from others on the page.
    """
    return st.container(key=f"beside_{name}").columns(shares, gap="medium")
