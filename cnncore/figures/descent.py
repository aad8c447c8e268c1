"""What the drawn surface needs: its height on a grid, and of every optimizer's way the points and the numbers."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from cnncore.descent.paths import LAST, WALKERS, Setting, Way, ball, time_to_settle
from cnncore.descent.rules import Rule, effective_rate
from cnncore.descent.surfaces import surface
from cnncore.figures.palette import RUNS, by_name
from cnncore.wording import number

COLUMNS, ROWS = 97, 49
COLOURS: dict[Rule, str] = dict(zip(Rule, RUNS, strict=True))
_SETTLED = 0.05  # a way has arrived where its start matters less than this


def descent_data(setting: Setting, found: Sequence[Way]) -> dict[str, Any]:
    """Return the surface and the ways as plain values: `height` runs from the top row, 0 at the minimum."""
    place = surface(setting.surface)
    return {
        "surface": place.name,
        "box": list(place.box),
        "minima": [list(minimum) for minimum in place.minima],
        "start": list(setting.start or place.start),
        "columns": COLUMNS,
        "rows": ROWS,
        "height": _height(place.name),
        "repeats": 1 if setting.batch is None else WALKERS,
        "decay": setting.decay,
        "ways": [
            {
                "name": str(way.rule),
                "colour": by_name(COLOURS[way.rule]),
                "rate": float(f"{way.rate:.6g}"),
                "points": np.round(way.points, 3).ravel().tolist(),
                "loss": [float(f"{value:.4g}") for value in way.loss],
                "mean": [float(f"{value:.4g}") for value in way.mean_loss],
                "distance": [float(f"{value:.4g}") for value in place.distance(way.points)],
                "diverged": way.diverged,
            }
            for way in found
        ],
    }


@cache
def _height(name: str) -> list[float]:
    place = surface(name)
    above = place.grid(COLUMNS, ROWS) - place.lowest
    return [float(f"{value:.3g}") for value in above.ravel()]


def settled(setting: Setting, way: Way) -> bool:
    """Return whether the last steps show the ball alone: its start is forgotten, and the rate is still what it was."""
    place = surface(setting.surface)
    if not place.curvatures or setting.decay < 1 or way.diverged is not None or setting.batch is None:
        return False
    momentum = setting.constants.momentum if way.rule.has_momentum else 0.0
    time = time_to_settle(way.rate, place.curvatures, momentum)
    return bool(np.exp(-(len(way.points) - LAST) / max(time, 1e-9)) < _SETTLED)


def predicted_ball(setting: Setting, way: Way) -> float | None:
    """Return the size of the ball by formula; None where no formula holds: another rule, a way not settled."""
    if way.rule not in (Rule.SGD, Rule.MOMENTUM) or not settled(setting, way):
        return None
    momentum = setting.constants.momentum if way.rule is Rule.MOMENTUM else 0.0
    return ball(way.rate, setting.noise, surface(setting.surface).curvatures, momentum)


def ways_table(setting: Setting, found: Sequence[Way]) -> dict[str, list[Any]]:
    """Return by column what each way's numbers are: its rate, its effective step, where it ends, the ball."""
    rows = []
    for way in found:
        predicted = predicted_ball(setting, way)
        effective = effective_rate(way.rate, setting.constants.momentum) if way.rule.has_momentum else None
        adaptive = way.rule in (Rule.RMSPROP, Rule.ADAM, Rule.ADAMW)
        rows.append(
            {
                "optimizer": str(way.rule),
                "learning rate": number(way.rate),
                "a steady gradient g moves a weight by": "about its rate, however large g"
                if adaptive
                else f"{number(way.rate if effective is None else effective)} · g",
                "end": f"diverged at step {way.diverged}"
                if way.diverged is not None
                else f"{number(way.mean_loss[-1])} above the minimum",
                f"distance, last {LAST} steps": "" if way.diverged is not None else f"{way.ball:.3f}",
                "by formula": None if predicted is None else f"{predicted:.3f}",
            }
        )
    return {name: [row[name] for row in rows] for name in rows[0]} if rows else {}
