"""Files of a run that are either the old ones or the new ones, whatever happens while they are written."""

from pathlib import Path

from cnncore.atomic import replacing
from cnncore.errors import InputError

_PATIENCE = 10.0  # seconds; on Windows a virus scanner may hold a file of many megabytes for that long


def save(path: Path, content: memoryview, what: str, *, lasting: bool = True) -> None:
    """Write `content` to `path`; a crash or a full disk leaves the file that was there before.

    So does a power cut, unless it is not `lasting`: to wait for the disk takes 5 to 20 ms.
    `what` names the file in the sentence of the `InputError` that a disk which is full or not to be written gives.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path, lasting=lasting, patience=_PATIENCE) as part:
            part.write_bytes(content)
    except OSError as error:
        raise InputError(
            f"{what} cannot be written to {path} ({error.strerror}): free space or allow writing there, then resume "
            "the run; everything up to the epoch before is kept."
        ) from error
