"""`python -m cnncore data`: list the data sets, and prepare one."""

import argparse
import dataclasses
import json
import sys
import time

from cnncore.data.catalogue import KNOWN
from cnncore.data.preparation import CancelledError, prepare_on_record
from cnncore.data.prepared import DatasetInfo, datasets, info
from cnncore.data.progress import Progress
from cnncore.data.sources import prepare


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare `list` and `prepare`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="the data sets, and which of them are prepared")
    making = actions.add_parser("prepare", help="download or read a data set, once")
    making.add_argument("dataset", metavar="DATASET", help=f"{', '.join(KNOWN)}, or a new name for your own images")
    making.add_argument(
        "--from",
        dest="source",
        metavar="PATH_OR_ADDRESS",
        help="the original archive, or a folder, zip or tar of class folders, here or at http(s)://",
    )
    making.add_argument("--size", type=int, help="height and width of images from class folders in pixels (32)")
    making.add_argument("--progress-file", action="store_true", help="also write the progress where the page reads it")
    for action in (listing, making):
        action.add_argument("--json", action="store_true", help="print JSON only")


def run(args: argparse.Namespace) -> int:
    """Run the action and return the exit status: 0 done, 130 cancelled."""
    if args.action == "list":
        entries = datasets()
        print(json.dumps([_values(entry) for entry in entries]) if args.json else _table(entries))
        return 0
    line = _Line()
    try:
        if args.progress_file:
            prepare_on_record(args.dataset, args.source, args.size, line.show)
        else:
            prepare(args.dataset, args.source, line.show, size=args.size)
    except CancelledError:
        return 130
    finally:
        line.end()
    entry = info(args.dataset)
    assert entry is not None  # it has just been saved
    if args.json:
        print(json.dumps(_values(entry)))
    else:
        print(_table([entry]))
        print(*entry.notes, sep="\n")
    return 0


def _values(entry: DatasetInfo) -> dict[str, object]:
    return dataclasses.asdict(entry)


def _table(entries: list[DatasetInfo]) -> str:
    rows = [("name", "images (C x H x W)", "classes", "train", "test", "ready")]
    for entry in entries:
        shape = " x ".join(str(length) for length in entry.shape)
        sizes = f"{entry.train_size:,}", f"{entry.test_size:,}"
        rows.append((entry.name, shape, str(len(entry.classes)), *sizes, "yes" if entry.prepared else "no"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


class _Line:
    """Progress on stderr: one line that changes in a terminal, a new line now and then in a file."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._shown, self._stage, self._next = "", "", 0.0

    def show(self, progress: Progress) -> None:
        """Print the report."""
        text = progress.line()
        if self._live:
            print(f"\r{text[:119].ljust(len(self._shown))}", end="", file=sys.stderr, flush=True)
            self._shown = text[:119]
        elif progress.stage != self._stage or time.monotonic() > self._next:
            print(text, file=sys.stderr, flush=True)
            self._next = time.monotonic() + 10
        self._stage = progress.stage

    def end(self) -> None:
        """Leave the line that changes, so that what follows begins on a new one."""
        if self._shown:
            print(file=sys.stderr)
            self._shown = ""
