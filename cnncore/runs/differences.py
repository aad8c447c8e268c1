"""What runs differ in: the fields of their configurations, and which runs differ in the seed alone."""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from cnncore.runs.record import Run, network_name
from cnncore.training.config import RunConfig

# A label, and where it ran: neither changes what is learned.
_NO_CHOICE = ("preset", "device")


def differences(configs: Sequence[RunConfig]) -> dict[str, tuple[str, ...]]:
    """Return the fields in which the configurations differ, in the record's order, with each one's value as text.

    >>> differences([RunConfig(), RunConfig(lr=0.01, preset="figure-3")])
    {'lr': ('0.1', '0.01')}
    """
    names = [spec.name for spec in fields(RunConfig) if spec.name not in _NO_CHOICE]
    columns = {name: [getattr(config, name) for config in configs] for name in names}
    return {
        name: tuple(_text(name, value) for value in values)
        for name, values in columns.items()
        if any(value != values[0] for value in values)
    }


def short_names(runs: Sequence[Run], most: int = 48) -> list[str]:
    """Return what tells each of the runs from the others, in at most `most` letters; their labels where that is longer.

    Names that are the same have the end of the run's id after them.
    """
    found = differences([run.config for run in runs])
    names = [", ".join(f"{name} {values[place]}" for name, values in found.items()) for place in range(len(runs))]
    if not found or max(map(len, names)) > most:
        names = [run.label for run in runs]
    return [
        name if names.count(name) == 1 else f"{name} ({run.id[-4:]})" for name, run in zip(names, runs, strict=True)
    ]


def setting(config: RunConfig) -> RunConfig:
    """Return what runs that differ in the seed alone share."""
    return replace(config, seed=0, preset=None, device=RunConfig().device)


def by_setting(runs: Sequence[Run]) -> list[list[Run]]:
    """Return the runs, those that differ in the seed alone together, each in the order in which they came."""
    together: dict[RunConfig, list[Run]] = {}
    for run in runs:
        together.setdefault(setting(run.config), []).append(run)
    return list(together.values())


def _text(name: str, value: Any) -> str:
    if name == "network":
        return network_name(value)
    if isinstance(value, tuple):
        return " + ".join(str(getattr(entry, "kind", entry)) for entry in value) or "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if value is None:
        return "all"
    return f"{value:g}" if isinstance(value, float) else str(value)
