"""What a network answers to six views of one image, and to all of them together, as the page Inside shows it."""

import streamlit as st

from cnncore.figures.words import percent
from cnncore.inspection.looked import Looked
from pages.parts.awaited import awaited
from pages.parts.held_out import locked
from pages.parts.inside_choice import Sight
from pages.parts.inspected import six_looks
from pages.parts.pictures import Tile, grid
from pages.parts.plain import plain

_SIZE = 120  # screen pixels of a view, at least


def show_looks(sight: Sight) -> None:
    """Show six views of the image, the answer to each, and the mean of the answers."""
    found = awaited("looks", six_looks, sight.subject, height=_SIZE + 110)
    if found is None:
        return
    tiles = []
    for view in found.views:
        name, chance = found.answer(view.chances)
        tiles.append(Tile(view.pixels, f"{view.words}: {name}, {100 * chance:.1f}\u00a0%"))
    st.html(grid(tiles, _SIZE))
    st.markdown(_together(found, sight.label))
    st.caption(
        "Four are moved by one pixel, their border repeated, before the part that the network looks at is cut out. No "
        "weight changes and nothing is trained: where one view misleads the network, the others may outvote it. On "
        "the page Train, under **More**, *Data*, a run can be scored like this at its end, as *Classroom plus* is."
    )
    run = sight.run
    if run is not None and run.test_accuracy is not None and run.test_tta_accuracy is not None and not locked(run):
        st.markdown(
            f"This run, at its end, on all test images: **{percent(run.test_tta_accuracy, run.test_size)}** asked "
            f"about {run.config.tta.looks} views of each, {percent(run.test_accuracy, run.test_size)} about one."
        )


def _together(found: Looked, label: int | None) -> str:
    """Return the mean of the answers in a sentence, and whether that changes anything."""
    (once, sure), (again, surer) = (found.answer(chances) for chances in (found.views[0].chances, found.chances))
    agree = sum(found.answer(view.chances)[0] == again for view in found.views)
    text = (
        f"The mean of the six, the two unmoved ones with twice the weight: **{plain(again)}**, {100 * surer:.1f} % "
        f"sure; {agree} of the six say so by themselves."
    )
    if again == once:
        return f"{text} One look alone said the same, {100 * sure:.1f} % sure."
    verdict = ""
    if label is not None:
        right = {once: " It was right, and the mean is wrong.", again: " It was wrong, and the mean is right."}
        verdict = right.get(found.classes[label], " Both are wrong.")
    return f"{text} One look alone said *{plain(once)}*, {100 * sure:.1f} % sure.{verdict}"
