from dataclasses import replace

import pytest

from cnncore.architecture import named_network
from cnncore.architecture.saved import checked_name, delete_network, folder, save_network, saved_network, saved_networks
from cnncore.errors import InputError

OWN = replace(named_network("practical"), name="my practical")


def test_there_and_back_and_gone(app_home):
    assert saved_networks() == ()
    assert save_network(OWN).parent == app_home / "networks"
    save_network(replace(OWN, name="B"))
    assert saved_networks() == ("B", "my practical")
    assert saved_network("my practical") == OWN
    delete_network("B")
    assert saved_networks() == ("my practical",)
    assert [path.name for path in folder().iterdir()] == ["my practical.json"]  # nothing half-written is left


def test_nobody_replaces_by_accident(app_home):
    save_network(OWN)
    other = replace(OWN, input=(3, 36, 36))
    with pytest.raises(InputError, match="is taken by a saved network"):
        save_network(other)
    assert saved_network(OWN.name) == OWN
    save_network(other, overwrite=True)
    assert saved_network(OWN.name) == other


@pytest.mark.parametrize(
    "name", ["", "practical", "VGG16", "../x", "a/b", "a\\b", ".x", "x.", " x", "con", "nul.x", "x" * 41, "x\n", "é"]
)
def test_names_that_are_no_files_everywhere(app_home, name):
    with pytest.raises(InputError, match="`name`"):
        save_network(replace(OWN, name=name))
    assert not folder().exists()


def test_a_copied_file_has_the_name_that_it_was_given(app_home):
    save_network(OWN).rename(folder() / "other.json")
    assert saved_network("other") == replace(OWN, name="other")


def test_what_cannot_be_read_or_written_is_said(app_home):
    with pytest.raises(InputError, match=r"saved networks \(none so far\)"):
        saved_network("nothing")
    with pytest.raises(InputError, match="nothing was deleted"):
        delete_network("nothing")
    folder().mkdir(parents=True)
    (folder() / "bad.json").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="cannot be read"):
        saved_network("bad")
    (folder() / "bad.json").write_text("{}")
    with pytest.raises(InputError, match="must be an object"):
        saved_network("bad")
    (folder() / "dir.json").mkdir()
    with pytest.raises(InputError, match="cannot be saved"):
        save_network(replace(OWN, name="dir"), overwrite=True)


def test_a_good_name_is_given_back():
    assert checked_name("Net 2.1_a-b") == "Net 2.1_a-b"
