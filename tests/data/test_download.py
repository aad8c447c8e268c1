import errno
import hashlib
import json
import random
import shutil
import ssl
import urllib.request
from collections import namedtuple
from pathlib import Path

import pytest

from cnncore.data import download as downloading
from cnncore.data.download import download
from cnncore.errors import InputError
from cnncore.progress import Progress

CONTENT = random.Random(0).randbytes(300_000)
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(downloading, "PAUSES", (0.0, 0.0))


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "downloads" / "file.bin"


def test_a_file_arrives_whole(site, target):
    site.files["/file.bin"] = CONTENT
    assert download(f"{site.address}/file.bin", target, MD5) == target
    assert target.read_bytes() == CONTENT
    assert [path.name for path in target.parent.iterdir()] == ["file.bin"]


def test_what_is_there_is_not_fetched_again(site, target):
    site.files["/file.bin"] = CONTENT
    download(f"{site.address}/file.bin", target, MD5)
    download(f"{site.address}/file.bin", target, MD5)
    assert len(site.asked) == 1
    target.write_bytes(b"damaged since")
    download(f"{site.address}/file.bin", target, MD5)
    assert target.read_bytes() == CONTENT


def test_a_connection_that_breaks_off_is_taken_up_again(site, target):
    site.files["/file.bin"] = CONTENT
    site.break_after = [100_000, 50_000]
    reports: list[Progress] = []
    download(f"{site.address}/file.bin", target, MD5, reports.append)
    assert target.read_bytes() == CONTENT
    assert site.asked == ["", "bytes=100000-", "bytes=150000-"]
    assert any("connection broke" in report.message for report in reports)


def test_a_later_attempt_continues(site, target):
    site.files["/file.bin"] = CONTENT
    site.break_after = [100_000, 0, 0, 0]
    with pytest.raises(InputError, match=r"cannot be reached \(it closed after 100,000 of 300,000 bytes"):
        download(f"{site.address}/file.bin", target, MD5)
    assert target.with_name("file.bin.part").stat().st_size == 100_000
    download(f"{site.address}/file.bin", target, MD5)
    assert site.asked[-1] == "bytes=100000-"
    assert target.read_bytes() == CONTENT


def test_a_cancelled_download_keeps_what_has_arrived(site, target):
    class CancelledError(Exception):
        pass

    def cancel(progress: Progress) -> None:
        if progress.done:
            raise CancelledError

    site.files["/file.bin"] = CONTENT
    with pytest.raises(CancelledError):
        download(f"{site.address}/file.bin", target, MD5, cancel)
    kept = target.with_name("file.bin.part").stat().st_size
    assert 0 < kept < len(CONTENT)
    download(f"{site.address}/file.bin", target, MD5)
    assert site.asked[-1] == f"bytes={kept}-"
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("change", ["etag", "address", "no ranges", "no mark"])
def test_two_different_files_are_never_joined(site, target, change):
    site.files["/file.bin"] = CONTENT
    site.etag = "" if change == "no mark" else site.etag
    site.break_after = [100_000, 0, 0, 0]
    with pytest.raises(InputError, match="cannot be reached"):
        download(f"{site.address}/file.bin", target)
    other = CONTENT[::-1]
    site.files = {"/file.bin": other, "/other.bin": other}
    site.break_after = []
    site.etag = '"two"' if change == "etag" else site.etag
    site.ranges = change != "no ranges"
    download(f"{site.address}/{'other' if change == 'address' else 'file'}.bin", target)
    assert target.read_bytes() == other


def test_a_part_that_was_complete_is_recognised(site, target):
    site.files["/file.bin"] = CONTENT
    part = target.with_name("file.bin.part")
    part.parent.mkdir()
    part.write_bytes(CONTENT)
    part.with_name("file.bin.part.json").write_text(
        json.dumps({"address": f"{site.address}/file.bin", "mark": site.etag})
    )
    download(f"{site.address}/file.bin", target, MD5)
    assert site.asked == ["bytes=300000-"]
    assert target.read_bytes() == CONTENT


def test_a_part_longer_than_the_file_is_thrown_away(site, target):
    site.files["/file.bin"] = CONTENT
    part = target.with_name("file.bin.part")
    part.parent.mkdir()
    part.write_bytes(CONTENT + b"more")
    part.with_name("file.bin.part.json").write_text(
        json.dumps({"address": f"{site.address}/file.bin", "mark": site.etag})
    )
    download(f"{site.address}/file.bin", target, MD5)
    assert target.read_bytes() == CONTENT


def test_a_wrong_sum_is_refused_and_removed(site, target):
    site.files["/file.bin"] = CONTENT[:-1]
    with pytest.raises(InputError, match=f"not {MD5}.*: look elsewhere"):
        download(f"{site.address}/file.bin", target, MD5, remedy="look elsewhere")
    assert list(target.parent.iterdir()) == []


def test_an_address_without_the_file_says_so_at_once(site, target):
    with pytest.raises(InputError, match=r"`from` \(=http.*/nothing.bin\) answered 404 Not Found: the remedy"):
        download(f"{site.address}/nothing.bin", target, remedy="the remedy")
    assert len(site.asked) == 1


def test_a_server_in_trouble_is_asked_again(site, target):
    site.files["/file.bin"] = CONTENT
    site.codes = [503, 429]
    download(f"{site.address}/file.bin", target, MD5)
    assert len(site.asked) == 3
    site.codes = [500] * 9
    with pytest.raises(InputError, match="answered 500"):
        download(f"{site.address}/file.bin", target.with_name("again"))


def test_nobody_answers(site, target, unused_tcp_port):
    with pytest.raises(InputError, match=r"cannot be reached.*: check the address"):
        download(f"http://127.0.0.1:{unused_tcp_port}/x", target)


def test_a_python_that_knows_no_certificates_takes_certifis(site, target, monkeypatch):
    site.files["/file.bin"] = CONTENT
    asked, plain = [], urllib.request.urlopen

    def urlopen(request, timeout, context=None):
        asked.append(context and context.cert_store_stats()["x509_ca"] > 0)
        if context is None:
            raise urllib.error.URLError(ssl.SSLCertVerificationError("unable to get local issuer certificate"))
        return plain(request, timeout=timeout)

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    assert download(f"{site.address}/file.bin", target).read_bytes() == CONTENT
    assert asked == [None, True]


@pytest.fixture
def unused_tcp_port():
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.mark.parametrize(
    ("address", "rule"),
    [
        ("ftp://host/x", "host/file.tar.gz: check"),
        ("file:///etc/passwd", "host/file.tar.gz: check"),
        ("http://", "it must name a host"),
        ("http:///x", "it must name a host"),
        ("https://:80/x", "it must name a host"),
        ("http://ho st/x", "no spaces or line breaks"),
        ("http://host/a\nb", "no spaces or line breaks"),
        ("http://[::1/x", "host/file.tar.gz: check"),
        ("http://h:99999/x", "its port must be a whole number from 1 to 65535"),
        ("http://h:0/x", "its port must be a whole number from 1 to 65535"),
        ("http://h:x/x", "its port must be a whole number from 1 to 65535"),
        ("https://h/ä", "as a browser copies them"),
        ("https://bücher.example/x", "as a browser copies them"),
        (f"http://{'a' * 64}.org/a.zip", "1 to 63 of them between two dots"),
        ("http://a..org/a.zip", "1 to 63 of them between two dots"),
        ("http://.org/a.zip", "1 to 63 of them between two dots"),
        (f"http://{'abc.' * 80}org/a.zip", "at most 253 letters"),
        ("http://me@host/x", "a user name or password cannot be in it"),
    ],
)
def test_what_is_no_web_address(target, address, rule):
    with pytest.raises(InputError, match=rf"(?s)^`from` \(=.*\) is not a web .*{rule}.*file on this machine") as found:
        download(address, target)
    assert len(str(found.value)) < 500


def test_a_password_is_not_repeated(target):
    with pytest.raises(InputError, match=r"`from` \(=http://\.\.\.@host/x\)") as found:
        download("http://me:secret@host/x", target)
    assert "secret" not in str(found.value)


@pytest.mark.parametrize("place", [f"http://{'a' * 64}.org/x", "http://[::1/x", "http://h:x"])
def test_a_server_that_sends_one_nowhere_is_asked_once(site, target, place):
    site.sends_on = place
    with pytest.raises(InputError, match=r"cannot be reached \(it leads to what is no address"):
        download(f"{site.address}/file.bin", target)
    assert len(site.asked) == 1


def test_a_full_disk_is_known_before_the_download(site, target, monkeypatch):
    site.files["/file.bin"] = CONTENT
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 1000))
    with pytest.raises(InputError, match=r"does not fit on the disk.*0 MB are missing, 0 MB are free.*CNNCORE_HOME"):
        download(f"{site.address}/file.bin", target)
    assert len(site.asked) == 1


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fills_up(site, target, monkeypatch, number):
    site.files["/file.bin"] = CONTENT

    def full(*args):
        raise OSError(number, "No space left on device")

    monkeypatch.setattr(downloading.Meter, "at", full)
    with pytest.raises(InputError, match=r"does not fit on the disk.*No space left"):
        download(f"{site.address}/file.bin", target)


def test_an_endless_file_is_stopped(site, target, monkeypatch):
    monkeypatch.setattr(downloading, "MAX_BYTES", 1000)
    site.files["/file.bin"] = CONTENT
    with pytest.raises(InputError, match="does not fit"):
        download(f"{site.address}/file.bin", target)


def test_a_folder_that_cannot_be_written_to(site, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(InputError, match="cannot be written to"):
        download(f"{site.address}/file.bin", tmp_path / "file" / "x")


def test_progress_has_bytes_and_total(site, target):
    site.files["/file.bin"] = CONTENT
    reports: list[Progress] = []
    download(f"{site.address}/file.bin", target, MD5, reports.append)
    assert reports[0].stage == "Downloading"
    assert (reports[0].unit, reports[0].total) == ("bytes", 300_000)
    assert 0 < reports[0].done <= 300_000
