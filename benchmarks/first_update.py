"""How long a run takes from its process's start to the first update that it tells of, and its peak memory (POSIX).

    python -m benchmarks.first_update                  writes results/first-update-DEVICE.json
    python -m benchmarks.first_update --device cuda --rounds 5

The run is classroom-9 on the built-in data, which are drawn before. Each reading is a process of its own, the sides
take turns, and the ratio is taken within a round.

bare               as the trainer makes its optimizers: without the wrappers that import torch._dynamo
as they come       torch.optim's own classes
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from typing import Any

from benchmarks.files import RESULTS, write
from benchmarks.machine import machine, peak_memory
from benchmarks.ratio import compare
from cnncore.data.prepared import load
from cnncore.events import Batch
from cnncore.training import optimizers
from cnncore.training.config import DeviceChoice
from cnncore.training.presets import PRESETS
from cnncore.training.trainer import own_process, train

SIDES = ("bare", "as they come")


def run(side: str, device: str, begun: float) -> dict[str, float]:
    """Train in this process, which was begun at `begun` by the clock; return seconds to the first Batch, and MB."""
    own_process()
    if side == "as they come":
        optimizers.bare = lambda kind: kind
    config = replace(PRESETS["classroom-9"], epochs=1, train_size=1000, test_size=100, device=DeviceChoice(device))
    first = 0.0
    for event in train(config):
        if isinstance(event, Batch) and not first:
            first = time.time() - begun
    return {"seconds": round(first, 3), "peak_mb": round(peak_memory())}


def reading(side: str, device: str) -> dict[str, float]:
    """Return what a process of its own reads for one side."""
    command = [sys.executable, "-m", "benchmarks.first_update", "--side", side, "--device", device]
    command += ["--begun", str(time.time())]
    found: dict[str, float] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return found


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--side", choices=SIDES, help="one reading in this process, printed")
    parser.add_argument("--begun", type=float, default=0.0, help="when the process was started, for --side")
    args = parser.parse_args()
    if args.side:
        print(json.dumps(run(args.side, args.device, args.begun)))
        return
    load("builtin")
    reading(SIDES[0], args.device)  # the first one reads torch's files from disk
    rounds = []
    for number in range(args.rounds):
        turn = SIDES if number % 2 == 0 else SIDES[::-1]
        rounds.append({side: reading(side, args.device) for side in turn})
        print(rounds[-1], flush=True)
    seconds = [{side: one[side]["seconds"] for side in SIDES} for one in rounds]
    peaks = {side: max(one[side]["peak_mb"] for one in rounds) for side in SIDES}
    result: dict[str, Any] = {"machine": machine(), "seconds_to_first_update": seconds, "peak_mb": peaks}
    result["bare / as they come"] = compare(seconds, *SIDES)
    if hasattr(os, "getloadavg"):
        result["load"] = round(os.getloadavg()[0], 1)  # processes that wanted a core during the last minute, ours too
    print(peaks, result["bare / as they come"])
    write(RESULTS / f"first-update-{args.device}.json", result)


if __name__ == "__main__":
    main()
