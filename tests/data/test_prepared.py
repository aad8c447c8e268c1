import dataclasses
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnncore import atomic
from cnncore.data import ImageData, builtin, datasets, load, prepared, save
from cnncore.data.catalogue import BUILTIN
from cnncore.errors import InputError


def example(seed: int = 0) -> ImageData:
    rng = np.random.default_rng(seed)
    train, test = (rng.integers(0, 256, (n, 3, 8, 8), dtype=np.uint8) for n in (6, 4))
    return ImageData("mine", "Mine", ("a", "b"), train, np.arange(6) % 2, test, np.arange(4) % 2, ("A note.",))


def test_what_is_saved_is_loaded() -> None:
    data = example()
    save(data)
    again = load("mine")
    assert (again.title, again.classes, again.notes, again.shape) == ("Mine", ("a", "b"), ("A note.",), (3, 8, 8))
    for name in ("train_images", "train_labels", "test_images", "test_labels"):
        np.testing.assert_array_equal(getattr(again, name), getattr(data, name))


def test_images_are_mapped_and_cannot_be_changed() -> None:
    save(example())
    images = load("mine").train_images
    assert isinstance(images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        images[0] = 0


def test_saving_again_replaces_and_leaves_nothing_behind(cnncore_home: Path) -> None:
    save(example(0))
    before = prepared.info("mine")
    opened = load("mine")  # whoever has the old set open keeps it
    save(example(1))
    np.testing.assert_array_equal(opened.train_images, example(0).train_images)
    np.testing.assert_array_equal(load("mine").train_images, example(1).train_images)
    assert len(list((cnncore_home / "data" / "mine").iterdir())) == 2
    assert before is not None
    assert before.version != prepared.info("mine").version


def test_a_save_that_fails_keeps_the_old_set(cnncore_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(example(0))

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    data = example(1)
    with pytest.raises(InputError, match="No space left"):
        save(data)
    np.testing.assert_array_equal(load("mine").train_images, example(0).train_images)
    assert len(list((cnncore_home / "data" / "mine").iterdir())) == 2


def test_a_known_set_says_how_to_prepare_it() -> None:
    with pytest.raises(InputError, match=r"data prepare cifar10.*cifar-10-python\.tar\.gz"):
        load("cifar10")


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"unknown.*builtin, cifar10, mnist, fashion-mnist.*--from PATH"):
        load("flowers")


def test_damaged_files_are_named(cnncore_home: Path) -> None:
    save(example())
    about = cnncore_home / "data" / "mine" / "about.json"
    array = next(about.parent.glob("*/train_images.npy"))
    array.write_bytes(array.read_bytes()[:200])
    with pytest.raises(InputError, match=r"damaged files.* `python -m cnncore data prepare mine --from PATH`"):
        load("mine")
    array.unlink()
    with pytest.raises(InputError, match=r"lost its file.*train_images\.npy.* --from PATH`"):
        load("mine")
    about.write_text("{")
    with pytest.raises(InputError, match=r"damaged .*about\.json"):
        load("mine")


ABOUT = {
    "title": "t",
    "classes": ["a"],
    "train_size": 1,
    "test_size": 1,
    "notes": [],
    "arrays": "a",
    "shape": [3, 8, 8],
}


@pytest.mark.parametrize(
    "about",
    [
        *("{", "[]", '{"arrays": "a"}', '{"arrays": "a", "shape": [3, 8], "title": "t"}', "[" * 100_000),
        *(json.dumps(ABOUT | change) for change in ({"shape": [3, 8, math.inf]}, {"classes": [1]}, {"notes": [None]})),
        *(json.dumps(ABOUT | change) for change in ({"contents": 5}, {"title": "\ud800"})),
    ],
    ids=lambda about: about[:40],
)
def test_a_damaged_folder_does_not_hide_the_other_data_sets(cnncore_home: Path, about: str) -> None:
    save(example())
    for name in ("cifar10", "flowers", "flowers - Copy"):
        (cnncore_home / "data" / name).mkdir()
        (cnncore_home / "data" / name / "about.json").write_text(about)
    found = {info.name: info for info in datasets()}
    assert list(found) == ["builtin", "cifar10", "mnist", "fashion-mnist", "mine"]
    assert not found["cifar10"].prepared
    assert "damaged" in found["cifar10"].notes[-1]
    with pytest.raises(InputError, match=r"`dataset` \(=flowers\) has a damaged .*about\.json"):
        load("flowers")


def test_what_is_being_replaced_is_read_a_moment_later(monkeypatch: pytest.MonkeyPatch) -> None:
    save(example())
    opened, refused = Path.open, []

    def open_file(path: Path, *how: Any, **more: Any) -> Any:
        if path.name == "about.json" and not refused:
            refused.append(path)
            raise PermissionError(13, "The process cannot access the file")  # as Windows says it
        return opened(path, *how, **more)

    monkeypatch.setattr(Path, "open", open_file)
    monkeypatch.setattr(atomic, "_HELD", True)
    assert [info.name for info in datasets()][-1] == "mine"
    assert len(refused) == 1


def put_folder(path: Path) -> None:
    path.mkdir()


def put_pipe(path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    os.mkfifo(path)


def put_huge_file(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**40)  # takes no room on the disk


@pytest.mark.parametrize("put", [put_folder, put_pipe, put_huge_file])
def test_what_cannot_be_read_is_one_sentence_and_hides_no_other_set(
    cnncore_home: Path, put: Callable[[Path], None]
) -> None:
    save(example())
    for name in ("cifar10", "flowers"):
        (cnncore_home / "data" / name).mkdir(parents=True)
        put(cnncore_home / "data" / name / "about.json")
    found = {info.name: info for info in datasets()}
    assert list(found) == ["builtin", "cifar10", "mnist", "fashion-mnist", "mine"]
    assert "cannot be read" in found["cifar10"].notes[-1]
    with pytest.raises(InputError, match=r"`dataset` \(=flowers\) has a .*about\.json that cannot be read \("):
        load("flowers")
    assert [text.split(" has a ")[0] for text in prepared.troubles()] == [
        f"`dataset` (={n})" for n in ("cifar10", "flowers")
    ]


def test_a_home_that_may_not_be_read_has_the_known_sets_and_is_said_once(
    cnncore_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(example())
    seen = os.stat

    def refuse(path: Any, *how: Any, **more: Any) -> Any:
        if str(path).startswith(str(cnncore_home / "data")):
            raise PermissionError(13, "Permission denied", str(path))
        return seen(path, *how, **more)

    monkeypatch.setattr(os, "stat", refuse)
    monkeypatch.setattr(os, "scandir", refuse)
    found = datasets()
    assert [info.name for info in found] == ["builtin", "cifar10", "mnist", "fashion-mnist"]
    assert all("cannot be read (Permission denied)" in info.notes[-1] for info in found)
    assert prepared.troubles() == [
        f"the data sets in {cnncore_home / 'data'} cannot be read (Permission denied): let this user read that folder, "
        "or set CNNCORE_HOME to another one."
    ]


def test_about_cannot_point_elsewhere(cnncore_home: Path) -> None:
    save(example())
    path = cnncore_home / "data" / "mine" / "about.json"
    about = json.loads(path.read_text())
    path.write_text(json.dumps(about | {"arrays": f"../../../../{about['arrays']}"}))
    np.testing.assert_array_equal(load("mine").train_images, example().train_images)


def test_datasets_lists_the_known_and_the_prepared() -> None:
    assert [(info.name, info.prepared) for info in datasets()] == [
        ("builtin", True), ("cifar10", False), ("mnist", False), ("fashion-mnist", False),
    ]  # fmt: skip
    save(dataclasses.replace(example(), name="cifar10"))
    save(example())
    found = {info.name: info for info in datasets()}
    assert list(found)[-1] == "mine"
    assert found["cifar10"].train_size == 6  # what is there, not what the original has
    assert (found["mine"].shape, found["mine"].test_size) == ((3, 8, 8), 4)


def test_the_built_in_set_is_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []

    def generate() -> ImageData:
        drawn.append(1)
        return dataclasses.replace(example(), name="builtin")

    monkeypatch.setattr(builtin, "generate", generate)
    assert prepared.info("builtin").version == ""
    for _ in range(2):
        np.testing.assert_array_equal(load("builtin").train_images, example().train_images)
    assert drawn == [1]
    assert prepared.info("builtin").version != ""


def test_of_two_processes_that_are_the_first_to_want_the_built_in_set_one_draws_it(monkeypatch):
    """Each would remove the other's arrays, as those of an earlier set, before it is saved."""
    drawn = []

    def generate():
        drawn.append(1)
        time.sleep(0.3)
        return dataclasses.replace(example(), name="builtin")

    monkeypatch.setattr(builtin, "generate", generate)
    with ThreadPoolExecutor(2) as pool:  # a lock is held against threads as it is against processes
        first, second = pool.map(load, ["builtin", "builtin"])
    np.testing.assert_array_equal(first.train_images, second.train_images)
    assert len(drawn) == 1


def test_the_catalogue_knows_what_will_be_drawn() -> None:
    assert BUILTIN.classes == builtin.CLASSES
    assert BUILTIN.shape == (3, builtin.SIZE, builtin.SIZE)
    assert BUILTIN.train_size == builtin.TRAIN_PER_CLASS * len(builtin.CLASSES)
    assert BUILTIN.test_size == builtin.TEST_PER_CLASS * len(builtin.CLASSES)


def test_listing_and_loading_need_no_torch() -> None:
    save(example())
    code = "import sys, cnncore.data as data, cnncore.commands.data; data.load('mine'); data.datasets(); "
    code += "print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"


def test_ready_tells_what_is_prepared_and_refuses_what_is_not() -> None:
    save(example())
    assert prepared.ready("mine") == prepared.info("mine")
    with pytest.raises(InputError, match="`dataset` \\(=cifar10\\) is not prepared"):
        prepared.ready("cifar10")


def test_contents_tell_data_apart_and_not_when_they_were_prepared() -> None:
    first, again = saved(example()), saved(example())
    assert first.contents == again.contents
    assert first.version != again.version
    pixel = example().train_images.copy()
    pixel[0, 0, 0, 0] ^= 1
    changes = {"test_labels": 1 - example().test_labels, "classes": ("b", "a"), "train_images": pixel}
    others = {
        saved(dataclasses.replace(example(), **{name: value})).contents  # type: ignore[arg-type]  # one of three types
        for name, value in changes.items()
    }
    assert len(others | {first.contents}) == 4


def saved(data: ImageData) -> prepared.DatasetInfo:
    save(data)
    found = prepared.info(data.name)
    assert found is not None
    return found
