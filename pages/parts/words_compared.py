"""Bags of words beside the network, as charts and as a table, and what a result says class by class."""

import pandas as pd
import streamlit as st

from cnncore.baselines.outcome import STAGES, Result
from cnncore.figures.comparison import (
    Row,
    accuracy_bars,
    best_run,
    learned_bars,
    legend,
    network_before,
    row_of_result,
    seconds_bars,
    words_before,
)
from cnncore.figures.palette import by_name
from cnncore.figures.words import percent
from cnncore.runs.store import open_store
from pages.parts.charts import draw
from pages.parts.folded import folded
from pages.parts.held_out import locked
from pages.parts.plain import plain
from pages.parts.tabulate import tabulate

MOST = 4  # bags of words at a time: more bars than that are not compared, only seen


def rows_for(dataset: str, current: Result | None, stored: list[Result]) -> list[Row]:
    """Return the rows: the current result first, earlier ones, then the network; measured before where none is here.

    A run whose test set is locked is none of them: the test images would choose among what still goes on.
    """
    others = [result for result in stored if current is None or result.config != current.config]
    kept = [*([current] if current else []), *others][:MOST]
    bags = [row_of_result(result) for result in kept] or [row for row in [words_before(dataset)] if row]
    runs = [run for run in open_store().runs() if not locked(run)]
    network = best_run(runs, dataset) or network_before(dataset)
    return [*bags, *([network] if network else [])]


def show_comparison(rows: list[Row]) -> None:
    """Show accuracy, time and learned numbers side by side; the same as a table, folded."""
    if not rows:
        st.info("Nothing has been measured on this data set yet: **Start** learns a bag of words here.")
        return
    with st.grid(columns=3, min_column_width=250):
        draw(accuracy_bars(rows), "compare_accuracy", "Train and test accuracy of each method")
        draw(seconds_bars(rows), "compare_seconds", "Training time of each method")
        draw(learned_bars(rows), "compare_learned", "Learned numbers of each method, by part")
    st.html(f'<div style="font-size:0.85rem">{by_name(legend())}</div>')
    for said in sorted({row.copies for row in rows} - {""}):
        st.caption(f"Measured before: {said}")
    bags = [row for row in rows if not row.numbers[2]]
    networks = [row for row in rows if row.numbers[2]]
    if not networks:
        st.info("No network has been trained on this data set yet: do it on the page Train, and it is drawn here.")
    elif bags:
        ours, theirs = bags[0], networks[0]
        apart = "" if ours.where == theirs.where else " (not measured on the same machine)"
        points = 100 * (theirs.test_accuracy - ours.test_accuracy)
        st.markdown(
            f"The network's test accuracy lies **{abs(points):.1f} points {'above' if points >= 0 else 'below'}** that "
            f"of the first bag of words. It learned **{theirs.learned / ours.learned:,.1f} times** as many "
            f"numbers, in **{theirs.seconds / max(ours.seconds, 1e-9):,.1f} times** the training time{apart}. Of "
            "several runs it is the one that did best on the test images, which flatters it a little."
        )
    folded("words_table", "The same as a table", _show_table, rows, icon=":material/table_rows:")


def _show_table(rows: list[Row]) -> None:
    table = {
        "method": [row.name for row in rows],
        "test accuracy (95 % interval)": [percent(row.test_accuracy, row.test_size) for row in rows],
        "train": [percent(row.train_accuracy, None) for row in rows],
        "dictionary": [row.numbers[0] for row in rows],
        "classifier": [row.numbers[1] for row in rows],
        "network": [row.numbers[2] for row in rows],
        "learned in all": [row.learned for row in rows],
        "train images": [row.train_size for row in rows],
        "seconds": [row.seconds for row in rows],
        "measured": [row.where for row in rows],
    }
    counts = ("dictionary", "classifier", "network", "learned in all", "train images")
    columns = {name: st.column_config.NumberColumn(format="localized") for name in counts}
    columns["seconds"] = st.column_config.NumberColumn(format="%.1f")
    tabulate(table, column_config=columns)


def show_result(result: Result) -> None:
    """Show the stages' times, the learned numbers with their formula, and every class."""
    seconds = " · ".join(f"{stage} {result.seconds[stage]:.1f} s" for stage in STAGES)
    config, classes = result.config, len(result.classes)
    dimensions = result.dictionary // config.words
    bins = f"{config.cells} × ({config.words:,} + 1)" if config.pyramid else f"({config.words:,} + 1)"
    st.markdown(
        f"{seconds}  \n**Dictionary** {config.words:,} words × {dimensions} = **{result.dictionary:,}** · "
        f"**classifier** {classes} × ({bins} + 1) = **{result.classifier:,}** · the zero word is fixed"
    )
    if result.unconverged:
        names = plain(", ".join(result.unconverged))
        st.warning(f"Not converged when the iterations ran out: {names}. Try a smaller C.")
    shown = pd.DataFrame(result.confusion, columns=list(result.classes))
    right = [100 * row[label] / max(1, sum(row)) for label, row in enumerate(result.confusion)]
    shown.insert(0, "right (%)", right)
    shown.insert(0, "class", list(result.classes))
    tabulate(shown, column_config={"right (%)": st.column_config.NumberColumn(format="%.1f")})
    st.caption("Rows: the test images of a class. Columns: what they were taken for.")
