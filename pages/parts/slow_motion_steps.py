"""The last two acts of one update: backward and update."""

import math

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore.descent.rules import FORMULAS
from cnncore.figures.palette import by_name
from cnncore.figures.slow_motion import flow_chart, moved_chart, ratios_chart
from cnncore.figures.standardization import to_bytes
from cnncore.inspection.anatomy import Anatomy, by_rule, rule_of
from cnncore.training.config import Optimizer, RunConfig
from cnncore.wording import number, signed
from pages.parts.beside import beside
from pages.parts.charts import draw
from pages.parts.layer_cards import cards
from pages.parts.pictures import Tile, row
from pages.parts.plain import plain, with_code
from pages.parts.predict import predict
from pages.parts.slow_motion_acts import show_remarks

_SHARES = ("a tenth", "a hundredth", "a thousandth", "a ten-thousandth or less")
_ENDS = (
    "Where the loss is no number, neither is its gradient, and a step along it leaves no number in the weights: no "
    "later batch can mend that. What went wrong happened before: look at its first update and further on."
)


def show_backward(found: Anatomy, config: RunConfig, image: int) -> None:  # noqa: ARG001 all acts are called alike
    """The gradient goes back: how large it is at every layer, beside the weights and on its way."""
    st.markdown(
        "**Backward.** By the chain rule, from the last layer to the first: what would a small change of every output, "
        "and of every weight, do to the loss?"
    )
    if not math.isfinite(found.loss):
        st.markdown(_ENDS)
        return
    left, right = beside()
    with left:
        st.markdown("**Gradient over weights** (grey: usual)")
        draw(ratios_chart(found.weights, updates=False), "motion_ratio", "Gradient norm over weight norm by layer")
    with right:
        st.markdown("**The signal on its way**, forward and back")
        draw(flow_chart(found), "motion_flow", "Root mean square of every layer's output and of its gradient")
    st.html(by_name(cards(found.layers, backward=True)))
    st.caption(
        f"In the order of the way back. Gradients of the mean loss with respect to the outputs, of image {image + 1} "
        "as maps and of the whole batch as histograms."
    )
    show_remarks(found)
    _ask(found)


def _ask(found: Anatomy) -> None:
    changes = [parameter.change for parameter in found.weights if math.isfinite(parameter.change)]
    if not changes:
        return
    typical = float(np.median(changes))
    place = min(3, max(0, round(-math.log10(max(typical, 1e-9))) - 1))
    listed = ", ".join(f"{plain(p.layer)} {number(p.change)}" for p in found.weights[:8])
    predict(
        "motion_predict",
        "how much of a layer's weights will this one update change (norm of the update over that of the weights)?",
        _SHARES,
        _SHARES[place],
        lambda _: (
            f"The middle layer changes by {number(typical)} of its norm ({listed}). Learning is many small steps: each "
            "batch pulls a little in its own direction, and what agrees adds up."
        ),
    )


def show_update(found: Anatomy, config: RunConfig, image: int) -> None:  # noqa: ARG001 all acts are called alike
    """The weights move: how far, and what that does to the loss of the same batch."""
    if not math.isfinite(found.loss):
        st.markdown(f"**Update.** {_ENDS}")
        return
    better = int((found.scores.after < found.scores.losses).sum())
    losses = f"{number(found.loss, 4)} → {number(found.loss_after, 4)}"
    st.markdown(
        f"**Update.** Every weight takes a step against its gradient, at learning rate {number(found.rate, 4)} "
        f"({_how(config)}). The loss of the same batch, same masks: **{losses}**; it fell for {better} of "
        f"{len(found.scores.losses)} images."
    )
    left, right = beside()
    with left:
        st.markdown("**How much of the weights changed** (line: 0.001)")
        draw(ratios_chart(found.weights, updates=True), "motion_change", "Update norm over weight norm by layer")
    with right:
        st.markdown("**Every image's loss**, before and after")
        draw(moved_chart(found.scores), "motion_moved", "Loss of every image before and after the update")
    _follow(found, config)
    if found.filters is not None:
        filters = found.filters
        st.markdown(
            f"**The first filters of {plain(filters.layer)}**: weights w, their gradient g, what the update added, Δw"
        )
        for name, what, values in (
            ("w", "The weights of", filters.before),
            ("g", "The gradient of", filters.gradient),
            ("Δw", "What the update added to", filters.update),
        ):
            label, pictures = st.columns([1, 12], vertical_alignment="center")
            label.markdown(name)
            pictures.html(row(_filters(values, what), 34 / values.shape[3]))
        st.caption("Middle grey is 0; each row has its own scale: the update is far smaller than the weights.")


def _filters(values: NDArray[np.float32], what: str) -> list[Tile]:
    shown = values[:16]
    if shown.shape[1] not in (1, 3):
        shown = shown[:, :1]
    pictures, _ = to_bytes(np.nan_to_num(shown, nan=0.0, posinf=0.0, neginf=0.0))
    return [Tile(picture, alt=f"{what} filter {at}") for at, picture in enumerate(pictures, start=1)]


def _how(config: RunConfig) -> str:
    rule = rule_of(config)
    parts = [f"{rule} {config.momentum:g}" if rule.has_momentum else str(rule)]
    parts += [f"momentum {config.momentum:g}"] if config.momentum and not rule.has_momentum else []
    parts += [f"weight decay {number(config.weight_decay)}"] if config.weight_decay else []
    return ", ".join(parts)


def _follow(found: Anatomy, config: RunConfig) -> None:
    """Follow one weight through the update, with its numbers, and check it with the rule written in numpy."""
    first = found.weights[0] if found.weights else None
    if first is None:
        return
    one = first.followed
    place = ", ".join(map(str, one.place))
    memory = f", remembered v = {number(one.momentum)}" if one.momentum else ""
    memory += f", s = {number(one.square)}" if one.square else ""
    rule = by_rule(one, config)
    called = with_code(f"`{first.name}[{place}]`")
    st.markdown(f"**One weight**, {called}, with the layer's largest gradient: ${FORMULAS[rule_of(config)]}$")
    text = f"w = {_exact(one.before)}, g = {number(one.gradient)}{memory}, η = {number(one.rate, 4)}: w becomes "
    text += f"**{_exact(one.after)}**."
    if rule is not None and math.isfinite(one.after):
        agrees = abs(rule - one.after) <= 1e-5 * max(1.0, abs(one.after))
        text += f" {'✓' if agrees else '⚠'} The rule written in numpy gives {_exact(rule)}; PyTorch made the update."
    if one.decay and config.optimizer is not Optimizer.ADAMW:
        text += f" Weight decay has added {number(one.decay)} · w to g."
    st.markdown(text)


def _exact(value: float) -> str:
    return signed(value, ".6f") if abs(value) < 1e6 else number(value)
