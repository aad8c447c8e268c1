"""What page tests share: answers of the compute pool are waited for, as Streamlit's test runner has no timers."""

import pytest

from pages.parts import awaited


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Let pages wait for what they ask."""
    monkeypatch.setattr(awaited, "SOON", 240.0)
