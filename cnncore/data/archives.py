"""The files in a folder, a zip or a tar (plain, gz, bz2, xz), one after the other, none of them written to disk.

An archive is somebody else's: names that lead outside of it and links are not followed, what a file expands to is
bounded, and a file is read only when it is asked for. A damaged archive is an `InputError` in one sentence.
"""

import bz2
import gzip
import io
import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from cnncore.errors import InputError

MAX_FILE = 256 * 2**20  # bytes of one file; a photograph of 50 megapixels has about 30 MB
MAX_EXPANDED = 64 * 2**30  # bytes that an archive may expand to; ImageNet's shrunk versions have about 10 GB
MAX_FILES = 2_000_000
_ERRORS = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError),
    *(UnicodeDecodeError, NotImplementedError),  # a name that is no UTF-8 and says so, a zip of a later version
)
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # these can be expanded up to a limit; others only as a whole


class UnreadableFileError(Exception):
    """One file of a source that cannot be used; the message is the reason, in a few words."""


@dataclass(frozen=True)
class Member:
    """One file: its `path` from the source's root as folder names and the file name, and how to `read` it.

    `read` must be called before the next member is taken; it raises `UnreadableFileError`. `done` of `total` is
    how far into the source this file is, in `unit`.
    """

    path: tuple[str, ...]
    read: Callable[[], bytes]
    done: int
    total: int
    unit: str


def members(source: Path) -> Iterator[Member]:
    """Yield the files of a folder or archive. What is neither, or breaks off, is an `InputError`."""
    if source.is_dir():
        yield from _folder(source)
        return
    try:
        if zipfile.is_zipfile(source):
            yield from _zip(source)
        else:
            yield from _tar(source)
    except FileNotFoundError:
        raise InputError(f"`from` (={source}) does not exist: check the path.") from None
    except _ERRORS as error:
        raise _broken(source, error) from error


def _broken(source: Path, error: Exception) -> InputError:
    reason = str(error).strip() or type(error).__name__
    return InputError(
        f"`from` (={source}) cannot be read as a zip or a tar (gz, bz2, xz), or is incomplete ({reason}): copy or "
        "download it again, or give a folder."
    )


def _too_large(source: Path, what: str) -> InputError:
    return InputError(f"`from` (={source}) holds {what}: split it, or give a folder with fewer images.")


def _path(name: str) -> tuple[str, ...]:
    return tuple(_text(part) for part in name.replace("\\", "/").split("/") if part not in ("", "."))


def _text(name: str) -> str:
    """Return a file's name as text that can be written down: bytes of another encoding become question marks."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _refuse(reason: str) -> Callable[[], bytes]:
    def read() -> bytes:
        raise UnreadableFileError(reason)

    return read


def _unsafe(name: str) -> bool:
    return name.startswith(("/", "\\")) or ".." in _path(name) or ":" in name[:3]


def _folder(source: Path) -> Iterator[Member]:
    files = []
    for place, folders, names in os.walk(source):
        folders.sort()
        files += [Path(place, name) for name in sorted(names)]
        if len(files) > MAX_FILES:
            raise _too_large(source, f"more than {MAX_FILES:,} files")
    for number, file in enumerate(files):
        yield Member(tuple(map(_text, file.relative_to(source).parts)), _reader(file), number, len(files), "files")


def _reader(file: Path) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            if not file.is_file():
                raise UnreadableFileError("not a file, or a link to nothing")
            if file.stat().st_size > MAX_FILE:
                raise UnreadableFileError(f"larger than {MAX_FILE >> 20} MB")
            return file.read_bytes()
        except OSError as error:
            raise UnreadableFileError(error.strerror or "not readable") from error

    return read


def _zip(source: Path) -> Iterator[Member]:
    with zipfile.ZipFile(source) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if len(entries) > MAX_FILES:
            raise _too_large(source, f"more than {MAX_FILES:,} files")
        if sum(entry.file_size for entry in entries) > MAX_EXPANDED:
            raise _too_large(source, f"more than {MAX_EXPANDED >> 30} GB when unpacked")
        for number, entry in enumerate(entries):
            yield Member(_path(entry.filename), _zip_reader(archive, entry), number, len(entries), "files")


def _zip_reader(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Callable[[], bytes]:
    if _unsafe(entry.filename):
        return _refuse("its path leads out of the archive")
    if stat.S_ISLNK(entry.external_attr >> 16):
        return _refuse("a link")
    if entry.flag_bits & 1:
        return _refuse("encrypted")
    if entry.file_size > MAX_FILE:
        return _refuse(f"larger than {MAX_FILE >> 20} MB")
    if entry.compress_type not in _PLAIN:
        return _refuse("packed in another way than deflated")

    def read() -> bytes:
        try:
            with archive.open(entry) as file:
                return file.read(entry.file_size)  # no more than the announced size; `archive.read` would expand all
        except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, OSError) as error:
            raise UnreadableFileError(str(error) or "damaged in the archive") from error

    return read


class _Bounded(io.RawIOBase):
    """A stream of expanding bytes that stops at `MAX_EXPANDED` and never hands out more than `MAX_FILE` at once.

    tarfile believes the sizes in the archive's own headers, even those of names: here they are limited.
    """

    def __init__(self, stream: IO[bytes], source: Path) -> None:
        self._stream, self._source = stream, source

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence == os.SEEK_SET and offset > MAX_EXPANDED:
            raise _too_large(self._source, f"more than {MAX_EXPANDED >> 30} GB when unpacked")
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= MAX_FILE:
            raise tarfile.ReadError(f"a header announces {size} bytes")
        return self._stream.read(size)


def _expanding(file: IO[bytes]) -> IO[bytes]:
    magic = file.read(6)
    file.seek(0)
    if magic.startswith(b"\x1f\x8b"):
        return cast(IO[bytes], gzip.GzipFile(fileobj=file))
    if magic.startswith(b"\xfd7zXZ\x00"):
        return lzma.LZMAFile(file)
    if magic.startswith(b"BZh"):
        return bz2.BZ2File(file)
    return file


def _tar(source: Path) -> Iterator[Member]:
    total = source.stat().st_size
    with source.open("rb") as file, _expanding(file) as expanding:
        bounded = cast(IO[bytes], _Bounded(expanding, source))
        with tarfile.open(fileobj=bounded, mode="r:") as archive:
            for number, entry in enumerate(archive):
                if number > MAX_FILES:
                    raise _too_large(source, f"more than {MAX_FILES:,} files")
                # tarfile remembers every header, a million of them are a gigabyte; typeshed leaves the list out.
                archive.members = []  # type: ignore[attr-defined]  # as said
                if not entry.isdir():
                    yield Member(_path(entry.name), _tar_reader(source, archive, entry), file.tell(), total, "bytes")


def _tar_reader(source: Path, archive: tarfile.TarFile, entry: tarfile.TarInfo) -> Callable[[], bytes]:
    if _unsafe(entry.name):
        return _refuse("its path leads out of the archive")
    if not entry.isreg():
        return _refuse("a link or a device")
    if entry.size > MAX_FILE:
        return _refuse(f"larger than {MAX_FILE >> 20} MB")

    def read() -> bytes:
        file = archive.extractfile(entry)
        if file is None:
            raise UnreadableFileError("not a file")
        try:
            return file.read()
        except _ERRORS as error:  # unlike in a zip, nothing after this place can be read either
            raise _broken(source, error) from error

    return read
