"""Text that a link, a file or a visitor brings runs no script and asks no other host, wherever it is shown."""

import base64
import json
import zlib
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from cnncore.architecture import named_network

pytestmark = pytest.mark.browser

FIELD = Path(__file__).parents[2] / "pages" / "parts" / "field" / "field"
SCRIPT = '<img src=x onerror="window.ran=1">'
IMAGE, OUT_OF_CODE = "![x](//foreign.example/a.png)", "``![x](//foreign.example/b.png)"
PAGES = ("receptive_field", "architecture", "builder", "training")


def link(name, layer="", size=5):
    """Return a link to the practical's network under another name, its second convolution's name and size changed."""
    words = named_network("practical").to_dict() | {"name": name}
    words["layers"][3] |= {"name": layer or "conv2", "kernel": [size, size]}
    return "~" + base64.urlsafe_b64encode(zlib.compress(json.dumps(words).encode())).decode().rstrip("=")


# What the page fixture hears, a request to another host or an error, fails the test as well.
def nothing_ran(page):
    assert page.evaluate("window.ran") is None
    assert page.locator('img[src="x"], img[src*="foreign.example"]').count() == 0


@pytest.mark.parametrize("name", PAGES)
def test_names_of_a_link_are_only_text(visit, name):
    for layer in (SCRIPT, OUT_OF_CODE):  # layers may not be called so
        page = visit(f"{name}?network={link('mine', layer)}")
        refused = "The address asks for" if name == "training" else "of a layer must be at most 80 letters"
        expect(page.get_by_text(refused)).to_be_visible()
        nothing_ran(page)
    for called, size in ((SCRIPT, 5), (IMAGE, 99), (OUT_OF_CODE, 99)):  # networks may: what does not fit says its name
        page = visit(f"{name}?network={link(called, size=size)}")
        nothing_ran(page)
        if size == 99 and name in ("receptive_field", "architecture"):
            expect(page.get_by_text("foreign.example").first).to_be_visible()


@pytest.mark.parametrize(
    "address", ["course?course_search=", "training?run=", "training?preset=", "augmentation?aug_class="]
)
def test_words_of_an_address_are_only_words(visit, address):
    for words in (f"{OUT_OF_CODE} {SCRIPT}", f"{IMAGE} {SCRIPT}"):
        page = visit(address + quote(words))
        expect(page.get_by_text("foreign.example").first).to_be_visible()
        nothing_ran(page)


def test_the_field_writes_names_and_errors_as_text(page):
    """Drawn without the app: what it would refuse before is given to the drawing itself."""
    page.set_content(FIELD.with_suffix(".html").read_text(encoding="utf-8"))
    dot = "data:image/gif;base64,R0lGODlhAQABAAAAACw="
    data = {
        "layer": SCRIPT,
        "dense": False,
        "rows": 2,
        "columns": 2,
        "unit": [0, 0],
        "axes": [[[0, 4, 0, 4], [4, 8, 4, 8]]] * 2,
        "size": [4, 4],
        "jump": [4, 4],
        "image": {"source": dot, "height": 8, "width": 8},
        "map": dot,
        "channel": SCRIPT,
        "heat": None,
        "waiting": f"No gradient: {SCRIPT}",
    }
    draw = """async ([source, data]) => {
        const code = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
        const drawing = await import(code);
        drawing.default({ parentElement: document.body, data, setTriggerValue() {} });
    }"""
    source = FIELD.with_suffix(".js").read_text(encoding="utf-8")
    for heat in (None, {"source": dot, "text": [f"**{SCRIPT}** is bold."]}):
        page.evaluate(draw, [source, data | {"heat": heat}])
        expect(page.locator(".side")).to_contain_text(SCRIPT)
        expect(page.locator("text.title").first).to_contain_text(SCRIPT)
        expect(page.locator("text.small").first).to_have_text(SCRIPT)
        nothing_ran(page)
    expect(page.locator(".side b").last).to_have_text(SCRIPT)
