"""Prepared data sets on disk: arrays that are mapped into memory, so that opening one takes no time.

    data/<name>/about.json      what it is, and which folder beside it has the arrays
    data/<name>/arrays-<id>/    train_images.npy  train_labels.npy  test_images.npy  test_labels.npy

The arrays are written first, into a folder of their own; then `about.json` is replaced, which is atomic. A reader
sees the old set or the new one, and on Windows, where a mapped file cannot be removed, a new set can still be
prepared while the old one is in use.
"""

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cnncore.atomic import lock, read_text, settle, write_text
from cnncore.data.catalogue import BUILTIN, KNOWN
from cnncore.data.images import ImageData, Shape, dataset_name, is_dataset_name
from cnncore.errors import InputError
from cnncore.home import home

SPECTRUM = "spectrum.npz"  # beside the arrays, once they were asked for: the set's principal components
_ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")
_WRITTEN = {"title": str, "classes": list, "train_size": int, "test_size": int, "notes": list}  # in about.json, read
_TEXTS = ("classes", "notes")  # those that are lists of texts
_PAUSE = 0.05  # seconds until it is looked again whether another process has drawn the built-in set


@dataclass(frozen=True)
class DatasetInfo:
    """What is known of a data set without opening its arrays; `shape` is (C, H, W), the sizes count images.

    `prepared` says that `load(name)` works now; the built-in set always does, because it is drawn on first use.
    `version` changes whenever the set is prepared anew, and is empty before the first time. `contents` is the SHA-256
    of its images, labels and classes, in hexadecimal: the same for the same data wherever they were prepared, and
    empty where it is not known.
    """

    name: str
    title: str
    shape: Shape
    classes: tuple[str, ...]
    train_size: int
    test_size: int
    prepared: bool
    notes: tuple[str, ...]
    version: str = ""
    contents: str = ""


def folder(name: str) -> Path:
    """Return the folder that everything of the data set `name` lies in; it need not exist."""
    return home() / "data" / dataset_name(name)


def save(data: ImageData) -> None:
    """Write the data set so that `load(data.name)` finds it, in place of an earlier one of that name.

    A full or read-only disk is an `InputError`, and leaves what was there before.
    """
    place = folder(data.name)
    arrays = place / f"arrays-{secrets.token_hex(4)}"
    about = {
        "title": data.title,
        "shape": data.shape,
        "classes": data.classes,
        "train_size": len(data.train_labels),
        "test_size": len(data.test_labels),
        "notes": data.notes,
        "arrays": arrays.name,
        "contents": _contents(data),
    }
    try:
        arrays.mkdir(parents=True)
        for name in _ARRAYS:
            np.save(arrays / f"{name}.npy", getattr(data, name), allow_pickle=False)
            settle(arrays / f"{name}.npy")
        write_text(place / "about.json", json.dumps(about, indent=1))
    except OSError as error:
        shutil.rmtree(arrays, ignore_errors=True)
        raise _unwritable(data.name, place, error) from error
    for old in place.glob("arrays-*"):
        if old != arrays:
            shutil.rmtree(old, ignore_errors=True)  # on Windows still mapped by somebody: the next save removes it


def _unwritable(name: str, place: Path, error: OSError) -> InputError:
    return InputError(
        f"`dataset` (={name}) cannot be written to {place} ({error.strerror or error}): free disk space, or set "
        "CNNCORE_HOME to a folder with room that can be written to."
    )


def _contents(data: ImageData) -> str:
    digest = hashlib.sha256(json.dumps([data.shape, data.classes]).encode())
    for name in _ARRAYS:
        digest.update(np.ascontiguousarray(getattr(data, name)).data)
    return digest.hexdigest()


def load(name: str) -> ImageData:
    """Return the prepared data set `name`, its images mapped into memory and read-only.

    The built-in set is drawn and saved on first use. A name that is unknown or not prepared is an `InputError`
    that says how to prepare it.
    """
    about = _about(name)
    if about is None and name == BUILTIN.name:
        about = _drawn()
    if about is None:
        raise InputError(missing(name))
    try:
        return _open(name, about)
    except FileNotFoundError:  # prepared anew between the two reads: what is there now is the newer set
        try:
            return _open(name, _about(name) or about)
        except FileNotFoundError as error:
            raise InputError(
                f"`dataset` (={name}) has lost its file {error.filename}: prepare it again with {_command(name)}."
            ) from None


def _drawn() -> dict[str, Any]:
    """Draw and save the built-in set; of several processes that are the first to want it one does, and the rest wait.

    Two at once would each remove the other's arrays as those of an earlier set.
    """
    from cnncore.data.builtin import generate

    place = folder(BUILTIN.name)
    while (about := _about(BUILTIN.name)) is None:
        try:
            with lock(place.with_name(f"{BUILTIN.name}-drawing.lock")) as free:
                if free and _about(BUILTIN.name) is None:
                    save(generate())
        except OSError as error:
            raise _unwritable(BUILTIN.name, place, error) from error
        if not free:
            time.sleep(_PAUSE)
    return about


def ready(name: str) -> DatasetInfo:
    """Return what is known of the data set `name` once it is prepared: the built-in set is drawn if need be."""
    load(name)
    found = info(name)
    assert found is not None
    return found


def _open(name: str, about: dict[str, Any]) -> ImageData:
    place = folder(name) / about["arrays"]
    try:
        arrays = {
            array: np.load(place / f"{array}.npy", mmap_mode="r" if array.endswith("images") else None)
            for array in _ARRAYS
        }
        return ImageData(name, about["title"], tuple(about["classes"]), **arrays, notes=tuple(about["notes"]))
    except FileNotFoundError:
        raise
    except (ValueError, EOFError, OSError) as error:  # an OSError on Windows, where a file is too short to be mapped
        raise InputError(
            f"`dataset` (={name}) has damaged files in {place} ({error}): prepare it again with {_command(name)}."
        ) from None


def _command(name: str) -> str:
    """Return what prepares the data set: one that has no known origin must be told its source again."""
    source = "" if name in (BUILTIN.name, *KNOWN) else " --from PATH"
    return f"`python -m cnncore data prepare {name}{source}`"


def _about(name: str) -> dict[str, Any] | None:
    path = folder(name) / "about.json"
    try:
        about: dict[str, Any] = json.loads(read_text(path))
        about["arrays"] = Path(about["arrays"]).name  # a folder beside the file, whatever was written there
        channels, height, width = about["shape"]
        about["shape"] = int(channels), int(height), int(width)
        for key, kind in _WRITTEN.items():
            if not isinstance(about[key], kind) or (key in _TEXTS and not all(isinstance(v, str) for v in about[key])):
                raise TypeError(key)
        if not isinstance(about.setdefault("contents", ""), str):  # not written by earlier versions
            raise TypeError("contents")
        json.dumps(about, ensure_ascii=False).encode()  # JSON can hold half a surrogate pair, which is no text
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InputError(
            f"`dataset` (={name}) has a {path} that cannot be read ({error.strerror or error}): let this user read it, "
            "or remove that folder and prepare the data set again."
        ) from error
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise InputError(
            f"`dataset` (={name}) has a damaged {path}: remove that folder and prepare the data set again."
        ) from None
    return about


def missing(name: str) -> str:
    """Return in a sentence how to prepare a data set that is unknown or not prepared."""
    if name in KNOWN:
        files = ", ".join(original.name for original in KNOWN[name].originals)
        return (
            f"`dataset` (={name}) is not prepared on this machine: run `python -m cnncore data prepare {name}` to "
            f"download it, or add --from and the path or address of a copy ({files})."
        )
    return (
        f"`dataset` (={name}) is unknown here: choose one of {', '.join(info.name for info in datasets())}, or make "
        f"it with `python -m cnncore data prepare {name} --from PATH`, where PATH is a folder, zip or tar of images."
    )


def info(name: str) -> DatasetInfo | None:
    """Return what is known of the data set `name`, None if it is neither a known one nor prepared."""
    about = _about(name)
    if about is not None:
        return DatasetInfo(
            name=name,
            title=about["title"],
            shape=about["shape"],
            classes=tuple(about["classes"]),
            train_size=about["train_size"],
            test_size=about["test_size"],
            prepared=True,
            notes=tuple(about["notes"]),
            version=about["arrays"],
            contents=about["contents"],
        )
    return _unprepared(name)


def _unprepared(name: str, *notes: str) -> DatasetInfo | None:
    known = BUILTIN if name == BUILTIN.name else KNOWN.get(name)
    if known is None:
        return None
    sizes = known.train_size, known.test_size
    return DatasetInfo(name, known.title, known.shape, known.classes, *sizes, known is BUILTIN, (known.note, *notes))


def contents(name: str) -> str:
    """Return `DatasetInfo.contents` of a data set, empty where it is not known."""
    found = info(name)
    return found.contents if found else ""


def datasets() -> list[DatasetInfo]:
    """Return every data set there is: the built-in one, the known ones, then the prepared others by name.

    A folder that holds no data set, or one that cannot be read, is left out; `troubles` says why, and so do the notes
    of a known set.
    """
    return [entry for name in _names() if (entry := _readable(name)) is not None]


def troubles() -> list[str]:
    """Return a sentence for each data set that is there and cannot be read, or one for the folder of them all."""
    try:
        _listed()
    except OSError as error:
        return [
            f"the data sets in {home() / 'data'} cannot be read ({error.strerror or error}): let this user read that "
            "folder, or set CNNCORE_HOME to another one."
        ]
    found = []
    for name in _names():
        try:
            info(name)
        except InputError as error:
            found.append(str(error))
    return found


def _names() -> list[str]:
    """Return the names of the built-in set, of the known ones, and of all folders beside that could be data sets."""
    with contextlib.suppress(OSError):
        return list(dict.fromkeys([BUILTIN.name, *KNOWN, *_listed()]))
    return [BUILTIN.name, *KNOWN]


def _listed() -> list[str]:
    """Return what could be data sets among the entries of the home's folder of them, by name; `OSError` if it cannot.

    Only names are looked at: for a folder without `about.json`, `info` finds no data set.
    """
    names = []
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(home() / "data") as entries:
        names = sorted(entry.name for entry in entries)
    return [name for name in names if is_dataset_name(name)]


def _readable(name: str) -> DatasetInfo | None:
    try:
        return info(name)
    except InputError as error:
        return _unprepared(name, str(error))
