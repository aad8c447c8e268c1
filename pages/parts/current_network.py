"""The one network that the pages share: what is changed on one page, the others follow.

It lives in the session (a tab's), as a short text in the page's address, and under its name in the home once it is
saved. Catalogue networks are never changed: an edit makes a copy with a name of its own.
All ways to change it stand here, so that none can leave out the address, the copy or what undo needs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import streamlit as st

from cnncore.architecture import NETWORKS, Network, named_network
from cnncore.architecture.link import MARK, from_link, link_text
from cnncore.architecture.saved import delete_network, save_network, saved_network, saved_networks
from cnncore.errors import InputError
from pages.parts.address import insist
from pages.parts.plain import with_code

FIRST = "practical"
_PARAMETER = "network"
_LONGEST = 200  # networks in the history; they share their layers, so that one is a few kilobytes


@dataclass
class _Held:
    """What a session holds: every network that was current, which of them is, and the own ones not saved yet."""

    history: list[Network] = field(default_factory=lambda: [named_network(FIRST)])
    position: int = 0
    drafts: dict[str, Network] = field(default_factory=dict)
    address: str = ""  # as it was last read or written
    refused: str = ""

    @property
    def network(self) -> Network:
        return self.history[self.position]


def _held() -> _Held:
    held: _Held = st.session_state.setdefault("_current_network", _Held())
    return held


def current_network() -> Network:
    """Return the network that the session works on: the address's, else the last chosen or edited one."""
    held = _held()
    asked = st.query_params.get(_PARAMETER, "")
    if asked and asked != held.address:
        held.address = asked
        try:
            if asked.startswith(MARK):
                network = from_link(asked)
                adopt(network, {} if network in held.history else held.drafts)  # there: the browser went back
            else:
                choose(asked)
        except InputError as error:
            held.refused = str(error)
    return held.network


def network_choice(key: str = "current_network", on_change: Callable[[], None] | None = None) -> Network:
    """Show the choice among the catalogue and the own networks, keep it in the address, and return the current one.

    `on_change` is called, as a callback, when another network was chosen, after it has become the current one.
    """
    network = current_network()
    held = _held()
    draft = is_draft()
    st.session_state[key] = network.name
    st.selectbox(
        "Network",
        network_names(),
        key=key,
        format_func=lambda name: f"{name} (not saved)" if name in held.drafts else name,
        on_change=_chosen,
        args=(key, on_change),
    )
    text = f"{held.refused} Shown: {network.name}." if held.refused else ""
    held.refused = ""
    if text := insist("network", text, {"network": network.name}):
        st.warning(with_code(text), icon=":material/block:")
    held.address = (link_text(network) if draft else None) or network.name
    if st.query_params.get(_PARAMETER) != held.address:
        st.query_params[_PARAMETER] = held.address
    return network


def _chosen(key: str, on_change: Callable[[], None] | None) -> None:
    try:
        choose(st.session_state[key])
    except InputError as error:  # somebody else has deleted it meanwhile
        _held().refused = str(error)
    if on_change is not None:
        on_change()


def network_names() -> list[str]:
    """Return all names to choose from: the catalogue's, the saved ones, those of this session."""
    return list(dict.fromkeys([*NETWORKS, *saved_networks(), *_held().drafts, _held().network.name]))


def own_networks() -> dict[str, Network]:
    """Return the saved networks and those of this session by name; a file that is no description is left out."""
    found = {}
    for name in saved_networks():
        try:
            found[name] = saved_network(name)
        except InputError:
            continue  # choosing it on the page says why
    return found | _held().drafts


def choose(name: str) -> None:
    """Make the network `name` the current one; `InputError` if there is none."""
    held = _held()
    if name in held.drafts:
        network = held.drafts[name]
    else:
        network = saved_network(name) if name in saved_networks() else named_network(name)
    _push(network)


def edit(network: Network) -> None:
    """Make an edited network the current one; an edited catalogue network becomes a copy: "my practical"."""
    if network.name in NETWORKS and network != named_network(network.name):
        network = replace(network, name=_free(f"my {network.name}"))
    if network != _held().network:
        _push(network)


def adopt(network: Network, own: Mapping[str, Network]) -> None:
    """Make a network from elsewhere the current one, by another name where one of one's `own` has its name."""
    if own.get(network.name, network) != network:
        there = next((one for one in own.values() if alike(one, network)), None)
        network = there or replace(network, name=_free(network.name))
    edit(network)


def alike(one: Network, other: Network) -> bool:
    """Return whether two networks are the same but for their names: then the same weights fit them."""
    return replace(one, name=other.name) == other


def _free(name: str) -> str:
    """Return `name`, with a number where an own network has it."""
    taken = {*saved_networks(), *_held().drafts}
    names = (f"{name}{f' {n}' if n else ''}" for n in (0, *range(2, 10_000)))
    return next(name for name in names if name not in taken)


def undo() -> None:
    """Go back to the network before; nothing happens at the first one."""
    _go(_held().position - 1)


def redo() -> None:
    """Go forward again."""
    _go(_held().position + 1)


def can_undo() -> bool:
    """Return whether there was a network before this one."""
    return _held().position > 0


def can_redo() -> bool:
    """Return whether something was undone."""
    return _held().position < len(_held().history) - 1


def is_draft() -> bool:
    """Return whether the current network is one's own and not saved as it is: somebody may have replaced it."""
    _note(_held().network)
    return _held().network.name in _held().drafts


def save(name: str, overwrite: bool) -> None:
    """Save the current network as `name`; `InputError` if it cannot be."""
    held = _held()
    network = replace(held.network, name=name)
    save_network(network, overwrite)
    held.drafts.pop(held.network.name, None)
    held.drafts.pop(name, None)
    _push(network)


def forget() -> None:
    """Delete the current own network, saved or not, and go to the first one; undo brings it back, not saved."""
    held = _held()
    name = held.network.name
    if name in saved_networks():
        delete_network(name)
    held.drafts.pop(name, None)
    _push(named_network(FIRST))


def _push(network: Network) -> None:
    held = _held()
    if network != held.network:
        held.history = [*held.history[: held.position + 1], network][-_LONGEST:]
        held.position = len(held.history) - 1
    _note(network)


def _go(position: int) -> None:
    held = _held()
    if 0 <= position < len(held.history):
        held.position = position
        _note(held.network)


def _note(network: Network) -> None:
    """Keep an own network among the drafts unless it is saved exactly so."""
    drafts = _held().drafts
    if network.name in NETWORKS:
        return
    try:
        same = network.name in saved_networks() and saved_network(network.name) == network
    except InputError:
        same = False
    if same:
        drafts.pop(network.name, None)
    else:
        drafts[network.name] = network
