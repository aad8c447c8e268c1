"""Networks in and out: PyTorch code, JSON, torchvision's models; what is drawn here as code, JSON and ONNX."""

from dataclasses import replace

import streamlit as st

from cnncore import compute
from cnncore.architecture import Network, Shape, describe, network_code
from cnncore.architecture.pytorch_source import LONGEST, parse_pytorch
from cnncore.architecture.torchvision_names import TORCHVISION
from cnncore.commands.layer import shape
from cnncore.errors import InputError
from cnncore.runs.snapshots import checkpoint_time
from pages.parts.awaited import awaited
from pages.parts.current_network import edit
from pages.parts.onnx_file import onnx_file
from pages.parts.plain import plain, with_code
from pages.parts.run_picker import run_picker

_CODE, _FILE, _TORCHVISION = "Paste", "File", "torchvision"
_PASTE = """model = nn.Sequential(
    nn.Conv2d(3, 32, 5, padding=2),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(32 * 16 * 16, 10),
)"""
_MOST_ONNX = 60_000_000  # parameters, four bytes each: what a browser is sent at a click; ResNet-152 fits, VGG does not


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
        st.session_state.pop("exchange_awaited", None)  # what comes now is not loaded behind the reader's back
        return None
    with place:
        first, second = st.columns(2, gap="large")
        with first:
            loaded = _bring()
        try:
            describe(network)
        except InputError as error:
            with second:
                st.caption(f"It can be exported once its layers fit: {plain(str(error))}")
            return loaded
        with second:
            _take(network)
        with st.expander("The code that goes out", icon=":material/code:"):
            st.code(network_code(network), language="python", height=360)
    return loaded


def _bring() -> Network | None:
    """Show the ways in; return the network that was just loaded, or say why there is none."""
    st.markdown("##### Import a network")
    way = st.segmented_control(
        "From",
        [_CODE, _FILE, _TORCHVISION],
        default=_CODE,
        required=True,
        key="exchange_way",
        label_visibility="collapsed",
    )
    if way == _TORCHVISION:
        name = st.selectbox("Model of torchvision", TORCHVISION, TORCHVISION.index("resnet34"), key="exchange_model")
        st.caption("Its structure as torchvision builds it, traced operation by operation; no weights are downloaded.")
        ask = st.button("Load the model", key="exchange_load", type="primary")
        return _from_torchvision(name, ask)
    st.session_state.pop("exchange_awaited", None)
    if way == _FILE:
        file = st.file_uploader(
            "A description (.json) or PyTorch code (.py)", ["json", "py"], key="exchange_file", max_upload_size=1
        )
        ask = st.button("Load the file", key="exchange_load", type="primary", disabled=file is None)
    else:
        st.text_area(
            "PyTorch code, or a description as JSON",
            height=210,
            key="exchange_text",
            placeholder=_PASTE,
            max_chars=LONGEST,
        )
        st.caption(
            "An `nn.Sequential`, or a class with `__init__` and `forward`, residual sums and concatenations included. "
            "It is read, never run."
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            ask = st.button("Read it", key="exchange_load", type="primary")
            st.text_input("for images of", key="exchange_input", placeholder="as the code says, or as fits", width=250)
    if not ask:
        return None
    try:
        if way == _FILE:
            return _from_file(file.name, file.getvalue()) if file is not None else None
        image = st.session_state.exchange_input.strip()
        return _from_text(st.session_state.exchange_text, shape("images", image) if image else None)
    except (InputError, compute.ComputeError) as error:
        st.error(with_code(error), icon=":material/block:")
        return None


def _from_torchvision(name: str, asked: bool) -> Network | None:
    """Return the model once it has come after the reader asked for it; who chooses another one meanwhile has not."""
    if asked:
        st.session_state["exchange_awaited"] = name
    if st.session_state.get("exchange_awaited") != name:
        return None
    try:
        found = awaited("exchange_model", _torchvision, name, height=40)
    except (InputError, compute.ComputeError) as error:
        del st.session_state["exchange_awaited"]
        st.error(with_code(error), icon=":material/block:")
        return None
    if found is not None:
        del st.session_state["exchange_awaited"]
    return found


def _from_text(text: str, image: Shape | None = None) -> Network:
    if not text.strip():
        raise InputError("there is nothing to read yet: paste PyTorch code or a description into the field.")
    if not text.lstrip().startswith("{"):
        return parse_pytorch(text, image)
    network = Network.from_json(text)
    network = network if image is None else replace(network, input=image)
    describe(network)  # refuses layers that do not fit each other, before anybody draws them
    return network


def _from_file(name: str, content: bytes) -> Network:
    if len(content) > LONGEST:
        raise InputError(f"`{name}` (={len(content)} bytes) must have at most {LONGEST}: give the network alone.")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"`{name}` is not text in UTF-8 ({error.reason}): save it as such.") from None
    return _from_text(text)


@st.cache_data(max_entries=64, show_spinner=False)
def _torchvision(name: str) -> Network:
    network = compute.call("cnncore.architecture.modules:torchvision_network", timeout=60.0, name=name)
    assert isinstance(network, Network)
    return network


def _take(network: Network) -> None:
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
            st.caption("PyTorch exports the network, some seconds.")
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
