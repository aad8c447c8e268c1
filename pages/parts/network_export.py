"""Networks go out: PyTorch code, JSON, ONNX."""

import streamlit as st

from cnncore import compute
from cnncore.architecture import Network, describe, network_code
from cnncore.errors import InputError
from cnncore.runs.snapshots import checkpoint_time
from pages.parts.awaited import awaited
from pages.parts.onnx_file import onnx_file
from pages.parts.plain import plain, with_code
from pages.parts.run_picker import run_picker

_MOST_ONNX = 60_000_000  # parameters, four bytes each: what a browser is sent at a click; ResNet-152 fits, VGG does not


def show_export(network: Network) -> None:
    """Show the ways out."""
    st.markdown("##### Export this one")
    name = "".join(c if c.isalnum() or c in "-_" else "-" for c in network.name) or "network"
    with st.container(horizontal=True):
        st.download_button(
            "PyTorch code", network_code(network), f"{name}.py", "text/x-python", on_click="ignore", key="exchange_code"
        )
        st.download_button(
            "Description (JSON)",
            network.to_json(),
            f"{name}.json",
            "application/json",
            on_click="ignore",
            key="exchange_json",
        )
    st.caption("The code runs by itself and checks its own output shape; both can be loaded here again.")
    _onnx(network, name)


def _onnx(network: Network, name: str) -> None:
    """Make an ONNX file when asked to; it is on offer as long as the network and the weights stay the same."""
    if describe(network).parameters > _MOST_ONNX:
        st.caption(
            f"ONNX holds the weights too: {describe(network).parameters * 4 / 1e6:,.0f} MB are more than a page should "
            "send. From Python: `to_onnx(network)` of `cnncore.architecture.onnx`."
        )
        return
    weights = st.segmented_control(
        "Weights in the ONNX file", ["fresh", "of a stored run"], default="fresh", required=True, key="exchange_weights"
    )
    try:
        run = run_picker("exchange_run") if weights != "fresh" else None
    except InputError as error:
        st.error(with_code(error), icon=":material/block:")
        return
    if weights != "fresh" and run is None:
        st.caption("No run has a checkpoint yet: train one first.")
        return
    wanted = network, run.id if run else None, checkpoint_time(run.id) if run else 0
    if st.button("Make the ONNX file", key="exchange_onnx"):
        st.session_state["exchange_made"] = wanted
    if st.session_state.get("exchange_made") == wanted:
        try:
            file = awaited("exchange_onnx", onnx_file, *wanted, height=40)
        except (InputError, compute.ComputeError) as error:
            del st.session_state["exchange_made"]
            st.error(with_code(error), icon=":material/block:")
            return
        if file is None:
            st.caption("PyTorch exports the network: a few seconds.")
            return
        length = file.stat().st_size if file.exists() else 0  # made again at the click if others took its place
        size = f"{length / 1e6:,.1f} MB" if length > 10**5 else f"{length / 1e3:,.0f} kB"
        st.download_button(
            f"{plain(name)}.onnx ({size})",
            lambda: onnx_file(*wanted).read_bytes(),  # read at the click: no session holds it
            f"{name}.onnx",
            "application/octet-stream",
            on_click="ignore",
            key="exchange_file_out",
        )
    else:
        st.caption("Any number of images at this size; `images` in, `output` out, in eval().")
