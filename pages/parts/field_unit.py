"""One unit of a layer, its box and its gradient: the picture of the page, drawn again by itself when one is clicked.

In one file, as a click runs all of it again and nothing else.
"""

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore import compute
from cnncore.architecture import Network, describe, without_pools
from cnncore.architecture.reach import Reach, reach, seen_box
from cnncore.errors import InputError
from cnncore.figures.growing_field import profile_chart
from cnncore.figures.receptive_field import Warmth, scene
from cnncore.inspection.footprint import Footprint, footprint
from cnncore.inspection.subject import Look, Subject, check_cost, images_for, is_dense
from cnncore.runs.snapshots import checkpoint_time
from cnncore.wording import number
from pages.parts.address import asked, grant, insist
from pages.parts.awaited import awaited
from pages.parts.charts import draw
from pages.parts.field.component import field_picture
from pages.parts.field_choice import Choice, forget_unit
from pages.parts.folded import folded

ONE, MANY = "On this image", "Average of many images"
BEFORE, AFTER = "Before training", "After training"
_WAIT = 90.0  # seconds: VGG16 on four images takes twelve on a slow core
_FOLLOWS = "field_follows"
_FOLDED = 40  # pixels of what stands folded below the picture


def unit_from_address() -> None:
    """Take the unit (row,column from 1), which has no control of Streamlit's, from the address."""
    text, wanted = "", asked("field_unit")
    if wanted is not None:
        grant("field_unit")
        places = re.fullmatch(r"([1-9]\d{0,3}),([1-9]\d{0,3})", wanted)
        if places:
            st.session_state.field_unit = tuple(int(place) - 1 for place in places.groups())
        else:
            forget_unit()
            text = "The address asks for a `field_unit` that is not row,column: the middle one is shown."
    if text := insist("field_unit", text, {"field_unit": st.session_state.get("field_unit")}):
        st.warning(text)


def _chosen() -> None:
    unit = st.session_state.field_picture.unit
    if unit:
        st.session_state.field_unit = tuple(unit)


@st.cache_data(max_entries=32, show_spinner=False)
def _reached(network: str, layer: int) -> Reach:
    """Return what every unit of a layer depends on; `network` is the description's JSON. Up to 25 ms."""
    described = Network.from_json(network)
    return reach(described.layers[: layer + 1], described.input)[-1]


@st.cache_data(max_entries=64, show_spinner=False)
def _looked(
    subject: Subject,
    saved: int,  # noqa: ARG001 tells a newer checkpoint apart
    image: NDArray[np.uint8],
    layer: int,
    unit: tuple[int, int],
    channel: int | None,
) -> Look:
    look: Look = compute.call(
        "cnncore.inspection.receptive:look",
        timeout=_WAIT,
        subject=subject,
        image=image,
        layer=layer,
        unit=unit,
        channel=channel,
    )
    return look


@st.cache_data(max_entries=32, show_spinner=False)
def _averaged(
    subject: Subject,
    saved: int,  # noqa: ARG001 as above
    images: NDArray[np.uint8],
    layer: int,
    unit: tuple[int, int],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    found: tuple[NDArray[np.float32], NDArray[np.float32]] = compute.call(
        "cnncore.inspection.receptive:average",
        timeout=_WAIT,
        subject=subject,
        images=images,
        layer=layer,
        unit=unit,
    )
    return found


def _averages(
    moments: dict[str, Subject], saved: int, images: NDArray[np.uint8], layer: int, unit: tuple[int, int]
) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]:
    return {word: _averaged(subject, saved, images, layer, unit) for word, subject in moments.items()}


def _said(one: Footprint, first: str) -> tuple[str, ...]:
    """Return what is said of a gradient beside the picture, in lines; what stands in ** is bold."""
    if not one.used:
        return (first, "It is silent: a ReLU holds it at 0, and a small change of a pixel does not change it.")
    used = f"Gradient in {one.used:,} of the {one.possible:,} pixels that it can see"
    outside = "**exactly 0**" if one.outside == 0 else f"**{number(one.outside, 2)}: wrong**"
    return (
        f"{first}.",
        f"The middle quarter of the area holds **{100 * one.half:.0f}\u00a0%** of the gradient.",
        f"{used}; outside of them {outside}.",
    )


def show_unit(choice: Choice, below: Callable[[], None]) -> None:
    """Show the map, the image and the chosen unit at once; its gradient as soon as it is computed.

    What `below` shows depends on the unit as well: it is drawn again with it.
    """
    st.session_state.pop(_FOLLOWS, None)
    st.fragment(_show)(choice, below)


def page_follows() -> None:
    """Note, in a callback of what stands below the picture, that more than the unit was changed."""
    st.session_state[_FOLLOWS] = True


def _show(choice: Choice, show_below: Callable[[], None]) -> None:
    state = st.session_state
    if _FOLLOWS in state:  # only these lines run again, and `choice` is that of before
        st.rerun()
    network = choice.network if state.field_pools else without_pools(choice.network)
    seen = _reached(network.to_json(), choice.layer)
    rows, columns = (len(table) for table in seen)
    unit = state.get("field_unit", (rows // 2, columns // 2))
    if unit[0] >= rows or unit[1] >= columns:
        unit = (rows // 2, columns // 2)
    if "field_unit" in state and not is_dense(network, choice.layer):
        st.query_params["field_unit"] = f"{unit[0] + 1},{unit[1] + 1}"
    waiting = "Its gradient is being computed."
    found: Warmth | None = None
    numbers: dict[str, Footprint] = {}
    place, below = st.container(), st.container()
    try:
        with below:
            answer = _found(choice, network, seen, unit)
        if answer is not None:
            found, numbers = answer
    except (InputError, compute.ComputeError) as error:
        waiting = f"No gradient: {error}"
    data = scene(network, choice.layer, unit, seen, choice.shown, found, waiting.replace("`", ""))
    with place:
        field_picture(data, key="field_picture", chosen=_chosen)
    if numbers and any(one.used for one in numbers.values()) and rows * columns > 1:
        label = "How the gradient is spread over the field"
        with below:
            folded("spread_unfolded", label, _show_spread, numbers, seen, unit, icon=":material/landscape:")
    show_below()


def _show_spread(numbers: dict[str, Footprint], seen: Reach, unit: tuple[int, int]) -> None:
    box = seen_box(seen, *unit)
    chart = profile_chart({name: one.rows for name, one in numbers.items()}, (box.top, box.bottom))
    draw(chart, "spread", "The gradient by pixel row")
    for name, one in numbers.items():
        st.markdown(
            f"**{name}:** 95 % of the gradient lies within **{one.radius:g} pixels** of the centre; the middle "
            f"quarter of the field's area holds {100 * one.half:.0f} % of it (25 % if all pixels counted alike)."
        )
    st.caption(
        "Dashed: where the field begins and ends, and each row's share if all of its rows counted alike. The gradient "
        "is that with respect to the pixels as the network receives them, absolute, summed over the colours."
    )


def _found(
    choice: Choice, network: Network, seen: Reach, unit: tuple[int, int]
) -> tuple[Warmth, dict[str, Footprint]] | None:
    """Return the gradient to draw, and its numbers by moment; None as long as it has not come."""
    state, layer = st.session_state, choice.layer
    dense = is_dense(network, layer)
    if not state.field_pools and choice.run is not None and dense:
        raise InputError(
            "`pools` (=off) changes the size of the map that this dense layer's trained weights fit: choose an earlier "
            "layer, or switch the pools on."
        )
    trained = choice.run is not None and state.get("field_moment", AFTER) == AFTER
    subject = choice.subject(network, trained)
    check_cost(subject.until(layer))
    saved = checkpoint_time(choice.run.id) if choice.run else 0
    moment = "fresh weights" if choice.run is None else (AFTER if trained else BEFORE).lower()
    if state.field_gradient == MANY:
        count = images_for(subject.until(layer))
        images = choice.others(count)
        moments = {moment: subject}
        if choice.run is not None:
            moments = {word.lower(): replace(subject, trained=word == AFTER) for word in (BEFORE, AFTER)}
        means = awaited("gradients", _averages, moments, saved, images, layer, unit, height=_FOLDED)
        if means is None:
            return None
        numbers = {word: footprint(heat, seen, unit) for word, (_, heat) in means.items()}
        mean, heat = means[moment]
        said = _said(numbers[moment], f"Mean of {len(images)} images, {moment}")
        return Warmth(heat, said, None if dense else mean, "mean size over images and channels"), numbers
    channel = state.field_channel - 1 if state.field_channel else None
    channels = describe(subject.until(layer)).rows[-1].output[0]
    if channel is not None and channel >= channels:
        raise InputError(
            f"`channel` (={state.field_channel}) must be from 1 to {channels} in this layer, or 0 for the strongest: "
            "change it under More."
        )
    look = awaited("gradient", _looked, subject, saved, choice.image, layer, unit, channel, height=_FOLDED)
    if look is None:
        return None
    one = footprint(look.heat, seen, unit)
    kind = "strongest here" if not state.field_channel else "as chosen"
    drawn = f"channel {look.channel + 1} of {look.channels}, {kind}"
    first = f"Channel {look.channel + 1}, {moment}: it puts out **{number(look.value)}**"
    return Warmth(look.heat, _said(one, first), None if dense else look.map, drawn), {moment: one}
