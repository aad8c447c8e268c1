"""What a command prints: its result on stdout, all else on stderr; and how it ends where nobody takes the result.

Names and values come from anywhere, files among them: what a terminal would obey is written as `\\x1b`.
"""

import errno
import os
import re
import sys
from pathlib import Path
from typing import TextIO

from cnncore.errors import InputError

LONGEST_VALUE, LONGEST = 200, 1200  # characters of a value, as of a path, and of a sentence: a list of names has 500
_VALUE = re.compile(rf"(?<=\(=)[^)]{{{LONGEST_VALUE + 1},}}(?=\))|\S{{{LONGEST_VALUE + 1},}}")
_JOINERS = "\u200c\u200d"  # of letters, and of the parts of a picture
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


class ReaderGone(KeyboardInterrupt):
    """Whoever read the result has seen enough, as `| head` has: that ends the command as Ctrl-C does."""


def put(text: str, end: str = "\n") -> None:
    """Print a part of the result; an `InputError` where it cannot be written, a `ReaderGone` where nobody reads it."""
    write(text.translate(_CONTROL) + end)


def write(text: str) -> None:
    """Do what `put` does with a text of the program's own, just as it is."""
    try:
        print(text, end="", flush=True)
    except OSError as error:
        _discard(sys.stdout)
        if _reader_has_gone(error):
            raise ReaderGone from None
        raise InputError(
            f"the output cannot be written ({error.strerror or error}): make room, or send it elsewhere."
        ) from None


def tell(text: str, end: str = "\n") -> None:
    """Print one line on stderr that is no result: an error, a warning, progress. Where nobody takes it, it is lost."""
    if sys.stderr is None:  # closed by who started this; `print` would take stdout for it
        return
    try:
        print(text, end=end, file=sys.stderr, flush=True)
    except OSError:
        _discard(sys.stderr)


def sentence(error: object) -> str:
    """Return an error as one line, with the middle of what is very long left out.

    >>> sentence(f"`input` (={'9' * 1000}) must be\\na size")[:40]
    '`input` (=999999999999999999999999999999'
    >>> sentence(f"`input` (={'9' * 1000}) must be\\na size")[-20:]
    '9999) must be a size'
    """
    text = _VALUE.sub(lambda found: _short(found[0], LONGEST_VALUE), one_line(str(error)))
    return _short(text, LONGEST)


def one_line(text: str) -> str:
    """Return `text` without line breaks and without what a terminal would obey.

    >>> one_line("a\\x1b[31m\\nb")
    'a\\\\x1b[31m b'
    """
    shown = {letter: repr(letter)[1:-1] for letter in set(text) if not letter.isprintable() and letter not in _JOINERS}
    return "".join(" " if letter.isspace() else shown.get(letter, letter) for letter in text)


def _short(text: str, most: int) -> str:
    """Return `text` as it begins and ends, in at most `most` characters: a path and a remedy say more at their end."""
    half = (most - 5) // 2
    return text if len(text) <= most else f"{text[:half]} ... {text[-half:]}"


def _reader_has_gone(error: OSError) -> bool:
    """Return whether `error`, raised by printing, says that the pipe's reader has closed it; on Windows by EINVAL."""
    return isinstance(error, BrokenPipeError) or (sys.platform == "win32" and error.errno == errno.EINVAL)


def _discard(stream: TextIO) -> None:
    """Let go of what `stream` still holds: Python would complain once more when it flushes at exit."""
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())
    except OSError:  # no file, as in a notebook
        return
