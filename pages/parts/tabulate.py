"""A table on a page."""

from typing import Any

import pandas as pd
import streamlit as st

MEASURED = 9  # rows, and the last: a column is by itself as wide as what stands in these
LINE, AROUND = 19, 16  # pixels: a line of text in a row, and the room above and below
BROKEN = 65  # pixels: only in rows as high as this does Streamlit break a text (more than 4 rem)


def tabulate(rows: Any, lines: int = 1, **options: Any) -> Any:
    """Show what `pd.DataFrame` takes as a table as wide as its place, without row numbers, a dash where nothing is.

    In rows of several `lines` a text that is longer than its column is broken. `options` are those of `st.dataframe`,
    whose answer is returned: the selection, where `on_select` asks for one.
    """
    table = pd.DataFrame(rows)
    usual: dict[str, Any] = {"hide_index": True, "width": "stretch", "placeholder": "–"}
    usual |= {"row_height": row_height(lines)} if lines > 1 else {}
    columns = dict(options.pop("column_config", {}))
    for name, width in _wide(table).items():
        told = {key: value for key, value in columns.get(name, {}).items() if value is not None}
        columns[name] = {"width": width} | told
    return st.dataframe(table, column_config=columns, **usual | options)


def row_height(lines: int) -> int:
    """Return the pixels of a row with so many lines of text."""
    return max(AROUND + LINE * lines, BROKEN if lines > 1 else 0)


def _wide(table: pd.DataFrame) -> dict[Any, int]:
    """Return widths for columns that would cut off what stands further down than their width is measured."""
    widths = {}
    for name in table.columns if len(table) > MEASURED + 1 else ():
        texts = [f"{value:,}" if isinstance(value, int) else str(value) for value in table[name]]
        seen = [str(name), *texts[:MEASURED], texts[-1]]
        if table[name].map(type).isin({str, int}).all() and max(map(len, texts)) > max(map(len, seen)):
            widths[name] = 18 + 7 * max(map(len, texts))
    return widths
