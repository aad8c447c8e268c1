"""The command `baseline`, in this process: its result alone is on stdout."""

import json

from cnncore.cli import main

LINE = "baseline --dataset tiny --test-size 20 --patch 6 --stride 3"


def test_a_baseline_that_is_refused_late_has_printed_no_result(tiny, capsys):
    assert main([*LINE.split(), "--train-size", "1", "--words", "200"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "`words` (=200) must not exceed" in printed.err.splitlines()[-1]


def test_how_long_each_stage_took_is_no_part_of_the_result(tiny, capsys):
    assert main([*LINE.split(), "--train-size", "20", "--words", "3"]) == 0
    printed = capsys.readouterr()
    assert [line.split()[0] for line in printed.out.splitlines()] == ["test", "learned", "training"]
    assert "dictionary      " in printed.err
    assert main([*LINE.split(), "--train-size", "20", "--words", "3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["train_size"] == 20
