"""Ctrl-C on the command line, wherever it comes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cnncore.cli import main
from cnncore.commands import interrupt
from cnncore.runs.store import RunStore

ROOT = Path(__file__).parents[2]
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="presses Ctrl-C as POSIX does")
# What a library may make of a `KeyboardInterrupt` while it is imported.
SLOW = """
import pathlib, time
pathlib.Path({sign!r}).touch()
try:
    time.sleep(60)
except KeyboardInterrupt:
    raise RuntimeError("the library cannot be loaded") from None
"""


def heard():
    """Let Ctrl-C be what it usually is: where the tests run in the background, children would ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def started(arguments, tmp_path, **more):
    environment = {**os.environ, "CNNCORE_HOME": str(tmp_path / "home"), **more}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [sys.executable, *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environment, text=True, preexec_fn=heard, **pipes)


def interrupted(process, ready):
    """Press Ctrl-C once `ready` says so; return exit status, stdout and stderr."""
    try:
        deadline = time.monotonic() + 60
        while not ready():
            assert time.monotonic() < deadline
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        said, told = process.communicate(timeout=60)
    finally:
        process.kill()
    return process.returncode, said, told


@POSIX
@pytest.mark.parametrize(
    ("library", "command"), [("numpy", "data list"), ("torch", "train --dataset builtin"), ("torch", "doctor")]
)
def test_ctrl_c_during_an_import_is_one_line(tmp_path, library, command):
    sign = tmp_path / "importing"
    (tmp_path / "slow").mkdir()
    (tmp_path / "slow" / f"{library}.py").write_text(SLOW.format(sign=str(sign)))
    process = started(["-m", "cnncore", *command.split()], tmp_path, PYTHONPATH=str(tmp_path / "slow"))
    assert interrupted(process, sign.exists) == (130, "", "python -m cnncore: interrupted.\n")


@POSIX
def test_ctrl_c_stops_a_run_in_order(tmp_path):
    line = "train --epochs 500 --network classroom --train-size 200 --test-size 100 --device cpu --json"
    process = started(["-m", "cnncore", *line.split()], tmp_path)
    assert json.loads(process.stdout.readline())["event"] == "started"
    status, _, told = interrupted(process, lambda: True)
    assert (status, told) == (130, "")
    store = RunStore(tmp_path / "home" / "runs.sqlite")
    [run] = store.listed()
    store.close()
    assert run.status == "stopped"


@POSIX
def test_what_a_destructor_would_drop_is_pressed_again(tmp_path):
    code = """
import signal, sys, time
from cnncore.commands.interrupt import begin, gently
class Dropped:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)
begin()
try:
    with gently():
        Dropped()
        for _ in range(3000):
            time.sleep(0.01)
except KeyboardInterrupt:
    print("heard", flush=True)
signal.raise_signal(signal.SIGINT)
print("never")
"""
    process = started(["-c", code], tmp_path)
    assert process.communicate(timeout=60) == ("heard\n", "")
    assert process.returncode == 130


@POSIX
def test_a_process_that_is_to_ignore_ctrl_c_goes_on_doing_so(tmp_path):
    code = """
import signal
from cnncore.commands.interrupt import at_once, begin
signal.signal(signal.SIGINT, signal.SIG_IGN)
begin()
with at_once():
    signal.raise_signal(signal.SIGINT)
print("here")
"""
    assert started(["-c", code], tmp_path).communicate(timeout=60) == ("here\n", "")


@pytest.mark.parametrize("error", [RuntimeError("no"), ImportError("no"), OSError("no"), KeyboardInterrupt()])
def test_what_ctrl_c_has_become_is_one_line_too(monkeypatch, capsys, error):
    def fail(_):
        raise error

    monkeypatch.setattr("cnncore.commands.layer.run", fail)
    if not isinstance(error, KeyboardInterrupt):
        with pytest.raises(type(error)):
            main(["layer", "conv", "--input", "1x8x8", "--kernel", "3"])
    monkeypatch.setattr(interrupt, "_pressed", True)
    assert main(["layer", "conv", "--input", "1x8x8", "--kernel", "3"]) == 130
    assert capsys.readouterr().err == "python -m cnncore layer: interrupted.\n"


def test_a_process_of_somebody_else_keeps_its_own_handler(capsys):
    before = signal.getsignal(signal.SIGINT)
    main(["layer", "conv", "--input", "1x8x8", "--kernel", "3"])
    assert signal.getsignal(signal.SIGINT) is before
