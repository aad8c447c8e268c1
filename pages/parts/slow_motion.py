"""One batch in slow motion: a stored run's next update, act by act.

What is chosen and what it is called stand together here; the acts themselves have files of their own.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from cnncore import compute
from cnncore.architecture import describe
from cnncore.data.prepared import info
from cnncore.errors import InputError
from cnncore.inspection.anatomy import Anatomy, updates_at_most
from cnncore.inspection.moment import Moment
from cnncore.runs.record import Run, Status
from cnncore.runs.snapshots import checkpoint_time
from cnncore.runs.store import open_store
from cnncore.training.config import RunConfig
from cnncore.training.network import network_of
from cnncore.wording import counted, number
from pages.parts.address import explain, remember
from pages.parts.awaited import awaited
from pages.parts.plain import plain, with_code
from pages.parts.slow_motion_acts import show_forward, show_loss, show_numbers
from pages.parts.slow_motion_steps import show_backward, show_update

ACTS: dict[str, Callable[[Anatomy, RunConfig, int], None]] = {
    "1 Forward": show_forward,
    "2 Loss": show_loss,
    "3 Backward": show_backward,
    "4 Update": show_update,
    "Layer by layer": show_numbers,
}
ADDRESS = ("motion_moment", "motion_later", "motion_image", "motion_act")
_WAIT = 120.0  # seconds, ten times what the largest replay takes on a slow core


@dataclass(frozen=True)
class _Key:
    """What tells one slow motion from another; `stand` is how far the run has come, where that matters."""

    run_id: str
    moment: Moment
    later: int
    image: int
    stand: tuple[int, int, str, float]


@st.cache_data(max_entries=16, show_spinner=False)
def _taken(key: _Key) -> Anatomy:
    found: Anatomy = compute.call(
        "cnncore.inspection.slow_motion:slow_motion",
        timeout=_WAIT,
        run_id=key.run_id,
        moment=key.moment,
        later=key.later,
        image=key.image,
    )
    return found


def slow_motion(run: Run) -> None:
    """Show the section, folded; nothing is computed before it is opened."""
    folded = st.expander(
        "One batch in slow motion: forward, loss, backward, update",
        icon=":material/slow_motion_video:",
        key="slow_motion",
        on_change="rerun",
        bind="query-params",
    )
    if folded.open:
        remember(*ADDRESS)
        with folded:
            st.fragment(_show)(run.id)


def _show(run_id: str) -> None:
    try:
        run = open_store().get(run_id)
        key = _controls(run)
        above = st.container()
        act = st.segmented_control(  # here, as it keeps what was chosen while another update is awaited
            "Act",
            list(ACTS),
            default=next(iter(ACTS)),
            required=True,
            key="motion_act",
            bind="query-params",
            label_visibility="collapsed",
        )
        with above:
            shown = {name: st.session_state[name] for name in ADDRESS}
            explain(shown | {"motion_moment": _names(run)[key.moment]})
        found = awaited("slow_motion", _taken, key, height=520)
    except (InputError, compute.ComputeError) as error:
        st.warning(with_code(error), icon=":material/block:")
        return
    if found is None:
        return
    with above:
        st.caption(_position(found, run, key.moment))
        _trouble(found, run, key.moment)
    ACTS[act](found, run.config, key.image)


def _controls(run: Run) -> _Key:
    """Show which update and which image; return what is asked for."""
    names = _names(run)
    row = st.container(horizontal=True, vertical_alignment="bottom")
    moment = row.segmented_control(
        "Of this run",
        list(names),
        format_func=names.__getitem__,
        default=Moment.LAST,
        required=True,
        key="motion_moment",
        bind="query-params",
    )
    most = 0 if (moment is Moment.LAST and run.status is Status.FINISHED) else _most_later(run)
    later = row.number_input(
        "Updates later",
        0,
        max(most, 1),
        0,
        key="motion_later",
        bind="query-params",
        disabled=most == 0,
        width=150,
        help="Within the epoch; those before it are made first, at their learning rates.",
    )
    image = row.number_input(
        "Image of the batch",
        1,
        run.config.batch_size,
        1,
        key="motion_image",
        bind="query-params",
        width=170,
        help="Whose maps are shown.",
    )
    # A run that goes on is shown from its checkpoint: until the next one, nothing changes.
    step = run.epoch if run.status is Status.RUNNING else run.step
    stand = (checkpoint_time(run.id), step, str(run.status), run.lr_factor)
    return _Key(run.id, Moment(moment), min(int(later), most), int(image) - 1, stand)


def _names(run: Run) -> dict[Moment, str]:
    over = run.status is Status.FINISHED
    return {Moment.BEFORE: "its first update", Moment.LAST: "one more, after its end" if over else "its next update"}


def _most_later(run: Run) -> int:
    """Return how many updates further on one can be shown: within the epoch, and while somebody waits."""
    data = info(run.config.dataset)
    if data is None or run.batches_per_epoch is None:
        return 0
    macs = describe(network_of(run.config, data.shape, len(data.classes))).macs
    return max(0, min(run.batches_per_epoch, updates_at_most(macs, run.config.batch_size)) - 1)


def _position(found: Anatomy, run: Run, moment: Moment) -> str:
    """Return which update it is, from which weights, and how it agrees with what the run has recorded."""
    weights = f"the weights after epoch {found.epoch - 1}" if found.epoch > 1 else "the weights the run begins with"
    text = f"**Update {found.update:,}**: batch {found.batch + 1} of {found.batches} in epoch {found.epoch}, "
    text += f"learning rate {number(found.rate, 4)}"
    text += f" (× {found.factor:g} by hand)" if found.factor != 1 else ""
    text += f", from {weights}"
    if found.replayed:
        text += f" and {counted(found.replayed, 'update')} made again"
        if found.strayed is not None:
            exact = (
                f"to {number(found.strayed, 1)}, as sums came in another order" if found.strayed else "to the last bit"
            )
            mark = "✓ agrees with" if found.strayed < 1e-2 else "⚠ differs from"
            text += f" ({mark} the losses that the run recorded, {exact})"
    if found.over:
        return f"{text}. The run is over: this one would come next, at the learning rate of its last."
    if found.recorded is not None:
        agrees = abs(found.recorded - found.loss) <= 1e-3 * abs(found.loss)
        text += f". {'✓' if agrees else '⚠'} The run recorded the loss {number(found.recorded, 6)} for it, here it is "
        text += f"{number(found.loss, 6)}"
    missed = found.stands - found.update
    if moment is Moment.BEFORE:
        return f"{text}."
    if run.status is Status.RUNNING:
        text += ". While a run goes on, it is shown from its last checkpoint: pause it to see its very next update"
    elif missed > 0 and run.status.resumable:
        text += f". The run had come {counted(missed, 'update')} further; resumed, it goes on from here, as "
        text += "between checkpoints nothing is kept"
    elif missed > 0 and not found.replayed:
        text += f". The run has made {missed:,} updates since, too many to make again while you wait; nothing finer "
        text += "than the checkpoint is kept, so this is the first after it"
    return f"{text}."


def _trouble(found: Anatomy, run: Run, moment: Moment) -> None:
    """Say where a loss stopped being a number, or that this is not the update at which it did."""
    broken = found.broken
    if broken is not None:
        at = found.layers.index(broken)
        largest = (
            f"what it receives is at most {number(found.layers[at - 1].output.peak, 2)} in size" if at else "the first"
        )
        norm = next((p.norm for p in found.weights if p.layer == broken.name), None)
        told = f"its weights have the norm {number(norm)}" if norm is not None else "it has no weights"
        st.error(
            f"Here the loss stops being a number. The first layer that puts out infinity or no number is "
            f"**{plain(broken.name)}**: {largest}, {told}.",
            icon=":material/trending_up:",
        )
    elif not math.isfinite(found.loss):
        st.error(
            "Here the loss stops being a number, though every layer's output is one: it overflows in the loss itself."
        )
    elif run.status is Status.DIVERGED and moment is Moment.LAST:
        st.info(
            "This run's loss stopped being a number later than this update: the largest step below shows how it got "
            "there. Go further with *Updates later*, as far as it can be computed while you wait."
        )
