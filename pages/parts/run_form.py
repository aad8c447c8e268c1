"""The form that describes a run: a preset, a toggle for each improvement, and the numbers. Returns a RunConfig."""

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnncore.architecture import NETWORKS
from cnncore.data.augmentation import AUGMENTATIONS
from cnncore.data.prepared import datasets
from cnncore.runs.record import network_name
from cnncore.training.config import DeviceChoice, Optimizer, Precision, RunConfig, Schedule, Standardization
from cnncore.training.presets import title
from pages.parts.current_network import own_networks
from pages.parts.run_settings import (
    LIMITS,
    OWN,
    PRESETS_IN_ORDER,
    TOGGLES,
    apply_preset,
    begin,
    configuration,
    own_settings,
    write_address,
)


def run_form() -> tuple[RunConfig, DeltaGenerator]:
    """Show the form and return the configuration that it describes, and the place for the Start button.

    Raises `InputError` if the settings make no sense together.
    """
    begin()
    if "form_refused" in st.session_state:
        refused = st.session_state.pop("form_refused")
        st.warning(f"The address asks for `{refused}`, which this page does not know: the preset's own value is shown.")
    kept: dict[str, Any] = {"persist_state": "session", "on_change": own_settings}
    prepared = [info.name for info in datasets() if info.prepared]
    first, second, third = st.columns([3, 2, 2])
    first.selectbox(
        "Experiment",
        [*PRESETS_IN_ORDER, OWN],
        key="preset",
        format_func=lambda name: "Own settings" if name == OWN else title(name),
        **(kept | {"on_change": apply_preset}),
    )
    # A preset may name a data set that is not there yet: it is offered, and the page says how to get it.
    known = list(dict.fromkeys([*prepared, st.session_state.dataset, "cifar10", "mnist", "fashion-mnist"]))
    second.selectbox("Data set", known, key="dataset", **kept)
    own = [network.to_json() for network in own_networks().values()]
    networks = list(dict.fromkeys(["classroom", "practical", *NETWORKS, *own, st.session_state.network]))
    third.selectbox("Network", networks, key="network", format_func=network_name, **kept)
    with st.container(horizontal=True, gap="xsmall"):
        for key, (label, text) in TOGGLES.items():
            st.toggle(label, key=key, help=text, **kept)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input("Learning rate", *LIMITS["lr"], step=0.01, format="%g", key="lr", width=112, **kept)
        st.number_input("Batch size", *LIMITS["batch"], step=16, key="batch", width=96, **kept)
        st.number_input("Epochs", *LIMITS["epochs"], key="epochs", width=92, **kept)
        st.number_input("Seed", *LIMITS["seed"], key="seed", width=84, persist_state="session")
        with st.popover("More", icon=":material/tune:"):
            _more()
        start = st.container(horizontal=True, width="content")
    write_address()
    return configuration(), start


def _more() -> None:
    kept: dict[str, Any] = {"persist_state": "session", "on_change": own_settings}
    left, right = st.columns(2)
    kinds = [kind for kind in Standardization if kind is not Standardization.NONE]
    left.selectbox("Kind of standardization", kinds, key="std_kind", **kept)
    left.multiselect("Augmentation", list(AUGMENTATIONS), key="aug_kinds", **kept)
    left.number_input("Pixels of a shift (pad-crop)", *LIMITS["padding"], key="padding", **kept)
    left.number_input("Momentum", *LIMITS["mom_value"], step=0.05, key="mom_value", **kept)
    left.number_input("Train images (0: all)", *LIMITS["train_size"], step=500, key="train_size", **kept)
    schedules = [kind for kind in Schedule if kind is not Schedule.NONE]
    right.selectbox("Kind of schedule", schedules, key="sched_kind", **kept)
    right.number_input("Decay an epoch (exponential)", *LIMITS["decay"], step=0.01, key="decay", **kept)
    right.number_input("Dropout: probability of dropping", *LIMITS["drop_p"], step=0.1, key="drop_p", **kept)
    right.selectbox("Device", list(DeviceChoice), key="device", persist_state="session")
    left.selectbox("Optimizer", list(Optimizer), key="optimizer", **kept)
    left.toggle("Nesterov (with momentum)", key="nesterov", **kept)
    left.number_input("Weight decay", *LIMITS["weight_decay"], step=1e-4, format="%g", key="weight_decay", **kept)
    left.number_input("Label smoothing", *LIMITS["label_smoothing"], step=0.05, key="label_smoothing", **kept)
    left.number_input("Weights averaged over (epochs)", *LIMITS["average"], step=0.5, key="average", **kept)
    right.number_input("Warm-up (epochs)", *LIMITS["warmup_epochs"], step=0.5, key="warmup_epochs", **kept)
    right.text_input("Milestones (step schedule)", key="milestones", placeholder="1/2 and 3/4 of the epochs", **kept)
    right.number_input("Validation images", *LIMITS["validation_size"], step=100, key="validation_size", **kept)
    right.toggle("Score the train set after each epoch too (Q14)", key="train_eval", **kept)
    right.number_input("eps of the whitening", *LIMITS["whitening_eps"], format="%g", key="whitening_eps", **kept)
    left.number_input(
        "Rate of batch norm biases (times)",
        *LIMITS["norm_bias_rate"],
        format="%g",
        key="norm_bias_rate",
        help="Other than 1: the scales of batch norms stay at one, and their biases learn at so many times the rate.",
        **kept,
    )
    right.number_input("Logits times", *LIMITS["logit_scale"], step=0.1, format="%.4g", key="logit_scale", **kept)
    left.toggle(
        "Identity start",
        key="identity_start",
        help="Each convolution begins by passing on its inputs (Zagoruyko & Komodakis 2017).",
        **kept,
    )
    right.toggle(
        "Whitened patches",
        key="whitened_patches",
        help="The first convolution's filters are the principal components of the train images' patches, divided by "
        "their standard deviation, and do not learn (Page 2019).",
        **kept,
    )
    right.selectbox("Precision", list(Precision), key="precision", **kept)
