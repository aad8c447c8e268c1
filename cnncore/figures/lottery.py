"""Many readings of one network's accuracy as a histogram, the theory over it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.figures.curves import Chart
from cnncore.figures.palette import GUESS, INPUT, KERNEL, TEST, WRITTEN

ALL = "all test images"
ONE = "the batch drawn last"


def histogram(counts: NDArray[np.int64], theory: NDArray[np.float64], accuracy: float, one: int | None) -> Chart:
    """Return the chart of readings `counts` (n,), bars as high as their share, and `theory` (size + 1,) as a line.

    Vertical lines mark the true `accuracy` and, if given, the reading `one`, in right images.
    """
    size = len(theory) - 1
    share = np.bincount(counts, minlength=size + 1) / len(counts)
    shown = np.flatnonzero((share > 0) | (theory > 1e-5))
    data: dict[str, list[Any]] = {
        "right": shown.tolist(),
        "low": np.round(100 * (shown - 0.45) / size, 3).tolist(),
        "high": np.round(100 * (shown + 0.45) / size, 3).tolist(),
        "x": np.round(100 * shown / size, 3).tolist(),
        "share": np.round(100 * share[shown], 4).tolist(),
        "theory": np.round(100 * theory[shown], 4).tolist(),
    }
    across = {
        "type": "quantitative",
        "scale": {"zero": False, "nice": False},
        "title": f"accuracy of {size} images (%)",
    }
    height = {"type": "quantitative", "title": "share of the batches (%)"}
    return Chart(
        {
            "layer": [
                {
                    "mark": {"type": "rect", "color": INPUT, "opacity": 0.55, "tooltip": True},
                    "encoding": {
                        "x": {"field": "low", **across},
                        "x2": {"field": "high"},
                        "y": {"field": "share", **height},
                        "y2": {"datum": 0},
                    },
                },
                {
                    "mark": {"type": "line", "color": GUESS, "strokeWidth": 2.5},
                    "encoding": {"x": {"field": "x", **across}, "y": {"field": "theory", **height}},
                },
                *_mark(100 * accuracy, f"{ALL}: {100 * accuracy:.1f} %", TEST, 12),
                *([] if one is None else _mark(100 * one / size, f"{ONE}: {100 * one / size:.1f} %", KERNEL, 30)),
            ],
            "height": 290,
            "config": {"view": {"stroke": None}},
        },
        data,
    )


def _mark(at: float, text: str, colour: str, down: int) -> list[dict[str, Any]]:
    once = {"values": [{"at": at, "text": text}]}
    x = {"x": {"field": "at", "type": "quantitative"}}
    return [
        {"data": once, "mark": {"type": "rule", "strokeWidth": 2.5, "color": colour}, "encoding": x},
        {
            "data": once,
            "mark": {
                "type": "text",
                "align": "left",
                "dx": 6,
                "color": WRITTEN[colour],
                "fontWeight": "bold",
                "fontSize": 12,
            },
            "encoding": {**x, "y": {"value": down}, "text": {"field": "text"}},
        },
    ]
