"""Several runs by one click: a fair pair that differs in one toggle, or one configuration with several seeds."""

import time

import streamlit as st

from cnncore.errors import InputError
from cnncore.runs import client
from cnncore.training.comparison import ON, pair, seeds
from cnncore.training.config import RunConfig
from pages.parts.plain import with_code
from pages.parts.refusal import refuse

NAMES = {
    "standardize": "Standardization",
    "augment": "Crop and flip",
    "momentum": "Momentum",
    "nesterov": "Nesterov",
    "weight_decay": "Weight decay",
    "label_smoothing": "Label smoothing",
    "average": "Averaged weights",
    "optimizer": "Adam instead of SGD",
    "schedule": "Schedule",
    "warmup_epochs": "Warm-up",
    "dropout": "Dropout",
    "batch_norm": "Batch norm",
}


def start_together(configs: tuple[RunConfig, ...], group: str) -> None:
    """Queue the runs and show them together, each one when its turn comes."""
    group = f"{group}, {time.strftime('%d.%m. %H:%M:%S')}"  # two starts are two groups
    try:
        client.start_many(configs, group)
    except InputError as error:
        refuse(error)
        return
    st.query_params.pop("run", None)
    st.query_params["group"] = group


def several(config: RunConfig, ready: bool) -> None:
    """Show the ways to start several runs of the form's configuration."""
    with st.popover("Several", icon=":material/compare_arrows:"):
        st.markdown("**Fair pair**: the same initial weights, the same images in the same order, one toggle apart.")
        field = st.selectbox("Toggle", list(ON), format_func=NAMES.__getitem__, key="pair_field")
        two: tuple[RunConfig, ...] = ()
        try:
            two = pair(config, field)
        except InputError as error:
            st.caption(with_code(error))
        st.button(
            "Start both",
            key="start_pair",
            icon=":material/compare_arrows:",
            disabled=not (ready and two),
            on_click=start_together,
            args=(two, f"{NAMES[field]}: without and with"),
        )
        st.divider()
        st.markdown("**Seeds**: the same run from other initial weights and in another order. How far do they spread?")
        count = int(st.number_input("Runs", 2, 10, 3, key="seed_count"))
        all_seeds: tuple[RunConfig, ...] = ()
        try:
            all_seeds = seeds(config, count)
        except InputError as error:
            st.caption(with_code(error))
        st.button(
            f"Start {count} seeds",
            key="start_seeds",
            icon=":material/casino:",
            disabled=not (ready and all_seeds),
            on_click=start_together,
            args=(all_seeds, f"{count} seeds"),
        )
