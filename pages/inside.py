"""Inside a network: what it sees in one image, layer by layer, and which pixels its answer depends on."""

from typing import Any

import streamlit as st

from cnncore import compute
from cnncore.errors import InputError
from cnncore.inspection.activations import Forward
from cnncore.runs.snapshots import snapshots_of
from pages.parts.address import explain, remember
from pages.parts.awaited import awaited
from pages.parts.folded import folded, why
from pages.parts.header import header
from pages.parts.held_out import locked
from pages.parts.inside_choice import TEST, Sight, choose_sight, surest_error
from pages.parts.inside_filters import show_filters, show_fresh_filters
from pages.parts.inside_layers import show_layers
from pages.parts.inside_looks import show_looks
from pages.parts.inside_views import ANSWER, explain_heats, show_answer, show_heats, show_image
from pages.parts.inspected import forward_pass
from pages.parts.link_to import link_to
from pages.parts.plain import with_code
from pages.parts.questions import questions
from pages.parts.refusal import guarded
from pages.parts.tries import Tries, show_tries

ADDRESS = (
    *("inside_run", "inside_epoch", "inside_row", "inside_source"),
    *("inside_class", "inside_layer", "inside_channel"),
)
LATER = ("inside_filters",)  # what is explained where it is shown
WHY = r"""
**Feature maps.** Each channel of a convolution is one filter slid over the maps before it: bright where the pattern is
found. ReLU sets the rest to exactly 0, pooling keeps the largest of each window. Early maps still look like the image;
later ones are small, and say *what* rather than *where*.

**Gradient** (Simonyan, Vedaldi & Zisserman 2013): $\left|\partial S_c / \partial x\right|$, of the score $S_c$ before
softmax, the largest over the colours. It is the slope at one point. A pixel can matter much and have no slope.

**SmoothGrad** (Smilkov et al. 2017): the mean gradient over copies with noise, $\frac1n\sum_i \partial S_c(x +
\mathcal N(0, \sigma^2)) / \partial x$.

**Occlusion** (Zeiler & Fergus 2014): cover a place, look at the probability. Slow and coarse, and nothing is
approximated; but a covered image is one that the network was never trained on.

**A warning** (Adebayo et al. 2018, *Sanity checks for saliency maps*): a heat map that hardly changes when the weights
are random again is a drawing of the image's edges, not of what the network has learned.
"""


def tries_for(sight: Sight, answer: str) -> tuple[Tries, dict[str, Any]]:
    """Return the settings that lead to a surprise, and what the controls stand at first."""
    state = st.session_state
    first: dict[str, Any] = {"inside_row": sight.row, "inside_class": ANSWER, "inside_source": state.inside_source}
    other = next(name for name in sight.classes[::-1] if name != answer)
    tries: dict[str, tuple[dict[str, Any], str]] = {
        "Ask for another class": (
            {"inside_class": other},
            "The network did not answer that, and yet there is a heat map for it, often in the same places: the edges "
            "that carry one score carry the others too. How alike the heat maps of two classes are is measured below.",
        ),
    }
    if sight.run is not None:
        kept = snapshots_of(sight.run.id)
        last = first["inside_epoch"] = kept.networks[-1]
        tries["Before training"] = (
            {"inside_epoch": 0},
            "Random weights, no idea of any class, and yet three heat maps as strong as after training: each picture "
            "is scaled to its own full colour. Only the numbers below the pictures say how little that is. Compare "
            "with the last epoch before you believe a heat map.",
        )
        # Its weights are the checkpoint's; its answers are kept in a snapshot, of which a run may have few or none.
        known = last in kept.epochs and not locked(sight.run)
        wrong = surest_error(sight.run.id, last) if known else None
        if wrong is not None:
            tries["Its surest error"] = (
                {"inside_row": wrong, "inside_source": TEST},
                "Of all test images that it gets wrong, it is surest here. Which pixels led it astray? Go through the "
                "layers and see what they responded to.",
            )
    return tries, first


def looked_at(sight: Sight) -> tuple[Sight, Forward]:
    """Return what every layer makes of the image, and what was looked at: the last answer stays until a new one."""
    return sight, forward_pass(sight.subject)


def show(sight: Sight, found: Forward) -> None:
    """Show everything that is known of the network and the image once they are chosen."""
    with st.container(horizontal=True, gap="small"):
        with st.container(width=205):
            show_image(sight, found)
        with st.container(width=172):
            show_answer(sight, found)
        with st.container(width="stretch"):
            show_heats(sight, found)
    asked = sight.subject.moment
    if sight.run is not None and isinstance(asked, int) and found.epoch != asked:
        st.caption(f"These are the weights after epoch {found.epoch}: no checkpoint of epoch {asked} was written.")
    st.fragment(guarded)(show_layers, found)
    explain({key: st.session_state[key] for key in ADDRESS if key in st.session_state})
    show_tries(*tries_for(sight, found.classes[found.winner]))
    said = "What these heat maps can say and what not, measured"
    folded("inside_said", said, guarded, explain_heats, sight, found, icon=":material/biotech:")
    again = "Asked six times: test-time augmentation"
    folded("inside_looks", again, guarded, show_looks, sight, icon=":material/flip:")
    if sight.run is not None:
        st.fragment(guarded)(show_filters, sight.run.id)
        link_to("errors", "What it confuses: all its errors", {"errors_run": sight.run.id})
    else:
        show_fresh_filters(found)


header(
    "Inside a network", "What does it see in this image, layer by layer, and which pixels does its answer depend on?"
)
remember(*ADDRESS, *LATER)
try:
    answer = awaited("looked_at", looked_at, choose_sight(), height=520, keep=True)
    if answer is not None:
        show(*answer)
except (InputError, compute.ComputeError) as error:
    st.error(with_code(error), icon=":material/block:")
why(WHY)
questions("inside")
