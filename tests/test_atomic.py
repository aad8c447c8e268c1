import errno
import os
import sys
from pathlib import Path

import pytest

from cnncore import atomic
from cnncore.atomic import lock, read_text, replace, write_text
from cnncore.errors import InputError


class Clock:
    """A clock that goes on only while somebody sleeps."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def stopped_clock(monkeypatch):
    """Return the clock that `atomic` then goes by."""
    clock = Clock()
    monkeypatch.setattr(atomic, "time", clock)
    return clock


def watched(monkeypatch):
    """Return the list that every flush to the disk and every new name is added to from now on."""
    acts, rename = [], Path.replace
    monkeypatch.setattr(os, "fsync", lambda _: acts.append("on the disk"))
    monkeypatch.setattr(Path, "replace", lambda path, target: acts.append("named") or rename(path, target))
    return acts


def hold(monkeypatch, clock, seconds):
    """Let files be held for so long, as a reader on Windows does."""
    rename = Path.replace
    monkeypatch.setattr(atomic, "_HELD", True)

    def held(path, target):
        if clock.now < seconds:
            raise PermissionError(errno.EACCES, "it is used by another process")
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", held)


def test_a_text_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    acts = watched(monkeypatch)
    write_text(tmp_path / "x", "text")
    assert acts == ["on the disk", "named"]
    write_text(tmp_path / "x", "progress", lasting=False)
    assert acts[2:] == ["named"]
    assert (tmp_path / "x").read_text() == "progress"


def test_a_file_that_is_held_is_waited_for_as_long_as_said(tmp_path, monkeypatch):
    clock = stopped_clock(monkeypatch)
    hold(monkeypatch, clock, seconds=5)
    (tmp_path / "new").write_text("new")
    with pytest.raises(PermissionError):
        replace(tmp_path / "new", tmp_path / "old")
    replace(tmp_path / "new", tmp_path / "old", patience=6)
    assert (tmp_path / "old").read_text() == "new"


def test_elsewhere_nothing_is_waited_for(tmp_path, monkeypatch):
    clock = stopped_clock(monkeypatch)
    hold(monkeypatch, clock, seconds=5)
    monkeypatch.setattr(atomic, "_HELD", False)
    with pytest.raises(PermissionError):
        replace(tmp_path / "new", tmp_path / "old")
    assert clock.now == 0


def test_a_text_is_read_from_a_file_of_a_sensible_size_alone(tmp_path):
    write_text(tmp_path / "x", "caf\u00e9")
    assert read_text(tmp_path / "x") == "caf\u00e9"
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="it is no file"):
        read_text(tmp_path / "folder")
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(2**40)  # takes no room on the disk
    with pytest.raises(OSError, match="more than 16 MB"):
        read_text(tmp_path / "huge")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is no file"):
        read_text(tmp_path / "pipe")


def test_a_lock_is_held_once_in_one_process_too(tmp_path):
    with lock(tmp_path / "x.lock") as first, lock(tmp_path / "x.lock") as second:
        assert (first, second) == (True, False)
    with lock(tmp_path / "x.lock") as free:
        assert free


@pytest.mark.skipif(sys.platform == "win32", reason="locks of POSIX")
def test_a_disk_that_knows_no_locks_is_one_sentence(tmp_path, monkeypatch):
    def refuse(descriptor, operation):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(InputError, match=r"x\.lock cannot be locked \(.*\): set CNNCORE_HOME"):
        lock(tmp_path / "x.lock").__enter__()
