"""Progress in a terminal or a log."""

import sys
import time

from cnncore.progress import Progress


class ProgressLine:
    """Progress on stderr: one line that changes in a terminal, a new line now and then in a file."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._shown, self._stage, self._next = "", "", 0.0

    def show(self, progress: Progress) -> None:
        """Print the report."""
        text = progress.line()
        if self._live:
            print(f"\r{text[:119].ljust(len(self._shown))}", end="", file=sys.stderr, flush=True)
            self._shown = text[:119]
        elif progress.stage != self._stage or time.monotonic() > self._next:
            print(text, file=sys.stderr, flush=True)
            self._next = time.monotonic() + 10
        self._stage = progress.stage

    def end(self) -> None:
        """Leave the line that changes, so that what follows begins on a new one."""
        if self._shown:
            print(file=sys.stderr)
            self._shown = ""
