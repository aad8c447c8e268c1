"""Several runs by one click: a fair pair that differs in one toggle, or one configuration with several seeds."""

import secrets
import time
from collections.abc import Callable

import streamlit as st

from cnncore.errors import InputError
from cnncore.runs import client
from cnncore.training.comparison import ON, pair, seeds
from cnncore.training.config import RunConfig
from cnncore.training.plan import plan_of
from pages.parts.plain import with_code
from pages.parts.refusal import refuse
from pages.parts.run_settings import configuration

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


def new_group(words: str, moment: str) -> str:
    """Return a group's name, with the `moment` as strftime writes it: no two starts, even of one second, share it."""
    return f"{words}{time.strftime(moment)} {secrets.token_hex(2)}"


def start_together(configs: Callable[[RunConfig], tuple[RunConfig, ...]], words: str) -> None:
    """Queue the runs that `configs` makes of what the form holds now, and show them, each one when its turn comes."""
    group = new_group(f"{words}, ", "%d.%m. %H:%M:%S")
    try:
        config = configuration()  # a number may have been typed since the page was drawn last
        plan_of(config)
        client.start_many(configs(config), group)
    except InputError as error:
        refuse(error)
        return
    st.query_params.pop("run", None)
    st.query_params["group"] = group


def _start_pair() -> None:
    field = st.session_state.pair_field
    start_together(lambda config: pair(config, field), f"{NAMES[field]}: without and with")


def _start_seeds() -> None:
    count = int(st.session_state.seed_count)
    start_together(lambda config: seeds(config, count), f"{count} seeds")


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
            on_click=_start_pair,
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
            on_click=_start_seeds,
        )
