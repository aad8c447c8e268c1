"""What an address asks of a layer whose control is not on the page.

Where one mode alone has this control, it is switched on; else it is said that what is shown does not take it.
"""

import streamlit as st

from pages.parts.address import asked
from pages.parts.layer_form import ADDRESS, CONVOLUTIONS, FIRST, FOREIGN, GEOMETRY, POOLS, TRANSPOSED, own
from pages.parts.plain import with_code


def imply() -> None:
    """Switch on what a value in the address has its effect in, where that is one mode and the address names no other.

    A width that differs from its height sets the two apart, an output padding is a transposed convolution's alone. What
    several layers have (ceil mode, groups) says of none which it is: see `explain_idle`.
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


def explain_idle() -> None:
    """Say what the address asks for and the layer that is shown has not; call it after the controls.

    It waits: once a layer that has it is chosen, its control appears and takes it. A value that would change nothing
    is not spoken of.
    """
    kind, apart = st.session_state[own("layer")], st.session_state.get(own("apart"), FIRST["apart"])
    idle = []
    for key in ADDRESS:
        wanted, name = asked(key), key.removeprefix(own(""))
        if wanted is None or wanted.lower() == _without_effect(name).lower():
            continue
        layers = [layer for layer in (*CONVOLUTIONS, *POOLS) if name.removesuffix("_width") not in FOREIGN[layer]]
        where = "" if kind in layers else f"for {', '.join(layers)}"
        if not where and name.endswith("_width") and not apart:
            where = "with height and width apart"
        if where:
            idle.append(f"`{key}={wanted[:40].replace('`', '')}` (only {where})")
    if idle:
        st.warning(
            with_code(
                f"The address asks for {', '.join(idle)}: no effect on the layer that is shown, {kind}. Choose what it "
                "is for, or leave it out."
            )
        )


def _without_effect(name: str) -> str:
    """Return the value with which a control changes nothing: its first one, or for a width that of its height."""
    return str(_height(name.removesuffix("_width")) if name.endswith("_width") else FIRST[name])


def _number(name: str) -> int | None:
    """Return the number that the address asks of a control, None where it asks for none."""
    try:
        return int(asked(own(name)) or "")
    except ValueError:
        return None


def _height(name: str) -> int:
    asked_for = _number(name)
    return FIRST[name] if asked_for is None else asked_for
