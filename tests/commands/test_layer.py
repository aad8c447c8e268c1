"""The command `layer`, in this process: what it answers, and what it refuses."""

import json

import pytest
import torch
from torch import nn

from cnncore.cli import main


def answer(line, capsys):
    assert main(["layer", *line.split(), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
def test_padding_modes_and_what_they_leave_unread(mode, capsys):
    found = answer(f"conv --input 1x6x9 --kernel 1x3 --stride 4x3 --padding 2x1 --padding-mode {mode}", capsys)
    layer = nn.Conv2d(1, 1, (1, 3), (4, 3), (2, 1), padding_mode=mode)
    layer.weight.data.fill_(1)
    image = torch.ones(1, 1, 6, 9, requires_grad=True)
    output = layer(image)
    output.sum().backward()
    missed = image.grad[0, 0] == 0
    assert found["output"] == list(output.shape[1:])
    assert (found["unread_rows"], found["unread_columns"]) == (int(missed.all(1).sum()), int(missed.all(0).sum()))


def test_copies_in_the_padding_read_what_zeros_do_not(capsys):
    line = "conv --input 1x6x6 --kernel 3 --stride 3 --padding 1"
    assert answer(line, capsys)["unread_rows"] == 1
    assert answer(f"{line} --padding-mode circular", capsys)["unread_rows"] == 0


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("pool --filters 8", "`filters` (=8) is an option of conv and conv-transpose, not of pool: leave it out."),
        ("pool --groups 2", "`groups` (=2) is an option of conv and conv-transpose, not of pool"),
        ("pool --padding-mode reflect", "`padding_mode` (=reflect) is an option of conv, not of pool"),
        ("avg-pool --dilation 2", "`dilation` (=2) is an option of conv, conv-transpose and pool, not of avg-pool"),
        ("conv --ceil-mode", "`ceil_mode` is an option of pool and avg-pool, not of conv"),
        ("conv --output-padding 1", "`output_padding` (=1) is an option of conv-transpose, not of conv"),
        ("conv-transpose --padding-mode circular", "`padding_mode` (=circular) is an option of conv"),
        ("conv-transpose --ceil-mode", "`ceil_mode` is an option of pool and avg-pool, not of conv-transpose"),
        ("conv --padding 6 --padding-mode reflect", "`padding` (=6) with `padding_mode` (=reflect) must be at most 5"),
    ],
)
def test_an_option_of_another_kind_is_one_sentence(line, message, capsys):
    line = line.replace(" ", " --input 3x6x6 --kernel 3 ", 1)
    assert main(["layer", *line.split()]) == 2
    found = capsys.readouterr().err
    assert message in found
    assert found.count("\n") == 1


@pytest.mark.parametrize(
    "line",
    [
        "pool --filters 3 --groups 1 --dilation 1 --output-padding 0",
        "avg-pool --dilation 1x1 --padding-mode zeros",
        "conv --output-padding 0x0",
        "conv-transpose --padding-mode zeros",
    ],
)
def test_an_option_that_changes_nothing_is_let_through(line, capsys):
    kind = line.split()[0]
    plain = answer(f"{kind} --input 3x6x6 --kernel 3", capsys)
    assert answer(line.replace(kind, f"{kind} --input 3x6x6 --kernel 3"), capsys) == plain


@pytest.mark.parametrize("kind", ["conv", "conv-transpose", "pool", "avg-pool"])
@pytest.mark.parametrize("option", ["input", "kernel", "stride", "padding"])
def test_an_empty_size_is_no_size(kind, option, capsys):
    assert main(["layer", kind, "--input", "3x6x6", "--kernel", "3", f"--{option}", ""]) == 2
    said = capsys.readouterr().err
    assert f"`{option}` (=) must be" in said
    assert said.count("\n") == 1
