"""`python -m cnncore runs` with a run whose test set is locked."""

import json
from dataclasses import replace

import pytest

from cnncore.architecture import named_network
from cnncore.cli import main
from cnncore.runs.record import Status
from cnncore.runs.store import open_store
from tests.runs.conftest import CONFIG, epoch_end, started


@pytest.fixture
def run_id(app_home):
    store = open_store()
    run_id = store.create(replace(CONFIG, validation_size=20))
    store.claim(run_id, "me", 1)
    asked = {"test_tta_loss": 2.0, "test_tta_accuracy": 0.2}
    last = replace(epoch_end(1), validation_accuracy=0.25, validation_loss=2.0, **asked)
    store.append(run_id, [started(), last], "me")
    store.set_status(run_id, Status.PAUSED)
    return run_id


def test_a_list_says_the_validation_accuracy_and_that_the_test_set_is_locked(run_id, capsys):
    assert main(["runs", "list"]) == 0
    assert "validation 25.0 %, test locked until the end" in capsys.readouterr().out
    assert main(["runs", "list", "--json"]) == 0
    [entry] = json.loads(capsys.readouterr().out)
    assert (entry["validation_accuracy"], entry["test_accuracy"], entry["test_loss"]) == (0.25, None, None)
    assert entry["test_tta_accuracy"] is None


def test_its_epochs_are_exported_when_it_is_over(run_id, capsys):
    assert main(["runs", "export", run_id]) != 0
    assert "locked until the end" in capsys.readouterr().err
    assert main(["runs", "export", run_id, "--batches"]) == 0
    assert "test" not in capsys.readouterr().out
    open_store().set_status(run_id, Status.STOPPED)
    assert main(["runs", "export", run_id]) == 0
    assert "test/accuracy" in capsys.readouterr().out
    assert main(["runs", "show", run_id, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["test_accuracy"], shown["test_tta_accuracy"]) == (0.15, 0.2)


@pytest.mark.parametrize("arguments", [["list", "zzz"], ["list", "--batches"]])
def test_what_a_list_has_no_use_for_is_refused(run_id, arguments, capsys):
    assert main(["runs", *arguments]) == 2
    assert "leave it out" in capsys.readouterr().err


def test_a_network_whose_name_a_terminal_would_obey_is_listed_on_one_line(app_home, capsys):
    network = replace(named_network("classroom"), name="a\x1b[31m\nb").to_json()
    open_store().create(replace(CONFIG, network=network), status=Status.FINISHED)
    assert main(["runs", "list"]) == 0
    [line] = capsys.readouterr().out.splitlines()
    assert "a\\x1b[31m b, lr" in line
