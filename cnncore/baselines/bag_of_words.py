"""A bag of visual words and a linear SVM, from images to accuracy: `for event in run(config): ...`.

Descriptors follow a fixed rule; the dictionary is learned from them without labels; an image is a histogram over the
dictionary; the SVM is learned from histograms and labels. Each stage is finished before the next begins, and none
hears of what comes after it: that is the difference to a network.
"""

import importlib.metadata
import platform
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cnncore.baselines.classifier import one_against_all
from cnncore.baselines.config import BagOfWordsConfig, classifier_numbers, dictionary_numbers
from cnncore.baselines.descriptors import grid
from cnncore.baselines.dictionary import batch_size, learn, sample
from cnncore.baselines.outcome import Classifier, Model, Result
from cnncore.data import load
from cnncore.data.subset import balanced
from cnncore.progress import Progress


@dataclass(frozen=True)
class Stage:
    """A stage is over; `seconds` is its wall time."""

    name: str
    seconds: float


@dataclass(frozen=True, eq=False)  # a model has arrays
class Outcome:
    """The last event: how well it does, and what was learned."""

    result: Result
    model: Model


Event: TypeAlias = Progress | Stage | Outcome


class _Clock:
    """How long each stage took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.perf_counter()

    def end(self, name: str) -> Stage:
        now = time.perf_counter()
        self.seconds[name] = now - self._since
        self._since = now
        return Stage(name, self.seconds[name])


def run(config: BagOfWordsConfig) -> Iterator[Event]:
    """Learn and test, and yield what happens: `Progress` now and then, a `Stage` at the end of each, the `Outcome`.

    A data set that is not prepared, or a setting that does not fit it, is an `InputError`.
    """
    data = load(config.dataset)
    grid(config, data.shape)  # a patch larger than the image is refused before anything is computed
    train = balanced(data.train_labels, config.train_size, "train_size")
    test = balanced(data.test_labels, config.test_size, "test_size")
    labels = data.train_labels[train]
    clock = _Clock()
    found = yield from sample(data.train_images[train], config)
    yield clock.end("descriptors")
    dictionary = yield from learn(found, config)
    yield clock.end("dictionary")
    unfitted = Classifier(np.zeros((0, 0), np.float32), np.zeros(0, np.float32))
    words = Model(config, data.shape, dictionary, unfitted)
    features = yield from _encode(words, data.train_images, train, "encoding")
    yield clock.end("encoding")
    classifier = yield from one_against_all(features, labels, len(data.classes), config)
    yield clock.end("classifier")
    model = Model(config, data.shape, dictionary, classifier)
    test_features = yield from _encode(words, data.test_images, test, "test")
    answers = model.scores(test_features).argmax(axis=1)
    yield clock.end("test")
    confusion = np.zeros((len(data.classes), len(data.classes)), np.int64)
    np.add.at(confusion, (data.test_labels[test], answers), 1)
    vectors = dictionary.vectors
    result = Result(
        config=config,
        shape=data.shape,
        classes=data.classes,
        train_size=len(train),
        train_right=int((model.scores(features).argmax(axis=1) == labels).sum()),
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        dictionary=dictionary_numbers(len(vectors) - 1, vectors.shape[1]),
        classifier=classifier_numbers(len(data.classes), len(vectors) - 1, config.cells),
        seconds=clock.seconds,
        created=time.time(),
        unconverged=tuple(data.classes[label] for label in classifier.unconverged),
        versions=_versions(),
    )
    yield Outcome(result, model)


def _encode(
    model: Model, images: NDArray[np.uint8], rows: NDArray[np.intp], stage: str
) -> Generator[Progress, None, Any]:
    """Return the features of the images `rows` as a sparse matrix (N, F): an image has few of a thousand words."""
    from scipy import sparse

    parts = []
    step = batch_size(model.config, model.shape)
    for start in range(0, len(rows), step):
        yield Progress(stage, start, len(rows))
        assigned = model.assign(images[rows[start : start + step]])
        parts.append(sparse.csr_matrix(model.features(assigned)))
    return sparse.vstack(parts, format="csr")


def _versions() -> dict[str, str]:
    packages = {name: importlib.metadata.version(name) for name in ("numpy", "scikit-learn", "scipy")}
    return {"python": platform.python_version(), "platform": f"{platform.system()} {platform.machine()}", **packages}
