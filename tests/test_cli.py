"""The command line as scripts outside the project use it, in a process of its own."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cnncore.architecture import Flatten, Linear, Network, load_network, named_network
from cnncore.cli import main
from cnncore.commands.train import add_arguments, configuration
from cnncore.runs.record import Status
from cnncore.runs.store import open_store
from cnncore.training.config import RunConfig

ROOT = Path(__file__).parents[1]


def cnncore(*arguments, home, timeout=120):
    return subprocess.run(
        [sys.executable, "-m", "cnncore", *arguments],
        cwd=ROOT,
        env={**os.environ, "CNNCORE_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def test_layer_answers_in_json(tmp_path):
    result = cnncore(
        *[
            "layer",
            "conv",
            "--input",
            "3x32x32",
            "--filters",
            "32",
            "--kernel",
            "5",
            "--stride",
            "1",
            "--padding",
            "2",
            "--json",
        ],
        home=tmp_path,
    )
    assert result.stderr == ""
    values = json.loads(result.stdout)
    assert values["output"] == [32, 32, 32]
    assert (values["weights"], values["biases"], values["macs"]) == (2400, 32, 2_457_600)
    assert values["dense_weights"] == 100_663_296
    assert (values["unread_rows"], values["unread_columns"]) == (0, 0)
    assert "32" in values["formula"]


def test_describe_answers_in_json(tmp_path):
    result = cnncore("describe", "practical", "--json", home=tmp_path)
    values = json.loads(result.stdout)
    assert (values["weights"], values["biases"], values["macs"]) == (1_190_000, 1_170, 23_152_400)
    fields = [row["receptive_field"] for row in values["layers"] if row["kind"] in ("conv", "max-pool", "linear")]
    assert fields[:7] == [5, 6, 14, 16, 32, 36, 60]
    assert {"name", "kind", "output", "weights", "biases", "macs", "receptive_field", "jump"} <= values["layers"][
        0
    ].keys()


def test_describe_reads_json_pytorch_code_and_torchvisions_models(tmp_path):
    saved, pasted = tmp_path / "saved.json", tmp_path / "pasted.py"
    saved.write_text(named_network("lenet5").to_json(), encoding="utf-8")
    pasted.write_text("model = nn.Sequential(nn.Conv2d(1, 6, 5), nn.Flatten(), nn.Linear(3456, 10))", encoding="utf-8")
    counts = {str(saved): 61_706, str(pasted): 34_726, "torchvision:resnet34": 21_797_672}  # the last as documented
    for spec, parameters in counts.items():
        result = cnncore("describe", spec, "--json", home=tmp_path)
        assert result.stderr == ""
        values = json.loads(result.stdout)
        assert values["weights"] + values["biases"] == parameters
        assert sum(row["weights"] for row in values["layers"]) == values["weights"]


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("x.json", "nonsense", "is not JSON"),
        ("x.json", '{"name": "x", "input": [3, 8, 8], "layers": [{"kind": "attention"}]}', "`kind` (='attention')"),
        (
            "x.json",
            '{"name": "x", "input": [3, 8, 8], "layers": [{"kind": "conv", "filters": 4}]}',
            "needs filters, kernel",
        ),
        (
            "x.json",
            '{"name": "x", "input": [3, 8, 8], "layers": [{"kind": "conv", "filters": 4, "kernel": 3, "groups": 2}]}',
            "`in_channels` (=3) must be divisible by `groups` (=2)",
        ),
        (
            "x.json",
            '{"name": "x", "input": [3, 8, 8], "layers": [{"kind": "conv-transpose", "filters": 4, "kernel": 3, '
            '"stride": 2, "output_padding": 2}]}',
            "`output_padding` (=2) must be smaller than the stride",
        ),
        ("x.json", '{"name": "x", "input": [3, 8, 8], "layers": [{"kind": "linear", "features": 2}]}', "put a flatten"),
        ("x.py", "model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(4, 8, 3))", "expects 4 channels and receives 8"),
        ("x.py", "import os", "no network was found"),
        ("x.py", "\udcff", "cannot be read"),
    ],
)
def test_a_file_of_nonsense_is_one_line_and_status_2(file, text, message, tmp_path, capsys):
    path = tmp_path / file
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert main(["describe", str(path), "--json"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert message in printed.err


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("layer conv --input 3x4x4 --filters 8 --kernel 7 --json", "kernel"),
        ("layer conv --input 3x32 --filters 8 --kernel 3", "input"),
        ("describe nosuchnetwork --json", "nosuchnetwork"),
        ("describe practical --input 3x40x40", "fc4"),
        ("describe torchvision:vit_b_16 --json", "vit_b_16"),
        ("describe missing.py", "missing.py"),
        ("layer conv --input 3x8x8 --filters 4 --kernel 3 --groups 2 --json", "`groups` (=2)"),
        ("layer conv-transpose --input 3x8x8 --kernel 3 --output-padding 1 --json", "`output_padding` (=1)"),
        ("layer pool --input 3x8x8 --kernel 2 --padding 2", "`padding` (=2)"),
        ("train --preset figure-99", "figure-99"),
        ("train --lr abc", "abc"),
        ("train --augment flop", "flop"),
        ("train --milestones five", "five"),
        ("train --precision tf32 --device cpu", "tf32"),
        ("train --dataset nosuch", "nosuch"),
        ("train --network missing.json", "missing.json"),
        ("runs show nosuchrun", "nosuchrun"),
        ("data prepare cifar10 --from /nosuch/file.zip", "file.zip"),
        ("nonsense", "nonsense"),
    ],
)
def test_bad_input_is_one_line_and_status_2(line, message, tmp_path):
    result = cnncore(*line.split(), home=tmp_path)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert message in result.stderr


def test_train_streams_events_and_the_run_is_in_the_store(tmp_path):
    line = "train --epochs 2 --network classroom --train-size 200 --test-size 100 --device cpu --log json"
    result = cnncore(*line.split(), home=tmp_path)
    assert result.returncode == 0, result.stderr
    events = [json.loads(text) for text in result.stdout.splitlines()]
    assert [event["event"] for event in events if event["event"] != "batch"] == [
        "started",
        "epoch",
        "epoch",
        "finished",
    ]
    epoch = next(event for event in events if event["event"] == "epoch")
    names = {f"{split}/{metric}" for split in ("train", "test") for metric in ("loss", "accuracy", "accuracy5")}
    assert {"epoch", "seconds", *names} <= epoch.keys()
    assert 0 <= epoch["test/accuracy"] <= 1

    [run] = json.loads(cnncore("runs", "list", "--json", home=tmp_path).stdout)
    assert run["status"] == "finished"
    shown = json.loads(cnncore("runs", "show", run["id"], "--json", home=tmp_path).stdout)
    assert shown["epoch"] == 2
    exported = cnncore("runs", "export", run["id"], home=tmp_path).stdout
    rows = json.loads(cnncore("runs", "export", run["id"], "--json", home=tmp_path).stdout)
    assert [row["epoch"] for row in rows] == list(range(1, len(exported.splitlines())))
    assert list(rows[0]) == exported.splitlines()[0].split(",")
    assert "test/accuracy" in exported.splitlines()[0]
    assert cnncore("runs", "delete", run["id"], home=tmp_path).returncode == 0
    assert json.loads(cnncore("runs", "list", "--json", home=tmp_path).stdout) == []


def test_a_run_that_is_deleted_while_it_trains_ends_with_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CNNCORE_HOME", str(tmp_path))
    monkeypatch.setattr("cnncore.training.trainer.own_process", lambda: None)

    def record(store, run_id, config, *, on_event):
        store.set_status(run_id, Status.INTERRUPTED)
        store.delete(run_id)
        store.append(run_id, [], "me")

    monkeypatch.setattr("cnncore.runs.worker.record", record)
    assert main(["train", "--epochs", "1"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert "was deleted, or another process goes on with it" in said[0]


def test_a_run_of_another_version_is_listed_and_can_be_deleted(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CNNCORE_HOME", str(tmp_path))
    store = open_store()
    foreign = store.create(RunConfig(), status=Status.FINISHED)
    with store._transaction() as db:
        db.execute("""UPDATE runs SET config = '{"attention_heads": 8}'""")
    own = store.create(RunConfig(), status=Status.FINISHED)
    assert main(["runs", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [own, foreign]
    assert "of another version" in lines[1]
    assert main(["runs", "list", "--json"]) == 0
    assert [entry["id"] for entry in json.loads(capsys.readouterr().out)] == [own, foreign]
    assert main(["runs", "show", foreign]) == 2
    assert main(["runs", "delete", foreign]) == 0
    assert [entry.id for entry in store.listed()] == [own]


def test_a_reader_who_has_seen_enough_stops_the_run_quietly(tmp_path):
    line = "train --epochs 500 --network classroom --train-size 200 --test-size 100 --device cpu --json"
    command = [sys.executable, "-m", "cnncore", *line.split()]
    environment = {**os.environ, "CNNCORE_HOME": str(tmp_path)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **pipes) as process:
        try:
            assert json.loads(process.stdout.readline())["event"] == "started"
            process.stdout.close()
            assert process.wait(timeout=120) == 130
            assert process.stderr.read() == ""
        finally:
            process.kill()
    [run] = json.loads(cnncore("runs", "list", "--json", home=tmp_path).stdout)
    assert run["status"] == "stopped"
    assert run["message"].startswith("Stopped as asked")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--dataset nope", "nope"),
        ("--train-size 999999", "`train_size` (=999999)"),
        ("--validation-size 5000", "`validation_size` (=5000)"),
        ("--test-size 999999", "`test_size` (=999999)"),
        ("--precision tf32 --device cpu", "tf32"),
        ("--device mps", "mps"),
        ("--network alexnet", "alexnet"),
    ],
)
def test_what_cannot_run_leaves_no_run_in_the_list(line, message, app_home, capsys, monkeypatch):
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    assert main(["train", *line.split()]) == 2
    assert message in capsys.readouterr().err
    assert main(["runs", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize(
    ("line", "preset"),
    [
        ("--preset classroom-5", "classroom-5"),
        ("--preset classroom-5 --seed 7 --device cpu --no-snapshots", "classroom-5"),
        ("--preset classroom-5 --lr 0.05", "classroom-5"),
        ("--preset classroom-2 --standardize channel", "classroom-5"),
        ("--preset classroom-5 --lr 10", None),
        ("--preset classroom-5 --epochs 1", None),
        ("--preset classroom-5 --train-size 1000", None),
        ("--preset figure-9 --precision half", None),
        ("--epochs 3", None),
    ],
)
def test_a_run_is_called_a_preset_if_it_has_the_presets_settings(line, preset):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert configuration(parser.parse_args(line.split())).preset == preset


def test_code_as_a_network_is_kept_as_what_it_is(tmp_path):
    code = (
        "import torch.nn as nn\nmodel = nn.Sequential(nn.Conv2d(3, 8, 3), nn.{}(), nn.Flatten(), nn.LazyLinear(10))\n"
    )
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    (tmp_path / "net.py").write_text(code.format("ReLU"))
    config = configuration(parser.parse_args(["--network", str(tmp_path / "net.py")]))
    (tmp_path / "net.py").write_text(code.format("Tanh"))
    assert [layer.kind for layer in load_network(config.network).layers] == ["conv", "relu", "flatten", "linear"]


def test_a_network_that_this_memory_cannot_hold_leaves_no_run_in_the_list(app_home, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("cnncore.training.memory.machine_memory", lambda: 10**9)
    path = tmp_path / "net.json"
    path.write_text(Network("huge", (3, 32, 32), (Flatten(), Linear(50_000), Linear(10))).to_json())
    # Its weights, 0.6 GB, would find room. That `auto` is the CPU, where gradients are beside them, is known here.
    assert main(["train", "--network", str(path)]) == 2
    assert "`network` (=huge) has 154,150,010 parameters" in capsys.readouterr().err
    assert open_store().count() == 0


def test_train_takes_every_option_of_a_run(tmp_path):
    line = (
        "train --epochs 1 --network classroom --train-size 60 --test-size 40 --validation-size 20 --device cpu --json "
        "--optimizer rmsprop --momentum 0.5 --weight-decay 0.01 --label-smoothing 0.1 --average 1 --schedule step "
        "--milestones 1,3 --factor 0.5 --patience 2 --warmup-epochs 0.5 --train-eval --precision fp32 --no-snapshots "
        "--identity-start --whitened-patches --norm-bias-rate 1 --logit-scale 1 --tta mirror"
    )
    result = cnncore(*line.split(), home=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "Milestone 3 is never reached in 1 epoch:" in result.stderr
    events = [json.loads(text) for text in result.stdout.splitlines()]
    config = events[0]["config"]
    assert (config["optimizer"], config["milestones"], config["factor"]) == ("rmsprop", [1, 3], 0.5)
    assert (config["weight_decay"], config["average"], config["warmup_epochs"]) == (0.01, 1.0, 0.5)
    assert (config["snapshots"], config["nesterov"]) == (False, False)
    assert (config["identity_start"], config["whitened_patches"]) == (True, True)
    epoch = next(event for event in events if event["event"] == "epoch")
    assert {"validation/accuracy", "train_eval/loss", "test_tta/accuracy", "validation_tta/loss"} <= epoch.keys()
    assert [path.suffix for path in (tmp_path / "checkpoints").iterdir()] == [".pt"]


def test_train_prints_the_practicals_log(tmp_path):
    line = "train --epochs 1 --network classroom --train-size 100 --test-size 50 --device cpu --log practical"
    result = cnncore(*line.split(), home=tmp_path)
    assert "[TRAIN Batch 000/001]\tTime" in result.stdout
    assert "Avg Prec@1" in result.stdout
    assert "test-time augmentation" not in result.stdout
    again = cnncore(*line.split(), "--tta", "mirror-shift", "--augment", "flip", home=tmp_path)
    assert "===============> EVAL with test-time augmentation\tAvg loss " in again.stdout


def test_data_list_names_the_built_in_set(tmp_path):
    values = json.loads(cnncore("data", "list", "--json", home=tmp_path).stdout)
    assert "builtin" in {entry["name"] for entry in values}


def test_doctor_says_device_and_reason(tmp_path):
    result = cnncore("doctor", "--json", home=tmp_path)
    findings = {entry["subject"]: entry for entry in json.loads(result.stdout)}
    assert {"device", "torch", "store", "data set builtin", "browser"} <= findings.keys()
    assert {"threads", "allocator", "denormals", "channels_last", "bfloat16", "CUDA graph"} <= findings.keys()
    assert ":" in findings["device"]["text"]
