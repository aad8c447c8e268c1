"""The image that pages look at: who draws the built-in set, and when."""

import threading
from dataclasses import replace

import pytest

from cnncore.atomic import lock
from cnncore.data.prepared import info, save
from cnncore.data.sources import lock_path
from pages.parts import image_choice
from tests.conftest import tiny_images
from tests.pages.conftest import Ended


@pytest.fixture
def started(app_home, monkeypatch):
    """Return what was started to draw the set: processes that end at once and leave nothing."""
    started = []

    def start(*command, log):
        started.append((*command, log))
        return Ended()

    monkeypatch.setattr(image_choice, "start_detached", start)
    monkeypatch.setattr(image_choice, "_PAUSE", 0.01)
    return started


def draw():
    save(replace(tiny_images(), name="builtin"))


@pytest.mark.parametrize("cancelled", [False, True])
def test_the_set_that_another_process_draws_is_waited_for(started, monkeypatch, cancelled):
    begun = threading.Event()

    def come_too_late(*command, log):
        started.append((*command, log))
        if len(started) == 1:  # the other takes the lock while this one starts
            thread.start()
            begun.wait(10)
        else:
            draw()
        return Ended()

    def other():
        with lock(lock_path("builtin")) as free:
            assert free
            begun.set()
            over.wait(10)
            if not cancelled:
                draw()

    monkeypatch.setattr(image_choice, "start_detached", come_too_late)
    over, thread = threading.Event(), threading.Thread(target=other)
    waiting = threading.Thread(target=image_choice.drawn, args=("builtin",))
    waiting.start()
    begun.wait(10)
    waiting.join(0.2)
    assert waiting.is_alive()
    over.set()
    waiting.join(10)
    thread.join(10)
    assert not waiting.is_alive()
    assert info("builtin").version
    assert len(started) == (2 if cancelled else 1)


def test_none_is_started_while_another_draws(started, monkeypatch):
    looks = []

    def in_preparation(name):
        looks.append(name)
        if len(looks) == 3:
            draw()
        return True

    monkeypatch.setattr(image_choice, "in_preparation", in_preparation)
    image_choice.drawn("builtin")
    assert len(looks) == 3
    assert started == []


def test_one_that_cannot_be_drawn_is_tried_once(started):
    image_choice.drawn("builtin")
    assert len(started) == 1
    assert not info("builtin").version
