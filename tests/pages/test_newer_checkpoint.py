"""What a page keeps of a network is asked anew when its checkpoint is newer, whatever epoch the store is at.

And when its data set was prepared anew: the images beside it are other ones.
"""

import os
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnncore import compute
from cnncore.data.prepared import save
from cnncore.inspection.moment import Moment
from cnncore.runs.snapshots import checkpoint_path
from cnncore.runs.store import open_store
from cnncore.training.config import RunConfig
from pages.parts.inspected import first_losses, norm_channels
from pages.parts.subject import Subject
from tests.conftest import tiny_images
from tests.runs.conftest import epoch_end, started

PAGES = Path(__file__).parents[2] / "pages"


def class_map_alone():
    from pages.parts.class_map import class_map

    class_map()


KEPT = pytest.mark.parametrize(
    ("page", "asks"),
    [
        (class_map_alone, "pages.parts.class_map.awaited"),
        ("label_safety.py", "pages.parts.awaited.awaited"),
        ("receptive_field.py", "pages.parts.field_unit.awaited"),
    ],
)


CONFIG = RunConfig(dataset="tiny", network="classroom", epochs=5)


def questions_of(page, asks, moments, monkeypatch):
    """Return what `page` asks about a run in each of the `moments`, which are functions of its checkpoint's path."""
    store = open_store()
    run_id = store.create(CONFIG)
    store.claim(run_id, "me", 1)
    store.append(run_id, [started(), epoch_end(1)], "me")
    path = checkpoint_path(run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    questions = []

    def asked(*arguments, **_):
        questions.append(arguments[2:])
        return True if arguments[0] == "drawn" else None

    monkeypatch.setattr(asks, asked)
    for begin in moments:
        begin(path)
        app = AppTest.from_function(page) if callable(page) else AppTest.from_file(str(PAGES / page))
        app.query_params["weights"] = f"{store.get(run_id).label} ({run_id[-4:]})"
        app.default_timeout = 120
        assert not app.run().exception
    return map(repr, questions)


@KEPT
def test_a_newer_checkpoint_is_another_question(tiny, monkeypatch, page, asks):
    def written(seconds):
        return lambda path: os.utime(path, ns=(10**9 * seconds, 10**9 * seconds))

    first, second, third = questions_of(page, asks, [written(1), written(2), written(2)], monkeypatch)
    assert first != second == third


@KEPT
def test_a_data_set_that_is_prepared_anew_is_another_question(tiny, monkeypatch, page, asks):
    moments = [lambda _: None, lambda _: save(tiny_images(seed=1)), lambda _: None]
    first, second, third = questions_of(page, asks, moments, monkeypatch)
    assert first != second == third


def test_what_is_found_out_about_a_subject_goes_by_its_data_set_too(tiny, monkeypatch):
    calls = count()
    monkeypatch.setattr(compute, "call", lambda *_, **__: next(calls))
    subject = Subject(None, Moment.BEFORE, CONFIG, 0, np.zeros((3, 12, 12), np.uint8), "", "")

    def found():
        return norm_channels(subject, "", 8, 0), first_losses(subject)

    assert found() == found() == (0, 1)
    save(tiny_images(seed=1))
    assert found() == found() == (2, 3)
