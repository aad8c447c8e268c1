"""What can be done to the whole network: undo, redo, save, train; its image, and how its dense layers take it."""

import streamlit as st

from cnncore.architecture import NETWORKS, Network
from cnncore.architecture.editing import with_input
from cnncore.architecture.saved import saved_networks
from cnncore.errors import InputError
from pages.parts.builder.actions import hold_dense, holds_dense
from pages.parts.current_network import can_redo, can_undo, current_network, edit, forget, is_draft, redo, save, undo
from pages.parts.link_to import go_to
from pages.parts.plain import plain, with_code
from pages.parts.run_settings import use_network

# Buttons with an icon alone have a name all the same, for those who do not see it.
_ICONS = """<style>
:is(.st-key-undo, .st-key-redo, .st-key-move_-1, .st-key-move_1, .st-key-remove) [data-testid="stMarkdownContainer"] {
position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}
</style>"""
_AXES = ("Channels", "Height", "Width")


def toolbar(network: Network, fits: bool) -> None:
    """Show the buttons; a network with a problem cannot be trained."""
    st.html(_ICONS)
    st.button("Undo", key="undo", icon=":material/undo:", help="Undo", on_click=undo, disabled=not can_undo())
    st.button("Redo", key="redo", icon=":material/redo:", help="Redo", on_click=redo, disabled=not can_redo())
    with st.popover("Save", icon=":material/save:"):
        _saving(network)
    train = st.button(
        "Train this network",
        key="train",
        type="primary",
        icon=":material/show_chart:",
        disabled=not fits,
    )
    if train and fits:  # a field may have changed it in the same moment
        use_network(network)
        go_to("training")


def image_fields(network: Network) -> None:
    """Show the shape of the image that the network is made for, and how its dense layers take what arrives."""
    for axis, label in enumerate(_AXES):
        key = f"image_{axis}"
        st.session_state[key] = network.input[axis]
        st.number_input(label, 1, 4096, None, step=1, key=key, on_change=_resize, width=118)  # emptied: as it was
    st.session_state.hold_dense = holds_dense(network)
    st.toggle(
        "Dense layers keep their inputs",
        key="hold_dense",
        on_change=_hold,
        help="As in PyTorch, where nn.Linear says how many values arrive. Off: each takes whatever arrives.",
    )


def _resize() -> None:
    values = [st.session_state[f"image_{axis}"] for axis in range(3)]
    if None not in values:
        edit(with_input(current_network(), (values[0], values[1], values[2])))


def _hold() -> None:
    hold_dense(st.session_state.hold_dense)


def _saving(network: Network) -> None:
    own = network.name not in NETWORKS
    taken = saved_networks()
    st.text_input("Name", network.name if own else f"my {network.name}", max_chars=40, key=f"save_as_{network.name}")
    name = st.session_state[f"save_as_{network.name}"].strip()
    overwrite = name in taken and st.checkbox("Replace the saved network of this name", key=f"overwrite_{name}")
    st.button("Save", key="save", on_click=_save, disabled=name in taken and not overwrite)
    if own:
        st.button("Delete it", key="forget", icon=":material/delete:", on_click=_forget)
    st.caption(
        "Saved networks belong to everybody who uses this app. "
        + ("This one is not saved yet." if is_draft() else "This one is as it was saved." if own else "")
    )
    if "save_refused" in st.session_state:
        st.error(with_code(st.session_state.pop("save_refused")))


def _save() -> None:
    """Save under the name that stands there when Save is pressed: it may have been typed since the page was drawn."""
    name = st.session_state[f"save_as_{current_network().name}"].strip()
    try:
        save(name, st.session_state.get(f"overwrite_{name}", False))
    except InputError as error:
        st.session_state.save_refused = str(error)
    else:
        st.toast(f"Saved as {plain(name)}.")


def _forget() -> None:
    try:
        forget()
    except InputError as error:
        st.session_state.save_refused = str(error)
