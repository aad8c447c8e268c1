"""`python -m cnncore`."""

import sys

if __name__ == "__main__":
    try:
        from cnncore.commands.interrupt import begin

        begin()  # the rest takes a moment, in which Ctrl-C is pressed too
        from cnncore.cli import main

        # A pipe on Windows knows few letters, and a run may be named with any: what it lacks is written as \\u....
        if sys.stdout is not None:  # closed by who started it
            sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # always a text file here
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
