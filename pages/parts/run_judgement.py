"""What a run's curves say, in words: its first loss, overfitting, why it does not learn, and what to try instead."""

import streamlit as st

from cnncore.errors import InputError
from cnncore.figures.words import held_out, read_out
from cnncore.runs import client
from cnncore.runs.answers import wrong_confidence
from cnncore.runs.outcomes import best_epoch
from cnncore.runs.record import Run, Status
from cnncore.runs.store import RunStore, open_store
from cnncore.training.config import RunConfig
from cnncore.training.diagnosis import Diagnosis, Remedy, diagnose, first_loss, growing_confidence, overfitting
from pages.parts.held_out import Sight, sight
from pages.parts.plain import with_code
from pages.parts.refusal import refuse

_POINTS = 2_000  # of the loss that are judged: enough to see a plateau, whatever the run's length
_EVERY = 100  # updates after which a run is judged anew; after every epoch too


def show(run_id: str) -> None:
    """Put a run into the address, and so into the charts."""
    st.query_params.pop("group", None)
    st.query_params["run"] = run_id


def start_and_show(config: RunConfig) -> None:
    """Queue a run, put it into the address and draw the whole page anew; for callbacks."""
    try:
        show(client.start(config))
    except InputError as error:
        refuse(error)
    else:
        st.rerun()  # a remedy's button stands in a fragment, which knows only the run that it was drawn for


def show_judgement(run: Run) -> None:
    """Show what the curves so far mean, and what to try where something is wrong."""
    if not run.step or not run.classes:
        return
    try:
        said, trouble = _judged(run.id, run.epoch, run.step // _EVERY, run.status, sight(run))
    except InputError:  # deleted since the run was read: the next refresh is without it
        return
    with st.container(border=True):
        st.markdown("**What the curves say**")
        for sentence in said:
            st.markdown(sentence)
        if trouble is not None:
            st.markdown(f"⚠ {trouble.text}")
            _remedies(trouble.remedies)


@st.cache_data(max_entries=64, show_spinner=False)
def _judged(
    run_id: str,
    epoch: int,  # noqa: ARG001 what tells a newer curve apart, as `steps` does
    steps: int,  # noqa: ARG001 as above
    status: Status,
    seen: Sight,
) -> tuple[list[str], Diagnosis | None]:
    """Return what is said of a run, in sentences, and what is wrong with it; kept, as a page asks twice a second."""
    store = open_store()
    run = store.get(run_id)
    assert run.classes is not None
    loss = store.curve(run.id, "batch/loss", _POINTS).value
    first = first_loss(store.first_loss(run.id), run.classes, run.config)
    said = [f"{'✓' if first.sound else '⚠'} {first.text} (Q17)", *_fit(store, run, seen)]
    best = best_epoch(store, run)
    if seen is Sight.READING and best is not None:
        said.append(f":material/lock_open: {read_out(run, best)}")
    diverged = status is Status.DIVERGED
    return said, diagnose(run.config, loss, run.classes, diverged=diverged, updates=run.step)


def _fit(store: RunStore, run: Run, seen: Sight) -> list[str]:
    """Return what the curves of train and held-out images say together, and how sure the wrong answers are (Q18)."""
    name, _, size = held_out(run)
    kept = "train_eval/accuracy" if run.config.train_eval else "train/accuracy"
    train, held, held_loss = (
        store.curve(run.id, metric).value for metric in (kept, f"{name}/accuracy", f"{name}/loss")
    )
    shared = min(len(train), len(held), len(held_loss))  # an epoch may have ended between two of the reads
    train, held, held_loss = train[:shared], held[:shared], held_loss[:shared]
    fits = overfitting(train, held, held_loss, size, run.classes, name) if size and run.classes else None
    if fits is None:
        return []
    text = f"{'⚠' if fits.noticed or fits.guessing else '✓'} {fits.text}"
    if seen is not Sight.NOTHING and fits.noticed:
        try:
            sure = wrong_confidence(run.id)
        except InputError as error:  # the data set is another one by now: the snapshots cannot be read by it
            return [f"{text} (Q18)", with_code(error)]
        if sure:
            text = f"{text} {growing_confidence(fits, max(sure), sure.get(fits.best_epoch), sure[max(sure)])}"
    return [f"{text} (Q18)"]


def _remedies(remedies: tuple[Remedy, ...]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Start with the remedy", width="content")
        for number, remedy in enumerate(remedies):
            st.button(
                remedy.text,
                key=f"remedy_{number}",
                icon=":material/healing:",
                on_click=start_and_show,
                args=(remedy.config,),
            )
