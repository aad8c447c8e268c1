"""The command line: `python -m cnncore COMMAND`. Bad input is one line on stderr and exit status 2."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from cnncore.commands import interrupt
from cnncore.commands.output import ReaderGone, sentence, tell, write
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
_PROGRAM = "python -m cnncore"


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, without the usage block, and whose help is a result like any other."""

    def error(self, message: str) -> NoReturn:
        tell(sentence(f"{self.prog}: {message} (see {self.prog} --help)"))
        raise SystemExit(2)

    def print_help(self, file: Any = None) -> None:  # noqa: ARG002 argparse asks for stdout alone
        write(self.format_help())


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 2 bad input or no room for the output, 130 interrupted."""
    argv = sys.argv[1:] if argv is None else list(argv)
    command = " ".join([_PROGRAM, *(name for name in argv[:1] if name in COMMANDS)])
    try:
        args = _parser(argv).parse_args(argv)
        run = importlib.import_module(f"cnncore.commands.{args.command}").run
        with interrupt.gently():
            return int(run(args))
    except InputError as error:
        tell(sentence(f"{command}: {error}"))
        return 2
    except OSError as error:
        if interrupt.pressed():
            return _interrupted(command)
        if error.filename is None:
            raise
        what = f"{error.filename} cannot be used ({error.strerror})"
        tell(sentence(f"{command}: {what}: allow it, or set CNNCORE_HOME to another folder."))
        return 2
    except ReaderGone:
        return 0
    except KeyboardInterrupt:
        return _interrupted(command)
    except Exception:
        if not interrupt.pressed():
            raise
        return _interrupted(command)  # numpy and torch turn it into other errors while they are being imported


def _interrupted(command: str) -> int:
    tell(f"{command}: interrupted.")
    return interrupt.INTERRUPTED


def _parser(argv: Sequence[str]) -> _Parser:
    parser = _Parser(prog=_PROGRAM, description="Convolution arithmetic and training from the command line.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        if argv[:1] == [name]:  # only the command that runs is imported: `layer` never waits for torch
            importlib.import_module(f"cnncore.commands.{name}").add_arguments(command)
    return parser
