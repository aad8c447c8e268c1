"""Label safety: flip or flop? Which labels survive a mirror, and what a network says that never looked into one."""

import streamlit as st

from cnncore import compute
from cnncore.data import datasets
from cnncore.data.mirrored import Pair, pairs
from cnncore.data.prepared import info
from cnncore.errors import InputError
from cnncore.figures.label_safety import Reference, class_chart, reference
from cnncore.inspection.label_safety import Safety, View
from cnncore.runs.snapshots import checkpoint_time
from pages.parts.address import explain, remember
from pages.parts.awaited import awaited
from pages.parts.beside import beside
from pages.parts.charts import draw
from pages.parts.folded import folded, why
from pages.parts.header import header
from pages.parts.held_out import keep_shut
from pages.parts.image_choice import opened
from pages.parts.label_safety_views import restart, show_classes, show_falls, show_quiz, show_run
from pages.parts.link_to import link_to
from pages.parts.plain import with_code
from pages.parts.questions import questions
from pages.parts.run_picker import run_picker

ADDRESS = ("flip_seed", "flip_run", "flip_view")
VIEWS = [view for view in View if view is not View.STORED]
WHY = """
**Two conditions.** A flip is safe where the *label* stays and the mirrored image could have been *photographed*.
Animals and vehicles pass, asymmetric ones above all: a car that drives to the left and one that drives to the right are
two images of one class, and that is new to the network. Where an object is symmetric, a flip is safe and teaches
nothing.

**Signs do not pass.** Digits, letters, arrows, traffic signs, left and right hands: there the direction is the meaning.

**The network's fall** in accuracy measures the second condition only. A network that was never trained with mirrored
images errs on them wherever they look different from what it knows. On objects that fall is a *weakness*, and flips in
training cure it; on digits it is *right*: a mirrored 7 is no 7.

**Ask twice.** Where a flip is safe, a trained network can be asked about the image and about its mirror image. The mean
of the two answers is usually right a little more often than either: their errors are not all the same ones. This is
*test-time augmentation*; it costs a second look and no training. Where a flip is not safe it does harm.
"""


def show_before(stored: Reference, falls: bool) -> None:
    """Show what was measured before: the falls where a run's own stand above, and how."""
    if falls:
        show_falls(stored.falls, "flip_reference_too")
    st.markdown(
        f"Each with {stored.falls[0].seeds} seeds, all test images, trained as the app trains: "
        f"`benchmarks/label_safety.py`. Measured on {stored.machine}."
    )


def known(name: str) -> tuple[str, str] | None:
    """Return a data set's name and version if it is prepared."""
    return next(((info.name, info.version) for info in datasets() if info.name == name and info.prepared), None)


@st.cache_data(max_entries=16, show_spinner=False)
def chosen_pairs(seed: int, objects: tuple[str, str], digits: tuple[str, str] | None) -> list[Pair]:
    """Return the pairs of two data sets, each by name and version: one that is prepared anew has others."""
    return pairs(seed, opened(*objects), opened(*digits) if digits else None)


@st.cache_data(max_entries=32, show_spinner=False)
def measured(run_id: str, saved: int, version: str) -> Safety:  # noqa: ARG001 newer checkpoints and data are told apart
    found: Safety = compute.call("cnncore.inspection.label_safety:measure", timeout=120, run_id=run_id)
    return found


remember(*ADDRESS)
header(
    "Label safety", "Mirror the image: is the label still true? And what does a network say that never saw it mirrored?"
)
quiz, network = beside()
with quiz:
    seed = st.number_input("Pairs, seed", 0, 999, 0, key="flip_seed", bind="query-params", on_change=restart, width=120)
    try:
        objects = known("cifar10") or known("builtin")
        assert objects is not None  # the built-in set is there, or is drawn when it is opened
        show_quiz(chosen_pairs(int(seed), objects, known("mnist")))
    except InputError as error:
        st.error(with_code(error))
stored_result = reference()
safety = None
with network:
    try:
        run = run_picker("flip_run")
        if run is not None and keep_shut(run, "At the end, the network is asked about test images."):
            pass  # what was measured before stands below
        elif run is not None:
            data = info(run.config.dataset)
            version = data.version if data else ""
            safety = awaited("safety", measured, run.id, checkpoint_time(run.id), version, height=330)
            if safety is None:
                st.caption("The network looks at every test image four times.")
            else:
                show_run(safety, run.label)
        elif stored_result is not None:
            show_falls(stored_result.falls, "flip_reference")
            st.caption(
                "No network is stored here yet: these results were measured before. Train one, and it is tested here."
            )
            link_to("training", "Train a network")
    except (InputError, compute.ComputeError) as error:
        st.error(with_code(error))
st.subheader("Class by class", anchor=False)
view = st.segmented_control(
    "View",
    VIEWS,
    default=View.MIRRORED,
    required=True,
    key="flip_view",
    bind="query-params",
    label_visibility="collapsed",
)
if safety is not None and view is not None:
    show_classes(safety, view)
elif stored_result is not None and stored_result.digits:
    draw(
        class_chart(stored_result.digits[View.STORED], stored_result.digits[str(view)], str(view)),
        "flip_digits",
        f"Accuracy of each digit as stored and {view}",
    )
    st.caption(
        "LeNet-5 on MNIST, measured before. Most mirrored 4s are still taken for a 4: the network does not decide "
        "what a label is, people do."
    )
if stored_result is not None:
    label = "Measured before, for comparison"
    folded("flip_before", label, show_before, stored_result, safety is not None, icon=":material/science:")
why(WHY)
explain({key: st.session_state[key] for key in ADDRESS if key in st.session_state})
questions("label_safety")
