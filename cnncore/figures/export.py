"""A chart as a file: its data as CSV, its picture as SVG or PNG. Nothing is fetched from anywhere."""

import csv
import importlib.util
import io
from typing import Any

from cnncore.errors import InputError
from cnncore.figures.curves import Chart


def can_draw() -> bool:
    """Return whether pictures can be made here: they need vl-convert-python."""
    return importlib.util.find_spec("vl_convert") is not None


def to_csv(chart: Chart) -> str:
    """Return the data behind the chart with a header row; what a row does not have is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(chart.data)
    writer.writerows(zip(*chart.data.values(), strict=True))
    return text.getvalue()


def standalone(chart: Chart, width: int = 700) -> dict[str, Any]:
    """Return the specification with its data, `width` pixels wide on white, as any Vega-Lite program reads it."""
    names = list(chart.data)
    rows = [dict(zip(names, row, strict=True)) for row in zip(*chart.data.values(), strict=True)]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": width,
        "background": "white",
        "data": {"values": rows},
        **chart.spec,
    }


def to_svg(chart: Chart, width: int = 700) -> str:
    """Return the chart as SVG, `width` pixels wide; an `InputError` if vl-convert-python is not installed."""
    return str(_converter().vegalite_to_svg(standalone(chart, width)))


def to_png(chart: Chart, scale: float = 2) -> bytes:
    """Return the chart as PNG, `scale` dots to a pixel; an `InputError` if vl-convert-python is not installed."""
    return bytes(_converter().vegalite_to_png(standalone(chart), scale=scale))


def _converter() -> Any:
    if not can_draw():
        raise InputError("`picture` needs vl-convert-python: install it with `pip install vl-convert-python`.")
    return importlib.import_module("vl_convert")
