"""A confusion matrix as a heat map: how many images of each true class were taken for each class."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.figures.curves import Chart
from cnncore.figures.palette import TEST, TRAIN


def confusion_chart(counts: NDArray[np.int64], names: Sequence[str], ink: str) -> Chart:
    """Return the matrix `counts` (true, answer): blue where right, orange where wrong, the deeper the larger the share.

    Shares are of the true class's images; the number in a cell is the count, zeros are left empty.
    """
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    data: dict[str, list[Any]] = {"true": [], "answer": [], "count": [], "share": [], "right": []}
    for row, true in enumerate(names):
        for column, answer in enumerate(names):
            data["true"].append(true)
            data["answer"].append(answer)
            data["count"].append(str(counts[row, column] or ""))
            data["share"].append(round(float(shares[row, column]), 4))
            data["right"].append("right" if row == column else "wrong")
    place = {
        "x": {
            "field": "answer",
            "type": "nominal",
            "sort": None,
            "axis": {"title": "taken for", "labelAngle": -40, "labelOverlap": False},
        },
        "y": {"field": "true", "type": "nominal", "sort": None, "axis": {"title": "true class"}},
    }
    colour = {
        "field": "right",
        "type": "nominal",
        "scale": {"domain": ["right", "wrong"], "range": [TRAIN, TEST]},
        "legend": None,
    }
    depth = {"field": "share", "type": "quantitative", "scale": {"domain": [0, 1], "range": [0, 1]}, "legend": None}
    cells = {"mark": {"type": "rect"}, "encoding": {**place, "color": colour, "opacity": depth}}
    text = {"mark": {"type": "text", "color": ink, "fontSize": 12}, "encoding": {**place, "text": {"field": "count"}}}
    height = max(220, min(420, 34 * len(names)))
    return Chart({"layer": [cells, text], "height": height, "config": {"view": {"stroke": None}}}, data)
