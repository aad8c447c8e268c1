"""What a bag of visual words has learned, and how well it does."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.baselines.config import BagOfWordsConfig
from cnncore.baselines.descriptors import describe
from cnncore.baselines.encoding import histograms, nearest
from cnncore.data.images import Shape

STAGES = ("descriptors", "dictionary", "encoding", "classifier", "test")
TRAINING = STAGES[:-1]


@dataclass(frozen=True, eq=False)  # comparing arrays gives an array, not a truth value
class Dictionary:
    """`vectors` float32 (K + 1, D): row 0 is the fixed zero word, then the learned words, the most frequent first.

    `pictures` uint8 (K + 1, C, P, P) are the mean of the sampled patches nearest to each word, mid-grey where there
    are none, and `counts` (K + 1,) how many these were.
    """

    vectors: NDArray[np.float32]
    pictures: NDArray[np.uint8]
    counts: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Classifier:
    """One linear SVM a class: score = features @ weights.T + biases; weights (classes, features), biases (classes,).

    `unconverged` are the classes whose SVM had not settled when its iterations were over.
    """

    weights: NDArray[np.float32]
    biases: NDArray[np.float32]
    unconverged: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Model:
    """All that is needed to classify an image of `shape` (C, H, W)."""

    config: BagOfWordsConfig
    shape: Shape
    dictionary: Dictionary
    classifier: Classifier

    def assign(self, images: NDArray[np.uint8]) -> NDArray[np.intp]:
        """Return the word of every patch of uint8 images (N, C, H, W): (N, L)."""
        return nearest(describe(images, self.config), self.dictionary.vectors)

    def features(self, assigned: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return the features of images whose patches belong to these words (N, L): (N, features)."""
        return histograms(assigned, len(self.dictionary.vectors), self.config, self.shape)

    def scores(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return each class's score (N, classes); the largest is the answer."""
        return features @ self.classifier.weights.T + self.classifier.biases


@dataclass(frozen=True)
class Result:
    """How well it does. `confusion[i][j]` counts the test images of class i that were taken for class j.

    `dictionary` and `classifier` are how many numbers were learned by k-means and by the SVMs. `seconds` has the
    wall time of each stage; all but the last make the training time. `created` is in seconds since 1970.
    """

    config: BagOfWordsConfig
    shape: Shape
    classes: tuple[str, ...]
    train_size: int
    train_right: int
    confusion: tuple[tuple[int, ...], ...]
    dictionary: int
    classifier: int
    seconds: dict[str, float]
    created: float
    unconverged: tuple[str, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def test_size(self) -> int:
        """How many test images there were."""
        return sum(sum(row) for row in self.confusion)

    @property
    def test_right(self) -> int:
        """How many of them were classified rightly."""
        return sum(row[label] for label, row in enumerate(self.confusion))

    @property
    def learned(self) -> int:
        """How many numbers were learned in all."""
        return self.dictionary + self.classifier

    @property
    def train_seconds(self) -> float:
        """The time until it could be used, testing apart."""
        return sum(self.seconds[stage] for stage in TRAINING)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain values for JSON, with what follows from them: accuracies are fractions."""
        values = {spec.name: getattr(self, spec.name) for spec in dataclasses.fields(self)}
        return values | {
            "config": self.config.to_dict(),
            "key": self.config.key,
            "test_size": self.test_size,
            "test_right": self.test_right,
            "train/accuracy": self.train_right / self.train_size,
            "test/accuracy": self.test_right / self.test_size,
            "learned": self.learned,
            "train_seconds": self.train_seconds,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Result":
        """Return the result that `to_dict` wrote; what only followed from it is computed again."""
        channels, height, width = values["shape"]
        return cls(
            config=BagOfWordsConfig.from_dict(values["config"]),
            shape=(channels, height, width),
            classes=tuple(values["classes"]),
            train_size=values["train_size"],
            train_right=values["train_right"],
            confusion=tuple(tuple(row) for row in values["confusion"]),
            dictionary=values["dictionary"],
            classifier=values["classifier"],
            seconds=dict(values["seconds"]),
            created=float(values["created"]),
            unconverged=tuple(values["unconverged"]),
            versions=dict(values["versions"]),
        )
