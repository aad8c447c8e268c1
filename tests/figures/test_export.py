import csv
import io

import pytest

from cnncore.errors import InputError
from cnncore.figures import export
from cnncore.figures.curves import Chart
from cnncore.figures.ladder import readings_chart, reported

CHART = Chart({"mark": "line", "encoding": {}}, {"x": [1, 2], "name": ["a, b", 'with "quotes"'], "y": [0.5, None]})


def test_the_csv_is_the_charts_data():
    rows = list(csv.reader(io.StringIO(export.to_csv(CHART))))
    assert rows == [["x", "name", "y"], ["1", "a, b", "0.5"], ["2", 'with "quotes"', ""]]


def test_the_specification_carries_its_data():
    assert export.standalone(CHART)["data"]["values"] == [
        {"x": 1, "name": "a, b", "y": 0.5},
        {"x": 2, "name": 'with "quotes"', "y": None},
    ]


def test_without_the_converter_the_sentence_names_the_remedy(monkeypatch):
    monkeypatch.setattr(export, "can_draw", lambda: False)
    with pytest.raises(InputError, match="pip install vl-convert-python"):
        export.to_svg(CHART)


def test_pictures_are_an_svg_and_a_png_of_twice_the_dots():
    pytest.importorskip("vl_convert")
    chart = readings_chart(reported())
    svg = export.to_svg(chart)
    assert svg.startswith("<svg")
    assert "test accuracy (%)" in svg
    png = export.to_png(chart)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(png[16:20]) > 1400
