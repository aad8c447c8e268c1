"""The class map: a stored run's network as convolutions alone, on a collage of test images (Q5, Q6)."""

import streamlit as st

from cnncore import compute
from cnncore.data.prepared import ready
from cnncore.errors import InputError
from cnncore.figures.class_map import agreement_sentence, class_map_picture, size_sentence
from cnncore.figures.measured import time_taken
from cnncore.inspection.collage import ACROSS, LARGEST, ClassMap
from cnncore.runs.snapshots import checkpoint_time
from cnncore.training.presets import PRESETS
from pages.parts.address import fit
from pages.parts.awaited import awaited
from pages.parts.held_out import keep_shut
from pages.parts.image_choice import opened
from pages.parts.plain import with_code
from pages.parts.run_picker import run_picker

WINNERS = "the winner"
USUAL = 128  # pixels of the collage's side at first


def class_map(prefix: str = "class_map") -> None:
    """Show the controls (their keys, also in the address, begin with `prefix`), the collage and the map of classes.

    Without a stored run that has weights it says how to get one. Errors are shown as one sentence.
    """
    try:
        run = run_picker(f"{prefix}_run")
        if run is None:
            taken = time_taken(PRESETS["classroom-9"])
            st.info(
                "There is no trained network yet: *Train* makes "
                f"one{f', for example with the preset Classroom 9. It took {taken}' if taken else ''}."
            )
            return
        if keep_shut(run, "The collage is made of test images, and is shown at the end."):
            return
        version = ready(run.config.dataset).version
        data = opened(run.config.dataset, version)
        least = ACROSS * max(data.shape[1:])
        side = max(least, USUAL)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            if least < LARGEST:  # larger images fit in one way alone
                fit(f"{prefix}_side", least, LARGEST, side)  # the last run's images may have been smaller
                side = st.slider("Side of the collage (pixels)", least, LARGEST, side, 8,
                                 key=f"{prefix}_side", bind="query-params", width=320)  # fmt: skip
            seed = st.number_input("Collage", 0, 9999, 0, key=f"{prefix}_seed", bind="query-params", width=120)
            shown = st.selectbox(
                "Show", [WINNERS, *data.classes], key=f"{prefix}_class", bind="query-params", width=180
            )
        found = awaited("class_map", _found, run.id, checkpoint_time(run.id), version, side, seed, height=330)
        if found is None:
            return
        number = None if shown == WINNERS else data.classes.index(shown)
        st.html(class_map_picture(found, number))
        st.markdown(size_sentence(found))
        st.markdown(agreement_sentence(found))
        st.caption(
            "Left: a frame for each object, and the class of the cell over it; dashed where that is wrong. Right: the "
            "map, where each cell shows the first letters of its most likely class; the deeper the colour, the surer. "
            "Between objects the network has to name something too: there is no class for “nothing”."
        )
    except (InputError, compute.ComputeError) as error:
        st.error(with_code(error), icon=":material/block:")


@st.cache_data(max_entries=32, show_spinner=False)
def _found(
    run_id: str,
    saved: int,  # noqa: ARG001 tells a newer checkpoint apart
    version: str,  # noqa: ARG001 tells a data set that was prepared anew apart
    side: int,
    seed: int,
) -> ClassMap:
    found: ClassMap = compute.call(
        "cnncore.inspection.class_map:class_map", timeout=60.0, run_id=run_id, side=side, seed=seed
    )
    return found
