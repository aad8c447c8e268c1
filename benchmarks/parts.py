"""What each setting of the CPU path gains by itself: the same steps with it and without it.

    python -m benchmarks.parts                     writes results/parts-cpu.json

figure-6 at batch 128, forward, backward and update on one batch of random numbers that lies there ready. Every reading
is a process of its own (an allocator's settings hold for a process), the sides take turns, and the ratios are taken
within a round. The first steps of a process warm up and are not counted.

ours               as the trainer computes: freed memory is kept, channels_last, max pools before their ReLU
usual allocator    glibc as it comes
usual layout       PyTorch's own memory layout, a plane for each channel
usual order        each ReLU before the max pool that follows it
half               ours with `--precision half`, on a processor with units for bfloat16: the one that changes numbers
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from typing import Any

import torch
import torch.nn.functional as F

from benchmarks.files import RESULTS, write
from benchmarks.machine import machine
from benchmarks.ratio import compare
from cnncore.architecture.build import build
from cnncore.training.allocator import keep_freed_memory
from cnncore.training.config import Precision
from cnncore.training.device import autocast, bfloat16_units
from cnncore.training.network import network_of
from cnncore.training.pool_first import pool_first
from cnncore.training.presets import PRESETS

SIDES = ("ours", "usual allocator", "usual layout", "usual order", "half")
BATCH, WARM_UP = 128, 3


def images_per_second(side: str, steps: int) -> float:
    """Return the images per second of this process, by the median step."""
    if side != "usual allocator":
        keep_freed_memory()
    layout = torch.contiguous_format if side == "usual layout" else torch.channels_last
    torch.manual_seed(0)
    network = network_of(PRESETS["figure-6"], (3, 32, 32), 10)
    model = build(network) if side == "usual order" else pool_first(build(network))
    model = model.to(memory_format=layout)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    inputs = torch.randn(BATCH, *network.input).contiguous(memory_format=layout)
    labels = torch.randint(0, 10, (BATCH,))
    precision = Precision.HALF if side == "half" else Precision.FP32
    seconds = []
    for _ in range(WARM_UP + steps):
        begin = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        with autocast(precision, inputs.device):
            logits = model(inputs)
        F.cross_entropy(logits.float(), labels).backward()  # type: ignore[no-untyped-call]  # torch's own
        optimizer.step()
        seconds.append(time.perf_counter() - begin)
    return BATCH / statistics.median(seconds[WARM_UP:])


def reading(side: str, steps: int) -> float:
    """Return what a process of its own reads for one side."""
    command = [sys.executable, "-m", "benchmarks.parts", "--side", side, "--steps", str(steps)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--side", choices=SIDES, help="one reading in this process, printed")
    args = parser.parse_args()
    if args.side:
        print(images_per_second(args.side, args.steps))
        return
    sides = SIDES if bfloat16_units() else SIDES[:-1]
    rounds = []
    for number in range(args.rounds):
        turn = sides if number % 2 == 0 else sides[::-1]
        rounds.append({side: round(reading(side, args.steps), 1) for side in turn})
        print(rounds[-1], flush=True)
    result: dict[str, Any] = {"machine": machine(), "images_per_second": rounds}
    for above, below in (("half", "ours") if side == "half" else ("ours", side) for side in sides[1:]):
        result[f"{above} / {below}"] = compare(rounds, above, below)
        print(f"{above} / {below}: {result[f'{above} / {below}']}")
    if hasattr(os, "getloadavg"):
        result["load"] = round(os.getloadavg()[0], 1)  # processes that wanted a core during the last minute, ours too
    write(RESULTS / "parts-cpu.json", result)


if __name__ == "__main__":
    main()
