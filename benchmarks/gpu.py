"""Training on a CUDA device: graphs against kernel by kernel, and against the usual way on the same device.

    python -m benchmarks.gpu                              figure-6 to figure-9, TF32 and half, a whole epoch count
    python -m benchmarks.gpu --presets figure-9 --epochs 10

CIFAR-10 has to be prepared. Every reading is the whole run with an evaluation after every epoch, snapshots and
checkpoints off; the first run of each side, which compiles and allocates, is not counted. The usual way is that of
`benchmarks.usual`, read for `--usual-epochs` epochs and said to be so. A cold start is a process of its own, from its
beginning to the last event. Written to benchmarks/results/gpu-NAME.json, NAME being the device's.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader

from benchmarks.machine import machine
from benchmarks.usual import Pictures, train_epoch, transform
from cnncore.architecture.build import build
from cnncore.data.prepared import load
from cnncore.data.standardize import HANDOUT_MEAN, HANDOUT_STD
from cnncore.events import Epoch, Started
from cnncore.training.config import Precision, RunConfig
from cnncore.training.network import network_of
from cnncore.training.presets import PRESETS
from cnncore.training.trainer import train

RESULTS = Path(__file__).parent / "results"
COLD = "import sys; from benchmarks.gpu import whole, configured; whole(configured(*sys.argv[1:]))"


def configured(preset: str, epochs: str, precision: str) -> RunConfig:
    """Return a preset's run on CUDA."""
    base = PRESETS[preset]
    return replace(base, device="cuda", epochs=int(epochs), precision=Precision(precision), snapshots=False)


def whole(config: RunConfig, graph: bool = True) -> dict[str, Any]:
    """Return seconds from the first event to the last, the test accuracy, and how the updates were made."""
    how, accuracy, begun = "", 0.0, 0.0
    for event in train(config, graph=graph):
        if isinstance(event, Started):
            how, begun = event.device_reason, time.perf_counter()
        elif isinstance(event, Epoch):
            accuracy = event.test_accuracy
    return {"seconds": round(time.perf_counter() - begun, 3), "test_accuracy": accuracy, "how": how}


def usual(config: RunConfig, epochs: int) -> float:
    """Return the usual way's seconds an epoch on the device, without its evaluation; the first epoch is not counted."""
    data, device = load(config.dataset), torch.device("cuda")
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


def cold(preset: str, epochs: int, precision: Precision) -> float:
    """Return the seconds of a process that imports, opens the data, trains and evaluates."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", COLD, preset, str(epochs), str(precision)], check=True)
    return time.perf_counter() - start


def main() -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presets", default="figure-6,figure-7,figure-8,figure-9")
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--usual-epochs", type=int, default=2)
    args = parser.parse_args()
    if not torch.cuda.is_available():
        print("`device` (=cuda) is not there: run this on a machine with a CUDA device.", file=sys.stderr)
        return 2
    name = re.sub(r"[^a-z0-9]+", "-", torch.cuda.get_device_name(0).lower()).strip("-")
    result: dict[str, Any] = {"machine": machine(), "epochs": args.epochs, "presets": {}}
    baseline = usual(configured("figure-6", "1", "fp32"), args.usual_epochs)
    result["usual_seconds_an_epoch"] = round(baseline, 3)
    for preset in args.presets.split(","):
        rows: dict[str, Any] = {}
        for precision in Precision:
            config = configured(preset, args.epochs, precision)
            whole(replace(config, epochs=1))
            runs = [whole(replace(config, seed=seed)) for seed in range(args.seeds)]
            eager = whole(replace(config, epochs=max(2, args.epochs // 10)), graph=False)
            mine = statistics.median(run["seconds"] for run in runs) / args.epochs
            theirs = eager["seconds"] / max(2, args.epochs // 10)
            rows[str(precision)] = {
                "graph": runs,
                "eager_seconds_an_epoch": round(theirs, 4),
                "eager / graph": round(theirs / mine, 2),
                "usual / graph": round(baseline / mine, 2),
            }
            print(preset, precision, rows[str(precision)], flush=True)
        rows["cold_start_seconds"] = round(cold(preset, args.epochs, Precision.TF32), 2)
        result["presets"][preset] = rows
        (RESULTS / f"gpu-{name}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
