"""The runs of a report: chosen for an answer, drawn on the page, and as they stand in the file."""

from collections.abc import Iterable, Sequence

import streamlit as st

from cnncore.errors import InputError
from cnncore.figures.curves import Axis
from cnncore.figures.export import to_svg
from cnncore.figures.report import SETTINGS, Shown
from cnncore.figures.words import percent, share, told_apart
from cnncore.runs.differences import differences
from cnncore.runs.outcomes import paired
from cnncore.runs.record import LOCKED, Run
from cnncore.training.config import RunConfig
from cnncore.wording import counted, duration
from pages.parts.compare_views import say_locked
from pages.parts.held_out import Sight
from pages.parts.live_curves import Seen, charts_of, seen, show_curves
from pages.parts.plain import plain

_WIDTH = 300  # pixels of a chart in the file: two stand side by side


def show_runs(picked: Sequence[str], stored: dict[str, Run]) -> None:
    """Draw the curves of the runs that were picked; say which of them are not stored here any more."""
    gone = [run_id for run_id in picked if run_id not in stored]
    if gone:
        ids = ", ".join(f"`{plain(run_id[:40])}`" for run_id in gone)
        st.caption(f"Not stored on this machine, so not in the file: {counted(len(gone), 'run')} ({ids}).")
    runs = _in_order(picked, stored)
    if runs:
        say_locked(runs)
        show_curves(runs, Axis.EPOCH)
        said = _said(runs, seen(runs))
        if said:
            st.caption(plain(said))


def in_file(
    groups: Iterable[tuple[str, ...]], stored: dict[str, Run], sights: dict[str, Sight]
) -> dict[tuple[str, ...], Shown]:
    """Return what the file shows of each group of runs, by their ids; of `sights` as much of their test sets."""
    found = {}
    for ids in groups:
        runs = _in_order(ids, stored)
        if runs:
            view = tuple((run.id, run.updated, sights[run.id]) for run in runs)
            rows = tuple(_row(run, sight) for run, (_, _, sight) in zip(runs, view, strict=True))
            found[ids] = Shown(_pictures(view), rows, _said(runs, view))
    return found


def _in_order(ids: Iterable[str], stored: dict[str, Run]) -> list[Run]:
    """Return those of the runs that are stored, in the order of their start, which their colours have too."""
    return sorted((stored[run_id] for run_id in ids if run_id in stored), key=lambda run: run.created)


@st.cache_data(max_entries=64, show_spinner=False)
def _pictures(view: Seen) -> tuple[str, ...]:
    return tuple(to_svg(chart, _WIDTH) for chart in charts_of(view, Axis.EPOCH))


def _row(run: Run, sight: Sight) -> dict[str, str]:
    """Return what the file says of a run, its settings among it: with them it can be trained again."""
    test = LOCKED if sight is Sight.NOTHING else "–"
    if sight is not Sight.NOTHING and run.test_accuracy is not None:
        test = percent(run.test_accuracy, run.test_size)
    changed = differences([RunConfig(), run.config])
    settings = ", ".join(f"{name} {values[1]}" for name, values in changed.items()) or "usual settings"
    return {
        "run": f"{run.label} ({run.id[-4:]})",
        "epochs": f"{run.epoch} of {run.config.epochs}",
        "training": duration(run.seconds),
        "train": share(run.train_accuracy) or "–",
        "test (95 % interval)": test,
        SETTINGS: f"{run.config.dataset}, {counted(run.train_size or 0, 'train image')}; {settings}",
    }


def _said(runs: Sequence[Run], view: Seen) -> str:
    """Return what two runs say of each other: in what they differ, and whether it is more than luck."""
    if len(runs) != 2 or any(sight is Sight.NOTHING for _, _, sight in view):
        return ""
    found = differences([run.config for run in runs])
    names = " and ".join(f"{name} ({one} and {other})" for name, (one, other) in found.items())
    text = f"They differ in {names}." if found else "They differ in nothing."
    try:
        pair = paired(*runs)
    except InputError:
        return text  # tested on different images, or nothing was kept of them
    return f"{text} Second minus first on {pair.total:,} images: {100 * pair.gain:+.1f} points. {told_apart(pair)}."
