"""From a name and a source to a prepared data set: the one function behind the command and the page."""

import contextlib
import urllib.parse
from dataclasses import replace
from pathlib import Path

import numpy as np

from cnncore.atomic import lock
from cnncore.data import originals
from cnncore.data.catalogue import BUILTIN, CIFAR10, KNOWN, Known, Original
from cnncore.data.download import check_address, download, is_address
from cnncore.data.folders import read_folders
from cnncore.data.images import ImageData, dataset_name
from cnncore.data.prepared import folder, load, save
from cnncore.errors import InputError
from cnncore.progress import Progress, Report, silent

SIZE = 32  # pixels each way of images from folders, where nothing else is asked for: CIFAR-10's
_ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2")


def prepare(
    name: str, source: Path | str | None = None, report: Report = silent, *, size: int | None = None
) -> ImageData:
    """Prepare the data set `name` and return it, as `cnncore.data.load` does from then on.

    `source` is the original archive or raw folder, or a folder, zip or tar of class folders, on this machine or at
    a web address (for MNIST and Fashion-MNIST also the address of the folder with the four files). Without it a
    known set is downloaded from where its authors put it. `size` is the height and width that pictures from class
    folders are brought to, 32 pixels if left out, 28 for the MNIST kin. A bad name or source is an `InputError`.
    """
    dataset_name(name)
    if size is not None and not 8 <= size <= 512:
        raise InputError(f"`size` (={size}) must be between 8 and 512 pixels: CIFAR-10 has 32.")
    guard = lock_path(name)
    try:
        guard.parent.mkdir(parents=True, exist_ok=True)
        guard.touch()
    except OSError as error:
        raise InputError(
            f"{guard.parent} cannot be written to ({error.strerror}): set CNNCORE_HOME to a folder that can."
        ) from error
    with lock(guard) as free:
        if not free:
            raise InputError(f"`dataset` (={name}) is being prepared by another process: wait until it has ended.")
        return _prepare(name, source, report, size)


def lock_path(name: str) -> Path:
    """Return the file that is locked while the data set `name` is being prepared."""
    return folder(name).with_name(f"{name}.lock")


def in_preparation(name: str) -> bool:
    """Return whether a process is preparing the data set `name` at this moment."""
    guard = lock_path(name)
    if not guard.exists():  # nobody has begun, and there may be no place to look in
        return False
    with lock(guard) as free:
        return not free


def _prepare(name: str, source: Path | str | None, report: Report, size: int | None) -> ImageData:
    known = KNOWN.get(name)
    if name == BUILTIN.name:
        if source is not None:
            raise InputError("`from` has no meaning for the built-in set, which is drawn: choose another name.")
        if size is not None:
            raise InputError(f"`size` (={size}) cannot be chosen for the built-in set, which is drawn: leave it out.")
        report(Progress("Drawing the images"))
        try:
            return load(name)
        except InputError:  # files of it are lost or damaged, and the error may have said to prepare it again
            from cnncore.data.builtin import generate

            save(generate())
            return load(name)
    if source is None and known is None:
        raise InputError(
            f"`dataset` (={name}) is not one of {', '.join((BUILTIN.name, *KNOWN))}: a new one needs --from and the "
            "path or address of a folder, zip or tar of class folders."
        )
    downloads = folder(name) / "download"
    try:
        place = _local(name, known, source, report)
        try:
            data = _read(name, known, place, report, size)
        except InputError as error:
            if source is None or not is_address(str(source)):
                raise
            # A user who gave an address does not know the file that the download was kept in.
            raise InputError(str(error).replace(str(place), str(source))) from error
        finally:
            # An archive that was downloaded is read once. The originals stay, so that the next attempt need not wait
            # for them, and so does a file or folder of the user's, even one that lies among the downloads.
            if source is not None and is_address(str(source)) and place.parent == downloads:
                place.unlink()
    except InputError:
        with contextlib.suppress(OSError):  # what is not empty, or not there, stays as it is
            downloads.rmdir()
            folder(name).rmdir()
        raise
    report(Progress("Saving", message=f"{len(data.train_labels) + len(data.test_labels):,} images"))
    save(data)
    return load(name)


def _read(name: str, known: Known | None, place: Path, report: Report, size: int | None) -> ImageData:
    if known and (found := originals.find(known, place)):
        if size is not None and size != known.shape[1]:
            raise InputError(f"`size` (={size}) cannot be chosen for the original {known.title}: leave it out.")
        return originals.read_originals(known, found, report)
    shape = known.shape if known else (3, SIZE, SIZE)
    shape = shape if size is None else (shape[0], size, size)
    data = read_folders(place, name, known.title if known else _title(name), shape, report)
    return _as_known(known, data, place) if known else data


def _title(name: str) -> str:
    return name.replace("-", " ").replace("_", " ").strip().capitalize()


def _local(name: str, known: Known | None, source: Path | str | None, report: Report) -> Path:
    """Return the path of the source on this machine; what has an address is downloaded first."""
    downloads = folder(name) / "download"
    if source is not None and not is_address(str(source)):
        try:
            path = Path(source).expanduser()
            there = bool(str(source).strip()) and (path.is_file() or path.is_dir())  # a pipe would be waited for
        except (OSError, RuntimeError, ValueError):  # too long a name, a user who is not there, a null character
            there = False
        if not there:
            raise InputError(
                f"`from` (={str(source)[:200]}) does not exist as a file or folder: check the path, or give an address "
                "with http(s)://."
            )
        return path
    given = str(source) if source is not None else ""
    if given:
        check_address(given, _elsewhere(known))
    file = Path(urllib.parse.unquote(urllib.parse.urlsplit(given).path)).name
    files = [original.name for original in known.originals] if known else []
    if known is None or (file.lower().endswith(_ENDINGS) and file not in files):
        target = downloads / f"archive-{_safe(file)}"
        return download(given, target, None, report, _elsewhere(known))
    if file in files:  # the address of one of the originals stands for the folder that has them all
        given = given[: given.rindex("/")]
    for original in known.originals:
        _from_mirrors(known, original, given, downloads, report)
    return downloads


def _safe(file: str) -> str:
    """Return a file name that every system takes, its ending kept."""
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in "._-") else "_" for letter in file)[
        -80:
    ]


def _from_mirrors(known: Known, original: Original, given: str, downloads: Path, report: Report) -> None:
    """Download one original file from the mirror that was named, else from the first of the known ones that has it."""
    addresses = (f"{given.rstrip('/')}/",) if given else known.addresses
    for number, address in enumerate(addresses, start=1):
        try:
            download(address + original.name, downloads / original.name, original.md5, report, _elsewhere(known))
        except InputError:
            if number == len(addresses):
                raise
        else:
            return


def _elsewhere(known: Known | None) -> str:
    if known is None:
        return "check the address in a browser, or download the archive there and give that file's path instead."
    files = ", ".join(original.name for original in known.originals)
    slow = " (slow, about an hour)" if known is CIFAR10 else ""
    return (
        f"the original is {files} at {known.addresses[0]}{slow}, any copy or mirror will do: give its path or "
        f"address instead (in a terminal: `data prepare {known.name} --from`)."
    )


def _letters(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


def _as_known(known: Known, data: ImageData, source: Path) -> ImageData:
    """Return class folders under a known set's name: its classes in its order, and a note on what the images are.

    Folders may have the classes' names, whatever the punctuation, or their numbers.
    """
    order = {_letters(text): number for number, text in enumerate(known.classes)}
    order |= {str(number): number for number in range(len(known.classes))}
    numbers = [order.get(_letters(text)) for text in data.classes]
    if None in numbers or len(set(numbers)) != len(known.classes):
        raise InputError(
            f"`dataset` (={known.name}) has the classes {', '.join(known.classes)} and {source.name} has "
            f"{', '.join(data.classes[:12])}: give these images a name of their own."
        )
    table = np.array(numbers, dtype=np.int64)
    note = f"Read from picture files in {source.name}: these are not the original bytes, results may differ a little."
    return replace(
        data,
        classes=known.classes,
        train_labels=table[data.train_labels],
        test_labels=table[data.test_labels],
        notes=(note, *data.notes),
    )
