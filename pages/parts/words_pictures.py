"""What the page Bag of words draws of one image: its patches, one descriptor, its words, its histogram, the answer."""

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore.baselines.config import BagOfWordsConfig, Descriptor
from cnncore.baselines.descriptors import describe
from cnncore.baselines.outcome import Model, Result
from cnncore.figures.visual_words import (
    SIDE,
    as_words,
    descriptor_chart,
    gradient_star,
    histogram_chart,
    patch_grid,
    patch_picture,
    sheet,
    stretched,
    word_pictures,
)
from cnncore.wording import signed
from pages.parts.charts import draw
from pages.parts.pictures import Tile, data_address, row
from pages.parts.plain import plain
from pages.parts.svg import show_svg

SHOWN = 60  # words drawn of the dictionary


def show_patch(image: NDArray[np.uint8], config: BagOfWordsConfig, place: Any) -> None:
    """Show where the patches lie, and what becomes of one of them."""
    found = describe(image[None], config)[0]  # (L, D)
    middle = len(found) // 2
    left, centre, right = st.columns([2, 2, 3])
    number = 0  # of one patch there is nothing to choose
    if len(found) > 1:
        number = place.slider("Patch", 1, len(found), middle + 1, key=f"number_of_{len(found)}") - 1
    picture = patch_grid(data_address(image), (image.shape[0], *image.shape[1:]), config, number)
    left.image(picture, width=SIDE, alt=f"The image and the centres of its patches, number {number + 1} framed")
    with centre:
        if config.descriptor is Descriptor.GRADIENTS:
            show_svg(gradient_star(found[number]), key="star")
        else:
            pixels = patch_picture(found[number], config, image.shape[0])
            st.html(row([Tile(pixels, alt="The patch, mean taken away")], SIDE / config.patch))
    with right:
        draw(descriptor_chart(found[number], config.descriptor), "descriptor_bars", "The numbers of the descriptor")
    many = f"{len(found)} patches, each" if len(found) > 1 else "1 patch,"
    words = f"{many} {found.shape[1]} numbers by a fixed rule, divided by their length."
    st.caption(f"{words} {'' if found[number].any() else 'This one has no contrast: the zero word.'}")


def show_words(image: NDArray[np.uint8], label: str, model: Model, result: Result) -> None:
    """Show the image as its words, its histogram and the answer, and the dictionary."""
    assigned = model.assign(image[None])[0]
    if st.session_state.bow_shuffled:
        assigned = np.random.default_rng(0).permutation(assigned)
    order = ", shuffled" if st.session_state.bow_shuffled else ""
    scores = model.scores(model.features(assigned[None]))[0]
    best = np.argsort(-scores)[:3]
    left, right = st.columns([2, 3])
    with left:
        pictures = word_pictures(model.dictionary, model.config.descriptor)
        seen = as_words(assigned, pictures, model.config, model.shape)
        scale = 150 / image.shape[2]
        st.html(row([Tile(image, f"the image: {label}"), Tile(stretched(seen), f"as its words{order}")], scale))
        answers = ", ".join(f"{result.classes[k]} {signed(scores[k], '+.2f')}" for k in best)
        st.markdown(f"Answer: **{plain(result.classes[best[0]])}** (scores: {plain(answers)})")
    with right:
        draw(histogram_chart(assigned, len(pictures)), "words_histogram", "How often each word occurs in the image")
    shown = min(SHOWN, len(pictures) - 1)
    whole = sheet([stretched(picture) for picture in pictures[1 : shown + 1]], 30)
    caption = f"The {shown} most frequent words: the mean of the patches that have it, contrast stretched"
    st.html(row([Tile(whole, caption)], 830 / whole.shape[2]))
