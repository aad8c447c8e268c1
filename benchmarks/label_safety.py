"""Label safety: how far does a network fall on mirrored and turned test images? (Q23)

    python -m benchmarks.label_safety
    python -m benchmarks.label_safety --presets figure-1,classroom-5,classroom-6 --seeds 3

`figure-1` is LeNet-5 on MNIST, which must be prepared; the classroom presets train on the built-in data, 5 without
and 6 with mirrored images. Trained as the app trains, read on all test images after the last epoch. The result is
written to benchmarks/results/label-safety-DEVICE.json.
"""

import argparse
import json
import statistics
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from cnncore.inspection.label_safety import Safety, measure
from cnncore.runs.client import delete
from cnncore.runs.record import Status
from cnncore.runs.store import open_store
from cnncore.runs.worker import record
from cnncore.training.config import RunConfig
from cnncore.training.presets import PRESETS, title

RESULTS = Path(__file__).parent / "results"


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


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presets", default="figure-1,classroom-5,classroom-6")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()

    path = RESULTS / f"label-safety-{args.device}.json"
    result: dict[str, Any] = {"machine": machine(), "seeds": args.seeds, "presets": {}}
    for name in args.presets.split(","):
        config = replace(PRESETS[name], device=args.device)
        runs = []
        for seed in range(args.seeds):
            runs.append({"seed": seed, "views": rows(trained(replace(config, seed=seed)))})
            views = {}
            for view in runs[0]["views"]:
                accuracies = [run["views"][view]["right"] / run["views"][view]["images"] for run in runs]
                spread = round(statistics.stdev(accuracies), 4) if len(runs) > 1 else None
                views[view] = {"mean": round(statistics.mean(accuracies), 4), "spread": spread}
            result["presets"][name] = {
                "title": title(name),
                "config": config.to_dict(),
                "accuracy": views,
                "runs": runs,
            }
            path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        print(name, {view: f"{100 * values['mean']:.1f} %" for view, values in views.items()}, flush=True)


if __name__ == "__main__":
    main()
