"""The command line: `python -m cnncore COMMAND`. Bad input is one line on stderr and exit status 2."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import NoReturn

from cnncore.commands.pipe import reader_has_gone
from cnncore.errors import InputError

COMMANDS = {
    "layer": "output size, parameters and multiply-adds of one layer",
    "describe": "a network layer by layer: shapes, parameters, multiply-adds, receptive fields",
    "train": "train a network and print what happens; the app shows the run too",
    "runs": "list, show, pause, continue, stop, resume, export and delete runs",
    "data": "list and prepare data sets",
    "baseline": "a bag of visual words and a linear SVM, to compare a network with",
    "doctor": "what this machine can do, and why",
}


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, without the usage block."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message} (see {self.prog} --help)", file=sys.stderr)  # noqa: T201 the command line prints
        raise SystemExit(2)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 2 bad input, 130 interrupted."""
    argv = sys.argv[1:] if argv is None else list(argv)
    parser = _Parser(prog="python -m cnncore", description="Convolution arithmetic and training from the command line.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        if argv[:1] == [name]:  # only the command that runs is imported: `layer` never waits for torch
            importlib.import_module(f"cnncore.commands.{name}").add_arguments(command)
    args = parser.parse_args(argv)
    try:
        return int(importlib.import_module(f"cnncore.commands.{args.command}").run(args))
    except InputError as error:
        print(f"{parser.prog} {args.command}: {error}", file=sys.stderr)  # noqa: T201 the command line prints
        return 2
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        if not reader_has_gone(error):
            raise
        # `| head` has seen enough. Python would complain once more when it flushes at exit.
        sys.stderr.close()
        return 0
