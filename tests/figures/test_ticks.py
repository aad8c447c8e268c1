import re

import pytest

from cnncore.figures.curves import Chart
from cnncore.figures.export import to_svg
from cnncore.figures.ticks import POWERS
from cnncore.wording import number

TICKS = (1e-12, 2e-5, 1e-4, 0.5, 1, 20, 50000, 1e6, 5e11, 1e35)


def test_an_axis_writes_numbers_as_sentences_do():
    pytest.importorskip("vl_convert")
    axis = {"title": None, "values": list(TICKS), "labelExpr": POWERS, "labelOverlap": False, "format": "~g"}
    y = {"field": "y", "type": "quantitative", "scale": {"type": "log", "domain": [1e-13, 1e36]}, "axis": axis}
    svg = to_svg(Chart({"mark": "point", "encoding": {"y": y}}, {"y": [1]}))
    written = re.findall(r"<text[^>]*>([^<]+)</text>", svg)
    assert sorted(written) == sorted(number(tick).replace("\N{NO-BREAK SPACE}", " ").replace(",", "") for tick in TICKS)
