"""The form that describes a run: a preset, a toggle for each improvement, and the numbers. Returns a RunConfig."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnncore.architecture import NETWORKS
from cnncore.data.prepared import datasets
from cnncore.errors import InputError
from cnncore.runs.record import network_name
from cnncore.training.config import RunConfig
from cnncore.training.plan import plan_of
from cnncore.training.presets import title
from pages.parts.current_network import own_networks
from pages.parts.plain import with_code
from pages.parts.refusal import refuse
from pages.parts.run_judgement import start_and_show
from pages.parts.run_more import KEPT, show_more
from pages.parts.run_settings import (
    LIMITS,
    OWN,
    PRESETS_IN_ORDER,
    TOGGLES,
    apply_preset,
    begin,
    configuration,
    idle_toggles,
    write_address,
)


def run_form() -> tuple[RunConfig | None, DeltaGenerator]:
    """Show the form and return the configuration that it describes, and the place for the Start button.

    Settings that make no sense, alone or together, are said below it, and are no configuration.
    """
    begin()
    if "form_refused" in st.session_state:
        refused = st.session_state.pop("form_refused")
        text = f"The address asks for `{refused}`, which this page does not know: the preset's own value is shown."
        st.warning(with_code(text))
    prepared = [info.name for info in datasets() if info.prepared]
    choices = st.container(horizontal=True)
    first = choices.container(key="roomy_preset")
    second = choices.container(key="roomy_data", horizontal=True)
    first.selectbox(
        "Experiment",
        [*PRESETS_IN_ORDER, OWN],
        key="preset",
        format_func=lambda name: "Own settings" if name == OWN else title(name),
        **(KEPT | {"on_change": apply_preset}),
    )
    # A preset may name a data set that is not there yet: it is offered, and the page says how to get it.
    known = list(dict.fromkeys([*prepared, st.session_state.dataset, "cifar10", "mnist", "fashion-mnist"]))
    second.selectbox("Data set", known, key="dataset", **KEPT)
    own = [network.to_json() for network in own_networks().values()]
    networks = list(dict.fromkeys(["classroom", "practical", *NETWORKS, *own, st.session_state.network]))
    called = _called(networks)
    second.selectbox("Network", networks, key="network", format_func=called.__getitem__, **KEPT)
    with st.container(horizontal=True, gap="xsmall"):
        for key, (label, text) in TOGGLES.items():
            st.toggle(label, key=key, help=text, **KEPT)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input("Learning rate", *LIMITS["lr"], step=0.01, format="%g", key="lr", width=112, **KEPT)
        st.number_input("Batch size", *LIMITS["batch"], step=16, key="batch", width=96, **KEPT)
        st.number_input("Epochs", *LIMITS["epochs"], key="epochs", width=92, **KEPT)
        st.number_input("Seed", *LIMITS["seed"], key="seed", width=84, **KEPT)
        with st.popover("More", icon=":material/tune:"):
            show_more()
        start = st.container(horizontal=True, width="content")
    write_address()
    for label in idle_toggles():
        st.warning(
            f"**{label}** is on and does nothing: choose what it does under *More*, or switch it off.",
            icon=":material/event_busy:",
        )
    try:
        return configuration(), start
    except InputError as error:
        st.error(with_code(error))
        return None, start


def _called(networks: list[str]) -> dict[str, str]:
    """Return what each network is called. The browser knows choices by that alone: two of one name get a number."""
    called: dict[str, str] = {}
    for spec in networks:
        name = network_name(spec)
        words = (f"{name}{f' ({n})' if n else ''}" for n in (0, *range(2, len(networks) + 2)))
        called[spec] = next(word for word in words if word not in called.values())
    return called


def start_shown() -> None:
    """Start what the form holds when Start is pressed: a number may have been typed since the page was drawn last."""
    try:
        config = configuration()
        plan_of(config)
    except InputError as error:
        refuse(error)
    else:
        start_and_show(config)
