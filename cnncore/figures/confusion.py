"""A confusion matrix as a heat map: how many images of each true class were taken for each class."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.figures.curves import Chart
from cnncore.figures.palette import DEEP, INK, PAPER, TEST, TRAIN

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
    left empty, and where there are so many classes that no cell has room for its number they are not sent, but for the
    chosen one. The cell `chosen` is framed. A click selects a cell; where the choice was changed by other means since
    the last click, a new `turn` makes a click on the same cell a new one.
    """
    size = len(names)
    sent = (counts > 0) | (size <= _READABLE)
    if chosen is not None:
        sent[chosen] = True
    row, column = (place.tolist() for place in np.nonzero(sent))
    share = (counts / np.maximum(counts.sum(1, keepdims=True), 1))[sent].tolist()
    count = counts[sent].tolist()
    data: dict[str, list[Any]] = {
        "true": [names[r] for r in row],
        "answer": [names[c] for c in column],
        "row": row,
        "column": column,
        "turn": [turn] * len(row),
        "share": [round(s, 4) for s in share],
        "text": [_text(n, s, shares) for n, s in zip(count, share, strict=True)],
        "right": ["right" if r == c else "wrong" for r, c in zip(row, column, strict=True)],
        "ink": [ink(r == c, s) for r, c, s in zip(row, column, share, strict=True)],
        "chosen": [(r, c) == chosen for r, c in zip(row, column, strict=True)],
        "told": _told(row, column, count, share, counts.sum(1).tolist(), names),
    }
    return Chart(_spec(names), data)


def _text(count: int, share: float, shares: bool) -> str:
    if not count:
        return ""
    return f"{100 * share:.0f}" if shares else str(count)


def ink(right: bool, share: float) -> str:
    """Return the colour of a cell's number that is read best on that cell, in a light window and in a dark one."""
    if share <= (0.38 if right else 0.44):
        return INK
    return PAPER if right and share > 0.78 else DEEP


def _told(
    row: list[int], column: list[int], count: list[int], share: list[float], totals: list[int], names: Sequence[str]
) -> list[str]:
    return [
        f"{n:,} of {totals[r]:,} {names[r]} taken for {names[c]}: {100 * s:.1f} %"
        for r, c, n, s in zip(row, column, count, share, strict=True)
    ]


def _spec(names: Sequence[str]) -> dict[str, Any]:
    size = len(names)
    classes = {"domain": list(names)}  # in this order, and there though no cell of theirs is sent
    across = {"title": "taken for", "labelAngle": -40, "labelOverlap": size > _READABLE}
    down = {"title": "true class", "labelOverlap": size > _READABLE}
    place = {
        "x": {"field": "answer", "type": "nominal", "sort": None, "scale": classes, "axis": across},
        "y": {"field": "true", "type": "nominal", "sort": None, "scale": classes, "axis": down},
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
    written = {"field": "ink", "type": "nominal", "scale": None, "legend": None}
    text = {
        "mark": {"type": "text", "fontSize": 12},
        "encoding": {**place, "text": {"field": "text"}, "color": written},
    }
    layers = [cells, *([text] if size <= _READABLE else []), frame]
    height = max(260, min(430, 90 + 34 * size))  # with the axes
    return {"layer": layers, "height": height, "config": {"view": {"stroke": None}}}
