"""A confusion matrix as a heat map: how many images of each true class were taken for each class."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.figures.curves import Chart
from cnncore.figures.palette import INK, PAPER, TEST, TRAIN

CELL = "cell"  # the name of the selection: a click gives {"row", "column"}, numbers of true class and answer
_READABLE = 25  # classes up to which a cell has room for its number


def confusion_chart(
    counts: NDArray[np.int64],
    names: Sequence[str],
    *,
    shares: bool = False,
    chosen: tuple[int, int] | None = None,
    turn: int = 0,
) -> Chart:
    """Return the matrix `counts` (true, answer): blue where right, orange where wrong, the deeper the larger the share.

    Shares are of the true class's images. A cell shows its count, or, with `shares`, its share in percent; zeros are
    left empty. The cell `chosen` is framed. A click selects a cell; where the choice was changed by other means since
    the last click, a new `turn` makes a click on the same cell a new one.
    """
    share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    size = len(names)
    row, column = (place.ravel().tolist() for place in np.indices((size, size)))
    data: dict[str, list[Any]] = {
        "true": [names[r] for r in row],
        "answer": [names[c] for c in column],
        "row": row,
        "column": column,
        "turn": [turn] * size**2,
        "share": share.ravel().round(4).tolist(),
        "text": [_text(n, s, shares) for n, s in zip(counts.ravel().tolist(), share.ravel().tolist(), strict=True)],
        "right": ["right" if r == c else "wrong" for r, c in zip(row, column, strict=True)],
        "chosen": [(r, c) == chosen for r, c in zip(row, column, strict=True)],
        "told": _told(counts, share, names),
    }
    return Chart(_spec(size), data)


def _text(count: int, share: float, shares: bool) -> str:
    if not count:
        return ""
    return f"{100 * share:.0f}" if shares else str(count)


def _told(counts: NDArray[np.int64], share: NDArray[np.float64], names: Sequence[str]) -> list[str]:
    totals = counts.sum(1)
    return [
        f"{counts[r, c]:,} of {totals[r]:,} {true} taken for {answer}: {100 * share[r, c]:.1f} %"
        for r, true in enumerate(names)
        for c, answer in enumerate(names)
    ]


def _spec(size: int) -> dict[str, Any]:
    across = {"title": "taken for", "labelAngle": -40, "labelOverlap": size > _READABLE}
    down = {"title": "true class", "labelOverlap": size > _READABLE}
    place = {
        "x": {"field": "answer", "type": "nominal", "sort": None, "axis": across},
        "y": {"field": "true", "type": "nominal", "sort": None, "axis": down},
    }
    colour = {
        "field": "right",
        "type": "nominal",
        "scale": {"domain": ["right", "wrong"], "range": [TRAIN, TEST]},
        "legend": None,
    }
    # The root: one error in a hundred would else be invisible beside a class that is right.
    scale = {"type": "sqrt", "domain": [0, 1], "range": [0, 1]}
    depth = {"field": "share", "type": "quantitative", "scale": scale, "legend": None}
    cells = {
        "mark": {"type": "rect", "cursor": "pointer"},
        "params": [{"name": CELL, "select": {"type": "point", "fields": ["row", "column", "turn"], "on": "click"}}],
        "encoding": {**place, "color": colour, "opacity": depth, "tooltip": {"field": "told", "type": "nominal"}},
    }
    frame = {
        "mark": {"type": "rect", "filled": False, "stroke": INK, "strokeWidth": 2.5},
        "transform": [{"filter": "datum.chosen"}],
        "encoding": place,
    }
    readable = {"condition": {"test": "datum.share > 0.4", "value": PAPER}, "value": INK}
    text = {
        "mark": {"type": "text", "fontSize": 12},
        "encoding": {**place, "text": {"field": "text"}, "color": readable},
    }
    layers = [cells, *([text] if size <= _READABLE else []), frame]
    height = max(260, min(430, 90 + 34 * size))  # with the axes
    return {"layer": layers, "height": height, "config": {"view": {"stroke": None}}}
