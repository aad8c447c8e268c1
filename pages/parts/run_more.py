"""The settings of a run that only some want to change, by what they are about. What plays no part now is greyed out."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from cnncore.data.augmentation import AUGMENTATIONS, PadCrop
from cnncore.training.config import TTA, WHITENING, DeviceChoice, Optimizer, Precision, Schedule, Standardization
from pages.parts.run_settings import LIMITS, own_settings

_LOOKS = {
    TTA.NONE: "1 look at each image",
    TTA.MIRROR: "2 looks: and mirrored",
    TTA.SHIFTS: "6 looks: mirrored, shifted",
}
KEPT: dict[str, Any] = {"persist_state": "session", "on_change": own_settings}


def show_more() -> None:
    """Show the settings, a tab for each subject."""
    groups: dict[str, Callable[[], None]] = {
        "Data": _data,
        "Network": _network,
        "Optimizer": _optimizer,
        "Schedule": _schedule,
        "Machine": _machine,
    }
    with st.container(width=560):  # else the window is as wide as each tab needs, and jumps
        for tab, show in zip(st.tabs(list(groups)), groups.values(), strict=True):
            with tab:
                show()


def _data() -> None:
    s = st.session_state
    left, right = st.columns(2)
    kinds = [kind for kind in Standardization if kind is not Standardization.NONE]
    left.selectbox("Kind of standardization", kinds, key="std_kind", disabled=not s.std, **KEPT)
    whitens = s.std and s.std_kind in WHITENING
    _number(right, "eps of the whitening", "whitening_eps", format="%g", disabled=not whitens)
    left.multiselect("Augmentation", list(AUGMENTATIONS), key="aug_kinds", disabled=not s.aug, **KEPT)
    shifts = s.aug and PadCrop.kind in s.aug_kinds
    _number(right, "Pixels of a shift (pad-crop)", "padding", disabled=not shifts)
    _number(left, "Train images (0: all)", "train_size", step=500)
    _number(right, "Validation images", "validation_size", step=100)
    left.selectbox(
        "Test-time augmentation",
        list(TTA),
        key="tta",
        format_func=lambda kind: _LOOKS[TTA(kind)],
        help="After the last epoch the network is also asked about several views of each held-out image, and the mean "
        "of its answers is scored (Krizhevsky et al. 2012).",
        **KEPT,
    )
    right.toggle(
        "Score the train set again (Q14)",
        key="train_eval",
        help="After each epoch, with fixed weights: what the test accuracy can be compared with.",
        **KEPT,
    )


def _network() -> None:
    left, right = st.columns(2)
    _number(left, "Dropout: probability of dropping", "drop_p", step=0.1, disabled=not st.session_state.drop)
    _number(right, "Logit scale (factor)", "logit_scale", step=0.1, format="%.4g")
    _number(
        left,
        "Rate of batch norm biases (factor)",
        "norm_bias_rate",
        format="%g",
        help="Other than 1: the scales of batch norms stay at one, and their biases learn at that many times the rate.",
    )
    right.toggle(
        "Identity start",
        key="identity_start",
        help="Each convolution begins by passing on its inputs (Zagoruyko & Komodakis 2017).",
        **KEPT,
    )
    right.toggle(
        "Whitened patches",
        key="whitened_patches",
        help="The first convolution's filters are the principal components of the train images' patches, divided by "
        "their standard deviation, and do not learn (Page 2019).",
        **KEPT,
    )


def _optimizer() -> None:
    s = st.session_state
    left, right = st.columns(2)
    left.selectbox("Optimizer", list(Optimizer), key="optimizer", **KEPT)
    _number(right, "Momentum", "mom_value", step=0.05, disabled=not s.mom)
    _number(left, "Weight decay", "weight_decay", step=1e-4, format="%g")
    _number(right, "Label smoothing", "label_smoothing", step=0.05)
    _number(left, "Averaged weights (over epochs)", "average", step=0.5)
    right.toggle("Nesterov (with momentum)", key="nesterov", disabled=not s.mom, **KEPT)


def _schedule() -> None:
    s = st.session_state
    kind = s.sched_kind if s.sched else Schedule.NONE  # equal to a member, but of a link a text
    left, right = st.columns(2)
    kinds = [kind for kind in Schedule if kind is not Schedule.NONE]
    left.selectbox("Kind of schedule", kinds, key="sched_kind", disabled=not s.sched, **KEPT)
    _number(right, "Warm-up (epochs)", "warmup_epochs", step=0.5)
    left.text_input(
        "Milestones (step)",
        key="milestones",
        placeholder="1/2 and 3/4 of the epochs",
        disabled=kind != Schedule.STEP,
        **KEPT,
    )
    falls = kind in (Schedule.STEP, Schedule.PLATEAU)
    _number(right, "Factor at each drop (step, plateau)", "factor", step=0.1, disabled=not falls)
    _number(left, "Decay per epoch (exponential)", "decay", step=0.01, disabled=kind != Schedule.EXPONENTIAL)
    _number(right, "Patience (plateau, epochs)", "patience", disabled=kind != Schedule.PLATEAU)


def _machine() -> None:
    left, right = st.columns(2)
    left.selectbox("Device", list(DeviceChoice), key="device", persist_state="session")
    right.selectbox("Precision", list(Precision), key="precision", **KEPT)


def _number(place: Any, label: str, key: str, **more: Any) -> None:
    place.number_input(label, *LIMITS[key], key=key, **more, **KEPT)
