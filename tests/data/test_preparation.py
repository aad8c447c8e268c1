import json
import time

import pytest

from cnncore import jobs
from cnncore.atomic import lock
from cnncore.cli import main
from cnncore.data import load, prepared
from cnncore.data.preparation import (
    cancel,
    dismiss,
    job_name,
    preparations,
    start,
    status,
    uploads,
    work,
)
from cnncore.errors import InputError
from cnncore.jobs import CancelledError, State
from cnncore.progress import Progress, silent
from tests.data.picture_files import class_files, write_folder, write_zip


def until_ended(name):
    deadline = time.monotonic() + 60
    while status(name).state is State.RUNNING and time.monotonic() < deadline:
        time.sleep(0.05)
    return status(name)


def test_a_process_prepares_and_says_that_it_is_done(tmp_path):
    start("pets", str(write_folder(tmp_path / "f", class_files())), size=16)
    assert [found.name for found in preparations()] == ["pets"]
    found = until_ended("pets")
    assert found.state is State.DONE
    assert found.progress.message == "6 train and 4 test images."
    assert load("pets").shape == (3, 16, 16)
    dismiss("pets")
    assert preparations() == []


def test_a_process_says_what_is_wrong(tmp_path):
    start("pets", str(tmp_path / "nothing"))
    found = until_ended("pets")
    assert found.state is State.FAILED
    assert "does not exist" in found.progress.message


def test_what_runs_cannot_be_started_again(tmp_path):
    with lock(jobs._file(job_name("pets"), "lock")):
        jobs._write(job_name("pets"), State.RUNNING, Progress("Downloading", 5, 10))
        assert status("pets").progress.done == 5
        with pytest.raises(InputError, match=r"`dataset` \(=pets\) is being prepared already"):
            start("pets", str(tmp_path))


def test_cancel_ends_it_and_is_forgotten(tmp_path):
    source = write_folder(tmp_path / "f", class_files())

    def cancelled(report):
        cancel("pets")
        return work(report, "pets", str(source), None)

    with pytest.raises(CancelledError):
        jobs.record(job_name("pets"), cancelled)
    assert status("pets").state is State.CANCELLED
    assert "What was downloaded is kept" in status("pets").progress.message
    assert prepared.info("pets") is None
    start("pets", str(source))
    assert until_ended("pets").state is State.DONE


def test_an_upload_is_removed_afterwards():
    (uploads() / "pets-1").mkdir(parents=True)
    source = write_zip(uploads() / "pets-1" / "mine.zip", class_files())
    assert work(silent, "pets", str(source), None) == "6 train and 4 test images."
    assert list(uploads().iterdir()) == []
    bad = uploads() / "pets-2" / "mine.zip"
    bad.parent.mkdir()
    bad.write_bytes(b"garbage")
    with pytest.raises(InputError, match=r"`from` \(=mine\.zip\) cannot be read"):
        work(silent, "pets", str(bad), None)
    assert list(uploads().iterdir()) == []


def test_the_command_prepares_and_lists(tmp_path, capsys):
    source = write_folder(tmp_path / "f", class_files())
    assert main(["data", "prepare", "pets", "--from", str(source), "--size", "16", "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert (values["shape"], values["train_size"], values["prepared"]) == ([3, 16, 16], 6, True)
    assert main(["data", "list", "--json"]) == 0
    found = {entry["name"]: entry["prepared"] for entry in json.loads(capsys.readouterr().out)}
    assert found == {"builtin": True, "cifar10": False, "mnist": False, "fashion-mnist": False, "pets": True}
    assert main(["data", "list"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split() == ["pets", "3", "x", "16", "x", "16", "2", "6", "4", "yes"]
    assert main(["data", "prepare", "pets", "--from", str(source)]) == 0
    captured = capsys.readouterr()
    assert "pets" in captured.out
    assert "Reading the images" in captured.err


def test_the_command_says_what_is_wrong_in_one_line(tmp_path, capsys):
    assert main(["data", "prepare", "pets", "--from", str(tmp_path / "nothing"), "--json"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1
    assert "does not exist" in captured.err
