"""Where everything that is written lives: one folder, named by `CNNCORE_HOME`."""

import os
from pathlib import Path


def home() -> Path:
    """Return the folder for runs, checkpoints and data sets: `$CNNCORE_HOME`, else `~/.cnncore`.

    The folder is not created here; whoever writes into it does that, and reports a full or read-only disk.
    """
    named = os.environ.get("CNNCORE_HOME", "").strip()
    return Path(named).expanduser().resolve() if named else Path.home() / ".cnncore"
