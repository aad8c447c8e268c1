"""What the builder's buttons do: each edits the current network, and keeps the right layer chosen."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from cnncore.architecture import Network
from cnncore.architecture.diagnosis import at_size, problems
from cnncore.architecture.editing import (
    Place,
    added,
    changed_fields,
    in_branches,
    in_residual,
    layer_at,
    moved,
    path_at,
    removed,
    replaced,
    unwrapped,
    with_inputs,
    with_path,
    without_path,
)
from cnncore.architecture.layers import Linear
from cnncore.architecture.starters import starter
from cnncore.errors import InputError
from pages.parts.current_network import current_network, edit

_PLACE = "builder_place"


def chosen_place(network: Network) -> Place:
    """Return which layer is chosen, or which empty path of a block; the first layer if that is gone."""
    place: Place = st.session_state.get(_PLACE, (0,))
    try:
        path = path_at(network, place)
    except InputError:
        return (0,)
    if not path:
        return (*place[:-1], 0) if len(place) > 1 else (0,)
    return (*place[:-1], min(max(place[-1], 0), len(path) - 1))


def choose_place(place: Place) -> None:
    st.session_state[_PLACE] = place


def refused() -> str:
    """Return why the last edit was not done, once."""
    text: str = st.session_state.pop("builder_refused", "")
    return text


def attempt(change: Callable[[Network, Place], tuple[Network, Place]]) -> None:
    """Edit the current network at the chosen layer; where that cannot be, say why and change nothing."""
    network = current_network()
    try:
        changed, place = change(network, chosen_place(network))
    except InputError as error:
        st.session_state.builder_refused = str(error)
        return
    edit(changed)
    choose_place(place)


def set_fields(**values: Any) -> None:
    attempt(lambda n, p: (replaced(n, p, changed_fields(layer_at(n, p), **values)), p))


def add(kind: str) -> None:
    """Put a layer of `kind` after the chosen one, or into the empty path that is chosen."""

    def change(network: Network, place: Place) -> tuple[Network, Place]:
        after = (*place[:-1], place[-1] + 1) if path_at(network, place) else place
        return added(network, after, starter(network, after, kind)), after

    attempt(change)


def move(steps: int) -> None:
    def change(network: Network, place: Place) -> tuple[Network, Place]:
        for _ in range(abs(steps)):
            network, place = moved(network, place, 1 if steps > 0 else -1)
        return network, place

    attempt(change)


def remove() -> None:
    attempt(lambda n, p: (removed(n, p), p))


def wrap(block: str) -> None:
    attempt(lambda n, p: ((in_residual if block == "residual" else in_branches)(n, p), p))


def unwrap() -> None:
    attempt(lambda n, p: (unwrapped(n, p), p))


def add_path() -> None:
    attempt(lambda n, p: (with_path(n, p), p))


def remove_path(number: int) -> None:
    attempt(lambda n, p: (without_path(n, p, number), p))


def hold_dense(hold: bool) -> None:
    """Have every dense layer keep the inputs that it has now, or take whatever arrives."""

    def change(network: Network, place: Place) -> tuple[Network, Place]:
        if hold and problems(network):
            raise InputError("`network` must fit before its dense layers can keep their inputs: mend it first.")
        return (at_size(network, network.input) if hold else with_inputs(network)), place

    attempt(change)


def holds_dense(network: Network) -> bool:
    """Return whether a dense layer says how many inputs it is made for."""
    return any(isinstance(layer, Linear) and layer.inputs is not None for layer in network.layers)


def picked(key: str) -> None:
    """Choose the layer whose box was clicked in the diagram."""
    place = st.session_state[key].picked
    if place:
        choose_place(tuple(place))


def did(key: str) -> None:
    """Do what somebody did in the list of layers."""
    event = st.session_state[key].did
    if not event:
        return
    choose_place(tuple(event["place"]))
    if event["what"] == "move":
        move(int(event["steps"]))
    elif event["what"] == "remove":
        remove()
