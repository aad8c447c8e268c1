"""Networks in and out of the pages that show one."""

import streamlit as st

from cnncore.architecture import Network, describe, network_code
from cnncore.errors import InputError
from pages.parts.current_network import edit
from pages.parts.network_export import show_export
from pages.parts.network_import import forget_awaited, show_import
from pages.parts.plain import plain


def exchange(network: Network) -> None:
    """Show the expander *In and out* for the current network; one that is loaded becomes the current one."""
    loaded = network_exchange(network)
    if loaded is not None:
        edit(loaded)
        st.rerun()


def network_exchange(network: Network) -> Network | None:
    """Show the expander *In and out* for `network`; return a network in the rerun that loads one, else None."""
    place = st.expander(
        "In and out: PyTorch, torchvision, JSON, ONNX",
        icon=":material/swap_horiz:",
        key="exchange",
        on_change="rerun",  # made when it is unfolded; no fragment: the page has to know what came in
    )
    if not place.open:
        forget_awaited()
        return None
    with place:
        first, second = st.columns(2, gap="large")
        with first:
            loaded = show_import()
        try:
            describe(network)
        except InputError as error:
            with second:
                st.caption(f"It can be exported once its layers fit: {plain(str(error))}")
            return loaded
        with second:
            show_export(network)
        with st.expander("The code that goes out", icon=":material/code:"):
            st.code(network_code(network), language="python", height=360)
    return loaded
