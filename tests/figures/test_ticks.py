import re

import pytest

from cnncore.figures.curves import Chart
from cnncore.figures.export import to_svg
from cnncore.figures.ticks import POWERS, PREFIXED, names_below
from cnncore.wording import number

TICKS = (1e-12, 2e-5, 1e-4, 0.5, 1, 20, 50000, 1e6, 5e11, 1e35)


def test_an_axis_writes_numbers_as_sentences_do():
    pytest.importorskip("vl_convert")
    axis = {"title": None, "values": list(TICKS), "labelExpr": POWERS, "labelOverlap": False, "format": "~g"}
    y = {"field": "y", "type": "quantitative", "scale": {"type": "log", "domain": [1e-13, 1e36]}, "axis": axis}
    svg = to_svg(Chart({"mark": "point", "encoding": {"y": y}}, {"y": [1]}))
    written = re.findall(r"<text[^>]*>([^<]+)</text>", svg)
    assert sorted(written) == sorted(number(tick).replace("\N{NO-BREAK SPACE}", " ").replace(",", "") for tick in TICKS)


@pytest.mark.parametrize(
    ("most", "written"), [(1.2e6, ["0", "0.5 M", "1 M"]), (4e4, ["0", "20 k", "40 k"]), (4, "024")]
)
def test_thousands_and_millions_begin_with_nothing(most, written):
    pytest.importorskip("vl_convert")
    axis = {"title": None, "format": "~s", "labelExpr": PREFIXED, "tickCount": 2}
    y = {"field": "y", "type": "quantitative", "scale": {"domain": [0, most], "nice": False}, "axis": axis}
    svg = to_svg(Chart({"mark": "point", "encoding": {"y": y}}, {"y": [1]}))
    assert re.findall(r"<text[^>]*>([^<]+)</text>", svg) == list(written)


@pytest.mark.parametrize(("width", "slanted"), [(400, False), (250, True)])
def test_names_are_slanted_only_where_they_have_no_room(width, slanted):
    pytest.importorskip("vl_convert")
    names = ["boat", "butterfly", "car", "mushroom"]
    x = {"field": "x", "type": "nominal", "axis": {"title": None, **names_below(names * 2)}}
    svg = to_svg(Chart({"mark": "point", "encoding": {"x": x}}, {"x": names}), width)
    assert ("rotate(-40" in svg) == slanted
