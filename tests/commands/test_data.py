"""`python -m cnncore data` where an address is none, or a data set cannot be read."""

import json

from cnncore.cli import main


def test_an_address_with_too_long_a_name_is_one_sentence(app_home, capsys):
    assert main(["data", "prepare", "x", "--from", f"http://{'a' * 64}.org/a.zip"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("python -m cnncore data: `from` (=http://aaa")
    assert "a host has at most 253 letters, and 1 to 63 of them between two dots: check the address" in said
    assert said.count("\n") == 1


def test_a_data_set_that_cannot_be_read_is_told_and_the_others_are_listed(app_home, capsys):
    (app_home / "data" / "flowers" / "about.json").mkdir(parents=True)
    assert main(["data", "list", "--json"]) == 0
    said = capsys.readouterr()
    assert [entry["name"] for entry in json.loads(said.out)] == ["builtin", "cifar10", "mnist", "fashion-mnist"]
    assert said.err.startswith("`dataset` (=flowers) has a ")
    assert said.err.count("\n") == 1


def test_one_that_was_begun_or_is_of_somebody_else_is_not_spoken_of(app_home, capsys):
    for name in ("flowers", "uploads", "My Pictures"):
        (app_home / "data" / name).mkdir(parents=True)
    (app_home / "data" / "My Pictures" / "about.json").mkdir()
    assert main(["data", "list"]) == 0
    assert capsys.readouterr().err == ""
