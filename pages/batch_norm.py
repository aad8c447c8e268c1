"""Batch norm: what it does to a layer's channels, and why an image's prediction depends on its neighbours."""

from typing import Any

import streamlit as st

from cnncore import compute
from cnncore.errors import InputError
from cnncore.training.config import RunConfig
from cnncore.training.network import has_batch_norm
from cnncore.training.presets import PRESETS
from pages.parts.address import asked, explain, remember
from pages.parts.awaited import awaited
from pages.parts.batch_norm_views import (
    ask_about,
    show_bias,
    show_bill,
    show_channels,
    show_depth,
    show_first_loss,
    show_neighbours,
    show_statistics,
)
from pages.parts.beside import beside
from pages.parts.dropout_views import EVAL_MODE, TRAIN_MODE
from pages.parts.folded import folded, why
from pages.parts.header import header
from pages.parts.inspected import norm_in_batches
from pages.parts.plain import with_code
from pages.parts.questions import questions
from pages.parts.refusal import guarded
from pages.parts.subject import choose_subject
from pages.parts.tries import show_tries

BATCHES = (1, 2, 4, 8, 16, 32, 64, 128)
ADDRESS = ("bn_run", "bn_moment", "bn_batch", "bn_others", "bn_mode", "bn_layer", "bn_channel")
FIRST: dict[str, Any] = {"bn_batch": 8, "bn_others": 0, "bn_mode": TRAIN_MODE, "bn_channel": 1}
# What to press, the setting, and what to notice once it is there.
TRY: dict[str, tuple[dict[str, Any], str]] = {
    "Two in a batch": (
        {"bn_batch": 2},
        "One other image, and it decides half of every statistic: the prediction is a lottery. Small batches and batch "
        "norm do not go together.",
    ),
    "Alone": (
        {"bn_batch": 1},
        "No other image, nothing moves, and yet train() does not say what eval() says: the image is normalised by its "
        "own mean and standard deviation, which takes away what made it different from others.",
    ),
    "128 in a batch": (
        {"bn_batch": 128},
        "The statistics of 128 images are nearly the same each time: the points draw together, towards what eval() "
        "says once the running statistics are good.",
    ),
    "Switch to eval()": (
        {"bn_mode": EVAL_MODE},
        "Running statistics instead of the batch's: the other images play no part, and all twenty answers are the "
        "same.",
    ),
}
WHY = r"""
**What it computes.** For each channel, over the N · H · W values of the batch: subtract their mean, divide by
$\sqrt{\sigma^2 + \epsilon}$, then multiply by a learned scale and add a learned shift. In eval() mode mean and variance
are the running ones: an image alone has no batch, and its answer must not depend on which images come with it.

**What it does.** Signals neither vanish nor explode with depth, larger learning rates are tolerated, the start is
faster. The noise of the other images regularizes a little.

**Why it helps** is disputed. Its authors' reason is *internal covariate shift*: without it, a layer's inputs change
whenever the layers before it do (Ioffe & Szegedy 2015). Santurkar et al. (2018) added such shifts on purpose, and batch
norm helped all the same: they found the loss smoother, so that larger steps go well.

**Its price.** More time per epoch (<<norm.time>>), two modes to mix up, and trouble with small batches or with a test
set whose statistics differ from the train set's.
"""


def lacks(config: RunConfig) -> str:
    """Return in a sentence that a run has no batch norm; empty if it has."""
    normed = has_batch_norm(config)
    if normed is None:
        return "That run's network cannot be read any more."
    return "" if normed else "That run has no batch norm."


header("Batch norm", "What does it do to a layer's numbers, and why do a batch's other images change a prediction?")
remember(*ADDRESS)
state = st.session_state
try:
    subject = choose_subject("bn", PRESETS["classroom-9"], lacks)
    with st.container(horizontal=True, vertical_alignment="bottom"):  # wraps where the window is narrow
        places = [st.container(width=width) for width in (180, 135, 145, 140, 120)]
    places[0].select_slider("Images in a batch", BATCHES, 8, key="bn_batch", bind="query-params")
    places[1].number_input("Other images", 0, 999, 0, key="bn_others", bind="query-params", help="Their seed.")
    places[2].segmented_control(
        "Mode", [TRAIN_MODE, EVAL_MODE], default=TRAIN_MODE, required=True, key="bn_mode", bind="query-params"
    )
    number = int(
        places[4].number_input("Channel", 1, 4096, 1, key="bn_channel", bind="query-params", help="Of the layer.")
    )
    explain({key: state[key] for key in ADDRESS if key in state and key != "bn_layer"})
    # Which layers there are is known once the network has been looked into; the first one is asked for by no name.
    kept, network = state.setdefault("bn_names", {}), (subject.run_id, subject.config.network)
    wanted: str = state.get("bn_layer") or asked("bn_layer") or ""
    layer: str = wanted if wanted in kept.get(network, ())[1:] else ""
    looked = awaited("norm", norm_in_batches, subject, layer, state.bn_batch, state.bn_others, height=400)
    if looked is not None:
        kept[network] = looked[0].names
        if wanted != layer and wanted in looked[0].names[1:]:
            st.rerun()  # the address names a layer that was not known yet
    names = kept.get(network, ())
    # Without names by another key: a choice that was drawn without options keeps "none" as its value.
    if names:
        places[3].selectbox("Layer", names, key="bn_layer", bind="query-params")
        explain({"bn_layer": state.bn_layer})
    else:
        places[3].selectbox("Layer", names, key="bn_no_layer", disabled=True, placeholder="…")
    if looked is not None:
        found, among = looked
        channel = min(number, len(found.mean))
        left, right = beside(level="bn_first")
        with left:
            show_neighbours(subject, among, state.bn_mode, state.bn_batch)
        with right:
            show_channels(found, channel)
    show_tries(TRY, FIRST)
    if looked is not None:
        show_statistics(subject, found, layer, state.bn_batch, channel)
    st.subheader("The bias before it", anchor=False)
    show_bias(subject, layer, state.bn_batch)
    deep = "A deep network before its first step"
    folded("bn_depth", deep, guarded, show_depth, subject, icon=":material/stacked_line_chart:")
    folded("bn_first", "The first loss", guarded, show_first_loss, subject, icon=":material/first_page:")
    if looked is not None:
        ask_about(subject, among)
except (InputError, compute.ComputeError) as error:
    st.error(with_code(error), icon=":material/block:")
folded("bn_bill", "What it costs, and what it did", show_bill, icon=":material/receipt_long:")
why(WHY)
questions("batch_norm")
