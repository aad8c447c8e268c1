"""`python -m cnncore baseline`: a bag of visual words and a linear SVM in this terminal; the app shows the result."""

import argparse
import dataclasses
import json

from cnncore.baselines.config import PRESETS, BagOfWordsConfig, Descriptor
from cnncore.baselines.outcome import Result
from cnncore.commands.interrupt import at_once
from cnncore.commands.output import put, tell
from cnncore.commands.progress_line import ProgressLine
from cnncore.errors import InputError
from cnncore.figures.words import percent
from cnncore.progress import Progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; what is left out keeps the preset's value, else the default of `BagOfWordsConfig`."""
    add = parser.add_argument
    add("--preset", metavar="NAME", help=f"one of {', '.join(PRESETS)}")
    add("--dataset", help="a prepared data set, see `data list`")
    add("--descriptor", metavar="KIND", help=", ".join(Descriptor))
    add("--words", type=int, help="size of the dictionary, the fixed zero word apart")
    add("--patch", type=int, help="side of a patch in pixels")
    add("--stride", type=int, help="distance between two patches in pixels")
    add("--pyramid", action=argparse.BooleanOptionalAction, default=None, help="count in the four quarters as well")
    add("--c", type=float, help="the SVM's C: how much an error on a train image costs")
    add("--train-size", type=int, help="use only so many train images, balanced over the classes")
    add("--test-size", type=int)
    add("--seed", type=int)
    add("--json", action="store_true", help="print JSON only")


def configuration(args: argparse.Namespace) -> BagOfWordsConfig:
    """Return the configuration that the options describe."""
    if args.preset is not None and args.preset not in PRESETS:
        raise InputError(f"`preset` (={args.preset!r}) must be one of {', '.join(PRESETS)}: choose one of them.")
    base = PRESETS[args.preset] if args.preset else BagOfWordsConfig()
    names = [spec.name for spec in dataclasses.fields(BagOfWordsConfig)]
    return dataclasses.replace(base, **{name: getattr(args, name) for name in names if getattr(args, name) is not None})


def run(args: argparse.Namespace) -> int:
    """Learn, test, keep the result for the app and print it."""
    config = configuration(args)
    with at_once():
        from cnncore.baselines.bag_of_words import Outcome, Stage, run
        from cnncore.baselines.stored import save

    line = ProgressLine()
    try:
        for event in run(config):
            match event:
                case Progress():
                    line.show(event)
                case Stage() if not args.json:
                    line.end()
                    tell(f"{event.name:<12}{event.seconds:8.1f} s")
                case Outcome():
                    line.end()
                    save(event.result, event.model)
                    put(json.dumps(event.result.to_dict()) if args.json else _text(event.result))
    finally:
        line.end()
    return 0


def _text(result: Result) -> str:
    """Return the result for people."""
    lines = [
        f"test accuracy {percent(result.test_right / result.test_size, result.test_size)} "
        f"({result.test_right:,} of {result.test_size:,}), "
        f"train {percent(result.train_right / result.train_size, None)}",
        f"learned numbers {result.learned:,} = dictionary {result.dictionary:,} + classifier {result.classifier:,}",
        f"training time {result.train_seconds:.1f} s",
    ]
    if result.unconverged:
        lines.append(f"not settled when the iterations were over: {', '.join(result.unconverged)}; try a smaller --c")
    return "\n".join(lines)
