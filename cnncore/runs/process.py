"""Processes that outlive the one that starts them, on POSIX and on Windows."""

import os
import subprocess
import sys

from cnncore.errors import InputError
from cnncore.home import for_children, home

# Python warns when the object of a process that still runs is collected: these are kept.
_started: list["subprocess.Popen[bytes]"] = []


def start_detached(module: str, *arguments: str, log: str) -> "subprocess.Popen[bytes]":
    """Start `python -m module arguments` with a session of its own; what it prints goes to home()/logs/`log`.

    It shares neither the terminal nor the listening socket of the process that starts it, does not get its Ctrl-C, and
    outlives it. An `InputError` if it cannot be started.
    """
    folder = home() / "logs"
    environment = for_children()
    command = [sys.executable, "-m", module, *arguments]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / log).open("ab") as output:
            if sys.platform == "win32":
                flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
                flags |= subprocess.BELOW_NORMAL_PRIORITY_CLASS
                process = subprocess.Popen(
                    command,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    creationflags=flags,
                )
            else:
                process = subprocess.Popen(
                    command,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
    except OSError as error:
        raise InputError(
            f"the process that does the work cannot be started ({error}): free disk space or memory, then try again."
        ) from error
    _started[:] = [earlier for earlier in _started if earlier.poll() is None]
    _started.append(process)
    return process


def yield_priority() -> None:
    """Let everything else on this machine go first: a laptop that trains must stay usable (POSIX; see above)."""
    if hasattr(os, "nice"):
        os.nice(5)
