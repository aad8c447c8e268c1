"""The panel beside the list of layers: the chosen layer's buttons and form, and what to add after it."""

import streamlit as st

from cnncore.architecture import Network
from cnncore.architecture.diagnosis import Problem
from cnncore.architecture.editing import Place, layer_at, path_at
from cnncore.architecture.repair import fixes, repaired
from cnncore.architecture.starters import WORDS
from cnncore.figures.layer_list import detail
from pages.parts.builder.actions import add, move, remove, wrap
from pages.parts.builder.layer_fields import layer_fields
from pages.parts.current_network import edit
from pages.parts.plain import plain, with_code


def panel(network: Network, place: Place, numbers: str) -> None:
    """Show what can be done to the layer at `place`, or to the empty path there, and its `numbers`."""
    if not path_at(network, place):
        st.markdown("**An empty path**: it hands on the block's own input (the identity).")
        _add("Add a layer to it")
        return
    layer = layer_at(network, place)
    about = " · ".join(filter(None, [layer.kind if layer.name else "", plain(detail(layer))]))
    st.markdown(f"**{plain(layer.name or layer.kind)}**" + (f" · {about}" if about else ""))
    if numbers:
        st.caption(numbers)
    with st.container(horizontal=True, gap="small"):
        for step, icon, name in ((-1, "upward", "Earlier"), (1, "downward", "Later")):
            st.button(
                name,  # see builder.toolbar, which hides it
                key=f"move_{step}",
                icon=f":material/arrow_{icon}:",
                help=f"{name} (Alt {'↑' if step < 0 else '↓'})",
                on_click=move,
                args=(step,),
            )
        st.button("Remove", key="remove", icon=":material/delete:", help="Remove (Delete)", on_click=remove)
    _add("Add a layer after it")
    with layer_fields(layer):
        for block, text, icon in (
            ("residual", "Skip connection around it", "redo"),
            ("branches", "Branch beside it", "call_split"),
        ):
            st.button(text, key=f"wrap_{block}", icon=f":material/{icon}:", on_click=wrap, args=(block,))


def _add(label: str) -> None:
    st.selectbox(
        label, list(WORDS), None, key="add_kind", format_func=WORDS.__getitem__, placeholder="Choose", on_change=_added
    )


def _added() -> None:
    kind = st.session_state.add_kind
    st.session_state.add_kind = None
    if kind:
        add(kind)


def trouble(network: Network, found: list[Problem]) -> None:
    """Say what is wrong, in the layers' order, each with the ways to mend it."""
    for number, problem in enumerate(found[:4]):
        st.error(with_code(problem.sentence), icon=":material/block:")
        with st.container(horizontal=True, gap="small"):
            for fix in fixes(network, problem):
                key = f"fix_{number}_{fix.title}"
                st.button(plain(fix.title), key=key, icon=":material/build:", on_click=edit, args=(fix.network,))
    if len(found) > 4:
        st.caption(f"And {len(found) - 4} more.")
    if len(found) > 1 and (mended := repaired(network)) is not None:
        st.button("Mend all", key="mend_all", type="primary", on_click=edit, args=(mended,))
