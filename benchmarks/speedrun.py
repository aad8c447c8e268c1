"""94 % on CIFAR-10 against the clock: the preset `speedrun` on a CUDA device, cold and warm, several seeds.

    python -m benchmarks.speedrun --seeds 5
    python -m benchmarks.speedrun --seeds 5 --epochs 16
    python -m benchmarks.speedrun --seeds 1 --trial lr=1 --trial average=2,epochs=16
    python -m benchmarks.speedrun --seeds 3 --preset classroom-speedrun --device cpu --trial lr=0.1

CIFAR-10 has to be prepared. *Warm* is a run in a process that has trained one epoch before: from the first event,
when the data are on the device and the update is recorded, to the last, with the evaluation on all test images after
every epoch in it. *Cold* is a process of its own: imports, data, recording, training and evaluation, from its
beginning to its end. Nothing is compiled. The accuracy is the last epoch's, of the averaged weights, each image seen
once. `flip` is another number: the mean of the network's answers to each test image and to its mirror image, with the
same weights, and costs a second look that no time here counts. Written to benchmarks/results/speedrun-NAME.json, NAME
being the device's.

A `--trial` trains with other settings and without 5,000 of the train images (1,000 of the built-in ones), and is judged
on those, so that a preset can be chosen without a look at the test images; the classroom's on a CPU as well. What was
tried is kept in PRESET-trials-NAME.json.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from benchmarks.files import RESULTS, write
from benchmarks.gpu import whole
from benchmarks.machine import copies, gpu_name, lacks_cuda, machine
from benchmarks.recipe import trial
from benchmarks.runs import HELD_OUT, Job, fill
from cnncore.architecture.build import build
from cnncore.data.prepared import load
from cnncore.data.standardize import Standardize
from cnncore.statistics import mean_and_spread
from cnncore.training.batches import Batches
from cnncore.training.checkpoint import Checkpoint
from cnncore.training.config import DeviceChoice, RunConfig
from cnncore.training.device import autocast, choose_device
from cnncore.training.network import network_of
from cnncore.training.presets import PRESETS
from cnncore.training.trainer import train

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


def flipped(config: RunConfig) -> dict[str, float]:
    """Train once more and return the last weights' test accuracy with each image seen `once` and with its `flip`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint.pt"
        for _ in train(config, checkpoint=path):
            pass
        device, _ = choose_device(config.device)
        saved = Checkpoint.load(path, device)
    data = load(config.dataset)
    model = build(network_of(config, data.shape, len(data.classes))).to(device).to(memory_format=torch.channels_last)
    model.load_state_dict(saved.evaluated)
    model.eval()
    assert saved.standardize is not None, "a checkpoint of this version keeps its standardization"
    batches = Batches.of(config, data, device, Standardize.from_state(saved.standardize))
    once = both = 0
    with torch.inference_mode(), autocast(config.precision, device):
        for inputs, labels in batches.test_batches():
            plain, mirrored = (model(view).float().softmax(1) for view in (inputs, inputs.flip(3)))
            once += int((plain.argmax(1) == labels).sum())
            both += int(((plain + mirrored).argmax(1) == labels).sum())
    return {"once": once / len(batches.test), "flip": both / len(batches.test)}


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
    accuracy, spread = mean_and_spread([run["test_accuracy"] for run in runs])
    seconds, seconds_spread = mean_and_spread([run["seconds"] for run in runs])
    result: dict[str, Any] = {
        "machine": machine(),
        "copies": copies(PRESETS["speedrun"].dataset),
        "config": configured(args.epochs, 0).to_dict(),
        "test_accuracy": {"mean": accuracy, "spread": spread},
        "warm_seconds": {"mean": seconds, "spread": seconds_spread},
        "cold_seconds": [round(cold(args.epochs), 2) for _ in range(args.colds)],
        "flip": flipped(configured(args.epochs, 0)),
        "runs": runs,
    }
    write(RESULTS / f"speedrun-{gpu_name()}.json", result)
    print({name: value for name, value in result.items() if name not in ("machine", "config")})
    return 0


if __name__ == "__main__":
    sys.exit(main())
