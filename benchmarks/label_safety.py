"""Label safety: how far does a network fall on mirrored and turned test images? (Q23)

    python -m benchmarks.label_safety
    python -m benchmarks.label_safety --presets figure-1,classroom-5,classroom-6 --seeds 3
    python -m benchmarks.label_safety --presets practical-plus --runs ID,ID

`figure-1` is LeNet-5 on MNIST, which must be prepared; the classroom presets train on the built-in data, 5 without
and 6 with mirrored images. Trained as the app trains, read on all test images after the last epoch. The result is
written to benchmarks/results/label-safety-DEVICE.json.

With `--runs` stored runs of one preset, which took long, are measured and kept: label-safety-PRESET-DEVICE.json.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.files import RESULTS, rounded, write
from benchmarks.machine import copies, machine
from cnncore.inspection.label_safety import Safety, measure
from cnncore.runs.client import delete
from cnncore.runs.record import Status
from cnncore.runs.store import open_store
from cnncore.runs.worker import record
from cnncore.training.config import RunConfig
from cnncore.training.presets import PRESETS, title


def trained(config: RunConfig) -> Safety:
    """Train one run into the store, measure it, and take it out again."""
    store = open_store()
    run_id = store.create(config, status=Status.RUNNING)
    try:
        record(store, run_id, config)
        return measure(run_id)
    finally:
        store.set_status(run_id, Status.STOPPED)
        delete(run_id)


def rows(found: Safety) -> dict[str, Any]:
    """Return for each view the right answers, the images, and each class's accuracy."""
    return {
        view: {
            "right": found.right(view)[0],
            "images": found.right(view)[1],
            "classes": dict(zip(found.classes, found.by_class(view).round(4).tolist(), strict=True)),
        }
        for view in found.confusion
    }


def summary(preset: str, config: RunConfig, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what is written of a preset: its settings, the mean and spread of each view, and every run."""
    views = {}
    for view in runs[0]["views"]:
        accuracies = [run["views"][view]["right"] / run["views"][view]["images"] for run in runs]
        views[view] = rounded(accuracies)
    return {"title": title(preset), "config": config.to_dict(), "accuracy": views, "runs": runs}


def keep(path: Path, result: dict[str, Any]) -> None:
    """Write the result, and say the last preset's means."""
    write(path, result)
    name, last = list(result["presets"].items())[-1]
    print(name, {view: f"{100 * value['mean']:.2f} %" for view, value in last["accuracy"].items()}, flush=True)


def of_stored(preset: str, ids: list[str], device: str) -> None:
    """Measure stored runs of a preset, perhaps in another precision than its own, in place of training."""
    found = [open_store().get(run_id) for run_id in ids]
    runs = [{"seed": run.config.seed, "views": rows(measure(run.id))} for run in found]
    origin = copies(found[0].config.dataset)
    result = {"machine": machine(), "copies": origin, "presets": {preset: summary(preset, found[0].config, runs)}}
    keep(RESULTS / f"label-safety-{preset}-{device}.json", result)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presets", default="figure-1,classroom-5,classroom-6")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--runs", help="stored runs of the one preset, by their ids")
    args = parser.parse_args()
    if args.runs:
        of_stored(args.presets, args.runs.split(","), args.device)
        return

    path = RESULTS / f"label-safety-{args.device}.json"
    result: dict[str, Any] = {"machine": machine(), "seeds": args.seeds, "presets": {}}
    for name in args.presets.split(","):
        config = replace(PRESETS[name], device=args.device)
        runs = []
        for seed in range(args.seeds):
            runs.append({"seed": seed, "views": rows(trained(replace(config, seed=seed)))})
            result["presets"][name] = summary(name, config, runs)
            keep(path, result)


if __name__ == "__main__":
    main()
