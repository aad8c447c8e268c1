"""94 % on CIFAR-10 against the clock: the preset `speedrun` on a CUDA device, cold and warm, several seeds.

    python -m benchmarks.speedrun --seeds 5
    python -m benchmarks.speedrun --seeds 5 --epochs 16
    python -m benchmarks.speedrun --seeds 1 --trial lr=1 --trial average=2,epochs=16
    python -m benchmarks.speedrun --seeds 3 --preset classroom-speedrun --device cpu --trial lr=0.1

CIFAR-10 has to be prepared. *Warm* is a run in a process that has trained one epoch before: from the first event,
when the data are on the device and the update is recorded, to the last, with the evaluation on all test images after
every epoch in it and, at the end, the preset's test-time augmentation. *Cold* is a process of its own: imports, data,
recording, training and evaluation, from its beginning to its end. Nothing is compiled. `test_accuracy` is the last
epoch's, of the averaged weights, each image seen once; `test_tta_accuracy` the same weights' with all looks, which is
what airbench94's 94 % are. Written to benchmarks/results/speedrun-NAME.json, NAME being the device's.

A `--trial` trains with other settings and without 5,000 of the train images (1,000 of the built-in ones), and is judged
on those, so that a preset can be chosen without a look at the test images; the classroom's on a CPU as well. What was
tried is kept in PRESET-trials-NAME.json.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from benchmarks.files import RESULTS, rounded, write
from benchmarks.gpu import whole
from benchmarks.machine import copies, gpu_name, lacks_cuda, machine
from benchmarks.recipe import trial
from benchmarks.runs import HELD_OUT, Job, fill
from cnncore.training.config import DeviceChoice, RunConfig
from cnncore.training.presets import PRESETS

COLD = "import sys; from benchmarks.speedrun import configured, whole; whole(configured(int(sys.argv[1]), 0))"


def configured(epochs: int, seed: int) -> RunConfig:
    """Return the preset's run on CUDA."""
    return replace(PRESETS["speedrun"], device=DeviceChoice.CUDA, epochs=epochs, seed=seed, snapshots=False)


def trials(preset: str, texts: list[str], device: str, seeds: int) -> Iterator[Job]:
    """Yield a run for each text and seed, judged on images that left the train set."""
    base = replace(PRESETS[preset], device=DeviceChoice(device), snapshots=False)
    for seed in range(seeds):
        for text in texts:
            yield Job("trials", text, replace(trial(base, text), seed=seed, validation_size=HELD_OUT[base.dataset]))


def cold(epochs: int) -> float:
    """Return the seconds of a process that imports, opens the data, records, trains and evaluates."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", COLD, str(epochs)], check=True)
    return time.perf_counter() - start


def main() -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=PRESETS["speedrun"].epochs, help="but for trials, which name it")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--colds", type=int, default=3, help="cold starts, of seed 0")
    parser.add_argument("--trial", action="append", help="other settings, to be judged on a validation split")
    parser.add_argument("--preset", choices=["speedrun", "classroom-speedrun"], default="speedrun", help="for trials")
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda", help="for trials")
    args = parser.parse_args()
    on_cpu = bool(args.trial) and args.device == "cpu"
    if not on_cpu and lacks_cuda():
        return 2
    if args.trial:
        path = RESULTS / f"{args.preset}-trials-{'cpu' if on_cpu else gpu_name()}.json"
        fill(path, trials(args.preset, args.trial, args.device, args.seeds))
        return 0
    whole(configured(1, 0))  # allocates, chooses kernels
    runs = [{"seed": seed, **whole(configured(args.epochs, seed))} for seed in range(args.seeds)]
    summary = {name: rounded([run[name] for run in runs]) for name in ("test_accuracy", "test_tta_accuracy", "seconds")}
    result: dict[str, Any] = {
        "machine": machine(),
        "copies": copies(PRESETS["speedrun"].dataset),
        "config": configured(args.epochs, 0).to_dict(),
        "test_accuracy": summary["test_accuracy"],
        "test_tta_accuracy": summary["test_tta_accuracy"],
        "warm_seconds": summary["seconds"],
        "cold_seconds": [round(cold(args.epochs), 2) for _ in range(args.colds)],
        "runs": runs,
    }
    write(RESULTS / f"speedrun-{gpu_name()}.json", result)
    print({name: value for name, value in result.items() if name not in ("machine", "config")})
    return 0


if __name__ == "__main__":
    sys.exit(main())
