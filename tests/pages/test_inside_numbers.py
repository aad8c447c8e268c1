"""What the page Inside says of numbers made by hand, in which none can stand for another."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from cnncore.architecture import Conv2d, Network
from cnncore.inspection.activations import Forward, LayerMaps
from cnncore.inspection.filters import FilterHistory
from cnncore.inspection.heats import Gradients, Occlusion
from cnncore.inspection.moment import Moment
from pages.parts import inside_filters, inside_layers, inside_views
from pages.parts.subject import Subject
from tests.pages.reading import said, viewed


def shown(app):
    return " ".join(element.proto.body for element in app.get("html"))


def forward_pass():
    """Return a 3x3 convolution over an image of 10 x 16 pixels whose second channel is largest at row 3, column 8."""
    layer = LayerMaps(
        number=0,
        name="conv1",
        kind="conv",
        dense=False,
        maps=np.zeros((2, 10, 16), np.uint8),
        low=np.array([-9.0, -1.5], np.float32),
        high=np.array([9.0, 2.5], np.float32),
        zeros=np.array([0.9, 0.25], np.float32),
        peaks=np.array([[9, 9], [2, 7]]),
    )
    return Forward(
        network=Network("one", (3, 10, 16), (Conv2d(2, 3, padding=1),)),
        epoch=3,
        classes=("a", "b", "c", "d"),
        pixels=np.zeros((3, 10, 16), np.uint8),
        inputs=np.zeros((3, 10, 16), np.float32),
        chances=np.array([0.2, 0.1, 0.4, 0.3]),
        layers=(layer,),
        filters=np.zeros((0, 0, 0, 0), np.float32),
    )


def test_the_largest_value_is_framed_where_it_lies_and_with_it_what_it_sees():
    found = forward_pass()
    app = viewed(inside_layers._show_channel, found, found.layers[0], 1, np.zeros((10, 16), np.uint8))
    # Row 2 and column 7, from 0: one cell of 10 x 16, and the 3 x 3 pixels around it.
    assert "top:20.0000%;left:43.7500%;height:10.0000%;width:6.2500%" in shown(app)
    assert "top:10.0000%;left:37.5000%;height:30.0000%;width:18.7500%" in shown(app)
    assert "the same, 3 × 3 pixels" in shown(app)
    assert "From −1.5 to **2.5**, at row 3, column 8 of 10 × 16; 25 % of this map are exactly 0." in said(app)


def test_a_largest_value_that_sees_padding_alone_is_said_to():
    found = replace(forward_pass(), network=Network("one", (3, 8, 16), (Conv2d(2, 1, padding=(1, 0)),)))
    layer = replace(found.layers[0], peaks=np.array([[9, 9], [0, 7]]))
    app = viewed(inside_layers._show_channel, found, layer, 1, np.zeros((10, 16), np.uint8))
    assert not app.exception
    assert "its largest value sees nothing of it, only padding" in shown(app)
    assert "pixels" not in shown(app).replace("pixelated", "")


def test_filters_that_have_become_longer_are_counted(monkeypatch):
    # Lengths 1, 2, 4 and 5 become 2, 1, 8 and 6: three are longer. They have moved by 1, 1/2, 1 and 1/5 of the first.
    lengths = np.array([[1.0, 2.0, 4.0, 5.0], [2.0, 1.0, 8.0, 6.0]], np.float32)
    history = FilterHistory((0, 3), lengths[:, :, None, None, None] * np.ones((1, 1, 1, 1, 1), np.float32))
    monkeypatch.setattr(inside_filters, "_history", lambda *_: history)
    kept = SimpleNamespace(epochs=lambda: (0, 3), written=lambda epoch: epoch)
    monkeypatch.setattr(inside_filters, "snapshot_folder", lambda _: kept)
    text = said(viewed(inside_filters.show_filters, "run"))
    assert "3 of 4 are longer than at first (‖w‖ / ‖w₀‖ from 0.50 to 2.00)" in text
    assert "After epoch 3 the filters have moved by **75 %** of their first length (median)" in text
    assert "farthest: 1 (100 %), 3 (100 %), 2 (50 %), 4 (20 %)" in text


def spearman(first, second):
    """Return Spearman's rank correlation of values that are all different: 1 - 6 sum d² / (n (n² - 1))."""
    ranks = [np.argsort(np.argsort(heat.ravel())) for heat in (first, second)]
    n = first.size
    return 1 - 6 * float(((ranks[0] - ranks[1]) ** 2).sum()) / (n * (n**2 - 1))


@pytest.mark.parametrize(("asked", "second"), [("its answer", "d"), ("d", "c")])  # the most likely but for the asked
def test_each_heat_is_compared_with_the_heat_of_its_own_kind(monkeypatch, asked, second):
    rng = np.random.default_rng(1)
    heats = {}
    for place in ("heats_said", "heats_before", "heats_second"):
        plain, smooth, drop = (rng.permutation(30).reshape(5, 6).astype(np.float32) for _ in range(3))
        heats[place] = Gradients(0, plain, smooth, 0.15, 32), Occlusion(0, drop, 4, 2, 42, 0.75, 0.125, (0, 0))
    labels = {}

    def awaited(place, _, subject, label, *rest, **__):
        labels[place] = label, subject.moment
        return heats[place]

    monkeypatch.setattr(inside_views, "awaited", awaited)
    found = forward_pass()
    subject = Subject("run", 3, None, 0, found.pixels, "", "")
    sight = SimpleNamespace(subject=subject, classes=found.classes)
    state = {"inside_sigma": 15, "inside_seed": 0, "inside_patch": 4, "inside_class": asked}
    text = said(viewed(inside_views.explain_heats, sight, found, **state))

    def told(place):
        (now, covered), (other, hidden) = heats["heats_said"], heats[place]
        pairs = {"Gradient": (now.plain, other.plain), "SmoothGrad": (now.smooth, other.smooth)}
        pairs["Occlusion"] = (covered.drop, hidden.drop)
        return ", ".join(f"{kind} **{spearman(*pair):z.2f}**" for kind, pair in pairs.items()).replace("**-", "**−")

    assert f"*before training*: {told('heats_before')}." in text
    assert f"with the heat map for *{second}*: {told('heats_second')}." in text
    first = found.classes.index("c" if asked == "its answer" else asked)
    assert labels == {
        "heats_said": (first, 3),
        "heats_before": (first, Moment.BEFORE),
        "heats_second": (found.classes.index(second), 3),
    }
    assert "has **75.0 %**; with the patch where it hurts most (dashed) **12.5 %**, the least of 42 places" in text
