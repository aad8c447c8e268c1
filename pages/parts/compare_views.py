"""The parts of the page Compare: overlay and its files, differences, results."""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from cnncore.figures.curves import MAX_POINTS, Axis, Chart
from cnncore.figures.export import can_draw, to_csv, to_png, to_svg
from cnncore.figures.overlay import METRICS, Seeds, overlay_chart
from cnncore.figures.palette import RUNS
from cnncore.figures.words import RESCORED, percent, share
from cnncore.runs.differences import differences
from cnncore.runs.outcomes import Best, best_epoch
from cnncore.runs.record import Curve, Run
from cnncore.runs.store import RunStore, open_store
from cnncore.statistics import mean_and_spread
from cnncore.wording import duration
from pages.parts.charts import draw
from pages.parts.compare_choice import name_of
from pages.parts.held_out import LOCKED, locked
from pages.parts.plain import plain
from pages.parts.tabulate import row_height, tabulate

AGAIN = "with test-time augmentation"
_LETTERS, _MOST_LINES = 32, 4  # of a run's name in one line of the table's first column, and lines
_NEEDS = {"validation": "a validation split", "train_eval": "*Score the train set again*"}


def setting_name(runs: Sequence[Run]) -> str:
    """Return what runs of one setting are called together; the last run's mark tells two settings of one name apart."""
    label = runs[0].label.rsplit(" · seed ", 1)[0]
    seeds = ", ".join(str(run.config.seed) for run in runs)
    return f"{label} · seed{'s' if len(runs) > 1 else ''} {seeds} ({runs[-1].id[-4:]})"


def say_locked(runs: Sequence[Run]) -> list[Run]:
    """Return those of the runs whose test set is locked, and say so where there are such."""
    closed = [run for run in runs if locked(run)]
    if closed:
        names = " and ".join(f"*{plain(name_of(run))}*" for run in closed)
        st.info(
            f"The test set of {names} is {LOCKED}: until then, judge by the validation images.",
            icon=":material/lock:",
        )
    return closed


@st.cache_data(max_entries=400, show_spinner=False)
def _curve(run_id: str, updated: float, metric: str) -> Curve:  # noqa: ARG001 a run that went on is read anew
    return open_store().curve(run_id, metric, MAX_POINTS)


def show_overlay(settings: list[list[Run]], metric: str, axis: Axis) -> Chart | None:
    """Draw the metric of the first settings, as many as there are colours; None where none of them measured it."""
    if len(settings) > len(RUNS):
        st.warning(
            f"{len(settings)} settings are chosen and {len(RUNS)} colours can be told apart: the first {len(RUNS)} are "
            "drawn."
        )
    closed = say_locked([run for runs in settings for run in runs]) if metric.startswith("test/") else []
    curves = [
        (runs, {run.id: _curve(run.id, run.updated, metric) for run in runs if run not in closed})
        for runs in settings[: len(RUNS)]
    ]
    chart = overlay_chart([Seeds(setting_name(runs), list(of_run.values())) for runs, of_run in curves], metric, axis)
    need = _NEEDS.get(metric.split("/")[0], "a complete epoch")
    if not chart.data["x"]:
        if not closed:
            st.info(f"None of the chosen runs measured this: it takes {need}.")
        return None
    draw(chart, "overlay", f"{METRICS[metric]} of the chosen runs by {axis}", tall=True)
    without = [run for runs, of_run in curves for run in runs if run.id in of_run and not len(of_run[run.id].value)]
    if without:
        names = ", ".join(f"*{plain(name_of(run))}*" for run in without)
        st.caption(f"Not drawn, as this takes {need}: {names}.")
    if any(len(runs) > 1 for runs in settings):
        st.caption("Thin: each seed. Thick: their mean. Band: one standard deviation over the seeds to each side.")
    return chart


def show_downloads(chart: Chart) -> None:
    """Offer the chart's data and picture; they are made when they are asked for."""
    reason = None if can_draw() else "Pictures need vl-convert-python: pip install vl-convert-python"
    files: dict[str, tuple[Callable[[Chart], str | bytes], str, bool]] = {
        "CSV": (to_csv, "text/csv", True),
        "SVG": (to_svg, "image/svg+xml", can_draw()),
        "PNG": (to_png, "image/png", can_draw()),
    }
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("Download the chart", width="content")
        for kind, (make, mime, possible) in files.items():
            st.download_button(
                kind,
                lambda make=make: make(chart),  # type: ignore[misc]  # mypy infers no lambda with a default
                file_name=f"runs.{kind.lower()}",
                mime=mime,
                key=f"download_{kind}",
                icon=":material/download:",
                disabled=not possible,
                help=None if possible else reason,
                on_click="ignore",
            )


def show_differences(settings: list[list[Run]]) -> None:
    """List what differs between the settings, and nothing else."""
    if len(settings) < 2:
        if len(settings[0]) > 1:
            st.caption("One setting: these runs differ in nothing but the seed.")
        return
    st.subheader("What differs", anchor=False)
    found = differences([runs[0].config for runs in settings])
    found.pop("seed", None)
    table = pd.DataFrame({"setting": [setting_name(runs) for runs in settings], **found})
    tabulate(table)
    if len(found) == 1:
        only = f"Seeds apart, they differ in `{next(iter(found))}` alone: no other setting can explain a difference."
        st.success(only, icon=":material/balance:")
    elif len(settings) == 2:
        st.caption(f"{len(found)} things differ: none of them alone can be named as the cause.")


def show_results(store: RunStore, settings: list[list[Run]]) -> None:
    """Show each run's last and best epoch, and mean and spread over the seeds of each setting."""
    st.subheader("Last and best epoch", anchor=False)
    found = [(run, best_epoch(store, run)) for runs in settings for run in runs]
    table = pd.DataFrame([_result(run, best) for run, best in found])
    unused = [name for name in (RESCORED, AGAIN) if table[name].isna().all()]
    # A name of many settings in one line would hide the numbers; cut off, nobody would know whose they are.
    lines = min(_MOST_LINES, -(-max(len(name) for name in table["run"]) // _LETTERS))
    tabulate(
        table.drop(columns=unused),
        lines,
        height=min(38 + row_height(lines) * len(found), 320),
        column_config={"run": st.column_config.TextColumn(width=230)},
    )
    if any(best is not None and not best.fair for _, best in found):
        st.caption(
            "Best on test is **optimistic**: the luckiest of many readings of the same images. Compare last epochs, or "
            "train with a validation split."
        )
    _show_seeds(settings)


def _result(run: Run, best: Best | None) -> dict[str, Any]:
    """Return a run's row; that of a run without a complete epoch says only that it is there."""
    row: dict[str, Any] = {
        "run": name_of(run),
        "status": str(run.status),
        "train": share(run.train_accuracy),
        RESCORED: share(run.train_eval_accuracy),
        "test, last epoch (95 % interval)": None,
        AGAIN: None,
        "best epoch": None,
        "test at it": None,
        "chosen on": None,
        "training": duration(run.seconds),
    }
    if best is not None and run.test_accuracy is not None:
        closed = locked(run)
        row |= {
            "test, last epoch (95 % interval)": LOCKED if closed else percent(run.test_accuracy, run.test_size),
            "best epoch": best.epoch,
            "test at it": "locked" if closed else f"{100 * best.test_accuracy:.1f} %",
            "chosen on": "validation" if best.fair else "test (optimistic)",
        }
        if run.test_tta_accuracy is not None:
            row[AGAIN] = LOCKED if closed else percent(run.test_tta_accuracy, run.test_size)
    return row


def _show_seeds(settings: list[list[Run]]) -> None:
    rows: list[dict[str, Any]] = []
    for runs in settings:
        values = [100 * run.test_accuracy for run in runs if run.test_accuracy is not None and not locked(run)]
        if len(values) > 1:
            mean, spread = mean_and_spread(values)
            rows.append(
                {
                    "setting": setting_name(runs),
                    "seeds": len(values),
                    "test accuracy, mean ± standard deviation": f"{mean:.2f} ± {spread:.2f} %",
                    "lowest and highest": f"{min(values):.1f} to {max(values):.1f} %",
                }
            )
    if rows:
        st.markdown("**Over the seeds** (sample standard deviation, divided by n − 1)")
        tabulate(rows)
