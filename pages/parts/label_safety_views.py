"""The parts of the page about label safety: the twenty pairs, and a stored run's network on changed images."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from cnncore.data.mirrored import Pair
from cnncore.figures.label_safety import Fall, by_fall, class_chart, fall_chart, fall_of
from cnncore.inspection.label_safety import Safety, View
from cnncore.wording import counted
from pages.parts.charts import draw
from pages.parts.pictures import Tile, grid, row
from pages.parts.plain import plain
from pages.parts.tabulate import tabulate

SAME, OTHER = "The same label", "Another one, or none"


def say(answer: bool) -> None:
    st.session_state.flip_said = [*st.session_state.get("flip_said", []), answer]


def next_twenty() -> None:
    st.session_state.flip_seed = (st.session_state.flip_seed + 1) % 1000
    st.session_state.flip_said = []


def restart() -> None:
    st.session_state.flip_said = []


def verdict(pair: Pair, said: bool) -> str:
    """Return in one sentence whether the answer was right, and why."""
    truth = f"a mirrored **{plain(pair.label)}** is {'still' if pair.stays else 'no longer'} one: {pair.why}"
    return f"{'Right' if said == pair.stays else 'No'}, {truth}."


def _mark(pair: Pair, answer: bool) -> str:
    return ("same" if pair.stays else "not the same") + ("" if answer == pair.stays else " (you missed it)")


def show_quiz(found: list[Pair]) -> None:
    """Show the next pair with its two answers, and what the last answer was worth; all of them at the end."""
    said: list[bool] = st.session_state.get("flip_said", [])[: len(found)]
    number = len(said)
    right = sum(answer == pair.stays for answer, pair in zip(said, found, strict=False))
    if number < len(found):
        pair = found[number]
        st.markdown(
            f"**Pair {number + 1} of {len(found)}**: the label is **{plain(pair.label)}**. Does it still hold when "
            "the image is mirrored?"
        )
        scale = 150 / max(pair.image.shape[1:])
        st.html(
            row(
                [
                    Tile(pair.image, "as stored", f"A {pair.label}"),
                    Tile(pair.mirrored, "mirrored", f"A {pair.label} mirrored"),
                ],
                scale,
                large=True,
            )
        )
        with st.container(horizontal=True, gap="small"):
            st.button(SAME, key="flip_same", on_click=say, args=(True,), type="primary")
            st.button(OTHER, key="flip_other", on_click=say, args=(False,), type="primary")
    else:
        st.markdown(f"**{right} of {len(found)} right.** All pairs, mirrored:")
        st.html(
            grid(
                [
                    Tile(
                        pair.mirrored,
                        f"{pair.label}: {_mark(pair, answer)}",
                        f"A mirrored {pair.label}",
                    )
                    for pair, answer in zip(found, said, strict=True)
                ],
                64,
            )
        )
        st.button("Twenty others", key="flip_more", on_click=next_twenty, icon=":material/casino:")
    if number:
        last = found[number - 1]
        (st.success if said[-1] == last.stays else st.warning)(verdict(last, said[-1]))
        st.caption(f"{right} of {number} right so far.")


def show_falls(falls: Sequence[Fall], key: str) -> None:
    """Show each network's accuracy on each view."""
    for number, fall in enumerate(falls):
        draw(fall_chart(fall), f"{key}_{number}", f"{fall.name}: test accuracy as stored, mirrored and turned")


def asked_twice(found: Safety) -> str:
    """Return in one sentence what the mirror image's answer adds to the image's own."""
    more = found.right(View.BOTH)[0] - found.right(View.STORED)[0]
    gain = f"{abs(more):,} images {'more' if more > 0 else 'fewer'}" if more else "as many images"
    return f"Asked about each image and its mirror image, with the mean of the two answers, it has {gain} right."


def show_run(found: Safety, name: str) -> None:
    """Show a stored run's network on each view, and what it takes the images of each class for."""
    show_falls([fall_of(found, name)], "flip_fall")
    trained = f"with {', '.join(found.augment).lower()}" if found.augment else "without augmentation"
    images = f"{found.right(View.STORED)[1]:,}"
    st.caption(
        f"All {images} test images of {found.dataset}, weights after {counted(found.epoch, 'epoch')} {trained}. "
        f"{asked_twice(found)} The lines are 95 % Wilson intervals."
    )


def show_classes(found: Safety, view: View) -> None:
    if view not in found.confusion:
        st.info("These images are not square: a quarter turn would change their shape.")
        return
    stored, changed = (
        dict(zip(found.classes, found.by_class(one).tolist(), strict=True)) for one in (View.STORED, view)
    )
    present = {label: value for label, value in stored.items() if value == value}  # a class without test images is nan
    draw(
        class_chart(present, {label: changed[label] for label in present}, view),
        "flip_classes",
        f"Accuracy of each class as stored and {view}",
    )
    table: dict[str, list[Any]] = {"class": [], "is taken most often for": [], "share of its images (%)": []}
    for label in by_fall(present, changed):  # as in the chart
        answer, share = found.answer(view, found.classes.index(label))
        for key, value in zip(table, (label, answer, 100 * share), strict=True):
            table[key].append(value)
    tabulate(
        table,
        key="flip_answers",
        column_config={"share of its images (%)": st.column_config.NumberColumn(format="%.1f")},
    )
