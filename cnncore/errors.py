"""The one error that a user's input may cause."""


class InputError(ValueError):
    """Something that the user gave cannot be used.

    The message is one sentence a student can act on: it names the argument in back-ticks with its value,
    the rule that the value breaks and the remedy. Pages show it as it is, the command line prints it on
    stderr and exits with status 2; anything that is not an `InputError` is a defect of the program.
    """
