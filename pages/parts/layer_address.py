"""What an address asks of a layer whose control is not on the page: the mode that has this control is switched on."""

import streamlit as st

from pages.parts.address import asked
from pages.parts.layer_form import FIRST, GEOMETRY, TRANSPOSED, own


def imply() -> None:
    """Switch on what a value in the address has its effect in, where that is one mode and the address names no other.

    A width that differs from its height sets the two apart, an output padding is a transposed convolution's alone. What
    several layers have (ceil mode, groups) says of none which it is: it waits until its control is shown.
    """
    meant: dict[str, object] = {}
    names = [*GEOMETRY, *(["output_padding"] if asked(own("layer")) in (None, TRANSPOSED) else [])]
    apart = [name for name in names if _number(f"{name}_width") not in (None, _height(name))]
    if own("apart") not in st.query_params and apart:
        # The other widths are as their heights are, as when the two are set apart by hand.
        heights = {name: _height(name) for name in names if name not in apart}
        meant |= {f"{name}_width": height for name, height in heights.items() if height != FIRST[name]}
        meant["apart"] = True
    if own("layer") not in st.query_params and (_number("output_padding") or "output_padding" in apart):
        meant["layer"] = TRANSPOSED
    for name, value in meant.items():
        st.session_state[own(name)] = value
        st.query_params[own(name)] = str(value)
    if meant:
        st.rerun()  # Streamlit gives its controls what stood in the address when the script began


def _number(name: str) -> int | None:
    """Return the number that the address asks of a control, None where it asks for none."""
    try:
        return int(asked(own(name)) or "")
    except ValueError:
        return None


def _height(name: str) -> int:
    asked_for = _number(name)
    return FIRST[name] if asked_for is None else asked_for
