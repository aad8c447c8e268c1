"""Networks come in: PyTorch code, JSON, torchvision's models."""

from dataclasses import replace

import streamlit as st

from cnncore import compute
from cnncore.architecture import Network, Shape, describe
from cnncore.architecture.reading.paste import LONGEST
from cnncore.architecture.torchvision_names import TORCHVISION
from cnncore.commands.layer import shape
from cnncore.errors import InputError
from pages.parts.awaited import awaited
from pages.parts.plain import with_code

_CODE, _FILE, _TORCHVISION = "Paste", "File", "torchvision"
_READING = 10.0  # seconds; the longest code of torchvision takes less than one
_PASTE = """model = nn.Sequential(
    nn.Conv2d(3, 32, 5, padding=2),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(32 * 16 * 16, 10),
)"""


def forget_awaited() -> None:
    """Forget the model that was asked for and has not come: what comes now is not loaded behind the reader's back."""
    st.session_state.pop("exchange_awaited", None)


def show_import() -> Network | None:
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
    forget_awaited()
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
        return _from_code(text, image)
    network = Network.from_json(text)
    network = network if image is None else replace(network, input=image)
    describe(network)  # refuses layers that do not fit each other, before anybody draws them
    return network


def _from_code(text: str, image: Shape | None) -> Network:
    """Return what code builds, read in a process of its own: somebody's text may ask for more than can be foreseen."""
    with st.spinner("Reading the code"):
        network = compute.call(
            "cnncore.architecture.pytorch_source:parse_pytorch",
            timeout=_READING,
            apart=True,
            text=text,
            input=image,
        )
    assert isinstance(network, Network)
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
