"""`python -m cnncore doctor` where something is missing."""

import sys

from cnncore.cli import main


def test_a_machine_on_which_torch_cannot_be_loaded_is_told_so_with_everything_else(app_home, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "cnncore.commands.acceleration", None)  # Python then refuses to import it
    monkeypatch.delattr("cnncore.commands.acceleration", raising=False)  # where a test before this one has
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "unknown, because torch cannot be loaded (import of cnncore.commands.acceleration halted" in said
    assert "pip install" in said
    assert "data set builtin" in said


def test_a_folder_that_is_no_data_set_stops_nothing(app_home, capsys):
    (app_home / "data" / "flowers - Copy").mkdir(parents=True)
    (app_home / "data" / "flowers - Copy" / "about.json").write_text("{}")
    main(["doctor"])
    assert "data set fashion-mnist" in capsys.readouterr().out


def test_a_data_set_that_cannot_be_read_is_a_note(app_home, capsys):
    (app_home / "data" / "flowers" / "about.json").mkdir(parents=True)
    main(["doctor"])
    assert "note data sets: `dataset` (=flowers) has a " in capsys.readouterr().out
