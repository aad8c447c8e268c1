"""A folder, zip or tar of class folders as a data set: every picture decoded once, to one size."""

import os
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnncore.data import pictures
from cnncore.data.archives import Member, UnreadableFileError, members
from cnncore.data.images import ImageData, Shape
from cnncore.data.layout import Split, arrange
from cnncore.errors import InputError
from cnncore.progress import Meter, Report, silent
from cnncore.wording import counted

MAX_BYTES = 2 * 2**30  # of decoded images: they are held in memory, here and while training
TEST_SHARE = 0.2  # of each class, where the source has no test images
# Pillow releases Python's lock only while it decodes. For thumbnails threads take twice as long as none (60,000 images
# of 32 x 32: 20 s against 11 s on two cores); for photographs they pay.
_SMALL = 32 * 2**10  # bytes
_WAITING = 64  # pictures read and not yet decoded, at most: bounds the memory

_NOTHING: NDArray[np.uint8] = np.empty(0, np.uint8)

_Result: TypeAlias = Callable[[], tuple[NDArray[np.uint8], tuple[int, int]]]  # waits; (C, H, W) and its own (H, W)
_Decoded: TypeAlias = tuple[tuple[str, ...], NDArray[np.uint8]]  # path, (C, H, W)


@dataclass
class _Findings:
    """What is said about a source afterwards."""

    unreadable: list[str] = field(default_factory=list)
    others: int = 0  # files that are no pictures by their names
    resized: int = 0

    def notes(self, shape: Shape) -> Iterator[str]:
        if self.resized:
            yield (
                f"{counted(self.resized, 'image')} had another size: the largest centred part with the right "
                f"proportions was resized to {shape[1]} x {shape[2]} pixels."
            )
        if self.unreadable:
            shown = "; ".join(self.unreadable[:5]) + ("; ..." if len(self.unreadable) > 5 else "")
            yield f"Left out because they cannot be read: {counted(len(self.unreadable), 'file')}: {shown}."
        if self.others:
            yield f"Left out because their names are not those of pictures: {counted(self.others, 'file')}."


def read_folders(source: Path, name: str, title: str, shape: Shape, report: Report = silent) -> ImageData:
    """Return the pictures of a folder, zip or tar as a data set of images (N, C, H, W) with the given `shape`.

    Classes are the folder names, sorted; see `cnncore.data.layout` for the layouts. Files that cannot be read are
    counted and named in the notes. Without test images a fifth of each class, drawn with seed 0, becomes the test
    split. The result does not depend on the order of the files in an archive. A source without at least two
    classes, or whose splits disagree about the classes, is an `InputError`.
    """
    findings = _Findings()
    decoded = sorted(_decode_all(source, shape, findings, report), key=lambda item: item[0])
    if not decoded:
        tried = f" {findings.unreadable[0]}." if findings.unreadable else ""
        raise InputError(
            f"`from` (={source}) has no picture that can be read{' (' + tried.strip(' .') + ')' if tried else ''}: "
            "give a folder, zip or tar with class folders of pictures."
        )
    layout = arrange([path for path, _ in decoded])
    rows = [(place, number) for number, place in enumerate(layout.places) if place is not None]
    classes = _classes(source, [place for place, _ in rows])
    index = {text: number for number, text in enumerate(classes)}
    split = {wanted: [(number, index[label]) for (part, label), number in rows if part is wanted] for wanted in Split}
    notes = list(layout.notes)
    if not split[Split.TEST]:
        split[Split.TRAIN], split[Split.TEST] = _cut(source, split[Split.TRAIN], classes)
        notes.append(
            f"There are no test images in the source: {len(split[Split.TEST]):,} of its images, a fifth of each class "
            "drawn with seed 0, are kept for testing."
        )
    arrays = [array for _, array in decoded]
    train, test = (_stack(arrays, [number for number, _ in split[part]], shape) for part in Split)
    labels = [np.array([label for _, label in split[part]], dtype=np.int64) for part in Split]
    return ImageData(name, title, classes, train, labels[0], test, labels[1], (*notes, *findings.notes(shape)))


def _decode_all(source: Path, shape: Shape, findings: _Findings, report: Report) -> Iterator[_Decoded]:
    """Yield the pictures that can be read, in no particular order; large ones are decoded by a pool of threads."""
    endings, room = pictures.endings(), MAX_BYTES // (shape[0] * shape[1] * shape[2])
    meter: Meter | None = None
    waiting: deque[tuple[Member, _Result]] = deque()
    count = 0

    def collect(member: Member, result: _Result) -> Iterator[_Decoded]:
        try:
            array, size = result()
        except UnreadableFileError as reason:
            findings.unreadable.append(f"{PurePosixPath(*member.path)} ({reason})")
            return
        findings.resized += size != shape[1:]
        yield member.path, array

    with warnings.catch_warnings(), ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        warnings.simplefilter("ignore", UserWarning)  # Pillow's remarks on small faults in files that it can read
        # It only warns below twice its limit: as an error it becomes the reason for leaving the file out.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        for member in members(source):
            hidden = any(part.startswith(".") or part == "__MACOSX" for part in member.path)
            if hidden or not member.path:
                continue
            if PurePosixPath(member.path[-1]).suffix.lower() not in endings:
                findings.others += 1
                continue
            meter = meter or Meter(report, "Reading the images", member.unit, member.total)
            meter.at(member.done, f"{count:,} images")
            try:
                content = member.read()
            except UnreadableFileError as reason:
                findings.unreadable.append(f"{PurePosixPath(*member.path)} ({reason})")
                continue
            count += 1
            if count > room:
                raise InputError(
                    f"`from` (={source}) has more than {room:,} images, which is all that fits into "
                    f"{MAX_BYTES >> 30} GB at {shape[1]} x {shape[2]} pixels: choose a smaller `size` or fewer images."
                )
            if len(content) < _SMALL:
                yield from collect(member, partial(pictures.decode, content, shape))
                continue
            waiting.append((member, pool.submit(pictures.decode, content, shape).result))
            if len(waiting) >= _WAITING:
                yield from collect(*waiting.popleft())
        while waiting:
            yield from collect(*waiting.popleft())


def _classes(source: Path, places: list[tuple[Split, str]]) -> tuple[str, ...]:
    by_split = {part: {label for split, label in places if split is part} for part in Split}
    train, test = by_split[Split.TRAIN], by_split[Split.TEST]
    if test and train != test:
        raise InputError(
            f"`from` (={source}) has different classes in train and test ({', '.join(sorted(train ^ test)[:10])} "
            "only in one of them): give both the same class folders, each with a picture that can be read."
        )
    if len(train) < 2:
        raise InputError(
            f"`from` (={source}) has pictures of {len(train)} class ({', '.join(train) or 'none'}): a classifier needs "
            "at least two, each in a folder with the name of the class."
        )
    return tuple(sorted(train))


def _cut(
    source: Path, rows: list[tuple[int, int]], classes: tuple[str, ...]
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return (train, test): from each class a fifth, at least one image, goes to test."""
    rng = np.random.default_rng(0)
    chosen: set[int] = set()
    for label, text in enumerate(classes):
        numbers = [number for number, of in rows if of == label]
        if len(numbers) < 2:
            raise InputError(
                f"`from` (={source}) has one image of the class {text!r} and no test images: give at least two of "
                "each class, one to train and one to test with."
            )
        count = max(1, round(TEST_SHARE * len(numbers)))
        chosen.update(numbers[i] for i in rng.permutation(len(numbers))[:count])
    return [row for row in rows if row[0] not in chosen], [row for row in rows if row[0] in chosen]


def _stack(arrays: list[NDArray[np.uint8]], numbers: list[int], shape: Shape) -> NDArray[np.uint8]:
    """Return the numbered arrays, each (C, H, W), as (N, C, H, W)."""
    stacked = np.empty((len(numbers), *shape), np.uint8)
    for row, number in enumerate(numbers):
        stacked[row] = arrays[number]
        arrays[number] = _NOTHING  # gives the memory back, so that the images are not held twice
    return stacked
