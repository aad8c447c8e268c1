"""The one folder that everything is written to, named by `CNNCORE_HOME`, and how child processes learn of it."""

import os
from pathlib import Path

from cnncore.errors import InputError


def home() -> Path:
    """Return the folder for runs, checkpoints and data sets: `$CNNCORE_HOME`, else `~/.cnncore`.

    The folder is not created here; whoever writes into it does that, and reports a full or read-only disk.
    """
    named = os.environ.get("CNNCORE_HOME", "").strip()
    try:
        return Path(named).expanduser().resolve() if named else Path.home() / ".cnncore"
    except (OSError, RuntimeError, ValueError) as error:  # ~nobody; a circle of symbolic links
        raise InputError(f"`CNNCORE_HOME` (={named}) is no folder ({error}): name one that you can write to.") from None


def for_children() -> dict[str, str]:
    """Return the environment for a child process: it has this home, and finds this package from any folder."""
    paths = [str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "CNNCORE_HOME": str(home())}
