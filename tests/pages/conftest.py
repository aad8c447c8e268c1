"""What page tests share: answers of the compute pool are waited for, as Streamlit's test runner has no timers."""

import pytest

from cnncore.data.prepared import save
from cnncore.runs.store import RunStore
from pages.parts import awaited
from tests.conftest import tiny_images


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Let pages wait for what they ask."""
    monkeypatch.setattr(awaited, "SOON", 240.0)


@pytest.fixture
def store(app_home, monkeypatch):
    """Return the home's store; no supervisor is started, a page's test looks at what was asked for."""
    monkeypatch.setattr("cnncore.runs.client.start_detached", lambda *_, **__: None)
    save(tiny_images())
    store = RunStore(app_home / "runs.sqlite")
    yield store
    store.close()
