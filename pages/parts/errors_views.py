"""What the errors page shows of a run after one epoch: the matrix, the images of a cell, the worst answers, scores."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from cnncore.data.images import ImageData
from cnncore.figures.calibration import cell_chart, probability, since
from cnncore.figures.confusion import confusion_chart
from cnncore.inspection.confusion import class_scores, confusion, least_true, of_cell, surest_wrong
from cnncore.runs.answers import Answers, cell_by_epoch
from cnncore.runs.record import Run
from cnncore.runs.snapshots import snapshots_of
from cnncore.statistics import wilson_interval
from pages.parts.beside import in_shares
from pages.parts.charts import draw
from pages.parts.errors_choice import MATRIX, TURN, choose_cell, clicked
from pages.parts.folded import folded
from pages.parts.image_links.component import LinkedTile, image_links
from pages.parts.pictures import Tile
from pages.parts.plain import plain
from pages.parts.tabulate import tabulate

COUNTS, SHARES = "Images", "% of the class"
WORST, SUREST = "Least probability for the true class", "Surest of a wrong answer"
_CELL_TILES, _GALLERY_TILES = 15, 14  # three rows of five beside the matrix, and what one row of a wide page holds


@dataclass(frozen=True, eq=False)  # arrays do not compare
class Shown:
    """What is looked at: a run's answers after `epoch`, the images they are about, and the counts of each confusion."""

    run: Run
    epoch: int
    given: Answers
    data: ImageData
    counts: NDArray[np.int64]
    inside: int

    @staticmethod
    def of(run: Run, epoch: int, given: Answers, data: ImageData) -> "Shown":
        """Count the answers, and find the nearest epoch whose network can be looked into: a few keep all weights."""
        counts = confusion(given.labels, given.found.predicted, len(data.classes))
        near = min(snapshots_of(run.id).networks, key=lambda kept: abs(kept - epoch))
        return Shown(run, epoch, given, data, counts, near)

    @property
    def names(self) -> list[str]:
        """The classes."""
        return list(self.data.classes)

    def linked(self, place: int, caption: str) -> LinkedTile:
        """Return the image at `place` of the answers, as a link to what the network makes of it inside."""
        row = int(self.given.rows[place])
        true = self.names[int(self.given.labels[place])]
        answer = self.names[int(self.given.found.predicted[place])]
        about = f"{true} taken for {answer}: open the inside of the network after epoch {self.inside}"
        address = {"inside_run": self.run.id, "inside_epoch": str(self.inside), "inside_row": str(row)}
        return LinkedTile(Tile(self.data.test_images[row], caption, about), address)


def show_matrix_and_cell(shown: Shown) -> None:
    """Show the confusion matrix, and beside it the images of one of its cells."""
    left, side = in_shares("matrix", 3, 2)
    with side:  # first: the boxes may have been moved by the address
        cell = choose_cell(shown.names, shown.counts)
        _show_cell(shown, cell)
    with left:
        right, total = int(np.trace(shown.counts)), int(shown.counts.sum())
        low, high = wilson_interval(right, total)
        st.markdown(
            f"**{right:,} of {total:,}** test images right: **{100 * right / total:.1f} %** (95 % interval "
            f"{100 * low:.1f} to {100 * high:.1f}). Click a cell: its images."
        )
        state = st.session_state
        chart = confusion_chart(
            shown.counts,
            shown.names,
            shares=state.errors_cells == SHARES,
            chosen=cell,
            turn=state.get(TURN, 0),
        )
        st.vega_lite_chart(
            pd.DataFrame(chart.data),
            chart.spec,
            key=MATRIX,
            width="stretch",
            on_select=lambda: clicked(shown.names),
            alt="How many images of each true class (rows) were taken for each class (columns)",
        )


def _show_cell(shown: Shown, cell: tuple[int, int]) -> None:
    found = shown.given.found
    true, answer = (shown.names[place] for place in cell)
    history = cell_by_epoch(shown.run.id, cell)
    places = of_cell(shown.given.labels, found.predicted, found.confidence, cell)
    of_class = int(shown.counts[cell[0]].sum())
    first = f"; the {_CELL_TILES} surest here" if len(places) > _CELL_TILES else ""
    st.markdown(
        f"**{len(places)} of {of_class:,}** images of {plain(true)} were taken for {plain(answer)}{first}. "
        f"{since(history)}"
    )
    draw(cell_chart(history, shown.epoch, cell[0] == cell[1]), "errors_cell", "How many there were after each epoch")
    tiles = [shown.linked(place, f"{100 * float(found.confidence[place]):.0f} %") for place in places[:_CELL_TILES]]
    image_links("inside", tiles, key="errors_images", width=50)


def show_gallery(shown: Shown) -> None:
    """Show the wrong answers that are furthest off, each with its true class, answer and probabilities."""
    st.subheader("The worst answers", anchor=False)
    kind = st.segmented_control(
        "Order",
        [WORST, SUREST],
        default=WORST,
        required=True,
        key="errors_gallery",
        bind="query-params",
        label_visibility="collapsed",
    )
    found, right = shown.given.found, shown.given.right
    places = least_true(right, found.confidence, found.true) if kind == WORST else surest_wrong(right, found.confidence)
    if not len(places):
        st.info("No test image was answered wrongly after this epoch.")
        return
    tiles = []
    for place in places[:_GALLERY_TILES]:
        true, answer = shown.names[shown.given.labels[place]], shown.names[found.predicted[place]]
        sure, chance = (probability(float(values[place])) for values in (found.confidence, found.true))
        tiles.append(shown.linked(place, f"{true}: {chance}\n{answer}: {sure}"))
    image_links("inside", tiles, key="errors_worst", width=104)
    st.caption(
        f"The {len(tiles)} worst of {len(places):,} wrong answers: above the probability of the true class, below "
        f"that of the answer. An image opens the inside of the network after epoch {shown.inside}"
        + ("." if shown.inside == shown.epoch else ", the nearest whose weights were kept.")
    )


def show_scores(shown: Shown) -> None:
    """Show, folded, precision, recall and F1 of each class, and the counts."""
    folded("errors_of_class", "Precision, recall and F1 of each class", _scores, shown, icon=":material/table_rows:")
    folded("errors_all_counts", "The counts as a table", _counts, shown, icon=":material/table_rows:")


def _scores(shown: Shown) -> None:
    scores = class_scores(shown.counts)
    table = pd.DataFrame(
        {
            "images": shown.counts.sum(1),
            "answers": shown.counts.sum(0),
            "precision": scores.precision,
            "recall": scores.recall,
            "F1": scores.f1,
        },
        index=pd.Index(shown.names, name="class"),
    )
    share = st.column_config.NumberColumn(format="%.3f")
    columns = dict.fromkeys(("precision", "recall", "F1"), share)
    tabulate(table, key="errors_scores", column_config=columns, hide_index=False)
    st.caption(
        "Precision: the share of the images taken for the class that are of it (down its column). Recall: the "
        "share of the class's images that were taken for it (along its row). F1: their harmonic mean. A dash: "
        "nothing to divide by."
    )


def _counts(shown: Shown) -> None:
    counts = pd.DataFrame(shown.counts, index=shown.names, columns=shown.names)
    tabulate(counts, key="errors_counts", hide_index=False)
