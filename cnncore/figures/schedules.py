"""Learning rate schedules before a run starts: every planned rate, what they add up to, and when it is over."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.figures.curves import Chart
from cnncore.figures.palette import INK, RUNS
from cnncore.training.config import RunConfig, Schedule
from cnncore.training.schedule import planned
from cnncore.wording import counted, number

UPDATES = 20  # an epoch: enough for the schedules that move within one
POINTS = 300  # of a line
OVER = 0.95  # a schedule counts as over when this share of all its steps is done
WIDTH, BELOW = 2.2, 5  # of a line; of the constant rate, which is seen on both sides of the schedules that begin on it
AT_MOST = [6, 5]  # dashes: where the losses never ask for less, the constant rate is seen through them


@dataclass(frozen=True, eq=False)  # arrays do not compare to one truth value
class RatePlan:
    """The learning rate under one schedule, `rates` (epochs * UPDATES,): of as many updates in every epoch.

    `exact` is false where the losses decide (plateau): the rates are then the most that they can be.
    """

    schedule: Schedule
    rates: NDArray[np.float64]
    exact: bool = True

    @property
    def epochs(self) -> int:
        """How many epochs are planned."""
        return len(self.rates) // UPDATES

    @property
    def total(self) -> float:
        """The sum over the epochs of their mean rate: how far all steps together can move the weights."""
        return float(self.rates.sum() / UPDATES)

    @property
    def over(self) -> int:
        """The epoch after which 95 % of `total` is used up."""
        return int(np.argmax(np.cumsum(self.rates) >= (OVER - 1e-9) * self.rates.sum())) // UPDATES + 1

    def after(self, epochs: int) -> float:
        """Return the rate of the first update after so many epochs, of the last one at the run's end."""
        return float(self.rates[min(epochs * UPDATES, len(self.rates) - 1)])

    @property
    def acts(self) -> bool:
        """Whether the rate ever differs from the first one."""
        return bool((self.rates != self.rates[0]).any())


def plans(config: RunConfig) -> list[RatePlan]:
    """Return what each schedule would do to `config`, warm-up included."""
    result = []
    for schedule in Schedule:
        found = planned(replace(config, schedule=schedule), UPDATES, None)
        result.append(RatePlan(schedule, found.lr, found.exact))
    return result


def idle(found: list[RatePlan]) -> str:
    """Return in a sentence which schedules never act within these epochs; empty if all do (`none` is meant not to)."""
    meant = [plan for plan in found if plan.exact and plan.schedule is not Schedule.NONE]
    names = [f"*{plan.schedule}*" for plan in meant if not plan.acts]
    if not names:
        return ""
    epochs = counted(found[0].epochs, "epoch")
    verb = "never acts" if len(names) == 1 else "never act"
    return (
        f"{' and '.join(names)} {verb} within {epochs}: no milestone is reached before the end, or "
        "the factor is 1. Such a run is one at a constant rate, whatever its name says."
    )


def plans_table(found: list[RatePlan], after: int) -> dict[str, list[Any]]:
    """Return by column: the rate after `after` epochs, the sum of all rates, the epoch after which it is over."""
    return {
        "schedule": [_name(plan) for plan in found],
        f"rate after {after} epochs": [number(plan.after(after)) for plan in found],
        "sum of all rates": [number(plan.total) for plan in found],
        f"{100 * OVER:.0f} % of it used after": [f"epoch {plan.over}" for plan in found],
    }


def _name(plan: RatePlan) -> str:
    return str(plan.schedule) + ("" if plan.exact else " (at most)")


def plans_chart(found: list[RatePlan], after: int) -> Chart:
    """Return the rate of every epoch, one line a schedule, dashed where it is the most it can be; a mark at `after`."""
    data: dict[str, list[Any]] = {"epoch": [], "rate": [], "schedule": []}
    for plan in found:
        # Where the rate stays, nothing has to be drawn again: a step begins at its first update.
        keep = np.flatnonzero(np.diff(plan.rates, prepend=np.nan, append=np.nan)[:-1] != 0)
        keep = np.union1d(keep[:: max(1, len(keep) // POINTS)], [0, len(plan.rates) - 1])
        data["epoch"].extend((keep / UPDATES).tolist())
        data["rate"].extend(float(f"{rate:.4g}") for rate in plan.rates[keep])
        data["schedule"].extend([_name(plan)] * len(keep))
    names = [_name(plan) for plan in found]
    colours = [RUNS[i % len(RUNS)] for i in range(len(names))]
    widths = [BELOW if plan.schedule is Schedule.NONE else WIDTH for plan in found]
    dashes = [[1, 0] if plan.exact else AT_MOST for plan in found]
    # In two rows: in a window of 800 pixels one would be cut off.
    legend = {
        "title": None,
        "orient": "top",
        "columns": -(-len(names) // 2),
        "symbolType": "stroke",
        "symbolSize": 300,
        "symbolStrokeWidth": 3,
    }
    x = {"field": "epoch", "type": "quantitative", "axis": {"title": "epochs done"}, "scale": {"nice": False}}
    lines = {
        "mark": {"type": "line", "interpolate": "step-after"},
        "encoding": {
            "x": x,
            "y": {"field": "rate", "type": "quantitative", "axis": {"title": "learning rate"}},
            "color": {
                "field": "schedule",
                "type": "nominal",
                "scale": {"domain": names, "range": colours},
                "legend": legend,
            },
            "strokeWidth": {
                "field": "schedule",
                "type": "nominal",
                "scale": {"type": "ordinal", "domain": names, "range": widths},
                "legend": legend,
            },
            "strokeDash": {
                "field": "schedule",
                "type": "nominal",
                "scale": {"domain": names, "range": dashes},
                "legend": legend,
            },
        },
    }
    rule = {
        "data": {"values": [{"epoch": after}]},
        "mark": {"type": "rule", "strokeDash": [4, 3], "color": INK},
        "encoding": {"x": x},
    }
    return Chart({"layer": [lines, rule], "height": 260}, data)
