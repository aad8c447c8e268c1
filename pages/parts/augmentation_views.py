"""What one image becomes: the stored one, the tested one, the views of training, their values and their code."""

import inspect
import re
import textwrap
from typing import Any, TypeAlias

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore.data.augmentation import Augmentation, ColourJitter
from cnncore.data.policies import OPERATIONS
from cnncore.data.views import Views, caption, source
from pages.parts.augmentation_controls import count_line
from pages.parts.folded import folded
from pages.parts.pictures import Tile, grid, row
from pages.parts.tabulate import tabulate

Labels: TypeAlias = tuple[str, list[str]]  # the image's own label, and that of each view's partner


def label_words(name: str, share: float, other: str) -> str:
    """Return the mixed label in words: "70 % car, 30 % fish".

    >>> label_words("car", 0.7, "fish"), label_words("car", 1.0, "fish")
    ('70 % car, 30 % fish', 'car')
    """
    rest = round(100 * (1 - share))
    if rest == 0 or name == other:
        return name
    return f"{100 - rest} % {name}, {rest} % {other}" if rest < 100 else other


def show_pictures(
    image: NDArray[np.uint8], name: str, found: Views, augmentations: tuple[Augmentation, ...], labels: Labels
) -> None:
    """Show the stored image, the test-time version and the training views, with `labels` where images are mixed."""
    _, height, width = image.shape
    _, high, wide = found.test.shape
    frame = ((height - high) // 2, (width - wide) // 2, high, wide) if (high, wide) != (height, width) else None
    scale = 95 / max(height, width)  # two of them fit side by side
    tiles = [
        Tile(image, f"Stored: {height} × {width}", f"The stored image, {name}", frame),
        Tile(found.test, f"Tested: {high} × {wide}", "What testing sees of it"),
    ]
    tested = f"the centre {high} × {wide} window" if frame else "the whole image"
    fate = "stays" if found.shares is None else "is mixed as the pixels are"
    left, right = st.columns([2, 3], vertical_alignment="center")
    left.html(row(tiles, scale))
    right.markdown(count_line(augmentations, height, width))
    right.caption(
        f"Training sees one of them an epoch, drawn anew each time; the label {fate}. Testing sees {tested}, always: a "
        "test must not depend on luck."
    )
    shown = st.session_state.aug_views
    words = [caption(augmentations, found.draws, number) for number in range(shown)]
    if found.shares is not None:
        mine, others = labels
        said = [label_words(mine, float(share), other) for share, other in zip(found.shares, others, strict=False)]
        words = [f"{label}: {values}" for label, values in zip(said, words, strict=False)]
    tiles = [
        Tile(view, said, f"Training view {number + 1}: {said}")
        for number, (view, said) in enumerate(zip(found.views, words, strict=False))
    ]
    st.html(grid(tiles))
    if any(isinstance(augmentation, ColourJitter) for augmentation in augmentations):
        st.caption("b, c, s: the factors of brightness, contrast and saturation.")
    st.caption(f"True size, one screen pixel for each of the {high} × {wide} that enter the network:")
    st.html(row([Tile(tile.image, "", tile.alt) for tile in tiles]))


def column(name: str, values: NDArray[np.float32]) -> list[str] | NDArray[np.float32]:
    """Return a column of the table: an operation's number as its name, other values as they are."""
    return [OPERATIONS[int(value)] for value in values] if name.startswith("operation") else values


def show_values(found: Views, augmentations: tuple[Augmentation, ...]) -> None:
    """Fold the table of sampled values and the code that was run."""
    folded("aug_values", "The sampled values", _values, found, augmentations)
    folded("aug_code", "The very code that training uses", _code, augmentations)


def _values(found: Views, augmentations: tuple[Augmentation, ...]) -> None:
    table: dict[str, Any] = {"view": range(1, st.session_state.aug_views + 1)}
    for augmentation, draws in zip(augmentations, found.draws, strict=True):
        for value, values in draws.items():
            table[f"{augmentation.kind}: {value}"] = column(value, values[: st.session_state.aug_views])
    if found.shares is not None:
        table["share of its own label"] = found.shares[: st.session_state.aug_views]
    tabulate(table, key="aug_table")
    st.caption(
        "Drawn with numpy from the seed, before any pixel is touched: the same seed gives the same views on every "
        "device. Pixels for places and sizes, degrees counter-clockwise, factors for colours, 1 for yes. An "
        "operation's magnitude is torchvision's: a slope, pixels, degrees, a change of a factor, bits."
    )


def _code(augmentations: tuple[Augmentation, ...]) -> None:
    for augmentation in augmentations:
        st.markdown(f"**{augmentation.title}**: what is drawn, and how it is applied to a batch")
        drawn = textwrap.dedent(inspect.getsource(type(augmentation).draw))
        # What is said to the linter is nothing for a reader.
        st.code(re.sub(r" *# noqa.*", "", f"{drawn}\n\n{source(augmentation.kind)}"))
    if not augmentations:
        st.markdown("No transform is on: the pixels go in as they are.")
