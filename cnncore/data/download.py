"""A file from a web address: resumed where it broke off, checked against its md5 sum, with progress.

What has arrived is kept beside the target as `<name>.part`, with the address and the server's mark of the version
(`<name>.part.json`), so that a later attempt asks only for the rest, and never joins two different files.
"""

import contextlib
import errno
import hashlib
import http.client
import importlib.util
import json
import re
import shutil
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from cnncore import atomic
from cnncore.errors import InputError
from cnncore.progress import Meter, Progress, Report, silent

MAX_BYTES = 32 * 2**30  # of one file
TIMEOUT = 30.0  # seconds without a byte before a connection counts as broken
PAUSES = (0.5, 2.0, 5.0, 10.0)  # seconds before each new attempt; they begin anew when bytes have arrived
_CHUNK = 64 * 2**10
_AGENT = {"User-Agent": "cnncore", "Accept-Encoding": "identity"}
_BREAKS = (http.client.HTTPException, TimeoutError, ConnectionError, urllib.error.URLError)
_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))  # the disk, or one's share of it (POSIX)
_CHECK = "check the address, or name a file on this machine instead."
_SHOWN = 200  # letters of an address that is refused


class _FullError(Exception):
    """The disk cannot take the file."""


class _NowhereError(Exception):
    """There is nobody to ask, and no use in trying again."""


def is_address(text: str) -> bool:
    """Return whether `text` is a web address rather than a path."""
    return text.lower().startswith(("http://", "https://"))


def download(address: str, target: Path, md5: str | None = None, report: Report = silent, remedy: str = "") -> Path:
    """Return `target`, which then has the file that `address` serves.

    A `target` that is already there and has the right `md5` is kept. An address that does not answer or
    has no such file, a full disk and a wrong check sum are an `InputError` that ends with `remedy`: where else the
    file can be had.
    """
    ending = f": {remedy or _CHECK}"
    if md5 is not None and target.is_file() and md5_of(target, report) == md5:
        return target
    check_address(address, remedy)
    part = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _fetch(address, part, report)
    except urllib.error.HTTPError as error:
        with contextlib.closing(error):
            raise InputError(f"`from` (={address}) answered {error.code} {error.reason}{ending}") from None
    except (_FullError, _NowhereError, OSError, http.client.HTTPException) as error:
        if isinstance(error, _FullError) or (isinstance(error, OSError) and error.errno in _FULL):
            raise InputError(
                f"`from` (={address}) does not fit on the disk of {target.parent} ({error}): free space, or set "
                "CNNCORE_HOME to a folder with room."
            ) from error
        if isinstance(error, OSError) and error.filename is not None:  # a file of ours, not the connection
            raise InputError(f"{target.parent} cannot be written to ({error.strerror}): set CNNCORE_HOME.") from error
        raise InputError(f"`from` (={address}) cannot be reached ({_reason(error)}){ending}") from error
    found = md5_of(part, report) if md5 else None
    if found != md5:
        _forget(part)
        raise InputError(
            f"`from` (={address}) served a file with the md5 sum {found} and not {md5}, so it is damaged or another "
            f"file, and was removed{ending}"
        )
    atomic.replace(part, target)
    _forget(part)
    return target


def md5_of(path: Path, report: Report = silent) -> str:
    """Return the md5 sum of a file, as 32 hexadecimal digits."""
    # Against damage and mix-ups, not against attackers: the sums that data sets publish are md5.
    checksum, size = hashlib.md5(usedforsecurity=False), path.stat().st_size
    meter = Meter(report, f"Checking {path.name.removesuffix('.part')}", "bytes", size)
    with path.open("rb") as file:
        while chunk := file.read(2**20):
            checksum.update(chunk)
            meter.at(file.tell())
    return checksum.hexdigest()


def check_address(address: str, remedy: str = "") -> None:
    """Raise an `InputError` that ends with `remedy` for an address that nothing can be asked of, and say why.

    A password in it is not repeated: what is said lands in logs and on screens.
    """
    if wrong := _wrong(address):
        shown = re.sub(r"//[^/?#]*@", "//...@", address)
        shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
        raise InputError(f"`from` (={shown}) {wrong}: {remedy or _CHECK}")


def _wrong(address: str) -> str:
    """Return which rule of web addresses this one breaks, in the words that follow its name; empty if none."""
    like = "is not a web address like https://host/file.tar.gz"
    if re.search(r"[\s\x00-\x1f\x7f]", address):
        return f"{like}: it must have no spaces or line breaks"
    if not address.isascii():
        return f"{like}: letters other than a to z must be written as a browser copies them (ü in a path as %C3%BC)"
    try:
        parts = urllib.parse.urlsplit(address)
        host = parts.hostname or ""
    except ValueError:  # a bracket that is not closed, or around what is no number of a machine
        return like
    if parts.scheme.lower() not in ("http", "https") or not host:
        return f"{like}: it must name a host" if is_address(address) else like
    if "@" in parts.netloc:
        return f"{like}: a user name or password cannot be in it"
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        return f"{like}: its port must be a whole number from 1 to 65535"
    # The rule for host names: where it is broken, Python's own encoder fails before anything reaches the network.
    if len(host) > 253 or not all(0 < len(label) <= 63 for label in host.removesuffix(".").split(".")):
        return f"{like}: a host has at most 253 letters, and 1 to 63 of them between two dots"
    return ""


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return str(getattr(reason, "strerror", None) or reason) or type(reason).__name__


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    _state_path(part).unlink(missing_ok=True)


def _state_path(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _fetch(address: str, part: Path, report: Report) -> None:
    """Bring `part` up to the whole file; a connection that breaks is taken up again."""
    pauses = list(PAUSES)
    while True:
        before = part.stat().st_size if part.exists() else 0
        try:
            _attempt(address, part, report)
        except urllib.error.HTTPError as error:
            # 5xx and 429: the server may recover. The rest will be answered in the same way again.
            if (error.code < 500 and error.code != 429) or not pauses:
                raise
            error.close()
            reason = f"{error.code} {error.reason}"
        except _BREAKS as error:
            arrived = part.stat().st_size if part.exists() else 0
            if arrived > before:
                pauses = list(PAUSES)
            # Before the first byte, an unknown host or a refused connection is not worth waiting for.
            if not pauses or (arrived == 0 and isinstance(error, urllib.error.URLError)):
                raise
            reason = _reason(error)
        else:
            return
        pause = pauses.pop(0)
        report(Progress("Downloading", message=f"The connection broke ({reason}), trying again in {pause:g} s."))
        time.sleep(pause)


def _attempt(address: str, part: Path, report: Report) -> None:
    """Ask once for what is missing and append it to `part`."""
    request = urllib.request.Request(address, headers=_AGENT)
    start, mark = _begun(address, part)
    if start:
        request.add_header("Range", f"bytes={start}-")
        request.add_header("If-Range", mark)
    try:
        answer = _open(request)
    except urllib.error.HTTPError as error:
        if error.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise
        with error:
            if error.headers.get("Content-Range") == f"bytes */{start}":
                return  # everything had arrived, and the file was only not yet renamed
        _forget(part)
        raise ConnectionError("the server has another version of the file now") from error
    with answer:
        resumed = answer.status == http.HTTPStatus.PARTIAL_CONTENT
        span = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", answer.headers.get("Content-Range", ""))
        if resumed and (span is None or int(span[1]) != start):
            _forget(part)
            raise ConnectionError("the server sent another part than the one asked for")
        start = start if resumed else 0
        length = answer.headers.get("Content-Length", "")
        total = start + int(length) if length.isdecimal() else None
        _check_room(part, start, total)
        mark = answer.headers.get("ETag", "W/")
        mark = answer.headers.get("Last-Modified", "") if mark.startswith("W/") else mark  # W/: not the same bytes
        atomic.write_text(_state_path(part), json.dumps({"address": address, "mark": mark}))
        meter = Meter(report, "Downloading", "bytes", total, start)
        with part.open("ab" if resumed else "wb") as file:
            done = start
            while chunk := answer.read(_CHUNK):
                file.write(chunk)
                done += len(chunk)
                if done > MAX_BYTES:
                    raise _FullError(f"more than {MAX_BYTES >> 30} GB")
                meter.at(done)
        if total is not None and done < total:  # the read ends quietly when the server closes the connection
            raise ConnectionError(f"it closed after {done:,} of {total:,} bytes")


def _open(request: urllib.request.Request) -> http.client.HTTPResponse:
    try:
        return _opened(request)
    except (ValueError, OverflowError, http.client.InvalidURL) as error:  # where a server, or a proxy's setting, leads
        raise _NowhereError(f"it leads to what is no address: {error}") from error


def _opened(request: urllib.request.Request) -> http.client.HTTPResponse:
    answer: http.client.HTTPResponse
    try:
        answer = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.URLError as error:
        # python.org's Python for macOS knows no certificates before somebody installs them; certifi has them.
        if not isinstance(error.reason, ssl.SSLCertVerificationError) or importlib.util.find_spec("certifi") is None:
            raise
        known = ssl.create_default_context(cafile=importlib.import_module("certifi").where())
        answer = urllib.request.urlopen(request, timeout=TIMEOUT, context=known)
    return answer


def _begun(address: str, part: Path) -> tuple[int, str]:
    """Return how many bytes of this very file are there, and the server's mark of it; 0 if it must start anew.

    Without a mark (an ETag or a date) a server could continue with the bytes of another version.
    """
    try:
        state = json.loads(_state_path(part).read_text(encoding="utf-8"))
        size, mark = part.stat().st_size, str(state["mark"])
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return 0, ""
    return (size, mark) if mark and state.get("address") == address else (0, "")


def _check_room(part: Path, start: int, total: int | None) -> None:
    if total is None:
        return
    if total > MAX_BYTES:
        raise _FullError(f"{total / 1e9:.1f} GB, at most {MAX_BYTES >> 30} GB are fetched")
    free = shutil.disk_usage(part.parent).free
    if total - start > free:
        raise _FullError(f"{(total - start) / 1e6:,.0f} MB are missing, {free / 1e6:,.0f} MB are free")
