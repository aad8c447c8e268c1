"""A network in and out of the app: JSON both ways, PyTorch code out."""

import streamlit as st

from cnncore.architecture import Network, network_code
from cnncore.errors import InputError
from pages.parts.current_network import edit

_LARGEST = 1_000_000  # bytes; the largest network of the catalogue has 10 kB


def in_and_out(network: Network) -> None:
    """Show how to save the network to a file, to load one, and its PyTorch code."""
    left, right = st.columns(2)
    left.download_button(
        "Save as a file (JSON)",
        network.to_json(),
        f"{network.name}.json",
        icon=":material/download:",
        on_click="ignore",
    )
    right.file_uploader("Load a file (JSON)", "json", key="network_file", on_change=_load)
    if "network_file_refused" in st.session_state:
        st.error(st.session_state.pop("network_file_refused"), icon=":material/block:")
    try:
        st.code(network_code(network), language="python")
    except InputError as error:
        st.caption(f"PyTorch code once its layers fit: {error}")


def _load() -> None:
    file = st.session_state.network_file
    if file is None:
        return
    try:
        if file.size > _LARGEST:
            raise InputError(
                f"`file` (={file.size / 1e6:.1f} MB) must be a description of at most 1 MB: this is something else."
            )
        try:
            text = file.getvalue().decode()
        except UnicodeDecodeError:
            raise InputError(f"`file` (={file.name!r}) is not text: give a JSON description.") from None
        edit(Network.from_json(text))
    except InputError as error:
        st.session_state.network_file_refused = str(error)
