"""Dropout: what a mask does to a layer, where the factor 1 - p goes, and what train() and eval() predict."""

from typing import Any

import streamlit as st

from cnncore import compute
from cnncore.errors import InputError
from cnncore.inspection.masks import Books, accounts
from cnncore.training.presets import PRESETS
from pages.parts.address import explain, remember
from pages.parts.awaited import awaited
from pages.parts.dropout_views import EVAL_MODE, TRAIN_MODE, ask_about, show_layer, show_measured, show_modes
from pages.parts.folded import folded, why
from pages.parts.header import header
from pages.parts.inspected import hidden_and_passes
from pages.parts.plain import with_code
from pages.parts.questions import questions
from pages.parts.subject import choose_subject
from pages.parts.tries import show_tries

ADDRESS = ("dropout_run", "dropout_moment", "dropout_p", "dropout_mask", "dropout_books", "dropout_mode")
FIRST: dict[str, Any] = {
    "dropout_p": 0.5,
    "dropout_mask": 0,
    "dropout_books": Books.PYTORCH,
    "dropout_mode": TRAIN_MODE,
}
# What to press, the setting, and what to notice once it is there.
TRY: dict[str, tuple[dict[str, Any], str]] = {
    "Another mask": (
        {"dropout_mask": 1},
        "Other units, another score for the same image: the network that the next layer meets is a new one at every "
        "step. There are 2 to the power of the number of units.",
    ),
    "Do both": (
        {"dropout_books": Books.BOTH},
        "Survivors divided in training *and* units multiplied in testing: the test score, apart from its bias, is "
        "only 1 − p times its mean in training. The ranking of the classes often survives, the confidence does not: "
        "accuracy may hide the mistake.",
    ),
    "Drop 90 %": (
        {"dropout_p": 0.9},
        "The noise has nine times the variance that it has at 0.5, and a tenth of the units carries ten times their "
        "value. Look how far apart twenty predictions of one image are.",
    ),
    "Switch to eval()": (
        {"dropout_mode": EVAL_MODE},
        "Twenty passes, one answer: in eval() the layer does nothing at all. Whoever forgets the switch tests with "
        "noise.",
    ),
}
WHY = """
**It removes nothing.** All weights are there, all are trained, all are used in testing; no pass gets shorter, because
the zeros are multiplied like any other number.

**It is noise.** Each unit is multiplied by 0 or by 1/(1 − p). A larger p (in PyTorch the probability of *dropping*, in
the 2014 paper that of *keeping*) is more noise: slower learning, a smaller gap, and at some point underfitting.

**How sure is the network?** Twenty passes in train() are a guess at that: dropout can be read as approximate Bayesian
inference (Q31).
"""


def controls() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):  # wraps where the window is narrow
        st.slider("p, the share that is dropped", 0.0, 0.95, 0.5, 0.05, key="dropout_p", bind="query-params", width=200)
        st.number_input("Mask number", 0, 9999, 0, key="dropout_mask", bind="query-params", width=120)
        st.segmented_control(
            "Where 1 − p is applied",
            list(Books),
            default=Books.PYTORCH,
            required=True,
            key="dropout_books",
            bind="query-params",
            help="Paper: training unchanged, test times 1 − p. PyTorch: survivors divided by 1 − p, test unchanged.",
        )
        st.segmented_control(
            "Mode of the network below",
            [TRAIN_MODE, EVAL_MODE],
            default=TRAIN_MODE,
            required=True,
            key="dropout_mode",
            bind="query-params",
        )


header("Dropout", "Half of the units are gone: what does that change for the next layer, in training and in testing?")
remember(*ADDRESS)
state = st.session_state
try:
    subject = choose_subject("dropout", PRESETS["classroom-8"])
    controls()
    explain({key: state[key] for key in ADDRESS if key in state})
    looked = awaited("hidden", hidden_and_passes, subject, state.dropout_p, state.dropout_mask, height=380)
    if looked is not None:
        layer, still, moving = looked
        best = int(layer.scores.argmax())
        found = accounts(
            layer.activations, layer.weights[best], float(layer.biases[best]), state.dropout_p, state.dropout_mask
        )
        show_layer(subject, layer.activations, found, layer.classes[best])
    show_tries(TRY, FIRST)
    if looked is not None:
        show_modes(still, moving, layer.classes, best)
        ask_about(found)
except (InputError, compute.ComputeError) as error:
    st.error(with_code(error), icon=":material/block:")
folded("dropout_measured", "What it does to training", show_measured, icon=":material/query_stats:")
why(WHY)
questions("dropout")
