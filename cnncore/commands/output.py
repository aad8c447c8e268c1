"""What a command prints: its result on stdout, all else on stderr; and how it ends when nobody reads the result.

Names and values may come from anywhere, from files above all: control codes that a terminal would obey are written out,
like `\\x1b`.
"""

import errno
import os
import re
import sys
from pathlib import Path
from typing import TextIO

from cnncore.errors import InputError

LONGEST_VALUE, LONGEST = 200, 1200  # characters of a value, like a path, and of a sentence; lists of names take 500
_VALUE = re.compile(rf"(?<=\(=)[^)]{{{LONGEST_VALUE + 1},}}(?=\))|\S{{{LONGEST_VALUE + 1},}}")
_JOINERS = "\u200c\u200d"  # join letters, and the parts of an emoji
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


class ReaderGone(KeyboardInterrupt):
    """Whoever read the result has stopped reading, as `| head` does: that ends the command as Ctrl-C does."""


def put(text: str, end: str = "\n") -> None:
    """Print a part of the result; an `InputError` where it cannot be written, a `ReaderGone` where nobody reads it."""
    write(text.translate(_CONTROL) + end)


def write(text: str) -> None:
    """Print a text of the program's own as `put` does, but unchanged."""
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
    """Print one line on stderr, such as an error, a warning or progress; it is lost where stderr cannot be written."""
    if sys.stderr is None:  # closed by whoever started this process; `print` would use stdout instead
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
    """Return the beginning and the end of `text`, `most` characters at most: paths and remedies matter at their end."""
    half = (most - 5) // 2
    return text if len(text) <= most else f"{text[:half]} ... {text[-half:]}"


def _reader_has_gone(error: OSError) -> bool:
    """Return whether `error`, raised by printing, says that the pipe's reader has closed it; on Windows by EINVAL."""
    return isinstance(error, BrokenPipeError) or (sys.platform == "win32" and error.errno == errno.EINVAL)


def _discard(stream: TextIO) -> None:
    """Drop what `stream` still buffers: Python would complain once more when it flushes it at exit."""
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())
    except OSError:  # not a real file, as in a notebook
        return
