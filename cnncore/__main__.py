"""`python -m cnncore`."""

import sys

from cnncore.cli import main

if __name__ == "__main__":
    # A pipe on Windows knows few letters, and a run may be named with any: what it lacks is written as \\u....
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # always a text file here
    sys.exit(main())
