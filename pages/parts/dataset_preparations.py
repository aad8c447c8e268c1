"""The page Data sets: what is being prepared, by this window and by others."""

from collections.abc import Iterable

import streamlit as st

from cnncore.data.preparation import Preparation, cancel, dismiss, preparations, start
from cnncore.jobs import State
from cnncore.wording import duration
from pages.parts.plain import plain


def begun_here() -> set[str]:
    """Return the names of the preparations that this session has begun."""
    found: set[str] = st.session_state.setdefault("datasets_begun", set())
    return found


def begin(name: str, source: str | None = None, size: int | None = None) -> None:
    """Start a preparation."""
    start(name, source, size)
    begun_here().add(name)


def show_preparation(found: Preparation) -> None:
    """Show how one preparation stands, with the button that fits."""
    progress, key = found.progress, f"datasets_end_{found.name}"
    with st.container(border=True):
        if found.state is State.RUNNING:
            left = progress.remaining_seconds
            label = f"**{found.name}** · {plain(progress.line())}"
            st.progress(progress.fraction or 0.0, text=label)
            if left is not None and left > 600:
                st.caption(f"{duration(left)} to go: you can close this page, the download goes on.")
            st.button("Cancel", key=key, on_click=cancel, args=(found.name,), icon=":material/close:")
            return
        kinds = {State.DONE: st.success, State.FAILED: st.error, State.CANCELLED: st.info}
        with st.container(horizontal=True, vertical_alignment="center"):
            kinds[found.state](f"**{found.name}**: {plain(progress.message)}")
            st.button("Close", key=key, on_click=dismiss, args=(found.name,))


def names_running(found: Iterable[Preparation]) -> set[str]:
    """Return the names of the preparations that go on."""
    return {one.name for one in found if one.state is State.RUNNING}


def show_preparations(running: set[str]) -> None:
    """Show all preparations; when one that was `running` has ended, the whole page is drawn once more.

    After the last one polling stops.
    How those have ended that other sessions began is folded: on a shared machine they are somebody else's.
    """
    found = preparations()
    mine = begun_here()
    others = [one for one in found if one.state is not State.RUNNING and one.name not in mine]
    for preparation in found:
        if preparation not in others:
            show_preparation(preparation)
    if others:
        with st.expander(f"Begun in other windows, and ended: {len(others)}", icon=":material/history:"):
            for preparation in others:
                show_preparation(preparation)
    if running and names_running(found) != running:
        st.rerun()
