"""Training on a CUDA device: graphs against kernel by kernel, and against the usual way on the same device.

    python -m benchmarks.gpu                              figure-6 to figure-9, every target, in nine minutes
    python -m benchmarks.gpu --presets figure-9 --parts speed,accuracy --seeds 5 --budget 300
    python -m benchmarks.gpu --presets figure-9 --epochs 10

CIFAR-10 has to be prepared. Every run is a whole one with an evaluation after every epoch, snapshots and checkpoints
off, timed from its first event, when data and graphs are ready, to its last; the first run of each kind, which compiles
and allocates, is not counted. The parts, in their order:

speed      a run of every preset in TF32 and half precision as graphs, and a short one kernel by kernel
usual      the way of `benchmarks.usual` on figure-6, for `--usual-epochs` epochs, without its evaluation
cold       a process of its own, from its beginning to the last event
accuracy   more seeds, and those in fp32, of as many presets as there is time for, the last one first

What would not end within the `--budget` is left out and said to be. Written after each reading to
benchmarks/results/gpu-NAME.json, NAME being the device's; a result of
the same length, device, versions and day that is there is gone on with.
The verdict at the end is that of `benchmarks.gpu_targets`.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch.utils.data import DataLoader

from benchmarks.files import RESULTS, read, write
from benchmarks.gpu_targets import table, targets
from benchmarks.machine import copies, gpu_name, lacks_cuda, machine
from cnncore.architecture.build import build
from cnncore.data.pixels import HANDOUT_MEAN, HANDOUT_STD
from cnncore.data.prepared import load
from cnncore.events import Diverged, Epoch, Started
from cnncore.training.config import DeviceChoice, Precision, RunConfig
from cnncore.training.network import network_of
from cnncore.training.presets import PRESETS
from cnncore.training.trainer import train

PARTS = ("speed", "usual", "cold", "accuracy")
COLD = "import sys; from benchmarks.gpu import whole, configured; whole(configured(*sys.argv[1:]))"


class OverBudgetError(Exception):
    """A reading was ended, or not begun, because its time was over."""


def configured(preset: str, epochs: str, precision: str) -> RunConfig:
    """Return a preset's run on CUDA."""
    base = PRESETS[preset]
    return replace(base, device=DeviceChoice.CUDA, epochs=int(epochs), precision=Precision(precision), snapshots=False)


def whole(config: RunConfig, graph: bool = True, deadline: float = float("inf")) -> dict[str, Any]:
    """Return seconds from the first event to the last, the test accuracies, and how the updates were made.

    An `OverBudgetError` once `deadline`, on time.monotonic's clock, has passed.
    """
    how, begun, found = "", 0.0, {}
    for event in train(config, graph=graph):
        if isinstance(event, Started):
            how, begun = event.device_reason, time.perf_counter()
        elif isinstance(event, Epoch):
            found = {"test_accuracy": event.test_accuracy}
            if event.test_tta_accuracy is not None:
                found["test_tta_accuracy"] = event.test_tta_accuracy
        elif isinstance(event, Diverged):
            raise RuntimeError(f"{config.preset} with seed {config.seed} diverged in epoch {event.epoch}: no reading")
        if time.monotonic() > deadline:
            raise OverBudgetError
    return {"seconds": round(time.perf_counter() - begun, 3), **found, "how": how}


def usual(config: RunConfig, epochs: int) -> float:
    """Return the usual way's seconds an epoch on the device, without its evaluation; the first epoch is not counted."""
    # Only here: the trainer imports no torchvision, so no cold start waits for it.
    from benchmarks.usual import Pictures, train_epoch, transform

    data, device = load(config.dataset), torch.device("cuda")
    # PyTorch's own choices, whatever a run of ours has set in this process.
    torch.backends.cudnn.deterministic = False
    torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = True, False
    torch.manual_seed(config.seed)
    model = build(network_of(config, data.shape, len(data.classes))).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=config.lr)
    pictures = Pictures(data.train_images, data.train_labels, transform(HANDOUT_MEAN, HANDOUT_STD))
    loader = DataLoader(
        pictures, config.batch_size, shuffle=True, num_workers=4, persistent_workers=True, pin_memory=True
    )
    seconds = []
    for _ in range(epochs + 1):
        start = time.perf_counter()
        for _ in train_epoch(model, loader, optimizer, device):
            pass
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[1:])


class Measurement:
    """The readings of one device, each written as soon as it is there."""

    def __init__(self, presets: list[str], epochs: int, budget: float) -> None:
        self.deadline = time.monotonic() + budget
        self._path = RESULTS / f"gpu-{gpu_name()}.json"
        self._presets, self._epochs = presets, epochs
        there = read(self._path)
        about = {"machine": machine(), "epochs": epochs}
        alike = all(there.get(name) == value for name, value in about.items())
        self.result: dict[str, Any] = (there if alike else {}) | about | {"left_out": []}
        for preset in presets:
            self.result.setdefault("presets", {}).setdefault(preset, {})
            self.result["copies"] = self.result.get("copies", {}) | copies(PRESETS[preset].dataset)
        self._warm: set[tuple[str, str, bool]] = set()

    def speed(self) -> None:
        """Read a run of every preset and precision as graphs, and a short one kernel by kernel."""
        few = max(2, self._epochs // 50)
        for preset in self._presets:
            for precision in ("tf32", "half"):
                self._run(preset, precision, seed=0)
                config = configured(preset, str(few), precision)
                row = self.result["presets"][preset].setdefault(precision, {})
                if "eager_seconds_an_epoch" not in row:
                    eager = self._timed(f"{preset} {precision} eager", config, graph=False)
                    if eager is not None:
                        row["eager_seconds_an_epoch"] = round(eager["seconds"] / few, 4)
                self._save()

    def usual(self, epochs: int) -> None:
        """Read the usual way."""
        if "usual_seconds_an_epoch" not in self.result and self._time_for("usual", 6.0 * (epochs + 1)):
            self.result["usual_seconds_an_epoch"] = round(usual(configured("figure-6", "1", "fp32"), epochs), 3)
        self._save()

    def cold(self) -> None:
        """Read the last preset's cold starts."""
        preset = self._presets[-1]
        for precision in ("tf32", "half"):
            begin = time.monotonic()
            command = [sys.executable, "-c", COLD, preset, str(self._epochs), precision]
            try:
                subprocess.run(command, check=True, timeout=max(0.0, self.deadline - begin))
            except subprocess.TimeoutExpired:
                self._leave_out(f"{preset} {precision} cold")
                continue
            cold = self.result.setdefault("cold_start_seconds", {})
            cold[f"{preset}, {precision}"] = round(time.monotonic() - begin, 2)
            self._save()

    def accuracy(self, seeds: int) -> None:
        """Read the other seeds, and all of them in fp32."""
        for preset in reversed(self._presets):
            for precision in ("fp32", "tf32", "half"):
                for seed in range(seeds):
                    self._run(preset, precision, seed)

    def _run(self, preset: str, precision: str, seed: int) -> None:
        rows = self.result["presets"][preset].setdefault(precision, {}).setdefault("graph", [])
        if any(run["seed"] == seed for run in rows):
            return
        config = replace(configured(preset, str(self._epochs), precision), seed=seed)
        found = self._timed(f"{preset} {precision} seed {seed}", config)
        if found is not None:
            rows.append({"seed": seed, **found})
        self._save()

    def _timed(self, name: str, config: RunConfig, graph: bool = True) -> dict[str, Any] | None:
        kind = config.preset or "", str(config.precision), graph
        try:
            if kind not in self._warm and self._time_for(name, 0):
                whole(replace(config, epochs=1), graph, self.deadline)
                self._warm.add(kind)
            found = whole(config, graph, self.deadline) if self._time_for(name, 0) else None
        except OverBudgetError:
            self._leave_out(name)
            return None
        print(name, found, flush=True)
        return found

    def _time_for(self, name: str, seconds: float) -> bool:
        if time.monotonic() + seconds <= self.deadline:
            return True
        self._leave_out(name)
        return False

    def _leave_out(self, name: str) -> None:
        if name not in self.result["left_out"]:
            self.result["left_out"].append(name)

    def _save(self) -> None:
        usual_epoch = self.result.get("usual_seconds_an_epoch")
        for rows in self.result["presets"].values():
            for row in rows.values():
                if not row.get("graph"):
                    continue
                mine = statistics.median(run["seconds"] for run in row["graph"]) / self._epochs
                for name, theirs in (("eager", row.get("eager_seconds_an_epoch")), ("usual", usual_epoch)):
                    if theirs is not None:
                        row[f"{name} / graph"] = round(theirs / mine, 2)
        write(self._path, self.result)


def main() -> int:
    """Measure, write, and say which targets are met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presets", default="figure-6,figure-7,figure-8,figure-9")
    parser.add_argument("--parts", default=",".join(PARTS), help="which of them, with commas between")
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--usual-epochs", type=int, default=1)
    parser.add_argument("--budget", type=float, default=540, help="seconds for all of it")
    args = parser.parse_args()
    wanted = args.parts.split(",")
    if unknown := set(wanted) - set(PARTS):
        parser.error(f"--parts (={','.join(sorted(unknown))}) must be among {','.join(PARTS)}")
    if lacks_cuda():
        return 2
    measurement = Measurement(args.presets.split(","), args.epochs, args.budget)
    parts: dict[str, Callable[[], None]] = {
        "speed": measurement.speed,
        "usual": lambda: measurement.usual(args.usual_epochs),
        "cold": measurement.cold,
        "accuracy": lambda: measurement.accuracy(args.seeds),
    }
    for part in PARTS:
        if part in wanted:
            parts[part]()
    print(table(targets(measurement.result)))
    if measurement.result["left_out"]:
        print("left out, the budget was over:", ", ".join(measurement.result["left_out"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
