from pathlib import Path

import numpy as np
import pytest

from cnncore.data import folders
from cnncore.data.folders import read_folders
from cnncore.data.images import ImageData
from cnncore.errors import InputError
from cnncore.progress import Progress
from tests.data.picture_files import class_files, mean_values, png, write_folder, write_tar, write_zip


def read(source: Path) -> ImageData:
    return read_folders(source, "mine", "Mine", (3, 32, 32))


def test_both_splits_with_their_classes(tmp_path: Path) -> None:
    data = read(write_folder(tmp_path / "f", class_files()))
    assert data.classes == ("cat", "dog")
    assert mean_values(data.train_images) == [0, 1, 2, 100, 101, 102]
    assert data.train_labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert mean_values(data.test_images) == [50, 51, 150, 151]
    assert data.test_labels.tolist() == [0, 0, 1, 1]
    assert data.notes == ()


def test_the_source_and_its_order_do_not_matter(tmp_path: Path) -> None:
    files = class_files()
    turned = {f"top/{name}": files[name] for name in reversed(files)}
    expected = read(write_folder(tmp_path / "f", files))
    for source in (write_zip(tmp_path / "z", turned), write_tar(tmp_path / "t", turned, "w:xz")):
        data = read(source)
        np.testing.assert_array_equal(data.train_images, expected.train_images)
        np.testing.assert_array_equal(data.test_labels, expected.test_labels)


def test_without_test_images_a_fifth_of_each_class_is_kept(tmp_path: Path) -> None:
    files = {f"{label}/{i:02}.png": png((start + i,) * 3) for start, label in ((0, "a"), (100, "b")) for i in range(10)}
    data, again = read(write_folder(tmp_path / "f", files)), read(write_zip(tmp_path / "z", files))
    assert np.bincount(data.train_labels).tolist() == [8, 8]
    assert np.bincount(data.test_labels).tolist() == [2, 2]
    values = mean_values(data.train_images) + mean_values(data.test_images)
    assert sorted(values) == [*range(10), *range(100, 110)]
    assert mean_values(data.test_images) == mean_values(again.test_images)
    assert "4 of its images, a fifth of each class" in data.notes[0]


def test_unreadable_files_are_counted_and_named(tmp_path: Path) -> None:
    more = {"train/cat/bad.jpg": b"no picture", "train/dog/half.png": png()[:60], "README.txt": b"x", ".DS_Store": b"x"}
    data = read(write_zip(tmp_path / "z", class_files() | more | {"__MACOSX/train/cat/._1.png": b"x"}))
    assert len(data.train_labels) == 6
    notes = " ".join(data.notes)
    assert "cannot be read: 2 files: " in notes
    assert "train/cat/bad.jpg (not a picture)" in notes
    assert "train/dog/half.png" in notes
    assert "not those of pictures: 1 file." in notes


def test_resizing_is_noted(tmp_path: Path) -> None:
    data = read(write_folder(tmp_path / "f", class_files() | {"train/cat/large.png": png((9, 9, 9), (300, 200))}))
    assert data.train_images.shape == (7, 3, 32, 32)
    assert data.notes[0].startswith("1 image had another size: the largest centred part")


def test_large_files_go_through_the_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = read(write_folder(tmp_path / "f", class_files(train=9)))
    monkeypatch.setattr(folders, "_SMALL", 0)
    monkeypatch.setattr(folders, "_WAITING", 4)
    data = read(tmp_path / "f")
    np.testing.assert_array_equal(data.train_images, expected.train_images)
    (tmp_path / "f" / "train" / "cat" / "bad.png").write_bytes(b"x")
    assert "cannot be read: 1 file: train/cat/bad.png" in read(tmp_path / "f").notes[0]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "no picture that can be read"),
        ({"a/x.txt": b"x"}, "no picture that can be read"),
        ({"a/x.png": b"x"}, r"no picture that can be read \(a/x.png"),
        ({"a/1.png": png(), "a/2.png": png()}, r"1 class \(a\)"),
        ({"1.png": png()}, "0 class"),
        ({"a/1.png": png(), "b/1.png": png(), "b/2.png": png()}, "one image of the class 'a'"),
        ({"train/a/1.png": png(), "train/b/1.png": png(), "test/a/1.png": png()}, r"different classes.*\(b only"),
    ],
)
def test_what_cannot_be_a_data_set(tmp_path: Path, files: dict[str, bytes], words: str) -> None:
    source = write_zip(tmp_path / "z.zip", files)
    with pytest.raises(InputError, match=words):
        read(source)


def test_more_images_than_fit_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MAX_BYTES", 5 * 3 * 32 * 32)
    source = write_folder(tmp_path / "f", class_files())
    with pytest.raises(InputError, match="more than 5 images"):
        read(source)


def test_progress_is_reported(tmp_path: Path) -> None:
    reports: list[Progress] = []
    read_folders(write_tar(tmp_path / "t", class_files()), "mine", "Mine", (3, 32, 32), reports.append)
    assert reports[0].stage == "Reading the images"
    assert reports[0].unit == "bytes"
    assert reports[0].total == (tmp_path / "t").stat().st_size
