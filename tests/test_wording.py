import pytest

from cnncore.wording import counted, duration


@pytest.mark.parametrize(("seconds", "text"), [(0, "0 s"), (59.4, "59 s"), (155, "2 min 35 s"), (4000, "1 h 6 min")])
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_one_and_many():
    assert [counted(n, "file") for n in (0, 1, 1200)] == ["0 files", "1 file", "1,200 files"]
    assert [counted(n, "epoch") for n in (0.5, 1.0, 3.0)] == ["0.5 epochs", "1 epoch", "3 epochs"]
