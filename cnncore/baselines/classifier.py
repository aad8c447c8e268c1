"""One linear SVM a class against all others. For a job's process: it imports scikit-learn."""

import warnings
from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.baselines.config import BagOfWordsConfig
from cnncore.baselines.outcome import Classifier
from cnncore.progress import Progress

ITERATIONS = 2_000  # tens are enough for features of unit length


def one_against_all(
    features: Any, labels: NDArray[np.int64], classes: int, config: BagOfWordsConfig
) -> Generator[Progress, None, Classifier]:
    """Learn to tell each class from all others, and return the classifier.

    `features` are (N, F), dense or a scipy sparse matrix. Each SVM minimizes |w|^2 / 2 + C sum max(0, 1 - y score)^2
    over weights and bias (liblinear: Fan et al. 2008). A class without train images always scores -1.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.svm import LinearSVC

    weights = np.zeros((classes, features.shape[1]), np.float32)
    biases = np.zeros(classes, np.float32)
    unconverged = []
    for label in range(classes):
        yield Progress("classifier", label, classes, "classes")
        own = labels == label
        if own.all() or not own.any():  # there is nothing to tell apart
            biases[label] = 1 if own.any() else -1
            continue
        machine = LinearSVC(C=config.c, random_state=config.seed, max_iter=ITERATIONS)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # said in the result instead
            machine.fit(features, own)
        weights[label], biases[label] = machine.coef_[0], machine.intercept_[0]
        if machine.n_iter_ >= ITERATIONS:
            unconverged.append(label)
    return Classifier(weights, biases, tuple(unconverged))
