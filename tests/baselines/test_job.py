import json
import time

import pytest

from cnncore.baselines import job
from cnncore.baselines.stored import results
from cnncore.cli import main
from cnncore.errors import InputError
from cnncore.jobs import State
from tests.baselines.conftest import CONFIG


def until_ended():
    deadline = time.monotonic() + 120
    while job.status().state is State.RUNNING and time.monotonic() < deadline:
        time.sleep(0.1)
    return job.status()


def test_the_job_keeps_its_result(striped):
    assert job.status() is None
    job.start(CONFIG)
    with pytest.raises(InputError, match="running already"):
        job.start(CONFIG)
    found = until_ended()
    assert found.state is State.DONE, found
    assert found.result == CONFIG.key
    assert [result.config for result in results()] == [CONFIG]
    job.dismiss()
    assert job.status() is None
    assert len(results()) == 1


def test_reports_say_which_stages_are_over(striped):
    reports = []
    assert job.work(reports.append, CONFIG.to_dict()) == CONFIG.key
    last = reports[-1]
    assert last.stage == "test"
    assert last.message.startswith("12 words of gradients; descriptors ")
    assert "classifier" in last.message


def test_the_command_prints_and_keeps(striped, capsys):
    line = "baseline --dataset stripes --words 12 --patch 8 --no-pyramid --train-size 100"
    assert main(line.split()) == 0
    text = capsys.readouterr().out
    assert "learned numbers 1,606 = dictionary 1,536 + classifier 70" in text
    assert main([*line.split(), "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert (values["dictionary"], values["classifier"], values["learned"]) == (12 * 128, 5 * 14, 1606)
    assert values["test/accuracy"] == values["test_right"] / 60
    assert values["seconds"].keys() == {"descriptors", "dictionary", "encoding", "classifier", "test"}
    assert [result.train_size for result in results("stripes")] == [100]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--preset nosuch", "classroom-words"),
        ("--dataset nosuch", "nosuch"),
        ("--words 1", "`words` (=1)"),
        ("--dataset stripes --patch 17", "`patch` (=17)"),
        ("--dataset stripes --train-size 1000", "`train_size` (=1000)"),
    ],
)
def test_bad_input_is_one_line(striped, line, message, capsys):
    assert main(["baseline", *line.split(), "--json"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert message in captured.err
