"""What tests of several parts share: a home of their own and a data set small enough to train on in a moment."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from cnncore.data.images import ImageData
from cnncore.data.prepared import save

FOR_GPU = ("@pytest.mark.gpu", "kernel_device")  # what a test that a GPU can run has in its file
# Without a GPU the kernels for it are run line by line in Python, on the CPU. Triton reads this as it is imported.
if shutil.which("nvidia-smi") is None:
    os.environ.setdefault("TRITON_INTERPRET", "1")

CLASSES = ("red", "green", "blue", "bright", "dark", "left", "right")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Pass over files without a GPU test where only those are asked for: what they import may not be there."""
    if config.getoption("markexpr") != "gpu":
        return None
    files = collection_path.rglob("test_*.py") if collection_path.is_dir() else [collection_path]
    return None if any(mark in file.read_text(encoding="utf-8") for file in files for mark in FOR_GPU) else True


class Clock:
    """A clock that stands still until it is set."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def app_home(tmp_path, monkeypatch):
    """Return an empty `CNNCORE_HOME`."""
    monkeypatch.setenv("CNNCORE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory):
    """Return one home for all tests that ask for it: the built-in data set takes seconds to draw."""
    return tmp_path_factory.mktemp("shared") / "home"


@pytest.fixture
def drawn_once(shared_home, monkeypatch):
    """Make the shared home this test's `CNNCORE_HOME`; for tests that only read the built-in data set."""
    monkeypatch.setenv("CNNCORE_HOME", str(shared_home))


def tiny_images(train=140, test=70, size=12, seed=0):
    """Return noise with a class-dependent tint: learnable in a few epochs, not in one batch."""
    rng = np.random.default_rng(seed)

    def split(count):
        labels = np.arange(count) % len(CLASSES)
        images = rng.integers(60, 160, (count, 3, size, size))
        for label, place in enumerate(
            [np.s_[0], np.s_[1], np.s_[2], np.s_[:], np.s_[:], np.s_[:, :, : size // 2], np.s_[:, :, size // 2 :]]
        ):
            images[(labels == label, *((place,) if not isinstance(place, tuple) else place))] += (
                -50 if label == 4 else 50
            )
        return images.clip(0, 255).astype(np.uint8), labels.astype(np.int64)

    train_images, train_labels = split(train)
    test_images, test_labels = split(test)
    return ImageData("tiny", "Tints", CLASSES, train_images, train_labels, test_images, test_labels, ())


@pytest.fixture(params=["interpreted", pytest.param("cuda", marks=pytest.mark.gpu)])
def kernel_device(request):
    """Return a device on which the kernels run: the CPU, interpreted, and CUDA."""
    import torch

    from cnncore.training.kernels.compiler import MISSING

    if MISSING:
        pytest.skip(MISSING)
    if request.param == "cuda":
        if not torch.cuda.is_available():
            pytest.skip("no CUDA device here")
        from cnncore.training.config import Precision
        from cnncore.training.device import set_precision

        device = torch.device("cuda", 0)
        set_precision(Precision.FP32, device)  # PyTorch's own convolutions may round to TF32
        return device
    import triton

    if os.environ.get("TRITON_INTERPRET") != "1":
        pytest.skip("with a GPU here the kernels are compiled")
    if tuple(map(int, triton.__version__.split(".")[:2])) < (3, 8):
        pytest.skip(f"the interpreter of Triton {triton.__version__} does not know a loop over a part of the rows")
    return torch.device("cpu")


@pytest.fixture
def tiny(app_home):
    """Prepare the data set `tiny` in the test's own home and return it."""
    data = tiny_images()
    save(data)
    return data
