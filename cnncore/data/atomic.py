"""Files that other processes read while they are written: replaced as a whole, or locked."""

import contextlib
import os
import secrets
import sys
import time
from collections.abc import Iterator
from pathlib import Path

_PATIENCE = 1.0  # seconds; on Windows a file that somebody has open cannot be replaced for that moment


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` so that a reader sees the old or the new text, never a part; `OSError` if it cannot."""
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        part.write_text(text, encoding="utf-8")
        replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def replace(source: Path, target: Path) -> None:
    """Give `source` the name `target`, in place of what has it; waits while a reader on Windows holds the target."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            source.replace(target)
        except PermissionError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


@contextlib.contextmanager
def lock(path: Path) -> Iterator[bool]:
    """Hold the lock that `path` stands for; the value is False, and nothing is held, if another process has it.

    The operating system lets go of it when the process ends, however it ends.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        if not _try_lock(file.fileno()):
            yield False
            return
        yield True  # closing the file lets go


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
