"""What page tests share: answers of the compute pool are waited for, as Streamlit's test runner has no timers."""

import os
import shutil
import subprocess
import sys

import pytest

from cnncore.data.prepared import folder, save
from cnncore.runs.store import RunStore
from pages.parts import awaited, image_choice
from tests.conftest import tiny_images


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Let pages wait for what they ask."""
    monkeypatch.setattr(awaited, "SOON", 240.0)


class Ended:
    """Stands for a process that is over."""

    def wait(self):
        return 0


@pytest.fixture(autouse=True)
def drawn_before(shared_home, monkeypatch):
    """Copy the built-in set to where a page would have it drawn: that takes seconds, and each test has its own home.

    The browser tests have it drawn.
    """

    def copied(*command, log):
        assert command == ("cnncore", "data", "prepare", "builtin")
        drawn = shared_home / "data" / "builtin"
        if not drawn.exists():
            prepare = [sys.executable, "-m", *command]
            subprocess.run(prepare, env=os.environ | {"CNNCORE_HOME": str(shared_home)}, check=True)
        if folder("builtin") != drawn:
            shutil.copytree(drawn, folder("builtin"), dirs_exist_ok=True)
        return Ended()

    monkeypatch.setattr(image_choice, "start_detached", copied)


@pytest.fixture
def store(app_home, monkeypatch):
    """Return the home's store; no supervisor is started, a page's test looks at what was asked for."""
    monkeypatch.setattr("cnncore.runs.client.start_detached", lambda *_, **__: None)
    save(tiny_images())
    store = RunStore(app_home / "runs.sqlite")
    yield store
    store.close()
