"""What is looked at inside a network: the run and its epoch, the image, and whether the answer to it is known."""

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore.data import ImageData
from cnncore.data.prepared import ready
from cnncore.errors import InputError
from cnncore.inspection.confusion import surest_wrong
from cnncore.inspection.moment import Moment
from cnncore.runs.answers import answers
from cnncore.runs.record import Run
from cnncore.runs.snapshots import checkpoint_time, snapshot_folder, snapshots_of
from cnncore.training.presets import PRESETS
from pages.parts.held_out import locked
from pages.parts.image_choice import CAMERA, UPLOAD, from_user, opened
from pages.parts.link_to import link_to
from pages.parts.plain import plain, with_code
from pages.parts.run_picker import run_picker
from pages.parts.subject import Subject

TEST = "Test image"
FRESH = PRESETS["classroom-9"]  # what is shown while nothing is trained, as seed 0 begins it


@dataclass(frozen=True, eq=False)  # holds arrays
class Sight:
    """A network and an image, see `Subject`; `run` is None where the network is untrained.

    `label` is the image's true class, None for an own picture and as long as the run's test set is locked. `row` is the
    image's place among the test images, whether or not it is the one that is shown. `classes` are the network's.
    """

    subject: Subject
    run: Run | None
    label: int | None
    row: int
    classes: tuple[str, ...]


def choose_sight() -> Sight:
    """Show the controls and return what was chosen; an `InputError` if the run's data set has gone."""
    intro = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom"):  # wraps where the window is narrow
        places = [st.container(key="roomy_inside"), *(st.container(width=width) for width in (185, 263, 124))]
    with places[0]:
        run = run_picker("inside_run")
    if run is None:
        with intro, st.container(horizontal=True, vertical_alignment="center"):
            st.info("No trained network is stored yet: this is an **untrained** one, *Classroom 9* with seed 0.")
            link_to("training", "Train a network")
        subject = Subject(None, Moment.BEFORE, FRESH, 0, np.zeros(0, np.uint8), "", "an untrained network")
    else:
        with places[1]:
            epoch = _epoch(run)
        words = f"{run.label}, {'before training' if epoch == 0 else f'after epoch {epoch}'}"
        subject = Subject(run.id, epoch, run.config, checkpoint_time(run.id), np.zeros(0, np.uint8), "", plain(words))
    data = opened(subject.config.dataset, ready(subject.config.dataset).version)
    with places[2]:
        kinds = [TEST, UPLOAD, CAMERA]
        kind = st.segmented_control(
            "Image", kinds, default=TEST, required=True, key="inside_source", bind="query-params", wrap=True
        )
    with places[3]:
        row = _row(data, kind == TEST)
    own = None if kind == TEST else _own(kind or UPLOAD, data)
    if own is not None:
        found = replace(subject, image=own, caption="your picture")
        return Sight(found, run, None, row, data.classes)
    label = None if run is not None and locked(run) else int(data.test_labels[row])
    caption = f"test image {row}" + ("" if label is None else f": {data.classes[label]}")
    found = replace(subject, image=np.array(data.test_images[row]), caption=caption)
    return Sight(found, run, label, row, data.classes)


def _epoch(run: Run) -> int:
    """Let the user choose an epoch whose weights are kept."""
    kept = snapshots_of(run.id).networks
    return int(
        st.select_slider(
            "Epoch, 0 is before training",
            kept,
            kept[-1],
            key="inside_epoch",
            bind="query-params",
            help="Those whose weights are kept.",
        )
    )


def _row(data: ImageData, asked: bool) -> int:
    last = len(data.test_labels) - 1
    help_text = f"The image's place among the {last + 1:,} test images, from 0."
    number = st.number_input(
        "Number", 0, last, 0, key="inside_row", bind="query-params", help=help_text, disabled=not asked
    )
    return int(number)


def _own(kind: str, data: ImageData) -> NDArray[np.uint8] | None:
    """Let the user give a picture of their own, prepared as the data set's are; what is wrong with it is said."""
    try:
        picture = from_user(kind, "inside", data.shape)
    except InputError as error:
        st.error(with_code(error), icon=":material/block:")
        return None
    if picture is None:
        st.caption("Any common format and size. Until then the test image stays.")
    return picture


def surest_error(run_id: str, epoch: int) -> int | None:
    """Return the place of the test image that the run's network takes most surely for a wrong class after an epoch.

    None where it makes no error; an `InputError` if nothing was kept of the epoch.
    """
    return _surest_error(run_id, epoch, snapshot_folder(run_id).written(epoch))


@st.cache_data(max_entries=64, show_spinner=False)
def _surest_error(run_id: str, epoch: int, written: int) -> int | None:  # noqa: ARG001 one that was written anew
    given = answers(run_id, epoch)
    surest = surest_wrong(given.right, given.found.confidence)
    return int(given.rows[surest[0]]) if len(surest) else None
