"""Which class and which split a picture belongs to, told by the folders that it lies in.

    train/<class>/...  test/<class>/...      two splits; val or valid stand in where there is no test
    <class>/...                              one split
Folders around either (`my-data/train/...`) are looked through, folders inside of a class belong to it.
"""

from dataclasses import dataclass
from enum import StrEnum

from cnncore.errors import InputError
from cnncore.wording import counted


class Split(StrEnum):
    """The two halves of a data set."""

    TRAIN = "train"
    TEST = "test"


_TRAIN = {"train", "training"}
_TEST = {"test", "testing"}
_VALIDATION = {"val", "valid", "validation"}
_SPLITS = _TRAIN | _TEST | _VALIDATION


@dataclass(frozen=True)
class Layout:
    """For each path its (split, class), None for a picture that lies outside of the class folders."""

    places: tuple[tuple[Split, str] | None, ...]
    notes: tuple[str, ...]


def arrange(paths: list[tuple[str, ...]]) -> Layout:
    """Return where each picture belongs; a path is folder names and a file name.

    >>> arrange([("pets", "cat", "1.jpg"), ("pets", "dog", "1.jpg")]).places
    ((<Split.TRAIN: 'train'>, 'cat'), (<Split.TRAIN: 'train'>, 'dog'))
    """
    folders = _without_surroundings([path[:-1] for path in paths])
    first = {folder[0].lower() for folder in folders if folder}
    nested = {folder[0].lower() for folder in folders if len(folder) > 1}
    in_splits = bool(nested & _TRAIN) and (bool(first & (_TEST | _VALIDATION)) or first <= _SPLITS)
    if first and first <= _SPLITS and not in_splits:
        raise InputError(
            f"`from` has pictures in {', '.join(sorted(first))}, but no class folders in train: the layout is "
            "train/<class>/picture and test/<class>/picture, or <class>/picture."
        )
    if not in_splits:
        whole = [(Split.TRAIN, folder[0]) if folder else None for folder in folders]
        return Layout(tuple(whole), _outside(whole.count(None)))
    test, notes = _TEST, []
    unused = 0
    if nested & _VALIDATION and not nested & _TEST:
        test = _VALIDATION
        notes.append("The validation images serve as test images, because there is no test folder with classes.")
    elif nested & _VALIDATION:
        unused = sum(len(folder) > 1 and folder[0].lower() in _VALIDATION for folder in folders)
        notes.append(f"Left out because there is a test folder: {counted(unused, 'validation image')}.")
    places: list[tuple[Split, str] | None] = []
    for folder in folders:
        top = folder[0].lower() if len(folder) > 1 else ""
        split = Split.TRAIN if top in _TRAIN else Split.TEST if top in test else None
        places.append((split, folder[1]) if split is not None else None)
    return Layout(tuple(places), (*notes, *_outside(places.count(None) - unused)))


def _without_surroundings(folders: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Cut off the folders that all pictures lie in, as long as a folder is left that can name a class."""
    while folders and all(len(folder) > 1 for folder in folders):
        if len({folder[0] for folder in folders}) > 1 or folders[0][0].lower() in _SPLITS:
            break
        folders = [folder[1:] for folder in folders]
    return folders


def _outside(count: int) -> tuple[str, ...]:
    return (f"Left out because they lie outside of the class folders: {counted(count, 'picture')}.",) if count else ()
