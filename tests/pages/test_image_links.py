"""A click on an image that is a link, as it comes from the browser."""

from types import SimpleNamespace

import numpy as np
import pytest

from pages.parts.image_links import component
from pages.parts.image_links.component import LinkedTile, image_links
from pages.parts.pictures import Tile

IMAGE = np.zeros((3, 4, 4), np.uint8)


@pytest.fixture
def clicked(monkeypatch):
    """Return a function that shows tiles of those rows, with that click, and returns what was opened."""
    gone = []
    monkeypatch.setattr(component, "go_to", lambda *address: gone.append(address))

    def show(link, *rows):
        monkeypatch.setattr(component, "_mount", lambda **_: SimpleNamespace(opened=link))
        image_links("inside", [LinkedTile(Tile(IMAGE, ""), {"inside_row": str(row)}) for row in rows], key="links")
        return gone

    return show


def test_the_image_that_was_clicked_opens_though_others_stand_there_by_now(clicked):
    link = "inside?inside_run=261126-1%26&inside_row=7"
    assert clicked(link, 8, 9) == [("inside", {"inside_run": "261126-1&", "inside_row": "7"})]


@pytest.mark.parametrize(
    "link",
    [
        None,
        0,
        "",
        "inside",
        "inside?",
        "errors?inside_row=7",
        "inside?read_test_1=1",
        "https://host/inside?inside_row=7",
    ],
)
def test_what_is_no_link_there_opens_nothing(clicked, link):
    assert clicked(link, 8) == []
