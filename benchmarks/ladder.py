"""The ladder: the practical's experiments one after the other, several seeds each.

    python -m benchmarks.ladder --family classroom --seeds 3
    python -m benchmarks.ladder --family figure --epochs 100 --seeds 3 --device cuda

Every run uses the trainer that the app uses and nothing is chosen afterwards: the figures are those of the last
epoch, on all test images. The result is written to benchmarks/results/ladder-FAMILY-DEVICE.json after each run,
so that an interrupted measurement keeps what it has.
"""

import argparse
import statistics
from dataclasses import replace
from typing import Any

from benchmarks.files import RESULTS, rounded, write
from benchmarks.machine import copies, machine
from benchmarks.runs import followed
from cnncore.training.config import RunConfig
from cnncore.training.presets import PRESETS, title

METRICS = ("train_accuracy", "test_accuracy", "train_loss", "test_loss")


def measure(config: RunConfig) -> dict[str, Any]:
    """Return the curve of one run, epoch by epoch, and its training and evaluation seconds."""
    epochs, diverged = followed(config)
    curve = {name: [round(getattr(epoch, name), 4) for epoch in epochs] for name in METRICS}
    seconds = {"train": sum(e.seconds for e in epochs), "test": sum(e.test_seconds for e in epochs)}
    return {
        "seed": config.seed,
        "diverged": diverged,
        "seconds": {name: round(value, 1) for name, value in seconds.items()},
        "curve": curve,
    }


def summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return mean and spread (standard deviation over seeds) of each metric at the end, and what shows overfitting."""
    result: dict[str, Any] = {}
    complete = [run["curve"] for run in runs if run["diverged"] is None and run["curve"]["test_loss"]]
    result["diverged"] = sum(run["diverged"] is not None for run in runs)
    for name in METRICS:
        last = [curve[name][-1] for curve in complete]
        result[name] = rounded(last) if last else {"mean": None, "spread": None}
    lowest = [min(curve["test_loss"]) for curve in complete]
    result["lowest_test_loss"] = round(statistics.mean(lowest), 4) if lowest else None
    first = [curve["test_accuracy"][0] for curve in complete]
    result["first_epoch_test_accuracy"] = round(statistics.mean(first), 4) if first else None
    result["seconds"] = round(statistics.mean(run["seconds"]["train"] for run in runs), 1)
    return result


def table(result: dict[str, Any]) -> str:
    """Return the result as a Markdown table: mean and spread in percent, the test loss in nats."""
    lines = [
        "| preset | what it adds | train accuracy | test accuracy | test loss at the end (lowest) |",
        "|---|---|---:|---:|---:|",
    ]
    for name, preset in result["presets"].items():
        if preset["test_accuracy"]["mean"] is None:
            lines.append(f"| `{name}` | {preset['title'].split(': ')[1]} | - | - | no number in epoch 1 |")
            continue
        train, test = (_percent(preset[metric]) for metric in ("train_accuracy", "test_accuracy"))
        loss = f"{preset['test_loss']['mean']:.2f} ({preset['lowest_test_loss']:.2f})"
        lines.append(f"| `{name}` | {preset['title'].split(': ')[1]} | {train} | {test} | {loss} |")
    return "\n".join(lines)


def _percent(metric: dict[str, Any]) -> str:
    spread = "" if metric["spread"] is None else f" ± {100 * metric['spread']:.1f}"
    return f"{100 * metric['mean']:.1f}{spread} %"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--family", choices=["classroom", "figure"], default="classroom")
    parser.add_argument("--steps", default="2,3,4,5,6,7,7-momentum,8,9", help="which presets of the family")
    parser.add_argument("--dataset", help="instead of the presets' own")
    parser.add_argument("--epochs", type=int, help="instead of the presets' own")
    parser.add_argument("--train-size", type=int, help="only so many train images, balanced over the classes")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--name", help="of the result file")
    args = parser.parse_args()

    path = RESULTS / f"{args.name or f'ladder-{args.family}-{args.device}'}.json"
    result: dict[str, Any] = {"machine": machine(), "seeds": args.seeds, "presets": {}}
    for step in args.steps.split(","):
        name = f"{args.family}-{step}"
        config = replace(PRESETS[name], device=args.device)
        config = replace(config, epochs=args.epochs or config.epochs, dataset=args.dataset or config.dataset)
        config = replace(config, train_size=args.train_size)
        runs: list[dict[str, Any]] = []
        for seed in range(args.seeds):
            runs.append(measure(replace(config, seed=seed)))
            result["presets"][name] = {"title": title(name), "config": config.to_dict(), **summary(runs), "runs": runs}
            result["copies"] = result.get("copies", {}) | copies(config.dataset)
            write(path, result)
        row = result["presets"][name]
        train, test = row["train_accuracy"], row["test_accuracy"]
        if train["mean"] is None:
            print(f"{name:22} {runs[-1]['diverged']}", flush=True)
            continue
        print(
            f"{name:22} train {100 * train['mean']:5.1f} %   test {100 * test['mean']:5.1f} % "
            f"(spread {100 * (test['spread'] or 0):.1f})   test loss {row['test_loss']['mean']:.3f}, "
            f"lowest {row['lowest_test_loss']:.3f}   {row['seconds']:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
