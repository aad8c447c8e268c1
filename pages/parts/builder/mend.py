"""The way from an image size that does not fit to the builder's fixes for it."""

import streamlit as st

from cnncore.architecture import Shape
from cnncore.architecture.diagnosis import at_size
from pages.parts.current_network import current_network, edit
from pages.parts.link_to import go_to


def mend_at(shape: Shape) -> None:
    """Show a button that takes the network, as it is trained, to the builder with images of `shape`.

    The network is edited as the page is left, not before it is drawn: a page that speaks of what fits has no button
    for what does not.
    """
    if st.button("Mend it in the builder", key="mend", icon=":material/construction:"):
        edit(at_size(current_network(), shape))
        go_to("builder")
