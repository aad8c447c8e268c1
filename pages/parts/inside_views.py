"""What a network makes of one image, as the page shows it: the image, the answer, and which pixels matter for it."""

from dataclasses import replace

import numpy as np
import streamlit as st

from cnncore.figures.feature_maps import chances_chart
from cnncore.figures.saliency import CAN_SAY, gradient_text, heat_over, occlusion_text
from cnncore.figures.standardization import channel_names, to_bytes
from cnncore.inspection.activations import Forward
from cnncore.inspection.heats import rank_correlation
from cnncore.inspection.moment import Moment
from cnncore.wording import signed
from pages.parts.awaited import awaited
from pages.parts.charts import draw
from pages.parts.held_out import LOCKED, locked, show_lock
from pages.parts.inside_choice import TEST, Sight
from pages.parts.inspected import class_heats
from pages.parts.pictures import Tile, row
from pages.parts.plain import plain
from pages.parts.subject import Subject

ANSWER = "its answer"
SIDE = 90  # screen pixels of the image
HEAT = 140  # of each heat, more in a large window


def show_image(sight: Sight, found: Forward) -> None:
    """Show the image and the tensor that the network receives of it, with its scale."""
    seen, limit = to_bytes(found.inputs)
    image = sight.subject.image
    height, width = found.pixels.shape[1:]
    top, left = (image.shape[1] - height) // 2, (image.shape[2] - width) // 2
    frame = None if found.pixels.shape == image.shape else (top, left, height, width)
    sees = f"what it sees, {height}\u00a0×\u00a0{width}"
    tiles = [Tile(image, sight.subject.caption, frame=frame), Tile(seen, sees)]
    st.html(row(tiles, SIDE / max(image.shape[1:])))
    numbers = ", ".join(
        f"{name} {' / '.join(signed(value, '.2f') for value in (values.min(), values.mean(), values.max()))}"
        for name, values in zip(channel_names(len(found.inputs)), found.inputs, strict=True)
    )
    st.caption(f"Least / mean / most: {numbers}. Drawn: black −{limit:.2f}, grey 0, white {limit:.2f}.")


def show_answer(sight: Sight, found: Forward) -> None:
    """Show the most likely classes."""
    best = found.winner
    verdict = "" if sight.label is None else (" Right." if best == sight.label else " **Wrong.**")
    st.markdown(f"**{plain(found.classes[best])}**, {100 * found.chances[best]:.1f} % sure.{verdict}")
    draw(
        chances_chart(found.chances, found.classes, sight.label),
        "inside_chances",
        "The probabilities of the most likely classes",
    )
    if sight.run is not None and sight.run.test_locked and st.session_state.inside_source == TEST:
        if locked(sight.run):
            st.caption(f"Right or wrong is not said: the test set is {LOCKED}.")
        show_lock(sight.run)


def asked_class(sight: Sight, found: Forward) -> int:
    """Return the class whose score is explained: the network's answer, or one that was chosen."""
    asked = st.session_state.get("inside_class", ANSWER)
    return found.winner if asked not in sight.classes else sight.classes.index(asked)


def show_heats(sight: Sight, found: Forward) -> None:
    """Show the choice of a class and which pixels matter for it, found in three ways."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("**What matters for**", width="content")
        st.selectbox(
            "Class",
            [ANSWER, *sight.classes],
            key="inside_class",
            bind="query-params",
            width=130,
            label_visibility="collapsed",
        )
        with st.popover("How", icon=":material/tune:"):
            sigma = st.slider("SmoothGrad: noise σ (% of the image's range)", 0, 50, 15, 5, key="inside_sigma")
            seed = st.number_input("SmoothGrad: seed of the noise", 0, 9999, 0, key="inside_seed")
            largest = min(found.pixels.shape[1:])
            patch = st.slider("Occlusion: side of the patch (pixels)", 2, largest, min(8, largest), key="inside_patch")
    label = asked_class(sight, found)
    heats = awaited("heats", class_heats, sight.subject, label, sigma / 100, int(seed), int(patch), height=HEAT + 76)
    if heats is None:
        return
    slopes, covered = heats
    tiles = []
    for heat, smooth in ((slopes.plain, False), (slopes.smooth, True)):
        picture, most = heat_over(found.pixels, heat)
        tiles.append(Tile(picture, gradient_text(smooth, most)))
    picture, most = heat_over(found.pixels, covered.drop)
    worst = (*covered.worst, covered.patch, covered.patch)
    tiles.append(Tile(picture, occlusion_text(most), frame=worst))
    st.html(row(tiles, HEAT / max(found.pixels.shape[1:]), large=True))
    st.caption(
        "The number below a picture is the value of its full colour. Gradient: score per unit of a pixel. SmoothGrad: "
        f"its mean over {slopes.copies} copies with noise σ {slopes.sigma:.2f}. Occlusion: probability lost to a grey "
        f"{covered.patch} × {covered.patch} patch, dashed where most is lost."
    )


def explain_heats(sight: Sight, found: Forward) -> None:
    """Show what each kind of heat can say, and how much of it the network learned, measured."""
    label = asked_class(sight, found)
    state = st.session_state
    sigma, seed, patch = state.inside_sigma / 100, int(state.inside_seed), int(state.inside_patch)
    name = plain(found.classes[label])
    for kind, (can, cannot) in CAN_SAY.items():
        st.markdown(f"- **{kind}** says {can}. It cannot say {cannot}.")
    asked = label, sigma, seed, patch
    heats = awaited("heats_said", class_heats, sight.subject, *asked, height=50)
    if heats is None:
        return
    now, covered = heats
    st.markdown(
        f"Without a patch *{name}* has **{100 * covered.chance:.1f} %**; with the patch where it hurts most (dashed) "
        f"**{100 * covered.least:.1f} %**, the least of {covered.positions} places. No colour is 0 or less; full "
        "colour is the value below each picture, which one pixel in a hundred exceeds; in between, colour is "
        "proportional."
    )

    def alike(key: str, subject: Subject, label: int) -> str:
        others = awaited(key, class_heats, subject, label, *asked[1:], height=24)
        if others is None:
            return ""
        other, hidden = others
        pairs = {"Gradient": (now.plain, other.plain), "SmoothGrad": (now.smooth, other.smooth)}
        pairs["Occlusion"] = (covered.drop, hidden.drop)
        return ", ".join(f"{kind} **{signed(rank_correlation(*pair), '.2f')}**" for kind, pair in pairs.items())

    st.markdown("**Is it the network or the image?** Rank correlation of the pixels, 1 is the same order, 0 none:")
    first = replace(sight.subject, moment=Moment.BEFORE)
    if sight.subject.run_id is not None and found.epoch and (text := alike("heats_before", first, label)):
        st.markdown(
            f"- with the same network *before training*: {text}. A heat map that stays shows the image's edges."
        )
    second = int(np.argsort(-np.delete(found.chances, label), kind="stable")[0])
    second += second >= label
    if text := alike("heats_second", sight.subject, second):
        st.markdown(f"- with the heat map for *{plain(found.classes[second])}*: {text}.")
