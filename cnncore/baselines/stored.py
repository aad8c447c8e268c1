"""Results and what was learned, kept to be compared: home()/baselines/<key>.json and .npz, one for a configuration."""

import contextlib
import json
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.atomic import read_text, replacing, write_text
from cnncore.baselines.outcome import Classifier, Dictionary, Model, Result
from cnncore.errors import InputError
from cnncore.home import home

_DICTIONARY, _CLASSIFIER = ("vectors", "pictures", "counts"), ("weights", "biases")


def save(result: Result, model: Model) -> None:
    """Keep a result and its model, in place of an earlier one of the same configuration.

    A full or read-only disk is an `InputError`.
    """
    folder = home() / "baselines"
    arrays = {name: getattr(model.dictionary, name) for name in _DICTIONARY}
    arrays |= {name: getattr(model.classifier, name) for name in _CLASSIFIER}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(folder / f"{result.config.key}.npz") as part, part.open("wb") as file:
            np.savez(file, **arrays)
        write_text(folder / f"{result.config.key}.json", json.dumps(result.to_dict(), allow_nan=False))
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written to ({error.strerror}): free disk space, or set CNNCORE_HOME to a folder that "
            "can."
        ) from error


def results(dataset: str | None = None) -> list[Result]:
    """Return what is kept, the newest first; of one data set if it is named. What cannot be read is left out."""
    found = []
    paths: list[Path] = []
    with contextlib.suppress(OSError):  # a folder that may not be read: keeping a result in it says why
        paths = list((home() / "baselines").glob("*.json"))
    for path in paths:
        try:
            found.append(Result.from_dict(json.loads(read_text(path))))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):  # removed meanwhile, or of another version
            continue
    chosen = [result for result in found if dataset is None or result.config.dataset == dataset]
    return sorted(chosen, key=lambda result: result.created, reverse=True)


def load_model(result: Result) -> Model:
    """Return what was learned for a stored result; a file that is gone or damaged is an `InputError`."""
    path = home() / "baselines" / f"{result.config.key}.npz"
    try:
        arrays = _read(path, path.stat().st_mtime_ns)
        dictionary = Dictionary(arrays["vectors"], arrays["pictures"], arrays["counts"])
        classifier = Classifier(arrays["weights"], arrays["biases"])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(f"`result` (={result.config.key}) has no readable {path} ({error}): run it again.") from None
    return Model(result.config, result.shape, dictionary, classifier)


@lru_cache(maxsize=4)
def _read(path: Path, saved: int) -> dict[str, NDArray[Any]]:  # noqa: ARG001 `saved` tells a newer file apart
    with np.load(path, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}
