"""What every page does to show a chart."""

import pandas as pd
import streamlit as st

from cnncore.figures.curves import Chart


def draw(chart: Chart, key: str, alt: str) -> None:
    """Show a chart over the width of where it stands; `alt` says in words what it shows."""
    st.vega_lite_chart(pd.DataFrame(chart.data), chart.spec, key=key, width="stretch", alt=alt)


def ink() -> str:
    """Return the theme's text colour, for marks that are neither data nor axis."""
    return {"dark": "#E8EDF2"}.get(st.context.theme.type or "light", "#17202A")
