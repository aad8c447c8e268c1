import contextlib
import gzip
import io
import stat
import sys
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from cnncore.data import archives
from cnncore.data.archives import UnreadableFileError, members
from cnncore.errors import InputError
from tests.data.picture_files import write_folder, write_tar, write_zip

FILES = {"a/1.txt": b"one", "b/c/2.txt": b"two" * 1000}


def contents(source: Path) -> dict[str, bytes]:
    return {"/".join(member.path): member.read() for member in members(source)}


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tars(tmp_path: Path, mode: str) -> None:
    assert contents(write_tar(tmp_path / "any-name", FILES, mode)) == FILES


def test_zip_and_folder(tmp_path: Path) -> None:
    assert contents(write_zip(tmp_path / "any-name", FILES)) == FILES
    assert contents(write_folder(tmp_path / "folder", FILES)) == FILES


def test_positions_grow_to_the_total(tmp_path: Path) -> None:
    for source in (write_tar(tmp_path / "t", FILES), write_zip(tmp_path / "z", FILES)):
        found = list(members(source))
        assert all(0 <= member.done <= member.total for member in found)
        assert [member.done for member in found] == sorted(member.done for member in found)


def test_nothing_is_written_next_to_an_archive(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    source = write_tar(place / "t.tar", {"../evil.txt": b"x", "/etc/evil": b"x", "a/../../b": b"x", "good/x": b"x"})
    reasons = []
    for member in members(source):
        try:
            member.read()
        except UnreadableFileError as reason:
            reasons.append(str(reason))
    assert reasons == ["its path leads out of the archive"] * 3
    assert list(tmp_path.rglob("*")) == [place, source]


def test_zip_paths_that_lead_out_are_refused(tmp_path: Path) -> None:
    source = write_zip(tmp_path / "z", {"../evil.txt": b"x", "a\\..\\..\\b": b"x", "C:/x": b"x", "ok/x": b"y"})
    found = members(source)
    for _ in range(3):
        member = next(found)
        with pytest.raises(UnreadableFileError, match="leads out"):
            member.read()
    assert next(found).read() == b"y"


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    tar = tmp_path / "t.tar"
    with tarfile.open(tar, "w") as archive:
        for kind, target in ((tarfile.SYMTYPE, "../secret"), (tarfile.LNKTYPE, "secret"), (tarfile.FIFOTYPE, "")):
            entry = tarfile.TarInfo("a/link.png")
            entry.type, entry.linkname = kind, target
            archive.addfile(entry)
    link = zipfile.ZipInfo("a/link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr(link, "../secret")
    for source, count in ((tar, 3), (tmp_path / "z.zip", 1)):
        found = 0
        for member in members(source):
            found += 1
            with pytest.raises(UnreadableFileError, match="a link"):
                member.read()
        assert found == count


def test_links_to_folders_are_not_walked(tmp_path: Path) -> None:
    source = write_folder(tmp_path / "f", {"a/1.txt": b"x"})
    try:
        (source / "a" / "loop").symlink_to(source, target_is_directory=True)
    except OSError:
        pytest.skip("this account may not make links (Windows)")
    assert [member.path for member in members(source)] == [("a", "1.txt")]


@pytest.mark.parametrize("content", [b"", b"garbage" * 500, b"PK\x03\x04" + b"garbage" * 500, b"\x1f\x8b" + b"x" * 999,
                                     b"\xfd7zXZ\x00" + b"x" * 999, b"BZh9" + b"x" * 999])  # fmt: skip
def test_garbage_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    source = tmp_path / "x.zip"
    source.write_bytes(content)
    with pytest.raises(InputError, match=r"cannot be read as a zip or a tar.*: copy or download it again") as caught:
        list(members(source))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz", "w:bz2"])
def test_a_tar_that_breaks_off_is_one_sentence(tmp_path: Path, mode: str) -> None:
    import random

    source = write_tar(tmp_path / "t", {f"a/{i}": random.Random(i).randbytes(4000) for i in range(20)}, mode)
    source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    with pytest.raises(InputError, match="incomplete"):
        contents(source)


def test_a_damaged_file_in_a_zip_is_only_that_file(tmp_path: Path) -> None:
    source = tmp_path / "z.zip"
    with zipfile.ZipFile(source, "w") as archive:  # stored, not deflated: the content can be found
        archive.writestr("a/1", "first content")
        archive.writestr("a/2", "other content")
    source.write_bytes(source.read_bytes().replace(b"first content", b"fIrst content"))
    found = members(source)
    first = next(found)
    with pytest.raises(UnreadableFileError, match="CRC"):
        first.read()
    assert next(found).read() == b"other content"


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        list(members(tmp_path / "nothing.zip"))


def test_a_file_that_expands_too_far_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_FILE", 2**20)
    files = {"a/bomb.png": bytes(2**20 + 1), "a/fine.png": b"x"}
    for source in (
        write_zip(tmp_path / "z", files),
        write_tar(tmp_path / "t", files),
        write_folder(tmp_path / "f", files),
    ):
        results = {}
        for member in members(source):
            try:
                results[member.path[-1]] = member.read()
            except UnreadableFileError as reason:
                results[member.path[-1]] = str(reason)
        assert results == {"bomb.png": "larger than 1 MB", "fine.png": b"x"}


def test_an_archive_that_expands_too_far_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_EXPANDED", 50_000)
    files = {f"a/{i}.png": bytes(20_000) for i in range(4)}
    for source in (write_zip(tmp_path / "z", files), write_tar(tmp_path / "t", files)):
        with pytest.raises(InputError, match="when unpacked"):
            list(members(source))


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_FILES", 3)
    files = {f"a/{i}.png": b"x" for i in range(6)}
    for source in (
        write_zip(tmp_path / "z", files),
        write_tar(tmp_path / "t", files),
        write_folder(tmp_path / "f", files),
    ):
        with pytest.raises(InputError, match="more than 3 files"):
            list(members(source))


def test_a_header_that_announces_gigabytes_is_refused(tmp_path: Path) -> None:
    """An extended header's own size is what tarfile would read into memory at once."""
    entry = tarfile.TarInfo("x")
    entry.type, entry.size = tarfile.XHDTYPE, 2**32
    source = tmp_path / "t.tar.gz"
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb") as file:
        file.write(entry.tobuf(tarfile.USTAR_FORMAT) + bytes(4096))
    source.write_bytes(packed.getvalue())
    with pytest.raises(InputError, match=r"a header announces 4294967296 bytes"):
        list(members(source))


def test_an_encrypted_file_is_named_as_such(tmp_path: Path) -> None:
    source = write_zip(tmp_path / "z", {"a/1": b"x"})
    content = bytearray(source.read_bytes())
    central = content.rindex(b"PK\x01\x02")
    content[6] |= 1  # the flag in the local header and in the central directory
    content[central + 8] |= 1
    source.write_bytes(content)
    member = next(members(source))
    with pytest.raises(UnreadableFileError, match="encrypted"):
        member.read()


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_can_only_be_expanded_as_a_whole_is_refused(tmp_path: Path, kind: int) -> None:
    with zipfile.ZipFile(tmp_path / "z.zip", "w", kind) as archive:
        archive.writestr("a/x.png", bytes(1000))
    [member] = members(tmp_path / "z.zip")
    with pytest.raises(UnreadableFileError, match="packed in another way"):
        member.read()


def test_a_file_that_is_longer_than_it_says_is_cut_before_it_is_expanded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "z.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/x.png", bytes(5_000_000))
    content = (tmp_path / "z.zip").read_bytes()
    told = (5_000_000).to_bytes(4, "little")
    (tmp_path / "z.zip").write_bytes(content.replace(told, (1000).to_bytes(4, "little")))
    found = members(tmp_path / "z.zip")
    member = next(found)
    tracemalloc.start()
    with contextlib.suppress(UnreadableFileError):
        assert len(member.read()) == 1000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.skipif(sys.platform == "win32", reason="file names are text there")
def test_names_of_another_encoding_become_text(tmp_path: Path) -> None:
    name = b"caf\xe9".decode("utf-8", "surrogateescape")
    try:
        folder = write_folder(tmp_path / "f", {f"{name}/x.png": b"x"})
    except OSError:
        pytest.skip("this file system takes UTF-8 alone")
    for source in (folder, write_tar(tmp_path / "t", {f"{name}/x.png": b"x"})):
        found = members(source)
        member = next(found)
        assert member.path == ("caf\ufffd", "x.png")
        assert member.read() == b"x"
