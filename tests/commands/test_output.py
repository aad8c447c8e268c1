"""What a command prints, and how it ends where nobody takes it."""

import errno
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cnncore.cli import main
from cnncore.commands.output import LONGEST, one_line, put, sentence, tell
from cnncore.errors import InputError
from cnncore.runs.record import Status
from cnncore.runs.store import open_store

ROOT = Path(__file__).parents[2]
FULL = Path("/dev/full")  # where every write fails as on a full disk
LINES = (
    "describe practical",
    "describe practical --json",
    "layer conv --input 3x8x8 --kernel 3",
    "data list",
    "runs list --json",
    "--help",
    "describe --help",
)


class Failing(io.StringIO):
    """A stream that nothing can be written to."""

    def __init__(self, number):
        super().__init__()
        self.number = number

    def write(self, _):
        raise OSError(self.number, os.strerror(self.number))


def run(line, home, **streams):
    command = [sys.executable, "-m", "cnncore", *line.split()]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    environment["CNNCORE_HOME"] = str(home)
    return subprocess.run(command, cwd=ROOT, env=environment, text=True, timeout=120, **streams)


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("line", ["describe practical", "runs list --json", "--help"])
def test_a_full_disk_is_one_sentence_of_a_process(line, tmp_path):
    with FULL.open("w") as full:
        result = run(line, tmp_path, stdout=full, stderr=subprocess.PIPE)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "the output cannot be written (No space left on device)" in result.stderr


@pytest.mark.parametrize("line", LINES)
def test_a_full_disk_is_one_sentence(line, app_home, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdout", Failing(errno.ENOSPC))
    assert main(line.split()) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "the output cannot be written (No space left on device): make room" in said


@pytest.mark.parametrize("line", LINES)
def test_a_reader_who_has_gone_is_no_error(line, app_home, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdout", Failing(errno.EPIPE))
    assert main(line.split()) == 0
    assert capsys.readouterr().err == ""


def test_a_pipe_that_nobody_reads_is_left_quietly(tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        result = run("describe practical", tmp_path, stdout=writing, stderr=subprocess.PIPE)
    finally:
        os.close(writing)
    assert (result.returncode, result.stderr) == (0, "")


def test_a_run_whose_log_finds_no_room_says_so_where_it_is_listed(tiny, monkeypatch, capsys):
    monkeypatch.setattr("cnncore.training.trainer.own_process", lambda: None)
    monkeypatch.setattr("sys.stdout", Failing(errno.ENOSPC))
    assert main(["train", "--dataset", "tiny", "--network", "classroom", "--epochs", "1", "--device", "cpu"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    [run] = open_store().runs()
    assert run.status is Status.FAILED
    assert run.message.startswith("the output cannot be written (No space left on device)")


def test_an_error_that_nobody_hears_is_not_taken_for_a_result(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr", None)
    assert main(["describe", "nonsense"]) == 2
    assert capsys.readouterr().out == ""
    monkeypatch.setattr("sys.stderr", Failing(errno.ENOSPC))
    assert main(["describe", "nonsense"]) == 2
    tell("lost")


@pytest.mark.parametrize(
    "line",
    [
        ["describe", "a" * 5000],
        ["describe", "a" * 5000 + ".json"],
        ["layer", "conv", "--kernel", "3", "--input", "3x" * 5000],
        ["runs", "show", "a" * 5000],
        ["train", "--network", "(" * 5000],
        ["train", "--network", "a b " * 5000],
    ],
)
def test_a_value_that_was_given_is_shown_in_part(line, app_home, capsys):
    assert main(line) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert 30 < len(said) <= LONGEST + 1


@pytest.mark.parametrize("line", [["train", "--lr", "a" * 5000], ["train", f"--{'a' * 5000}"], ["a" * 5000]])
def test_so_is_one_that_no_option_takes(line, capsys):
    with pytest.raises(SystemExit) as ended:
        main(line)
    assert ended.value.code == 2
    assert len(capsys.readouterr().err) < LONGEST


def test_a_value_in_a_file_is_shown_in_part_and_the_remedy_whole(tmp_path, capsys):
    path = tmp_path / "net.json"
    for layer in ({"kind": "a" * 100_000}, {"kind": "conv", "kernel": 3, "filters": ["a b"] * 50_000}):
        path.write_text(json.dumps({"name": "x", "input": [3, 8, 8], "layers": [layer]}))
        for command in (["describe", str(path)], ["train", "--network", str(path)]):
            assert main(command) == 2
            said = capsys.readouterr().err
            assert len(said) < LONGEST
            assert said.endswith((": correct the layer's kind.\n", ": change it.\n"))


def test_what_a_terminal_would_obey_is_written_out(capsys):
    put("a\x1b[31mb\x9b2Jc\r\td\n")
    assert capsys.readouterr().out == "a\\x1b[31mb\\x9b2Jc\\x0d\td\n\n"
    assert one_line("a\x1b[31m\nb\u202ec") == "a\\x1b[31m b\\u202ec"
    assert one_line("caf\u00e9 \N{WOMAN}\u200d\N{MICROSCOPE}") == "caf\u00e9 \N{WOMAN}\u200d\N{MICROSCOPE}"
    assert sentence(InputError("`name` (=a\nb) must be\x07 short.")) == "`name` (=a b) must be\\x07 short."


def test_help_keeps_what_argparse_puts_around_words(monkeypatch, capsys):
    monkeypatch.setattr("argparse.ArgumentParser.format_help", lambda _: "\x1b[1musage\x1b[0m\n")
    with pytest.raises(SystemExit):
        main(["--help"])
    assert capsys.readouterr().out == "\x1b[1musage\x1b[0m\n"


def test_a_file_that_may_not_be_used_is_named(monkeypatch, capsys):
    def refuse():
        raise PermissionError(errno.EACCES, "Permission denied", "/somewhere/data")

    monkeypatch.setattr("cnncore.commands.data.datasets", refuse)
    assert main(["data", "list"]) == 2
    assert capsys.readouterr().err.endswith(
        "data: /somewhere/data cannot be used (Permission denied): allow it, or set CNNCORE_HOME to another folder.\n"
    )
