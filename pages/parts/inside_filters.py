"""The first layer's filters, epoch by epoch."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore.figures.first_filters import change_chart, filter_pictures
from cnncore.inspection.activations import Forward
from cnncore.inspection.filters import FilterHistory, filter_history
from cnncore.runs.snapshots import snapshot_folder
from cnncore.wording import dimensions
from pages.parts.address import explain
from pages.parts.beside import in_shares
from pages.parts.charts import draw
from pages.parts.pictures import Tile, grid

_NONE = "The first layer of this network is no convolution: it has no filters to look at."


@st.cache_data(max_entries=8, show_spinner="Reading the filters ...")
def _history(run_id: str, written: tuple[tuple[int, int], ...]) -> FilterHistory | None:  # noqa: ARG001
    """Return the filters after each epoch; `written` are those and when: a run that went on has more, or others."""
    return filter_history(run_id)


def show_filters(run_id: str) -> None:
    """Show the filters of a stored run after an epoch, on one scale for all epochs, and how far they have moved."""
    folder = snapshot_folder(run_id)
    history = _history(run_id, tuple((epoch, folder.written(epoch)) for epoch in folder.epochs()))
    if history is None:
        st.caption(_NONE)
        return
    epochs = history.epochs
    epoch = st.select_slider(
        "First-layer filters over the epochs, 0 is before training",
        epochs,
        epochs[-1],
        key="inside_filters",
        bind="query-params",
    )
    explain({"inside_filters": epoch})
    place = epochs.index(epoch)
    filters, change, growth = history.filters[place], history.change[place], history.growth[place]
    left, right = in_shares("filters", 3, 2)
    with left:
        _tiles(filters, history.limit, [f"{n}: {100 * moved:.0f} %" for n, moved in enumerate(change, start=1)])
        st.caption(
            f"{_scale(filters, history.limit)}, at every epoch. Below each: how far it has moved, ‖w − w₀‖ / ‖w₀‖."
        )
    with right:
        draw(change_chart(history, place), "inside_change", "How far the filters have moved by each epoch")
        moved = ", ".join(f"{n + 1} ({100 * change[n]:.0f} %)" for n in history.most_changed(place))
        longer = int((growth > 1).sum())
        st.markdown(
            f"After epoch {epoch} the filters have moved by **{100 * np.median(change):.0f} %** of their first length "
            f"(median); farthest: {moved}. {longer} of {len(growth)} are longer than at first (‖w‖ / ‖w₀‖ from "
            f"{growth.min():.2f} to {growth.max():.2f})."
        )


def show_fresh_filters(found: Forward) -> None:
    """Show the filters of an untrained network."""
    if not found.filters.size:
        st.caption(_NONE)
        return
    st.markdown("**First-layer filters**, before training")
    limit = float(np.abs(found.filters).max()) or 1.0
    _tiles(found.filters, limit, [str(n) for n in range(1, len(found.filters) + 1)])
    st.caption(f"{_scale(found.filters, limit)}. Random numbers, as PyTorch draws them: train, and see them change.")


def _tiles(filters: NDArray[np.float32], limit: float, captions: list[str]) -> None:
    pictures = filter_pictures(filters, limit)
    tiles = [Tile(picture, text) for picture, text in zip(pictures, captions, strict=True)]
    st.html(grid(tiles, 56))


def _scale(filters: NDArray[np.float32], limit: float) -> str:
    shape = dimensions(filters.shape[1:])
    return (
        f"{len(filters)} filters of {shape}, one scale for all: weight 0 is grey, a channel at ±{limit:.2f} full or off"
    )
