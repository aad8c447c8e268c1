"""Progress in a terminal or a log."""

import sys
import time

from cnncore.commands.output import one_line, tell
from cnncore.progress import Progress


class ProgressLine:
    """Progress on stderr: one line that changes in a terminal, a new line now and then in a file."""

    def __init__(self) -> None:
        self._live = sys.stderr is not None and sys.stderr.isatty()
        self._shown, self._stage, self._next = "", "", 0.0

    def show(self, progress: Progress) -> None:
        """Print the report."""
        text = one_line(progress.line())
        if self._live:
            tell(f"\r{text[:119].ljust(len(self._shown))}", end="")
            self._shown = text[:119]
        elif progress.stage != self._stage or time.monotonic() > self._next:
            tell(text)
            self._next = time.monotonic() + 10
        self._stage = progress.stage

    def end(self) -> None:
        """Finish the line that changes, so that what follows begins on a new one."""
        if self._shown:
            tell("")
            self._shown = ""
