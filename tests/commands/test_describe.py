"""The command `describe`, in this process: which files it reads, and what its table looks like."""

import codecs
import os

import pytest

from cnncore.architecture import Conv2d, Flatten, Linear, Network, named_network
from cnncore.architecture.reading.paste import LONGEST
from cnncore.cli import main


def refused(path, capsys):
    """Return what both commands that read a network say of `path`, which must be the same."""
    said = []
    for command in (["describe", str(path)], ["train", "--network", str(path)]):
        assert main(command) == 2
        said.append(capsys.readouterr().err.split(": ", 1)[1])
        assert said[-1].count("\n") == 1
    assert said[0] == said[1]
    return said[0]


@pytest.mark.parametrize("ending", ["json", "py"])
def test_what_is_no_file_is_not_waited_for(ending, tmp_path, capsys):
    path = tmp_path / f"net.{ending}"
    path.mkdir()
    assert f"`network` (={path}) is no file: give the path of a JSON description" in refused(path, capsys)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes among its files")
@pytest.mark.parametrize("ending", ["json", "py"])
def test_a_pipe_is_not_waited_for(ending, tmp_path, capsys):
    pipe, link = tmp_path / f"net.{ending}", tmp_path / f"link.{ending}"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    assert "is no file" in refused(pipe, capsys)
    assert "is no file" in refused(link, capsys)


@pytest.mark.parametrize("ending", ["json", "py"])
def test_a_file_larger_than_any_network_is_not_read(ending, tmp_path, capsys):
    path = tmp_path / f"net.{ending}"
    with path.open("wb") as file:
        file.truncate(4 * LONGEST + 1)
    assert f"must have at most {4 * LONGEST:,} bytes" in refused(path, capsys)


def test_a_link_to_a_file_and_a_mark_before_the_text_are_read(tmp_path, capsys):
    path, link = tmp_path / "net.json", tmp_path / "link.json"
    path.write_bytes(codecs.BOM_UTF8 + named_network("lenet5").to_json().encode())
    try:
        link.symlink_to(path)
    except OSError:  # Windows may not allow it
        link = path
    assert main(["describe", str(link)]) == 0
    assert "61,470" in capsys.readouterr().out  # LeNet-5's weights, without its biases


def test_the_columns_of_a_table_stay_apart(tmp_path, capsys):
    layers = (Conv2d(8, 3, name="the-first-convolution"), Flatten(), Linear(1_000_000), Linear(1_000_000))
    path = tmp_path / "net.json"
    path.write_text(Network("large", (3, 32, 32), layers).to_json())
    assert main(["describe", str(path)]) == 0
    head, first, *_, last, total, _ = capsys.readouterr().out.splitlines()
    assert first.split() == ["the-first-convolution", "conv", "8x30x30", "216", "8", "194,400", "3", "1"]
    assert last.split()[2:6] == ["1000000x1x1", "1,000,000,000,000", "1,000,000", "1,000,000,000,000"]
    assert len(head) == len(first) == len(last)
    assert total.split()[0] == "total"
