"""`python -m cnncore data`: list the data sets, and prepare one."""

import argparse
import dataclasses
import json

from cnncore.commands.output import put, sentence, tell
from cnncore.commands.progress_line import ProgressLine
from cnncore.data.catalogue import KNOWN
from cnncore.data.prepared import DatasetInfo, datasets, info, troubles
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
    for action in (listing, making):
        action.add_argument("--json", action="store_true", help="print JSON only")


def run(args: argparse.Namespace) -> int:
    """Run the action and return the exit status."""
    if args.action == "list":
        entries = datasets()
        for trouble in troubles():  # the others are listed all the same
            tell(sentence(trouble))
        put(json.dumps([_values(entry) for entry in entries]) if args.json else _table(entries))
        return 0
    line = ProgressLine()
    try:
        prepare(args.dataset, args.source, line.show, size=args.size)
    finally:
        line.end()
    entry = info(args.dataset)
    assert entry is not None  # it has just been saved
    if args.json:
        put(json.dumps(_values(entry)))
    else:
        put(_table([entry]))
        for note in entry.notes:
            put(note)
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
