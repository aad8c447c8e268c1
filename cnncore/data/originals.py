"""The well-known data sets from their authors' own files, read by torchvision's classes.

The files are checked against the md5 sums and placed, in a temporary folder, as torchvision expects them. CIFAR-10
is stored as Python pickles, which can run code when they are read: nothing is unpickled before its sum is right.
"""

import gzip
import hashlib
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from cnncore.data.archives import members
from cnncore.data.catalogue import CIFAR10, Known, Original
from cnncore.data.download import md5_of
from cnncore.data.images import ImageData
from cnncore.data.prepared import folder
from cnncore.errors import InputError
from cnncore.progress import Meter, Progress, Report, silent

# What CIFAR-10's archive holds, with torchvision's sums.
_BATCHES = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
    "batches.meta": "5ff9c542aee3614f3951f8cda6e48888",
}
ORIGINAL = "The original images."  # the note of a set that was read from its authors' own files
_MAX_UNPACKED = 64 * 2**20  # bytes; the largest of the files has 47 million
_CLASS = {"mnist": "MNIST", "fashion-mnist": "FashionMNIST"}


def find(known: Known, source: Path) -> Path | None:
    """Return the folder, or for CIFAR-10 the archive, with the originals that `source` points at; None without."""
    if source.is_file():
        if known is CIFAR10:
            return source if _is_cifar_archive(source) else None
        if source.name not in {name for o in known.originals for name in (o.name, o.name.removesuffix(".gz"))}:
            return None
        source = source.parent  # one of the four files stands for the folder that has them all
    for place in known.folders:
        if known is CIFAR10 and all((source / place / name).is_file() for name in _BATCHES):
            return source / place
        if known is CIFAR10:
            archive = source / known.originals[0].name
            if archive.is_file():
                return archive
        elif known.originals and all(_packed(source / place, original) for original in known.originals):
            return source / place
    return None


def _is_cifar_archive(source: Path) -> bool:
    if source.name == CIFAR10.originals[0].name:
        return True
    try:
        first = next(members(source), None)
    except InputError:  # no archive at all: whoever reads it as one says so
        return False
    return first is not None and first.path[0] == CIFAR10.folders[0]


def _packed(place: Path, original: Original) -> Path | None:
    """Return the file as it is published or, without it, unpacked."""
    candidates = (place / original.name, place / original.name.removesuffix(".gz"))
    return next((path for path in candidates if path.is_file()), None)


def read_originals(known: Known, source: Path, report: Report = silent) -> ImageData:
    """Return the data set from what `find` found. A wrong md5 sum is an `InputError`."""
    work = folder(known.name) / "work"
    try:
        work.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=work, prefix="originals-", ignore_cleanup_errors=True) as place:
            return (_cifar10 if known is CIFAR10 else _idx)(known, source, Path(place), report)
    except OSError as error:
        raise InputError(
            f"`dataset` (={known.name}) cannot be unpacked in {work} ({error.strerror or error}): free disk space, "
            "or set CNNCORE_HOME to a folder with room."
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _wrong(known: Known, path: Path, found: str, right: str) -> InputError:
    return InputError(
        f"`from` (={path}) is not the original file of {known.title} (md5 {found}, not {right}): it is damaged or "
        "incomplete, copy or download it again."
    )


def _cifar10(known: Known, source: Path, place: Path, report: Report) -> ImageData:
    layout = place / known.folders[0]
    layout.mkdir()
    if source.is_file():
        found = md5_of(source, report)
        if found != known.originals[0].md5:
            raise _wrong(known, source, found, known.originals[0].md5)
    for name, content in _batches(source, report):
        found = hashlib.md5(content, usedforsecurity=False).hexdigest()
        if found != _BATCHES[name]:
            raise _wrong(known, source / name, found, _BATCHES[name])
        (layout / name).write_bytes(content)
    report(Progress("Reading the images", message="torchvision is being loaded."))
    import torchvision.datasets

    splits = [torchvision.datasets.CIFAR10(place, train=train) for train in (True, False)]  # checks all sums once more
    arrays: list[Any] = []
    for split in splits:
        images = np.ascontiguousarray(split.data.transpose(0, 3, 1, 2))  # (N, H, W, C) -> (N, C, H, W)
        arrays += [images, np.array(split.targets, dtype=np.int64)]
    return ImageData(
        known.name, known.title, tuple(splits[0].classes), arrays[0], arrays[1], arrays[2], arrays[3], (ORIGINAL,)
    )


def _batches(source: Path, report: Report) -> Iterator[tuple[str, bytes]]:
    if source.is_dir():
        for name in _BATCHES:
            yield name, (source / name).read_bytes()
        return
    meter: Meter | None = None
    for member in members(source):
        meter = meter or Meter(report, "Unpacking", member.unit, member.total)
        meter.at(member.done)
        if member.path[-1] in _BATCHES:
            yield member.path[-1], member.read()


def _idx(known: Known, source: Path, place: Path, report: Report) -> ImageData:
    """Read the idx files of MNIST and its kin."""
    name = _CLASS[known.name]
    raw = place / name / "raw"
    raw.mkdir(parents=True)
    for number, original in enumerate(known.originals):
        report(Progress("Unpacking", number, len(known.originals), "files"))
        path = _packed(source, original)
        if path is None:
            raise InputError(f"`from` (={source}) has no {original.name}: add it, all four files are needed.")
        unpacked = raw / original.name.removesuffix(".gz")
        right = md5_of(path) == original.md5
        try:
            _unpack(path, unpacked)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputError(f"`from` (={path}) is damaged ({error}): copy or download it again.") from error
        if not right and (found := md5_of(unpacked)) != original.unpacked:
            raise _wrong(known, path, found, original.unpacked)
    report(Progress("Reading the images", message="torchvision is being loaded."))
    import torchvision.datasets

    arrays: list[Any] = []
    for train in (True, False):
        split = getattr(torchvision.datasets, name)(place, train=train)
        arrays += [split.data.numpy()[:, None], split.targets.numpy().astype(np.int64)]  # (N, H, W) -> (N, 1, H, W)
    return ImageData(known.name, known.title, known.classes, arrays[0], arrays[1], arrays[2], arrays[3], (ORIGINAL,))


def _unpack(path: Path, target: Path) -> None:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as content, target.open("wb") as file:
        while chunk := content.read(2**20):
            file.write(chunk)
            if file.tell() > _MAX_UNPACKED:
                raise InputError(
                    f"`from` (={path}) unpacks to more than {_MAX_UNPACKED >> 20} MB, more than the original has: "
                    "copy or download it again."
                )
