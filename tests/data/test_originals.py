"""The well-known sets, from tiny files in the originals' layout, and from the real ones where they are at hand."""

import gzip
import hashlib
import io
import os
import pickle
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cnncore.data import catalogue, load, originals, sources
from cnncore.data.catalogue import CIFAR10, FASHION_MNIST, MNIST, Original
from cnncore.data.sources import prepare
from cnncore.errors import InputError


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape) + array.tobytes()


@pytest.fixture
def digits(tmp_path, monkeypatch):
    """Four small idx files, gzipped, and a catalogue in which their sums are the right ones."""
    rng = np.random.default_rng(0)
    contents = {}
    for original, count in zip(MNIST.originals, (6, 6, 4, 4), strict=True):
        shape = (count, 28, 28) if "images" in original.name else (count,)
        contents[original.name] = idx(rng.integers(0, 10, shape, dtype=np.uint8))
    place = tmp_path / "anything" / "MNIST" / "raw"
    place.mkdir(parents=True)
    entries = []
    for name, content in contents.items():
        packed = gzip.compress(content, mtime=0)
        (place / name).write_bytes(packed)
        entries.append(Original(name, md5(packed), md5(content)))
    known = replace(MNIST, originals=tuple(entries))
    monkeypatch.setitem(catalogue.KNOWN, "mnist", known)
    return place, contents, known


def expected(content: bytes, skip: int) -> np.ndarray:
    return np.frombuffer(content, np.uint8, offset=skip)


@pytest.mark.parametrize("where", ["raw", "above", "top", "one file", "unpacked", "packed again"])
def test_mnist_from_wherever_its_files_are(digits, where):
    place, contents, _ = digits
    source = {"above": place.parent, "top": place.parent.parent, "one file": place / MNIST.originals[2].name}.get(
        where, place
    )
    if where == "above":
        place.rename(place.parent / "raw")
    for name, content in contents.items():
        if where == "unpacked":
            (place / name).unlink()
            (place / name.removesuffix(".gz")).write_bytes(content)
        elif where == "packed again":
            (place / name).write_bytes(gzip.compress(content, 1))
    data = prepare("mnist", source)
    assert data.shape == (1, 28, 28)
    assert data.classes == tuple("0123456789")
    images, labels = (contents[original.name] for original in MNIST.originals[:2])
    np.testing.assert_array_equal(data.train_images.ravel(), expected(images, 16))
    np.testing.assert_array_equal(data.train_labels, expected(labels, 8))
    np.testing.assert_array_equal(load("mnist").test_labels, expected(contents[MNIST.originals[3].name], 8))
    assert data.notes == ("The original images.",)


def test_a_changed_file_is_refused(digits):
    place, contents, known = digits
    name = known.originals[1].name
    (place / name).write_bytes(gzip.compress(contents[name][:-1] + b"\x03"))
    with pytest.raises(InputError, match=r"train-labels.*is not the original file of MNIST"):
        prepare("mnist", place)


def test_a_truncated_file_is_refused(digits):
    place, _, known = digits
    path = place / known.originals[0].name
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match="is damaged"):
        prepare("mnist", place)


def test_a_file_that_expands_too_far_is_refused(digits, monkeypatch):
    place = digits[0]
    monkeypatch.setattr(originals, "_MAX_UNPACKED", 1000)
    with pytest.raises(InputError, match="unpacks to more than"):
        prepare("mnist", place)


def test_nothing_temporary_is_left(digits, cnncore_home):
    prepare("mnist", digits[0])
    assert sorted(path.name.split("-")[0] for path in (cnncore_home / "data" / "mnist").iterdir()) == [
        "about.json",
        "arrays",
    ]


def test_mnist_from_a_mirror(digits, site):
    place, contents, known = digits
    for original in known.originals:
        site.files[f"/m/{original.name}"] = (place / original.name).read_bytes()
    data = prepare("mnist", f"{site.address}/m")
    np.testing.assert_array_equal(data.train_labels, expected(contents[MNIST.originals[1].name], 8))
    assert len(site.asked) == 4
    prepare("mnist", f"{site.address}/m/{known.originals[0].name}")  # one file's address stands for the folder
    assert len(site.asked) == 4  # the originals were kept


def test_the_second_address_is_tried_when_the_first_fails(digits, site, monkeypatch, cnncore_home):
    place, _, known = digits
    monkeypatch.setitem(
        catalogue.KNOWN, "mnist", replace(known, addresses=(f"{site.address}/gone/", f"{site.address}/m/"))
    )
    for original in known.originals:
        site.files[f"/m/{original.name}"] = (place / original.name).read_bytes()
    assert len(prepare("mnist").train_labels) == 6
    site.files = {}
    for path in (cnncore_home / "data" / "mnist" / "download").iterdir():
        path.unlink()
    with pytest.raises(InputError, match=r"404.*the original is train-images.*instead \(.*`data prepare mnist --from`"):
        prepare("mnist")


@pytest.fixture
def cifar(tmp_path, monkeypatch):
    """A CIFAR-10 of 12 images in the original's layout, torchvision's and our sums set to match."""
    import torchvision.datasets

    rng = np.random.default_rng(0)
    contents = {}
    for number, name in enumerate(originals._BATCHES):
        if name == "batches.meta":
            batch = {"label_names": list(CIFAR10.classes)}
        else:
            batch = {
                "data": rng.integers(0, 256, (2, 3072), dtype=np.uint8),
                "labels": [number % 10, (number + 1) % 10],
            }
        contents[name] = pickle.dumps(batch)
    monkeypatch.setattr(originals, "_BATCHES", {name: md5(content) for name, content in contents.items()})
    names = list(contents)
    monkeypatch.setattr(torchvision.datasets.CIFAR10, "train_list", [[name, md5(contents[name])] for name in names[:5]])
    monkeypatch.setattr(torchvision.datasets.CIFAR10, "test_list", [["test_batch", md5(contents["test_batch"])]])
    meta = {"filename": "batches.meta", "key": "label_names", "md5": md5(contents["batches.meta"])}
    monkeypatch.setattr(torchvision.datasets.CIFAR10, "meta", meta)
    path = tmp_path / "cifar-10-python.tar.gz"
    write(path, contents)
    known = replace(CIFAR10, originals=(Original(path.name, md5(path.read_bytes())),))
    for module in (originals, sources):
        monkeypatch.setattr(module, "CIFAR10", known)
    monkeypatch.setitem(catalogue.KNOWN, "cifar10", known)
    return path, contents


def write(path: Path, contents: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in contents.items():
            entry = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


@pytest.mark.parametrize(
    "where", ["archive", "renamed", "folder of the archive", "unpacked", "around unpacked", "mirror"]
)
def test_cifar10_from_wherever_it_is(cifar, site, tmp_path, where):
    path, contents = cifar
    source: Path | str = path
    if where == "renamed":
        source = path.rename(tmp_path / "data.bin")
    elif where == "folder of the archive":
        source = path.parent
    elif "unpacked" in where:
        source = tmp_path / "there" / "cifar-10-batches-py"
        source.mkdir(parents=True)
        for name, content in contents.items():
            (source / name).write_bytes(content)
        source = source.parent if where == "around unpacked" else source
    elif where == "mirror":
        site.files["/any/cifar-10-python.tar.gz"] = path.read_bytes()
        source = f"{site.address}/any/cifar-10-python.tar.gz"
    data = prepare("cifar10", source)
    batches = [pickle.loads(contents[f"data_batch_{n}"]) for n in range(1, 6)]
    np.testing.assert_array_equal(
        data.train_images.reshape(10, -1), np.concatenate([batch["data"] for batch in batches])
    )
    assert data.train_labels.tolist() == [label for batch in batches for label in batch["labels"]]
    assert len(data.test_labels) == 2
    assert data.classes == CIFAR10.classes
    assert data.notes == ("The original images.",)


class Harmful:
    def __reduce__(self):
        return os.system, ("exit 1",)


@pytest.mark.parametrize("unpacked", [False, True])
def test_no_pickle_is_read_before_its_sum_is_right(cifar, tmp_path, monkeypatch, unpacked):
    path, contents = cifar
    contents["data_batch_1"] = pickle.dumps(Harmful())
    write(path, contents)
    source = path
    if unpacked:
        source = tmp_path / "cifar-10-batches-py"
        source.mkdir()
        for name, content in contents.items():
            (source / name).write_bytes(content)

    def refuse(*args, **kwargs):
        raise AssertionError("something was unpickled")

    monkeypatch.setattr(pickle, "load", refuse)
    with pytest.raises(InputError, match="is not the original file of CIFAR-10"):
        prepare("cifar10", source)


def test_a_truncated_archive_is_refused(cifar):
    path, _ = cifar
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(InputError, match="damaged or incomplete"):
        prepare("cifar10", path)


def test_the_catalogue_agrees_with_torchvision():
    import torchvision.datasets as theirs

    for known, their in ((MNIST, theirs.MNIST), (FASHION_MNIST, theirs.FashionMNIST)):
        assert [(original.name, original.md5) for original in known.originals] == their.resources
        assert list(known.addresses)[-1] == their.mirrors[-1]
    assert list(FASHION_MNIST.classes) == theirs.FashionMNIST.classes
    archive = CIFAR10.originals[0]
    assert (CIFAR10.addresses[0] + archive.name, archive.md5) == (theirs.CIFAR10.url, theirs.CIFAR10.tgz_md5)
    batches = [*theirs.CIFAR10.train_list, *theirs.CIFAR10.test_list]
    meta = theirs.CIFAR10.meta
    assert dict(batches) | {meta["filename"]: meta["md5"]} == originals._BATCHES


DATA = os.environ.get("CNNCORE_TEST_DATA", "")


@pytest.mark.skipif(not DATA, reason="CNNCORE_TEST_DATA does not name a folder with MNIST")
def test_the_real_mnist():
    data = prepare("mnist", DATA)
    assert (len(data.train_labels), len(data.test_labels)) == (60_000, 10_000)
    assert np.bincount(data.train_labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert round(float(data.train_images.mean()) / 255, 4) == 0.1307  # the mean that everybody standardizes with


@pytest.mark.skipif(not DATA, reason="CNNCORE_TEST_DATA does not name a folder with cifar10-jpeg.tar.xz")
def test_the_real_cifar10_as_pictures():
    data = prepare("cifar10", Path(DATA) / "cifar10-jpeg.tar.xz")
    assert np.bincount(data.train_labels).tolist() == [5000] * 10
    assert np.bincount(data.test_labels).tolist() == [1000] * 10
    np.testing.assert_allclose(data.train_images.mean((0, 2, 3)) / 255, (0.491, 0.482, 0.447), atol=0.001)
    assert "not the original bytes" in data.notes[0]
