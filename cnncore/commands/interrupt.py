"""Ctrl-C on the command line: one line and exit status 130, wherever it comes.

    begin()                    Ctrl-C ends the process on the spot: nothing has begun yet that could be lost
    with gently(): ...         Ctrl-C is a `KeyboardInterrupt`, as elsewhere, so that work is left in order
    with at_once(): ...        on the spot again, inside of that: for what is imported late

Python raises a `KeyboardInterrupt` in whatever code is running. In the middle of an import that may be numpy's or
torch's, which turns it into another error, or a callback's, whose errors Python prints and drops.

Until `begin` is called, as `python -m cnncore` does, nothing here has an effect: the process belongs to somebody else.
"""

import _thread
import contextlib
import os
import signal
import sys
import threading
import types
from collections.abc import Iterator
from typing import NoReturn

INTERRUPTED = 130  # the exit status that shells expect: 128 and the signal's number
_ours = False  # whether this process is the command line's, and its user has left Ctrl-C as it usually is
_pressed = False


def begin() -> None:
    """Take over Ctrl-C, unless this process was started to ignore it, as background processes are."""
    global _ours
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        _ours = True
        signal.signal(signal.SIGINT, _end)
        sys.unraisablehook = _unraisable


@contextlib.contextmanager
def gently() -> Iterator[None]:
    """Let Ctrl-C be a `KeyboardInterrupt` in this block; a second one, after it, ends the process on the spot."""
    with _handled_by(_raise):
        yield


@contextlib.contextmanager
def at_once() -> Iterator[None]:
    """Let Ctrl-C end the process on the spot in this block."""
    with _handled_by(_end):
        yield


def pressed() -> bool:
    """Return whether Ctrl-C was pressed since `begin`: an error may then be its consequence."""
    return _pressed


@contextlib.contextmanager
def _handled_by(handler: "signal._HANDLER") -> Iterator[None]:
    if not _ours:
        yield
        return
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end(number: int, frame: types.FrameType | None) -> NoReturn:  # noqa: ARG001 as a handler is called
    if not _pressed:  # else it is being said already
        with contextlib.suppress(OSError):  # stderr is closed
            os.write(2, b"python -m cnncore: interrupted.\n")
    os._exit(INTERRUPTED)


def _raise(number: int, frame: types.FrameType | None) -> NoReturn:  # noqa: ARG001 as above
    global _pressed
    _pressed = True
    raise KeyboardInterrupt


def _unraisable(dropped: "sys.UnraisableHookArgs") -> None:
    """Press Ctrl-C once more where Python would drop it, in a destructor say; all else is printed as usual."""
    if issubclass(dropped.exc_type, KeyboardInterrupt):
        again = threading.Timer(0.05, _thread.interrupt_main)  # a moment later: what is raised in here is dropped too
        again.daemon = True
        again.start()
    else:
        sys.__unraisablehook__(dropped)
