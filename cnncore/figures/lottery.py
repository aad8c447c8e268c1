"""Many readings of one network's accuracy as a histogram, the theory over it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.figures.curves import Chart
from cnncore.figures.palette import GUESS, INK, INPUT, KERNEL, TEST

ALL = "all test images"
SUPPOSITION = "the supposed accuracy"
ONE = "the batch drawn last"


def histogram(
    counts: NDArray[np.int64], theory: NDArray[np.float64], accuracy: float, one: int | None, whose: str = ALL
) -> Chart:
    """Return the chart of readings `counts` (n,), bars as high as their share, and `theory` (size + 1,) as a line.

    Vertical lines mark the true `accuracy`, called `whose`, and, if given, the reading `one`, in right images.
    """
    size = len(theory) - 1
    share = np.bincount(counts, minlength=size + 1) / len(counts)
    shown = np.flatnonzero((share > 0) | (theory > 1e-5))
    data: dict[str, list[Any]] = {
        "right": shown.tolist(),
        "low": np.round(100 * np.maximum(shown - 0.45, 0) / size, 3).tolist(),  # no axis goes beyond 100 %
        "high": np.round(100 * np.minimum(shown + 0.45, size) / size, 3).tolist(),
        "x": np.round(100 * shown / size, 3).tolist(),
        "share": np.round(100 * share[shown], 4).tolist(),
        "theory": np.round(100 * theory[shown], 4).tolist(),
    }
    across = {
        "type": "quantitative",
        "scale": {"zero": False, "nice": False},
        "title": f"accuracy of {size} images (%)",
    }
    # The lines' texts stand above all bars.
    top = 1.3 * max(max(data["share"]), max(data["theory"]))
    height = {"type": "quantitative", "title": "share of the batches (%)", "scale": {"domain": [0, round(top, 3)]}}
    middle = (min(data["low"]) + max(data["high"])) / 2

    def mark(share: float, what: str, colour: str, down: int, width: float) -> list[dict[str, Any]]:
        return _mark(100 * share, f"{what}: {100 * share:.1f} %", colour, down, width, 100 * share > middle)

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
                # The wider one below: where both are at one place, both are seen.
                *([] if one is None else mark(one / size, ONE, KERNEL, 30, 7)),
                *mark(accuracy, whose, TEST, 12, 2.5),
            ],
            "height": 290,
            "config": {"view": {"stroke": None}},
        },
        data,
    )


def _mark(at: float, text: str, colour: str, down: int, width: float, leftward: bool) -> list[dict[str, Any]]:
    once = {"values": [{"at": at, "text": text}]}
    x = {"x": {"field": "at", "type": "quantitative"}}
    words = {"align": "right", "dx": -8} if leftward else {"align": "left", "dx": 8}
    return [
        {"data": once, "mark": {"type": "rule", "strokeWidth": width, "color": colour}, "encoding": x},
        {
            "data": once,
            "mark": {"type": "text", **words, "color": INK, "fontWeight": "bold", "fontSize": 12},
            "encoding": {**x, "y": {"value": down}, "text": {"field": "text"}},
        },
    ]
