"""Files that other processes read while they are written: replaced as a whole, or locked."""

import contextlib
import errno
import os
import secrets
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from cnncore.errors import InputError

T = TypeVar("T")
_PATIENCE = 1.0  # seconds; on Windows a file that somebody has open cannot be replaced for that moment
_HELD = sys.platform == "win32"  # elsewhere a file that may not be used now may not be used in a moment either
_LONGEST = 16 * 2**20  # characters of a text that is read: the classes and notes of the largest data set are a million


def write_text(path: Path, text: str, *, lasting: bool = True) -> None:
    """Write `text` to `path` so that a reader sees the old or the new text, never a part; `OSError` if it cannot.

    With `lasting` that holds after a power cut too; what is soon written again need not wait for the disk.
    """
    with replacing(path, lasting=lasting) as part:
        part.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def replacing(path: Path, *, lasting: bool = True, patience: float = _PATIENCE) -> Iterator[Path]:
    """Yield the path of a file to write, which takes the place of `path` as a whole once the block is left.

    Where that fails nothing is left of it, and `path` is what it was. For `lasting` see `write_text`, for `patience`
    see `replace`.
    """
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        yield part
        if lasting:
            settle(part)
        replace(part, path, patience)
    finally:
        part.unlink(missing_ok=True)


def read_text(path: Path, patience: float = _PATIENCE) -> str:
    """Return what `write_text` wrote to `path`; waits up to `patience` seconds while Windows replaces the file.

    An `OSError` for more than 16 MB, and for what is not a regular file: to read a pipe could take for ever.
    """

    def read() -> str:
        if not stat.S_ISREG(path.stat().st_mode):
            raise OSError(errno.EINVAL, "it is no file", str(path))
        with path.open(encoding="utf-8") as file:
            text = file.read(_LONGEST + 1)
        if len(text) > _LONGEST:
            raise OSError(errno.EFBIG, f"it has more than {_LONGEST >> 20} MB", str(path))
        return text

    return _patiently(read, patience)


def settle(path: Path) -> None:
    """Wait until what was written to `path` is on the disk: after a renaming, a power cut could leave it empty."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def replace(source: Path, target: Path, patience: float = _PATIENCE) -> None:
    """Give `source` the name `target`, replacing the file that has it.

    Waits up to `patience` seconds while a reader on Windows holds the target.
    """
    _patiently(lambda: source.replace(target), patience)


def _patiently(action: Callable[[], T], patience: float) -> T:
    until = time.monotonic() + patience
    while True:
        try:
            return action()
        except PermissionError:
            if not _HELD or time.monotonic() > until:
                raise
            time.sleep(0.02)


@contextlib.contextmanager
def lock(path: Path) -> Iterator[bool]:
    """Hold the lock that `path` stands for; the value is False, and nothing is held, if somebody else has it.

    The operating system releases it when the process ends, however it ends. A disk that does not support locks is an
    `InputError`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        try:
            free = _try_lock(file.fileno())
        except OSError as error:
            raise InputError(
                f"{path} cannot be locked ({error.strerror}): set CNNCORE_HOME to a folder on a disk of this machine."
            ) from error
        yield free  # closing the file lets go


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
