"""What the page about standardization shows below its pictures: one view at a time, each with its numbers.

One after the other in one file: they share what they ask the compute pool for, and the page shows one of them.
"""

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore import compute
from cnncore.data.pixels import (
    HANDOUT_MEAN,
    HANDOUT_STD,
    Histogram,
    PixelCounts,
    Standing,
    darkened,
    image_counts,
    mean_std,
    standing,
)
from cnncore.data.prepared import SPECTRUM, folder
from cnncore.figures.standardization import (
    channel_names,
    histogram_chart,
    moved_charts,
    neighbour_chart,
    spectrum_chart,
)
from cnncore.training.config import WHITENING, Standardization
from cnncore.wording import number, signed
from pages.parts.awaited import awaited
from pages.parts.beside import beside
from pages.parts.charts import draw
from pages.parts.tabulate import tabulate

NAMES = {
    Standardization.NONE: "none",
    Standardization.CHANNEL: "per channel",
    Standardization.HANDOUT: "the handout's constants",
    Standardization.MEAN_IMAGE: "mean image",
    Standardization.IMAGE: "per image",
    Standardization.ZCA: "ZCA whitening",
    Standardization.PCA: "PCA whitening",
}
# The principal components of 3,072 values take this long on a laptop, the first time that they are asked for.
PATIENCE = 180.0  # seconds


@st.cache_data(max_entries=64, show_spinner=False)
def computed(function: str, **arguments: Any) -> Any:
    """Return what a function of `cnncore.data.standardized` gives, from the compute pool."""
    return compute.call(f"cnncore.data.standardized:{function}", timeout=PATIENCE, **arguments)


@st.cache_data(max_entries=16, show_spinner=False)
def found_components(dataset: str, version: str) -> None:
    """Have the principal components of a data set found and kept beside it: once, however many ask at a time."""
    if not (folder(dataset) / version / SPECTRUM).exists():
        compute.call(
            "cnncore.data.standardized:components", timeout=PATIENCE, apart=True, dataset=dataset, version=version
        )


def _answer(function: str, arguments: dict[str, Any]) -> Any:
    if function == "eigenvalues" or {arguments.get("kind"), *arguments.get("kinds", ())}.intersection(WHITENING):
        found_components(arguments["dataset"], arguments["version"])
    return computed(function, **arguments)


def asked(place: str, function: str, height: int, **arguments: Any) -> Any:
    """Return what `computed` does; None, and a skeleton of `height` pixels, as long as it has not come."""
    return awaited(f"std_{place}", _answer, function, arguments, height=height, below=place != "pictures")


def _triple(values: NDArray[np.float64]) -> str:
    return ", ".join(signed(value, ".3f") for value in values)


def show_histograms(dataset: str, version: str, kind: Standardization, eps: float) -> None:
    """Show the values of test images before and after."""
    for column, shown, title in zip(beside(), (Standardization.NONE, kind), ("Before", "After"), strict=True):
        with column:
            found: Histogram | None = asked(
                f"histogram_{title}", "histogram", 330, dataset=dataset, version=version, kind=shown, eps=eps
            )
            if found is None:
                continue
            # Two short lines: where one is broken in one column, its chart lies lower than the other.
            st.markdown(f"**{title}**: {NAMES[shown]}  \nMean {_triple(found.mean)}; std {_triple(found.std)}")
            draw(
                histogram_chart(found.edges, found.share),
                f"std_histogram_{title}",
                f"Histogram of the values by channel, {NAMES[shown]}",
            )
    st.caption(
        "Values of 1,000 test images. The statistics are the train set's (per image: each image's own): so the means "
        "are near 0 and the standard deviations (std) near 1, but not exactly. One value in a thousand at each end "
        "lies outside the chart. Whitening leaves small values: most directions have a variance far below eps."
    )


def show_spectrum(dataset: str, version: str, eps: float) -> None:
    """Show the eigenvalues of the covariance, and what whitening makes of them."""
    found = asked("eigenvalues", "eigenvalues", 330, dataset=dataset, version=version)
    if found is None:
        return
    values, images = found
    left, right = beside(320)
    with left:
        draw(spectrum_chart(values, eps), "std_spectrum", "Eigenvalues of the covariance before and after whitening")
    share = np.cumsum(values) / values.sum()
    after = values / (values + eps)
    positive = values[values > 0]
    with right.container(horizontal=True):
        st.metric(
            "Condition number before", number(positive.max() / positive.min(), 2), help="largest / smallest variance"
        )
        st.metric("after, l / (l + eps)", number(after.max() / after[values > 0].min(), 2))
        st.metric("Components for 90 % of the variance", f"{int(np.searchsorted(share, 0.9)) + 1} of {len(values):,}")
        st.metric("Components above eps", f"{int((values > eps).sum()):,}")
    st.caption(
        f"Eigenvalues of the covariance of {images:,} train images, {len(values):,} values each. The strongest "
        "components are light and colour of the whole image, the weakest fine noise. Gradient descent is slow along "
        "the weak ones and unstable along the strong ones: the larger the condition number, the worse. Whitening "
        "makes all of them alike, as far as eps lets it: without eps the noise would become as large as the picture."
    )


def show_neighbours(dataset: str, version: str, eps: float) -> None:
    """Show how alike neighbouring pixels are before and after whitening."""
    kinds = (Standardization.NONE, Standardization.ZCA)
    found = asked("neighbours", "neighbours", 330, dataset=dataset, version=version, kinds=kinds, eps=eps)
    if found is None:
        return
    left, right = beside(320)
    with left:
        draw(
            neighbour_chart({NAMES[kind]: values for kind, values in found.items()}),
            "std_neighbours",
            "Correlation of pixels by their distance",
        )
    with right.container(horizontal=True):
        for kind, values in found.items():
            st.metric(f"Next-door neighbours, {NAMES[kind]}", signed(values[1], "+.2f"))
    st.caption(
        "Correlation of two pixels of one row and channel, over 1,000 test images. Per-channel standardization "
        "changes nothing here: a shift and a factor leave every correlation as it is. ZCA is made to remove it: on "
        "the train set, and as far as eps lets it."
    )


def show_whose(dataset: str, version: str, image: NDArray[np.uint8]) -> None:
    """Show how statistics differ by the set that they are taken of, and what a darker test set becomes."""
    brightness = st.slider(
        "Test images taken at dusk: their brightness", 0.2, 1.0, 0.6, 0.05, key="std_dusk", bind="query-params"
    )
    counts: PixelCounts | None = asked("counts", "pixel_counts", 400, dataset=dataset, version=version)
    if counts is None:
        return
    train, test = counts.of("train"), darkened(counts.of("test"), brightness)
    titles = ("the train set's statistics", "its own statistics")
    for column, whose, title, chart in zip(beside(), (train, test), titles, moved_charts(train, test), strict=True):
        place: Standing = standing(test, whose)
        with column:
            st.markdown(
                f"Test set with **{title}**: mean {_triple(place.mean)}; std {_triple(place.std)}. "
                + ("The shift shows." if whose is train else "Re-centred: the shift is hidden.")
            )
            draw(
                chart,
                f"std_moved_{title.split()[0]}",
                f"Values of train and test set with {title}",
            )
    names = channel_names(len(train))
    mean, std = mean_std(train)
    table: dict[str, list[Any]] = {"fitted on": []} | {f"{what} {n}": [] for what in ("mean", "std") for n in names}
    table["off the train mean by (std)"] = []
    sets = {
        "train": train,
        "test": counts.of("test"),
        "train and test": counts.of("all"),
        "this one image": image_counts(image),
    }
    for name, one in sets.items():
        own_mean, own_std = mean_std(one)
        table["fitted on"].append(name)
        for channel, m, s in zip(names, own_mean, own_std, strict=True):
            table[f"mean {channel}"].append(m)
            table[f"std {channel}"].append(s)
        table["off the train mean by (std)"].append(float(np.abs((own_mean - mean) / std).max()))
    three = {name: st.column_config.NumberColumn(format="%.4f") for name in list(table)[1:]}
    tabulate(table, column_config=three, key="std_whose")
    st.caption(
        "All pixels of each set, exactly. Train and test differ little here, because they were drawn from one pile: "
        "that is why the leak is easily overlooked, not a reason to allow it. A single image in use is far off, and "
        "one image has no covariance at all: whitening cannot be fitted to it."
    )


def show_handout(dataset: str, version: str) -> None:
    """Show the handout's constants beside what this data set gives."""
    counts: PixelCounts | None = asked("counts", "pixel_counts", 200, dataset=dataset, version=version)
    if counts is None:
        return
    mean, std = mean_std(counts.of("train"))
    table: dict[str, Any] = {
        "number": ["mean", "standard deviation over all train pixels", "mean of each image's own deviation"]
    }
    table["the handout prints"] = [_triple(np.array(HANDOUT_MEAN)), "−", _triple(np.array(HANDOUT_STD))]
    table["this data set, computed now"] = [_triple(mean), _triple(std), _triple(counts.image_std)]
    tabulate(table, key="std_handout")
    factor = (
        f"Here it would leave deviations of {_triple(std / np.array(HANDOUT_STD))} instead of 1. "
        if len(std) == 3
        else ""
    )
    st.markdown(
        "What the handout calls *std* is not the deviation over CIFAR-10's train set, which is (.247, .243, .262): "
        "it is the mean over images of each image's own deviation, and misses how images differ from each other in "
        f"brightness. {factor}Harmless, since the first layer's weights make up for a factor, and the practical's "
        "figures used it; but whoever recomputes it must know which of the two it is. Choose CIFAR-10 above, once "
        "it is prepared, to see both."
    )
