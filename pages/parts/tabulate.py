"""A table on a page."""

from typing import Any

import pandas as pd
import streamlit as st


def tabulate(rows: Any, **options: Any) -> Any:
    """Show what `pd.DataFrame` takes as a table as wide as its place, without row numbers, a dash where nothing is.

    `options` are those of `st.dataframe`, whose answer is returned: the selection, where `on_select` asks for one.
    """
    usual: dict[str, Any] = {"hide_index": True, "width": "stretch", "placeholder": "–"}
    return st.dataframe(pd.DataFrame(rows), **usual | options)
