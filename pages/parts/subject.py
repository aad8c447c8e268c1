"""The network that a page looks into, and the image that it is shown: a stored run's, or a fresh one."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore.inspection.moment import Moment
from cnncore.runs.snapshots import checkpoint_time, has_weights
from cnncore.runs.store import open_store
from cnncore.training.config import RunConfig
from cnncore.wording import counted
from pages.parts.image_choice import from_data
from pages.parts.plain import plain
from pages.parts.run_picker import run_picker


@dataclass(frozen=True, eq=False)  # arrays do not compare to one truth value
class Subject:
    """What `cnncore.inspection` needs to find the network, the image uint8 (C, H, W), and both in words.

    `words` are Markdown, the `caption` is text. `moment` is one of two, or the number of an epoch whose weights were
    kept. `saved` is when the checkpoint was written: it tells a newer one apart where results are kept.
    """

    run_id: str | None
    moment: Moment | int
    config: RunConfig
    saved: int
    image: NDArray[np.uint8]
    caption: str
    words: str


def choose_subject(
    prefix: str, fresh: RunConfig, lacks: Callable[[RunConfig], str] = lambda _: "", moment: Moment = Moment.LAST
) -> Subject:
    """Let the user choose a stored run, when to look at it, and an image of its data.

    Without a run it is the network of `fresh` as training would begin with it; likewise where `lacks` says what the
    chosen run has not that the page needs: then the reason is shown. Keys begin with `prefix`.
    """
    key = f"{prefix}_run"
    if key not in st.session_state:  # the newest run that has what the page needs, unless a link names one
        stored = {run.id: run for run in open_store().runs() if has_weights(run)}
        fit = next((run_id for run_id, run in stored.items() if not lacks(run.config)), None)
        if fit is not None and st.query_params.get(key) not in stored:
            st.session_state[key] = fit
    with st.container(horizontal=True, vertical_alignment="bottom"):  # wraps where the window is narrow
        places = [st.container(key=f"roomy_{prefix}"), *(st.container(width=width) for width in (270, 280))]
    with places[0]:
        run = run_picker(key)
        if run is None:
            name = plain(fresh.network)
            st.caption(f"No stored run yet: a freshly initialised network (*{name}*), until one is trained.")
    missing = "" if run is None else lacks(run.config)
    run_id, saved, words = None, 0, "a freshly initialised network"
    if run is not None:
        fresh = replace(fresh, network=run.config.network, dataset=run.config.dataset, augment=run.config.augment)
    if run is not None and not missing:
        with places[1]:
            names = {Moment.BEFORE: "before training", Moment.LAST: f"after {counted(run.epoch, 'epoch')}"}
            moment = st.segmented_control(
                "Its weights",
                list(Moment),
                format_func=names.__getitem__,
                default=moment,
                required=True,
                key=f"{prefix}_moment",
                bind="query-params",
            )
        run_id, fresh, words = run.id, run.config, f"{plain(run.label)}, {names[moment]}"
        saved = checkpoint_time(run.id)
    else:
        moment = Moment.BEFORE
    if missing:
        places[1].caption(f"{missing} A freshly initialised one is shown.")
    with places[2]:
        image, _, caption = from_data(prefix, fresh.dataset)
    return Subject(run_id, Moment(moment), fresh, saved, image, caption, words)
