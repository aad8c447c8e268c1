"""Inside a network: what it takes each test image for, epoch by epoch."""

import numpy as np
import pandas as pd
import streamlit as st

from cnncore.data.prepared import load
from cnncore.errors import InputError
from cnncore.figures.confusion import confusion_chart
from cnncore.inspection.confusion import confusion, of_cell
from cnncore.runs.record import Run
from cnncore.runs.snapshots import scored_images, snapshot, snapshots_of
from pages.parts.charts import draw, ink
from pages.parts.header import header
from pages.parts.link_to import link_to
from pages.parts.pictures import Tile, grid
from pages.parts.questions import questions
from pages.parts.run_picker import run_picker

MOST = 24  # images of a cell


def show(run: Run) -> None:
    """Show the confusion matrix of an epoch, and the images of one of its cells."""
    kept = snapshots_of(run.id).epochs
    if not kept:
        st.info("Nothing was kept of this run's epochs: train it again, and each epoch is kept.")
        return
    epoch = st.select_slider("**Epoch**, 0 is before training", kept, kept[-1], key=f"inside_epoch_{run.id}")
    found, data = snapshot(run.id, epoch), load(run.config.dataset)
    rows, labels = scored_images(run.id)
    names = list(data.classes)
    counts = confusion(labels, found.predicted, len(names))
    right, total = int(np.trace(counts)), int(counts.sum())
    left, side = st.columns([3, 2], gap="large")
    with left:
        st.markdown(f"**{right:,} of {total:,}** test images right: {100 * right / total:.1f} %. Rows: true class.")
        draw(
            confusion_chart(counts, names, ink()), "inside_matrix", "How many images of each class were taken for each"
        )
    wrong = counts - np.diag(np.diag(counts))
    worst = divmod(int(wrong.argmax()), len(names))
    with side:
        # Every epoch begins with its own worst confusion.
        true = st.selectbox("True class", names, worst[0], key=f"inside_true_{epoch}")
        answer = st.selectbox("Taken for", names, worst[1], key=f"inside_answer_{epoch}")
        places = of_cell(labels, found.predicted, found.confidence, (names.index(true), names.index(answer)))
        first = f", the first {MOST} of them here" if len(places) > MOST else ""
        st.caption(f"{len(places)} images, the surest answers first{first}.")
        shown = [
            Tile(data.test_images[rows[p]], f"{100 * float(found.confidence[p]):.0f} %", f"{true} taken for {answer}")
            for p in places[:MOST]
        ]
        st.html(grid(shown, 64) or " ")
    with st.expander("The counts as a table", icon=":material/table_rows:"):
        st.dataframe(pd.DataFrame(counts, index=names, columns=names), key="inside_counts", width="stretch")


header("Inside a network", "What does it take each class for, and since when?")
try:
    picked = run_picker("inside_run")
    if picked is None:
        st.info("No trained network is stored yet: train one, and what it confuses is shown here.")
        link_to("training", "Train a network")
    else:
        show(picked)
except InputError as error:
    st.error(str(error), icon=":material/block:")
questions("inside")
