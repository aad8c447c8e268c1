"""One module for each command of `python -m cnncore`: `add_arguments(parser)` and `run(args) -> exit status`."""
