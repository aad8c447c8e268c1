"""`python -m cnncore`."""

import sys

if __name__ == "__main__":
    try:
        from cnncore.commands.interrupt import begin

        begin()  # importing the rest takes a moment, and Ctrl-C may come in that moment
        from cnncore.cli import main

        # A pipe on Windows can encode few letters, and a run's name may have any: the rest is written as \\u....
        if sys.stdout is not None:  # None where whoever started this process closed it
            sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # always a text file here
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
