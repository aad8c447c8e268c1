import os
from pathlib import Path

import numpy as np
import pytest

from cnncore.atomic import lock
from cnncore.data import ImageData, builtin, load
from cnncore.data.sources import in_preparation, lock_path, prepare
from cnncore.errors import InputError
from tests.data.picture_files import class_files, png, write_folder, write_tar, write_zip


@pytest.mark.parametrize("kind", ["folder", "zip", "tar"])
def test_pictures_become_a_data_set_of_that_name(tmp_path, kind):
    writer = {"folder": write_folder, "zip": write_zip, "tar": write_tar}[kind]
    prepare("my-pets", writer(tmp_path / "s", class_files()))
    data = load("my-pets")
    assert (data.title, data.shape, data.classes) == ("My pets", (3, 32, 32), ("cat", "dog"))


@pytest.mark.parametrize("source", ["", "  ", "~nobody-of-that-name/x", "x" * 5000, "a\0b", "/no/such/place"])
def test_a_source_that_is_not_there_is_one_sentence(source):
    with pytest.raises(InputError, match=r"does not exist as a file or folder: check the path"):
        prepare("pets", source)


def test_an_address_that_is_none_is_one_sentence():
    for address in ("http://[::1/x.zip", f"http://{'a' * 64}.org/a.zip"):
        with pytest.raises(InputError, match=r"is not a web address.*: check the address in a browser"):
            prepare("pets", address)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="does not exist as a file or folder"):
        prepare("pets", tmp_path / "pipe")


def test_size(tmp_path):
    source = write_folder(tmp_path / "s", class_files())
    assert prepare("pets", source, size=48).shape == (3, 48, 48)
    with pytest.raises(InputError, match=r"`size` \(=7\)"):
        prepare("pets", source, size=7)


def test_from_an_address_and_nothing_is_kept_of_the_archive(tmp_path, site, cnncore_home):
    site.files["/a/pets%20x.zip"] = write_zip(tmp_path / "z", class_files()).read_bytes()
    assert len(prepare("pets", f"{site.address}/a/pets%20x.zip").train_labels) == 6
    assert list((cnncore_home / "data" / "pets" / "download").iterdir()) == []


def test_a_page_instead_of_an_archive(site, cnncore_home):
    site.files["/login"] = b"<html>Please log in</html>" * 100
    with pytest.raises(InputError, match="cannot be read as a zip or a tar") as refusal:
        prepare("pets", f"{site.address}/login")
    assert f"`from` (={site.address}/login)" in str(refusal.value)
    assert str(cnncore_home) not in str(refusal.value)
    assert not (cnncore_home / "data" / "pets").exists()


def test_a_known_set_from_pictures_keeps_its_classes_shape_and_says_so(tmp_path):
    names = [f"Folder/{split}/{label}/0.png" for split in ("train", "test") for label in range(10)]
    files = {name: png((int(name.split("/")[2]) * 20,) * 3, (28, 28)) for name in names}
    data = prepare("fashion-mnist", write_zip(tmp_path / "z.zip", files))
    assert data.shape == (1, 28, 28)
    assert data.classes[:2] == ("T-shirt/top", "Trouser")
    assert [int(image[0, 0, 0]) for image in data.train_images[np.argsort(data.train_labels)]] == list(
        range(0, 200, 20)
    )
    assert data.notes[0].startswith("Read from picture files in z.zip: these are not the original bytes")


def test_names_of_classes_may_differ_in_punctuation(tmp_path):
    classes = ("t_shirt-top", "Trouser", "pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "ankle_boot")
    files = {f"{split}/{label}/0.png": png((i, i, i)) for split in ("train", "test") for i, label in enumerate(classes)}
    data = prepare("fashion-mnist", write_folder(tmp_path / "f", files))
    by_label = dict(zip(data.train_labels.tolist(), (int(image[0, 0, 0]) for image in data.train_images), strict=True))
    assert by_label == {i: i for i in range(10)}


def test_other_classes_need_another_name(tmp_path):
    source = write_folder(tmp_path / "f", class_files())
    with pytest.raises(InputError, match=r"has the classes airplane, .* and f has cat, dog: give these images a name"):
        prepare("cifar10", source)


def test_a_source_whose_name_is_a_common_word_leaves_the_sentence_as_it_is(tmp_path, monkeypatch):
    write_folder(tmp_path / "data", class_files())
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"^`dataset` \(=cifar10\) has the classes"):
        prepare("cifar10", "data/")


def test_a_new_name_needs_a_source():
    with pytest.raises(InputError, match="needs --from"):
        prepare("flowers")


def test_bad_names_and_paths(tmp_path):
    with pytest.raises(InputError, match="`dataset`"):
        prepare("../flowers", tmp_path)
    with pytest.raises(InputError, match=r"`from` .*does not exist as a file or folder"):
        prepare("flowers", tmp_path / "nothing")
    with pytest.raises(InputError, match="has no meaning for the built-in set"):
        prepare("builtin", tmp_path)
    with pytest.raises(InputError, match=r"`size` \(=64\) cannot be chosen for the built-in set"):
        prepare("builtin", size=64)


def test_two_at_once_are_refused(tmp_path):
    source = write_folder(tmp_path / "f", class_files())
    assert not in_preparation("pets")
    with lock(lock_path("pets")) as free:
        assert free
        assert in_preparation("pets")
        with pytest.raises(InputError, match="being prepared by another process"):
            prepare("pets", source)
    assert not in_preparation("pets")
    prepare("pets", source)


def test_a_failed_preparation_keeps_the_earlier_set(tmp_path):
    prepare("pets", write_folder(tmp_path / "f", class_files()))
    (tmp_path / "bad.zip").write_bytes(b"garbage")
    with pytest.raises(InputError, match="cannot be read"):
        prepare("pets", tmp_path / "bad.zip")
    assert len(load("pets").train_labels) == 6


def test_a_home_that_cannot_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("CNNCORE_HOME", str(tmp_path / "file"))
    with pytest.raises(InputError, match="set CNNCORE_HOME"):
        prepare("pets", tmp_path)


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_a_source_of_the_users_own_stays_where_it_is_even_among_the_downloads(cnncore_home, kind):
    writer = {"folder": write_folder, "zip": write_zip}[kind]
    (cnncore_home / "data" / "pets" / "download").mkdir(parents=True)
    source = writer(cnncore_home / "data" / "pets" / "download" / "mine", class_files())
    assert len(prepare("pets", source).train_labels) == 6
    assert source.exists()


@pytest.mark.parametrize("file", ["about.json", "train_images.npy", "test_labels.npy"])
@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"x")], ids=["lost", "damaged"])
def test_the_built_in_set_is_drawn_again_where_it_is_damaged(cnncore_home, monkeypatch, file, damage):
    images, labels = np.zeros((4, 3, 8, 8), np.uint8), np.arange(4) % 2
    drawn = ImageData("builtin", "Built-in", ("a", "b"), images, labels, images, labels)
    monkeypatch.setattr(builtin, "generate", lambda: drawn)
    prepare("builtin")
    [path] = (cnncore_home / "data" / "builtin").rglob(file)
    damage(path)
    assert len(prepare("builtin").train_labels) == 4
    assert load("builtin").train_labels.tolist() == labels.tolist()
