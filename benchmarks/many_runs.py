"""Several runs at once on one device: images a second in all, against one run after another.

    python -m benchmarks.many_runs                                   figure-9 on CUDA, 1, 2, 4 and 8 at once
    python -m benchmarks.many_runs --counts 1,4 --epochs 3
    python -m benchmarks.many_runs --device cpu --preset classroom-9 --epochs 1 --train-size 200 --counts 1,2

Each reading is a process of its own: as many seeds as `--counts` says at once, from the moment at which all are set up
to the last one's end, an evaluation after every epoch included. The same seeds one after another come first, and every
run is held against its own there: every loss and accuracy must be the same number. On a CPU nothing is gained; that is
to see that it works. Written to benchmarks/results/many-runs-NAME.json, NAME being the device's; from a CPU never.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from benchmarks.files import RESULTS, write
from benchmarks.machine import gpu_name, lacks_cuda, machine
from cnncore.events import Batch, Diverged, Epoch, Event, Started
from cnncore.training.config import Precision, RunConfig
from cnncore.training.many import train_many
from cnncore.training.presets import PRESETS
from cnncore.training.trainer import own_process, train


def reading(configs: Sequence[RunConfig], at_once: bool) -> dict[str, Any]:
    """Return the seconds, images a second in all, and for each run its last test accuracy and a digest of its curve."""
    seconds, images = 0.0, 0
    curves: list[list[tuple[Any, ...]]] = [[] for _ in configs]
    for group in [range(len(configs))] if at_once else [[number] for number in range(len(configs))]:
        begun, waiting = 0.0, len(group)
        for number, event in _events([configs[place] for place in group]):
            if isinstance(event, Started):
                waiting -= 1
                images += event.train_size * configs[0].epochs
                begun = time.perf_counter()  # the last of them counts
                continue
            assert not waiting, "all are set up before the first update"
            if isinstance(event, Diverged):
                raise RuntimeError(f"Run {group[number]} diverged in epoch {event.epoch}: no reading.")
            curves[group[number]] += _numbers(event)
        seconds += time.perf_counter() - begun
    return {
        "seconds": round(seconds, 3),
        "images_per_second": round(images / seconds, 1),
        "test_accuracy": [curve[-1][-1] for curve in curves],
        "curves": [hashlib.sha256(repr(curve).encode()).hexdigest() for curve in curves],
    }


def _events(configs: Sequence[RunConfig]) -> Iterator[tuple[int, Event]]:
    if len(configs) > 1:
        yield from train_many(configs)
    else:
        for event in train(configs[0]):
            yield 0, event


def _numbers(event: Event) -> list[tuple[Any, ...]]:
    if isinstance(event, Batch):
        return [(event.step, event.loss, event.accuracy)]
    if isinstance(event, Epoch):
        return [(event.epoch, event.train_loss, event.test_loss, event.test_accuracy)]
    return []


def compared(alone: dict[str, Any], together: dict[int, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return for each number of runs the images a second, their ratio to one after another, and if all are the same."""
    rows = {}
    for count, found in together.items():
        rows[str(count)] = {
            "images_per_second": found["images_per_second"],
            "at once / one after another": round(found["images_per_second"] / alone["images_per_second"], 2),
            "bit for bit as alone": found["curves"] == alone["curves"][:count],
        }
    return rows


def main() -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="figure-9")
    parser.add_argument("--precision", default="tf32", choices=list(Precision), help="fp32 on a CPU")
    parser.add_argument("--counts", default="1,2,4,8", help="how many at once")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--train-size", type=int)
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--side", help="one reading in this process, as JSON: alone or together, then :, then how many")
    args = parser.parse_args()
    if args.device == "cuda" and lacks_cuda():
        return 2
    if args.side:
        side, _, count = args.side.partition(":")
        precision = args.precision if args.device == "cuda" else "fp32"
        changes = {"epochs": args.epochs, "train_size": args.train_size, "precision": Precision(precision)}
        config = replace(PRESETS[args.preset], device=args.device, snapshots=False, **changes)
        own_process()
        print(json.dumps(reading([replace(config, seed=seed) for seed in range(int(count))], side == "together")))
        return 0

    counts = [int(count) for count in args.counts.split(",")]
    alone = _side("alone", max(counts))
    print(f"one after another: {alone['images_per_second']} images/s", flush=True)
    together: dict[int, dict[str, Any]] = {}
    for count in counts:
        together[count] = _side("together", count)
        print(count, "at once:", compared(alone, together)[str(count)], flush=True)
        if args.device == "cuda":
            result = {"machine": machine(), **vars(args), "one after another": alone["images_per_second"]}
            result |= {"runs": compared(alone, together)}
            write(RESULTS / f"many-runs-{gpu_name()}.json", result)
    return 0 if all(row["bit for bit as alone"] for row in compared(alone, together).values()) else 1


def _side(side: str, count: int) -> dict[str, Any]:
    """Return the reading of a process of its own, which gets this one's options."""
    command = [sys.executable, "-m", "benchmarks.many_runs", *sys.argv[1:], "--side", f"{side}:{count}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    sys.exit(main())
