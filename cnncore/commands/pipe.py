"""A command's output that nobody reads any more, as after `| head`."""

import errno
import sys


def reader_has_gone(error: OSError) -> bool:
    """Return whether `error`, raised by printing, says that the pipe's reader has closed it.

    On Windows Python says so by EINVAL; with a file's name it would be about that file.
    """
    windows = sys.platform == "win32" and error.errno == errno.EINVAL and error.filename is None
    return isinstance(error, BrokenPipeError) or windows
