"""One metric of many runs as Vega-Lite: a colour for each setting, its seeds thin under their mean and its band."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.figures.curves import AXIS_TITLES, LEGEND, Axis, Chart, logarithmic, smoothed
from cnncore.figures.palette import RUNS
from cnncore.figures.ticks import POWERS
from cnncore.runs.record import Curve

METRICS: Mapping[str, str] = {
    "test/accuracy": "test accuracy (%)",
    "test/loss": "test loss (nats per image)",
    "validation/accuracy": "validation accuracy (%)",
    "validation/loss": "validation loss (nats per image)",
    "batch/accuracy": "train accuracy, running (%)",
    "batch/loss": "train loss, running (nats per image)",
    "train_eval/accuracy": "train accuracy, re-scored (%)",
    "train_eval/loss": "train loss, re-scored (nats per image)",
}


@dataclass(frozen=True)
class Seeds:
    """The curves of the runs of one setting, one a seed."""

    label: str
    curves: Sequence[Curve]


def mean_curve(
    curves: Sequence[tuple[NDArray[Any], NDArray[Any]]],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return (x, mean, standard deviation) of curves given as (x, value), each (n,), as far as all of them reach.

    At the places of the shortest one; the others are interpolated between theirs. The standard deviation is the
    sample's (n - 1); of one curve it is 0.
    """
    x, _ = min(curves, key=lambda curve: curve[0][-1])
    x = np.asarray(x, np.float64)
    values = np.array([np.interp(x, at, value) for at, value in curves])
    spread = values.std(axis=0, ddof=1) if len(curves) > 1 else np.zeros(len(x))
    return x, values.mean(axis=0), spread


def overlay_chart(settings: Sequence[Seeds], metric: str, axis: Axis) -> Chart:
    """Return the chart of one of `METRICS` over `axis`; settings without that metric are left out.

    Each run's values are thin: every update's where there are such, under the smoothed curve. Of several seeds the
    thick line is the mean and the band one standard deviation to each side. Accuracies are in percent.
    """
    scale = 100.0 if metric.endswith("accuracy") else 1.0
    data: dict[str, list[Any]] = {name: [] for name in ("x", "setting", "seed", "raw", "mean", "low", "high")}

    def extend(x: NDArray[Any], setting: str, seed: int | None, **columns: NDArray[np.float64]) -> None:
        data["x"].extend(np.round(x.astype(float), 3).tolist())
        data["setting"].extend([setting] * len(x))
        data["seed"].extend([seed] * len(x))
        for name in ("raw", "mean", "low", "high"):
            data[name].extend(np.round(scale * columns[name], 4).tolist() if name in columns else [None] * len(x))

    shown = [Seeds(entry.label, [curve for curve in entry.curves if len(curve.value)]) for entry in settings]
    shown = [entry for entry in shown if entry.curves]
    for entry in shown:
        lines = []
        for number, curve in enumerate(entry.curves):
            x: NDArray[Any] = getattr(curve, axis)
            extend(x, entry.label, number, raw=curve.value)
            lines.append((x, smoothed(curve.value, curve.step) if metric.startswith("batch/") else curve.value))
        x, mean, spread = mean_curve(lines)
        band = {"low": mean - spread, "high": mean + spread} if len(lines) > 1 else {}
        extend(x, entry.label, None, mean=mean, **band)
    height = logarithmic(data["raw"]) or {"zero": False, "padding": 4}
    return Chart(_spec([entry.label for entry in shown], metric, axis, height), data)


def _spec(labels: list[str], metric: str, axis: Axis, height: dict[str, Any]) -> dict[str, Any]:
    scale = {"domain": labels, "range": list(RUNS)}
    legend = {**LEGEND, "labelLimit": 420, "columns": 1}  # a narrow window cuts off what stands side by side
    across = {"title": AXIS_TITLES[axis], "tickMinStep": 1}
    shared = {
        "x": {
            "field": "x",
            "type": "quantitative",
            "axis": across,
            "scale": {"nice": False, "zero": True, "padding": 4},
        },
        "color": {"field": "setting", "type": "nominal", "scale": scale, "legend": legend},
        "detail": [{"field": "seed"}],
    }

    def line(width: float, opacity: float, size: int) -> dict[str, Any]:
        # An epoch is a point: a line of a run's first one alone draws nothing. Updates are too many for that.
        point = {"size": size, "filled": True, "opacity": opacity} if not metric.startswith("batch/") else False
        return {"type": "line", "strokeWidth": width, "opacity": opacity, "point": point}

    def layer(name: str, mark: dict[str, Any], **more: Any) -> dict[str, Any]:
        y = {
            "field": name,
            "type": "quantitative",
            "title": METRICS[metric],
            "scale": height,
            "axis": {"labelExpr": POWERS} if height.get("type") == "log" else {},
        }
        return {
            "mark": {"clip": True, **mark},
            "encoding": {**shared, "y": y, **more},
            "transform": [{"filter": f"isValid(datum.{name})"}],
        }

    return {
        "layer": [
            layer("low", {"type": "area", "opacity": 0.18}, y2={"field": "high"}),
            layer("raw", line(1, 0.35, 10)),
            layer("mean", line(2.5, 1, 22)),
        ],
        "height": 300,
        "config": {"view": {"stroke": None}},
    }
