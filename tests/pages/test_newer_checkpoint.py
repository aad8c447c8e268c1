"""What a page keeps of a run's network is asked anew when its checkpoint is newer, whatever epoch the store is at."""

import os
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnncore.runs.snapshots import checkpoint_path
from cnncore.runs.store import open_store
from cnncore.training.config import RunConfig
from tests.runs.conftest import epoch_end, started

PAGES = Path(__file__).parents[2] / "pages"


def class_map_alone():
    from pages.parts.class_map import class_map

    class_map()


@pytest.mark.parametrize(
    ("page", "asks"),
    [
        (class_map_alone, "pages.parts.class_map.awaited"),
        ("label_safety.py", "pages.parts.awaited.awaited"),
        ("receptive_field.py", "pages.parts.field_unit.awaited"),
    ],
)
def test_a_newer_checkpoint_is_another_question(tiny, monkeypatch, page, asks):
    store = open_store()
    run_id = store.create(RunConfig(dataset="tiny", network="classroom", epochs=5))
    store.claim(run_id, "me", 1)
    store.append(run_id, [started(), epoch_end(1)], "me")
    path = checkpoint_path(run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    questions = []

    def asked(*arguments, **_):
        questions.append(arguments[2:])
        return True if arguments[0] == "drawn" else None

    monkeypatch.setattr(asks, asked)
    for written in (1, 2, 2):
        path.touch()
        os.utime(path, ns=(10**18 * written, 10**18 * written))
        app = AppTest.from_function(page) if callable(page) else AppTest.from_file(str(PAGES / page))
        app.query_params["weights"] = f"{store.get(run_id).label} ({run_id[-4:]})"
        app.default_timeout = 120
        assert not app.run().exception
    first, second, third = map(repr, questions)
    assert first != second == third
