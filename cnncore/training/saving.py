"""Writing a run's files so that each is the old one or the new one, whatever happens meanwhile."""

from pathlib import Path

from cnncore.atomic import replacing
from cnncore.errors import InputError

_PATIENCE = 10.0  # seconds; on Windows a virus scanner may hold a file of many megabytes for that long


def save(path: Path, content: memoryview, what: str, *, lasting: bool = True) -> None:
    """Write `content` to `path`; a crash or a full disk leaves the file that was there before.

    If it is `lasting`, so does a power cut: that means waiting 5 to 20 ms for the disk. `what` names the file in the
    `InputError` that a full or read-only disk gives.
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
