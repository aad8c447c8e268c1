"""What benchmarks/ measured, found by its configuration: mean and spread of the last epoch over the seeds."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from statistics import fmean
from typing import Any

from cnncore.figures import results
from cnncore.figures.results import copied_from, where
from cnncore.runs.differences import setting
from cnncore.statistics import mean_and_spread
from cnncore.training.config import TTA, Precision, RunConfig
from cnncore.training.presets import PRESETS
from cnncore.wording import duration

_PARTS = ("presets", "eras", "final")  # of a result file: in each, entries with a configuration and its runs


@dataclass(frozen=True)
class Measured:
    """One configuration's test accuracy (fraction) at the end: `spread` is the standard deviation over the `seeds`.

    None where there was one seed. `seconds` are of training alone, a run's mean, on `machine`, `core_seconds` what the
    whole run used of its cores, whatever ran beside it (None where that was not read); `config` says with how
    many images and epochs. `copies` says what the images were read from where they were not the original ones, else
    it is empty. `again` are accuracy and spread with test-time augmentation, None where there was none.
    """

    config: RunConfig
    accuracy: float
    spread: float | None
    seeds: int
    seconds: float
    machine: str
    copies: str = ""
    core_seconds: float | None = None
    again: tuple[float, float | None] | None = None


def measured(config: RunConfig) -> Measured | None:
    """Return what was measured of a configuration, whatever device and seed it names; None if nothing was.

    With its own precision, else with another one: that is how it was computed and not what, and `machine` says so.
    """
    known, asked = _known(), _learned(config)
    return known.get(asked) or known.get(_usual_precision(asked))


def measured_in_part(config: RunConfig) -> Measured | None:
    """Return what was measured of a configuration with a part of its train images, for however long; the largest."""
    whole = replace(config, train_size=None)
    parts = [
        found
        for found in _known().values()
        if found.config.train_size is not None
        and setting(replace(found.config, train_size=None, epochs=config.epochs)) == setting(whole)
    ]
    return max(parts, key=lambda part: (part.config.train_size or 0) * part.config.epochs, default=None)


def time_taken(config: RunConfig) -> str:
    """Return how long a run trained where it was measured, and on what; empty if it was not measured."""
    one = measured(config)
    return f"{duration(one.seconds)} on {one.machine.partition(', torch')[0]}" if one else ""


def time_added(before: str, after: str) -> str:
    """Return how much more time runs of one preset took than those of another, in percent, and on which GPU.

    `13 to 18 % on NVIDIA H200`: the range over the precisions that both were measured in, on the same machine; empty
    where there is none.
    """
    added, gpus = [], set()
    for precision in (Precision.TF32, Precision.HALF):
        first, second = (measured(replace(PRESETS[name], precision=precision)) for name in (before, after))
        if first and second and first.machine == second.machine and first.config.precision is precision:
            added.append(100 * (second.seconds / first.seconds - 1))
            gpus.add(second.machine.partition(",")[0])
    if not added:
        return ""
    ends = dict.fromkeys(f"{end:.0f}" for end in (min(added), max(added)))
    return f"{' to '.join(ends)} % on {', '.join(sorted(gpus))}"


def _learned(config: RunConfig) -> RunConfig:
    """Return what decides about a result: neither snapshots of the weights nor more looks at the images change it."""
    return replace(setting(config), snapshots=RunConfig().snapshots, tta=TTA.NONE)


def _usual_precision(config: RunConfig) -> RunConfig:
    return replace(config, precision=Precision.FP32)


@cache
def _known() -> dict[RunConfig, Measured]:
    names = sorted(path.stem for path in results.RESULTS.glob("*.json"))
    entries = [entry for name in names for entry in _entries(results.stored(name))]
    entries.sort(key=lambda entry: entry.seeds)  # of two measurements the one with more seeds stays
    # What was not measured in the usual precision has its place taken by another one.
    others = {_usual_precision(_learned(entry.config)): entry for entry in entries}
    return others | {_learned(entry.config): entry for entry in entries}


def _entries(content: dict[str, Any]) -> Iterator[Measured]:
    if "warm_seconds" in content:  # benchmarks/speedrun.py: one configuration a file
        accuracy, warm = content["test_accuracy"], content["warm_seconds"]["mean"]
        config = RunConfig.from_dict(content["config"])
        machine = where(config, content["machine"])
        images = copied_from(content, config.dataset)
        looks = content.get("test_tta_accuracy")
        again = (looks["mean"], looks["spread"]) if looks else None
        measured = accuracy["mean"], accuracy["spread"], len(content["runs"]), warm
        yield Measured(config, *measured, machine, images, again=again)
    if "cold_start_seconds" in content:  # benchmarks/gpu.py: presets by their names, in several precisions
        yield from _gpu_entries(content)
    for part in _PARTS:
        for entry in content.get(part, {}).values():
            if "config" not in entry:
                continue
            ended = [run for run in entry["runs"] if "curve" in run and not run["diverged"]]
            if ended:
                accuracy, spread = mean_and_spread([run["curve"]["test_accuracy"][-1] for run in ended])
                seconds, _ = mean_and_spread([_seconds(run) for run in ended])
                config = RunConfig.from_dict(entry["config"])
                machine, images = where(config, content["machine"]), copied_from(content, config.dataset)
                used = [run["cpu_seconds"] for run in ended if "cpu_seconds" in run]
                core = fmean(used) if used else None
                curves = [run["curve"].get("test_tta_accuracy") for run in ended]
                again = mean_and_spread([curve[-1] for curve in curves]) if all(curves) else None
                yield Measured(config, accuracy, spread, len(ended), seconds, machine, images, core, again)


def _gpu_entries(content: dict[str, Any]) -> Iterator[Measured]:
    for preset, rows in content["presets"].items():
        for precision, row in rows.items():
            if runs := row.get("graph"):
                config = replace(PRESETS[preset], epochs=content["epochs"], precision=Precision(precision))
                accuracy, spread = mean_and_spread([run["test_accuracy"] for run in runs])
                seconds, _ = mean_and_spread([run["seconds"] for run in runs])
                machine, images = where(config, content["machine"]), copied_from(content, config.dataset)
                yield Measured(config, accuracy, spread, len(runs), seconds, machine, images)


def _seconds(run: dict[str, Any]) -> float:
    seconds = run["seconds"]  # the ladder's runs have the evaluations' beside it
    return float(seconds["train"] if isinstance(seconds, dict) else seconds)
