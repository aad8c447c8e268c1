"""What the batch norm page shows: an image among its neighbours, channels, running statistics, biases, depth.

One after the other in one file, in the order of the page: each is a chart with its sentence.
"""

import math

import numpy as np
import streamlit as st

from cnncore.course.ballots import claim
from cnncore.figures.batch_norm import (
    added_parameters,
    channels_chart,
    depth_chart,
    histogram_chart,
    running_chart,
)
from cnncore.figures.dropout import passes_chart
from cnncore.figures.ladder import step_measured
from cnncore.figures.measured import time_added
from cnncore.inspection.channels import Array, Channels, FirstLosses, Neighbours
from cnncore.training.presets import title
from cnncore.wording import number, signed
from pages.parts.awaited import awaited
from pages.parts.beside import beside
from pages.parts.charts import draw
from pages.parts.dropout_views import TRAIN_MODE
from pages.parts.inspected import deep_stacks, first_losses, norm_bias, norm_running
from pages.parts.pictures import Tile, row
from pages.parts.plain import plain
from pages.parts.predict import predict, true_or_false
from pages.parts.subject import Subject
from pages.parts.tabulate import tabulate

LAYERS = 16


def show_neighbours(subject: Subject, found: Neighbours, mode: str, batch: int) -> None:
    """Show what is predicted for the image in each of its batches, in the chosen mode."""
    picture, text = st.columns([1, 6], vertical_alignment="center")
    picture.html(row([Tile(subject.image, alt=subject.caption)], 64 / subject.image.shape[2]))
    others = f"{batch - 1} other images each time" if batch > 1 else "no other image"
    text.markdown(f"**One image, twenty batches, {others}**, in {mode}; eval() as a tick. Of {subject.words}.")
    shown = found.train if mode == TRAIN_MODE else found.eval
    draw(
        passes_chart(shown, found.eval[0], found.classes), "neighbours", "Probabilities of one image in twenty batches"
    )
    best = int(found.eval[0].argmax())
    winners = len(set(shown.argmax(1).tolist()))
    low, high = 100 * shown[:, best].min(), 100 * shown[:, best].max()
    st.markdown(
        f"*{plain(found.classes[best])}* gets {low:.1f} to {high:.1f} %, and {winners} "
        f"{'class wins' if winners == 1 else 'different classes win'}. The largest difference between two batches is "
        f"{number(100 * np.ptp(shown, axis=0).max(), 2)} points."
    )


def show_channels(found: Channels, channel: int) -> None:
    """Show every channel's mean and spread before and after."""
    st.markdown(f"**Every channel over the batch**, {found.count:,} values each, before and after, in train()")
    draw(channels_chart(found, channel), "channels", "Mean and standard deviation of each channel")
    columns = (found.mean, found.std, found.mean_after, found.std_after, found.shift, found.scale)
    mean, std, mean_after, std_after, shift, scale = (signed(c[channel - 1], ".3f") for c in columns)
    st.markdown(
        f"Channel {channel}: mean {mean}, std {std} become {mean_after} and {std_after}: its shift {shift} and scale "
        f"{scale}."
    )


def show_statistics(subject: Subject, found: Channels, layer: str, batch: int, channel: int) -> None:
    """Show one channel's histogram, and how its running statistics come to be."""
    left, right = beside(level="bn_statistics")
    with left:
        st.markdown(f"**Channel {channel}: which values occur**")
        draw(histogram_chart(found, channel), "histogram", "Values of one channel before and after batch norm")
        st.markdown(
            f"This batch: mean {signed(found.mean[channel - 1], '.3f')}, std {found.std[channel - 1]:.3f}. Kept for "
            f"eval(): mean {signed(found.running_mean[channel - 1], '.3f')}, std {found.running_std[channel - 1]:.3f}."
        )
    with right:
        st.markdown("**How running statistics come to be**, from 0 and 1, batch by batch")
        moving = awaited("running", norm_running, subject, layer, batch, height=260, below=True)
        if moving is None:
            return
        variance = st.session_state.get("bn_variance", False)
        draw(running_chart(moving, channel, variance), "running", "Batch and running statistic of one channel")
        m = moving.momentum
        with st.container():
            st.markdown(
                f"running ← {1 - m:g} · running + {m:g} · batch: after n batches {1 - m:g}ⁿ of the beginning is left, "
                f"{100 * (1 - m) ** 20:.0f} % after 20."
            )
            st.toggle("Variance instead of mean", key="bn_variance")


def show_bias(subject: Subject, layer: str, batch: int) -> None:
    """Show by measurement that the bias before a batch norm does nothing in training."""
    shift = st.slider("Add to every bias before it", -10.0, 10.0, 5.0, 0.5, key="bn_bias")
    found = awaited("bias", norm_bias, subject, layer, batch, shift, height=70, below=True)
    if found is None:
        return
    if isinstance(found, str):
        st.markdown(found)
        return
    st.markdown(
        f"{shift:g} is added to all biases of the convolution before batch norm: after it, in train(), no value "
        f"changes by more than **{number(found.train, 1)}** (rounding): the batch's mean, which is subtracted, has "
        f"grown by the same {shift:g}. In eval() the running mean does not know of it, and values change by up to "
        f"**{number(found.eval)}**. So the bias is never needed: the batch norm's shift does its work, and "
        "`bias=False` saves one number a channel."
    )


def show_depth(subject: Subject) -> None:
    """Show what is left of the signal in a deep stack at initialisation."""
    found = awaited("depth", deep_stacks, subject, LAYERS, height=300, below=True)
    if found is None:
        return
    plain, normed = found
    draw(depth_chart(plain, normed), "depth", "Histograms layer by layer, without and with batch norm")
    st.markdown(
        f"{LAYERS} fresh 3 × 3 convolutions with ReLU in a row, on 32 images of the same data. Without batch norm the "
        f"standard deviation falls from {plain.std[0]:.3f} to {number(plain.std[-1], 2)} (PyTorch's default "
        f"initialisation is too small for ReLU), and that between images falls from {plain.between[0]:.3f} to "
        f"{number(plain.between[-1], 1)}: the last layer hardly knows which image it sees. With batch norm the two "
        f"are {normed.std[-1]:.3f} and {normed.between[-1]:.3f} there."
    )


def show_first_loss(subject: Subject) -> None:
    """Show the loss before the first step, without and with batch norm."""
    found = awaited("first_losses", first_losses, subject, height=110, below=True)
    if found is None:
        return
    guess = math.log(found.classes)
    count = len(found.plain)
    with st.grid(columns="auto", min_column_width=190):
        st.metric(f"Guessing: ln {found.classes}", f"{guess:.4f}")
        for name, losses in (("Without batch norm", found.plain), ("With batch norm", found.normed)):
            st.metric(name, f"{losses.mean():.4f}", f"{losses.mean() - guess:+.4f}", "off", help=_range(losses))
    st.caption(f"Mean over {count} initialisations of the same network, the first batch of 128 images, no step taken.")


def _first(found: FirstLosses) -> str:
    guess = math.log(found.classes)
    plain, normed = float(found.plain.mean()), float(found.normed.mean())
    text = f"Guessing among {found.classes} classes costs ln {found.classes} = {guess:.4f}. Here the first loss was "
    text += f"{plain:.4f} without batch norm and {normed:.4f} with it"
    return text + (", a little above: the scores are larger from the start, and wrong." if normed > guess else ".")


def _range(losses: Array) -> str:
    return f"From {losses.min():.4f} to {losses.max():.4f}."


def show_bill() -> None:
    """Show what batch norm adds to the practical's network, and what it did on the measured ladder."""
    added, kept = added_parameters("practical")
    st.markdown(
        f"In the practical's network, 2 numbers a channel: **{added} trainable parameters** (a scale and a shift for "
        f"each of {added // 2} channels) and **{kept} running statistics**, which no gradient moves and which belong "
        "to the checkpoint all the same."
    )
    if added_time := time_added("figure-8", "figure-9"):
        steps = f"{title('figure-9')} against {title('figure-8')}"
        st.markdown(f"Whole runs with it take longer, {steps}: by **{added_time}**.")
    measured = step_measured("classroom-8", "classroom-9")
    if measured is not None:
        tabulate(measured)
        st.caption("The ladder on the built-in data, 50 epochs, mean and standard deviation over three seeds.")


def ask_about(subject: Subject, found: Neighbours) -> None:
    """Ask what to predict; `found` is the image among its neighbours as shown above."""
    moved, still = (100 * np.ptp(values, axis=0).max() for values in (found.train, found.eval))
    predict(
        "predict_neighbours",
        "the same image, the same weights, another batch around it. In which mode does its prediction change?",
        ("train()", "eval()", "both", "neither"),
        "train()",
        lambda _: (
            f"Over the twenty batches above a probability moves by up to {number(moved, 2)} points in train() and by "
            f"{number(still, 2)} in eval(). Forgetting eval() makes a test depend on how its images are batched."
        ),
    )
    true_or_false(
        "claim_bias",
        claim("norm-bias"),
        lambda: "Measured above: in train() a change of all biases leaves nothing behind but rounding.",
    )
    true_or_false(
        "claim_first",
        claim("first-loss"),
        lambda: _first(first_losses(subject)),
    )
