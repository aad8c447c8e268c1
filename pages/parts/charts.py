"""A chart on a page."""

from typing import Literal

import pandas as pd
import streamlit as st

from cnncore.figures.curves import Chart


def draw(chart: Chart, key: str, alt: str, *, tall: bool = False) -> None:
    """Show a chart as wide as its place; with the same `key` only its data change from run to run.

    `alt` says what it shows to those who cannot see it. One that is `tall` is as high as a good part of the window.
    """
    place = st.container(key=f"tall_{key}") if tall else st
    height: Literal["stretch", "content"] = "stretch" if tall else "content"
    place.vega_lite_chart(pd.DataFrame(chart.data), chart.spec, key=key, width="stretch", height=height, alt=alt)
