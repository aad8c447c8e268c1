"""Classes and runs have any names: pages show them as they are."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnncore import compute
from cnncore.data.prepared import save
from cnncore.runs.record import Status
from cnncore.runs.store import open_store
from cnncore.runs.worker import record
from tests.conftest import tiny_images
from tests.pages.stored_run import CONFIG

PAGES = Path(__file__).parents[2] / "pages"
CLASS = "$x$ <b>dog<"
CLASSES = tuple(f"{CLASS} *{letter}*" for letter in "abcdefg")
KINDS = ("markdown", "caption", "info", "success", "warning", "error")


@pytest.fixture(scope="module")
def run_id(tmp_path_factory):
    """A home with a data set of such classes, and a run of such a name that was trained on it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNCORE_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setattr("cnncore.runs.client.start_detached", lambda *_, **__: None)
        save(replace(tiny_images(), classes=CLASSES))
        compute.shutdown()  # children take their home from when they were started
        store = open_store()
        made = store.create(CONFIG, "$l$ <i>run<", Status.RUNNING)
        record(store, made, CONFIG)
        yield made
        compute.shutdown()


def opened(page, **address):
    app = AppTest.from_file(str(PAGES / f"{page}.py"), default_timeout=240)
    for key, value in address.items():
        app.query_params[key] = value
    return app.run()


def said(app):
    assert not app.exception
    return [element.value for kind in KINDS for element in getattr(app, kind)]


def unescaped(texts):
    """Return the texts in which Markdown would find a formula or a tag of the names."""
    return [text for text in texts if re.search(r"(?<!\\)(?:\$[xl]|<[bi]>|\*[a-g]\*)", text)]


@pytest.mark.parametrize(
    ("page", "address"),
    [
        ("dropout", {}),
        ("batch_norm", {}),
        ("inside", {}),
        ("errors", {}),
        ("compare", {}),
        ("label_safety", {}),
        ("datasets", {}),
        ("training", {"slow_motion": "true", "motion_act": "1 Forward"}),
    ],
)
def test_names_are_no_markup(run_id, page, address):
    texts = said(opened(page, **address))
    assert unescaped(texts) == []
    if page in ("dropout", "batch_norm", "inside", "errors", "training"):
        assert any(r"\$x\$ \<b>dog\<" in text for text in texts)
    if page in ("dropout", "batch_norm", "training"):
        assert any(r"\$l\$ \<i>run\<" in text for text in texts)


def test_a_class_with_a_comma_is_mixed_under_its_whole_name(app_home):
    save(replace(tiny_images(), classes=("tench, Tinca", *CLASSES[1:])))
    app = opened("augmentation", aug_data="Tints", aug_class="tench, Tinca", aug_transforms="Mixup")
    assert not app.exception
    pictures = [element.proto.body for element in app.get("html")]
    assert any("% tench, Tinca, " in picture for picture in pictures)
