"""Own networks by name: one JSON description each in the home's folder `networks`."""

import re
from dataclasses import replace
from pathlib import Path

from cnncore.architecture.catalogue import NETWORKS
from cnncore.architecture.network import Network
from cnncore.atomic import read_text, write_text
from cnncore.errors import InputError
from cnncore.home import home

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 _.-]{0,38}[A-Za-z0-9])?")  # a file's name on every system
# Windows opens a device instead of a file of such a name, whatever its ending.
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}


def folder() -> Path:
    """Return where own networks lie; it need not be there yet."""
    return home() / "networks"


def checked_name(name: str) -> str:
    """Return `name` if an own network can be saved under it, else raise an `InputError`.

    >>> checked_name("my net 2")
    'my net 2'
    """
    if not _NAME.fullmatch(name) or name.split(".")[0].strip().lower() in _DEVICES:
        raise InputError(
            f"`name` (={name[:60]!r}) must be 1 to 40 letters, digits, spaces, dots, - or _, with a letter or digit at "
            'both ends, and no device of Windows: try "my network".'
        )
    if name.lower() in NETWORKS:
        raise InputError(f"`name` (={name!r}) is a network of the catalogue: choose another, such as my-{name}.")
    return name


def saved_networks() -> tuple[str, ...]:
    """Return the names of all own networks in alphabetical order."""
    try:
        names = [path.stem for path in folder().glob("*.json") if path.is_file()]
    except OSError:  # a folder that may not be read offers nothing to choose; saving into it says why
        return ()
    return tuple(sorted((name for name in names if _NAME.fullmatch(name)), key=str.lower))


def saved_network(name: str) -> Network:
    """Return the own network `name`; an `InputError` if there is none, or if its file is no description."""
    path = folder() / f"{checked_name(name)}.json"
    try:
        text = read_text(path)
    except FileNotFoundError:
        known = ", ".join(saved_networks()) or "none so far"
        raise InputError(f"`name` (={name!r}) must be one of the saved networks ({known}): choose one.") from None
    except (OSError, ValueError) as error:  # ValueError: not UTF-8
        raise InputError(f"`name` (={name!r}) cannot be read ({error}): save the network again.") from None
    return replace(Network.from_json(text), name=name)  # the file may be a copy under another name


def save_network(network: Network, overwrite: bool = False) -> Path:
    """Write the network under its own name and return the file.

    The folder belongs to all who use the app: another network of this name is replaced only with `overwrite`. An
    `InputError` if the name cannot be a file's or is taken, or if the file cannot be written.
    """
    path = folder() / f"{checked_name(network.name)}.json"
    if path.exists() and not overwrite:
        raise InputError(
            f"`name` (={network.name!r}) is taken by a saved network: choose another name, or allow replacing it."
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, network.to_json() + "\n")
    except OSError as error:
        raise InputError(f"`name` (={network.name!r}) cannot be saved ({error}): make room, or download it.") from None
    return path


def delete_network(name: str) -> None:
    """Remove the own network `name`; an `InputError` if there is none."""
    try:
        (folder() / f"{checked_name(name)}.json").unlink()
    except FileNotFoundError:
        raise InputError(f"`name` (={name!r}) is not among the saved networks: nothing was deleted.") from None
    except OSError as error:
        raise InputError(f"`name` (={name!r}) cannot be deleted ({error}): close what has it open.") from None
