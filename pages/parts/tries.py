"""Settings that lead to a surprise, one press away, and what to notice once one of them is set."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

Tries = Mapping[str, tuple[Mapping[str, Any], str]]  # what to press: what it sets, what to notice


def set_all(values: dict[str, Any]) -> None:
    """Set the controls to `values`: as a callback, before they are drawn."""
    st.session_state.update(values)


def show_tries(
    tries: Tries,
    first: dict[str, Any],
    apply: Callable[[dict[str, Any]], None] = set_all,
    holds: Callable[[dict[str, Any]], bool] | None = None,
) -> None:
    """Show a button for each setting, which sets all controls of `first`, those that it does not name to their first.

    Where the controls stand as one of them says, what to notice is shown. `apply` sets more than controls, and `holds`
    knows where more than they stands so.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="tries"):
        st.markdown("**Try**", width="content")
        for name, (values, _) in tries.items():
            st.button(name, key=f"try_{name}", on_click=apply, args=({**first, **values},))
    for values, notice in tries.values():
        if (holds or _stand)({**first, **values}):
            st.info(notice, icon=":material/lightbulb:")


def _stand(values: dict[str, Any]) -> bool:
    return all(st.session_state[key] == value for key, value in values.items())
