"""The curves of live runs as they travel: made once for all who look at the same moment, and small."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import pyarrow as pa
import streamlit as st

from cnncore.events import Changed
from cnncore.figures.curves import MAX_POINTS, Axis, Chart, Columns, RunCurves, accuracy_chart, loss_chart
from cnncore.runs.differences import short_names
from cnncore.runs.record import Curve, Run
from cnncore.runs.store import RunStore, open_store
from pages.parts.held_out import Sight, sight

_NARROWEST = 330  # pixels of a chart: in less, a legend of three names is cut off; then one stands below the other
_FEWEST = 120  # points of a run, however many are drawn together
Seen: TypeAlias = tuple[tuple[str, float, Sight], ...]  # of runs: id, when it was written last, how much is seen
Sent: TypeAlias = tuple[pa.Table, dict[str, Any]]


def show_curves(shown: list[Run], axis: Axis) -> None:
    """Draw loss and accuracy of the runs, the first one's test set no further than it may be seen."""
    loss, accuracy = _sent(seen(shown), axis)
    held = "validation" if shown[0].config.validation_size else "test"
    with st.grid(columns=2, min_column_width=_NARROWEST, key="tall_curves"):
        _draw(loss, "live_loss", f"Loss of every update, smoothed, and {held} loss")
        _draw(accuracy, "live_accuracy", f"Train and {held} accuracy by epoch")
    if len(shown) > 1:
        st.caption("Of each run: solid is train, dashed test or validation, thin and faint every update as it came.")


def seen(runs: Sequence[Run]) -> Seen:
    """Return what is shown of the runs as they are now."""
    return tuple((run.id, run.updated, sight(run)) for run in runs)


def _draw(sent: Sent, key: str, alt: str) -> None:
    table, spec = sent
    st.vega_lite_chart(table, spec, key=key, width="stretch", height="stretch", alt=alt)


@st.cache_resource(max_entries=32, show_spinner=False)
def _sent(seen: Seen, axis: Axis) -> tuple[Sent, Sent]:
    """Return what is sent of the runs as they were at a moment; the second to ask finds it ready."""
    loss, accuracy = ((compact(chart.data), chart.spec) for chart in charts_of(seen, axis))
    return loss, accuracy


def charts_of(seen: Seen, axis: Axis) -> tuple[Chart, Chart]:
    """Return the charts of loss and accuracy; where a hand changed the learning rate is marked for the first run alone.

    Colours go by the order of their start, so that a run keeps its own when the next one is looked at.
    """
    store = open_store()
    points = max(_FEWEST, MAX_POINTS // len(seen))
    main = seen[0][0]
    runs = sorted(((store.get(run_id), sight) for run_id, _, sight in seen), key=lambda pair: pair[0].created)
    names = short_names([run for run, _ in runs])
    curves = [
        curves_of(store, run, sight, points, name, store.changes(run.id) if run.id == main else ())
        for (run, sight), name in zip(runs, names, strict=True)
    ]
    classes = next(run.classes for run, _ in runs if run.id == main)
    return loss_chart(curves, axis, classes), accuracy_chart(curves, axis)


def curves_of(
    store: RunStore, run: Run, sight: Sight, points: int, name: str, changes: Sequence[Changed] = ()
) -> RunCurves:
    """Return what the charts draw of a run, with as much of its test set as is in `sight`."""

    def curve(metric: str) -> Curve:
        return store.curve(run.id, metric, points)

    def test(metric: str) -> Curve:
        whole = curve(metric)
        return whole if sight is Sight.CURVE else whole.last(1 if sight is Sight.READING else 0)

    split = run.config.validation_size > 0
    return RunCurves(
        label=name,
        batch_loss=curve("batch/loss"),
        batch_accuracy=curve("batch/accuracy"),
        test_loss=test("test/loss"),
        train_accuracy=curve("train/accuracy"),
        test_accuracy=test("test/accuracy"),
        test_size=run.test_size,
        train_eval=curve("train_eval/accuracy") if run.config.train_eval else None,
        validation=curve("validation/accuracy") if split else None,
        validation_loss=curve("validation/loss") if split else None,
        changes=tuple((change.step, change.lr_factor) for change in changes),
        read_once=sight is Sight.READING,
    )


def compact(columns: Columns) -> pa.Table:
    """Return a chart's columns in four bytes a number, and one a name: seven digits, more than are drawn."""
    return pa.table(
        {
            name: pa.array(values, pa.string()).dictionary_encode() if name == "run" else pa.array(values, pa.float32())
            for name, values in columns.items()
        }
    )
