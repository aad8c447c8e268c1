"""The first two acts of one update, forward and loss, and all its numbers, layer by layer."""

import math

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore.figures.palette import by_name
from cnncore.figures.slow_motion import losses_chart
from cnncore.figures.standardization import to_bytes
from cnncore.inspection.anatomy import Anatomy, Scores, Spread, remarks
from cnncore.training.config import RunConfig, Standardization
from cnncore.wording import dimensions, number
from pages.parts.charts import draw
from pages.parts.layer_cards import cards, mean_of
from pages.parts.pictures import Tile, grid, row
from pages.parts.plain import plain
from pages.parts.tabulate import tabulate

_TILES, _LARGEST = 24, 16
_NO_NUMBER = "no number"


def _pictures(scores: Scores, config: RunConfig) -> tuple[NDArray[np.uint8], str]:
    """Return the images as the network sees them, uint8 (M, C, H, W), and in words what grey means."""
    if config.standardize is Standardization.NONE:
        return np.rint(255 * scores.inputs.clip(0, 1)).astype(np.uint8), "pixels from 0 to 1"
    pictures, limit = to_bytes(scores.inputs)
    return pictures, f"middle grey is 0, black −{number(limit, 2)}, white +{number(limit, 2)}"


def show_forward(found: Anatomy, config: RunConfig, image: int) -> None:
    """The batch goes through the layers: maps of one image, and how the values of the whole batch are spread."""
    st.markdown(
        f"**Forward.** {len(found.scores.labels)} images go in, and every layer turns the numbers before it into new "
        f"ones; the last gives {len(found.classes)} scores an image. In train() mode: as augmented, with dropout and "
        "batch statistics."
    )
    pictures, meaning = _pictures(found.scores, config)
    if image < len(pictures):
        picture, text = st.columns([1, 7], vertical_alignment="center")
        label = found.classes[found.scores.labels[image]]
        tile = Tile(pictures[image], alt=f"Image {image + 1} of the batch, {label}")
        picture.html(row([tile], 84 / pictures.shape[3]))
        text.markdown(
            f"Image {image + 1} as the network sees it, *{plain(label)}* ({meaning}). In the cards: its first maps "
            "(middle grey is 0, each layer with its own scale); below them which values occur how often in the whole "
            "batch, zeros left out."
        )
    st.html(by_name(cards(found.layers)))


def show_loss(found: Anatomy, config: RunConfig, image: int) -> None:  # noqa: ARG001 all acts are called alike
    """What the answers cost: the loss of every image."""
    scores = found.scores
    right = int((scores.answers == scores.labels).sum())
    st.markdown(
        "**Loss.** Softmax turns the scores into probabilities; an image costs −ln of its true class's probability. "
        f"{right} of {len(scores.labels)} answers are right, and the mean loss is **{number(found.loss)}**, whose "
        "gradient goes backward."
    )
    if config.label_smoothing or scores.shares is not None:
        st.caption("With label smoothing or mixed images the loss is that of the softened labels, which training uses.")
    if np.isfinite(scores.losses).any():
        draw(losses_chart(scores, len(found.classes)), "motion_losses", "The loss of every image, the largest first")
    pictures, meaning = _pictures(scores, config)
    order = [at for at in np.argsort(-scores.losses, kind="stable").tolist() if at < len(pictures)]
    chosen = order if len(order) <= _TILES else [*order[:_LARGEST], *order[_LARGEST - _TILES :]]
    tiles = [Tile(pictures[at], _caption(found, at), f"Image {at + 1} of the batch") for at in chosen]
    which = "All images, the largest loss first"
    if len(order) > _TILES:
        which = f"The {_LARGEST} images with the largest loss and the {_TILES - _LARGEST} with the smallest"
    st.markdown(f"**{which}**: label → answer, as the network sees them ({meaning})")
    st.html(grid(tiles, 84))


def _caption(found: Anatomy, at: int) -> str:
    scores, names = found.scores, found.classes
    label = names[scores.labels[at]]
    if scores.shares is not None and scores.partners is not None and scores.shares[at] < 0.995:
        label = f"{100 * scores.shares[at]:.0f} % {label}, rest {names[scores.partners[at]]}"
    if np.isnan(scores.confidence[at]):
        return f"{at + 1}: {label} → no number"
    answer = f"{names[scores.answers[at]]} {100 * scores.confidence[at]:.0f} %"
    return f"{at + 1}: {label} → {answer}, loss {number(float(scores.losses[at]))}"


def show_numbers(found: Anatomy, config: RunConfig, image: int) -> None:  # noqa: ARG001 all acts are called alike
    """All numbers of activations and gradients by layer, and what is out of the ordinary."""
    st.markdown(
        "**Layer by layer.** ∂ is the loss's gradient with respect to an output (root mean square); ‖ ‖ is a norm, the "
        "root of the sum of squares, of a layer's weights w, their gradient g and what the update adds, Δw; biases "
        "apart. Silent: the share of a ReLU's channels or units that are 0 for every image of the batch."
    )
    show_remarks(found)
    weights = {parameter.layer: parameter for parameter in found.weights}
    rows = []
    for layer in found.layers:
        own, back = weights.get(layer.name), layer.gradient
        rows.append(
            {
                "layer": layer.name,
                "output": dimensions(layer.shape),
                "mean": _NO_NUMBER if layer.output.broken else mean_of(layer.output),
                "std": _told(layer.output, layer.output.std),
                "zeros": f"{100 * layer.output.zeros:.1f} %",
                "silent": "" if layer.silent is None else f"{100 * layer.silent:.0f} %",
                "∂": "" if back is None else _told(back, math.hypot(back.mean, back.std)),
                "‖w‖": "" if own is None else number(own.norm),
                "‖g‖": "" if own is None else _told(own.gradient, own.gradient.norm),
                "‖g‖ / ‖w‖": "" if own is None else _told(own.gradient, own.ratio),
                "‖Δw‖ / ‖w‖": "" if own is None else _told(own.update, own.change),
            }
        )
    tabulate(rows, height="content", key="motion_table")


def _told(values: Spread, figure: float) -> str:
    """Return a figure of a tensor, in digits if all its values are numbers."""
    return _NO_NUMBER if values.broken else number(figure)


def show_remarks(found: Anatomy) -> None:
    """Show what is out of the ordinary, in cautious words."""
    for sentence in remarks(found):
        st.info(plain(sentence), icon=":material/lightbulb:")
