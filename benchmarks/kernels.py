"""Of which kernels an update on a CUDA device consists, and how long each of them takes.

    python -m benchmarks.kernels                                        figure-6 and figure-9, TF32 and half precision
    python -m benchmarks.kernels --presets speedrun --precisions half

CIFAR-10 has to be prepared. For each preset and precision the time of one update, the mean of some hundred by the
device's clock, and by PyTorch's profiler the kernels of eight further ones: how often each is started in an update, and
how many microseconds all its starts take. Kernels run beside each other: their sum is more than an update takes.
Written to benchmarks/results/kernels-NAME.json, NAME being the device's.
"""

import argparse
import sys
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks.files import RESULTS, write
from benchmarks.machine import gpu_name, lacks_cuda, machine
from cnncore.data.prepared import load
from cnncore.training.config import DeviceChoice, Precision
from cnncore.training.device import set_precision
from cnncore.training.graph import step_of
from cnncore.training.presets import PRESETS
from cnncore.training.recorder import recorder_of
from cnncore.training.state import state_of
from cnncore.training.step import Step

TIMED, PROFILED = 300, 8  # updates, at least
_NAME = 170  # letters of a kernel's name: the rest are its template's


def measured(preset: str, precision: str) -> dict[str, Any]:
    """Return the microseconds of an update, and its kernels with the longest first."""
    device = torch.device("cuda", 0)
    config = replace(PRESETS[preset], device=DeviceChoice.CUDA, precision=Precision(precision), snapshots=False)
    set_precision(config.precision, device)
    torch.backends.cudnn.deterministic = True  # as the trainer has it
    state = state_of(config, load(config.dataset), device)
    step, how = step_of(config, state.batches, state.model, state.optimizer, state.average, recorder_of(device))
    step.begin(1)
    _go(step, 16)
    step.begin(2)
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]  # torch's own
    begin.record()
    updates = _go(step, min(TIMED, len(state.batches) // 2))
    end.record()
    torch.cuda.synchronize()
    step.begin(3)
    with profile(activities=[ProfilerActivity.CUDA]) as found:
        profiled = _go(step, PROFILED)
        torch.cuda.synchronize()
    cuda = [event for event in found.events() if event.device_type.name == "CUDA"]
    return {
        "how": how,
        "microseconds": round(begin.elapsed_time(end) * 1000 / updates, 1),
        "kernels": summed(((event.name, event.device_time) for event in cuda), profiled),
    }


def _go(step: Step, updates: int) -> int:
    """Make at least so many updates and return how many they were."""
    made = 0
    while made < updates:
        made += len(step.several(1e-3))
    return made


def summed(kernels: Iterable[tuple[str, float]], updates: int) -> list[dict[str, Any]]:
    """Return for each kernel of (name, microseconds) how often it was started in an update and how long that took."""
    rows: dict[str, list[float]] = {}
    for name, microseconds in kernels:
        row = rows.setdefault(name[:_NAME], [0, 0.0])
        row[0] += 1
        row[1] += microseconds
    longest_first = sorted(rows.items(), key=lambda row: -row[1][1])
    return [
        {"kernel": name, "starts": round(starts / updates, 1), "microseconds": round(total / updates, 2)}
        for name, (starts, total) in longest_first
    ]


def main() -> int:
    """Measure, print the longest ones and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presets", default="figure-6,figure-9")
    parser.add_argument("--precisions", default="tf32,half")
    args = parser.parse_args()
    if lacks_cuda():
        return 2
    updates = {}
    for preset in args.presets.split(","):
        for precision in args.precisions.split(","):
            found = measured(preset, precision)
            updates[f"{preset}, {precision}"] = found
            starts = sum(row["starts"] for row in found["kernels"])
            print(f"{preset}, {precision}: {found['microseconds']} us an update of {starts:.0f} kernels", flush=True)
            for row in found["kernels"][:10]:
                print(f"{row['microseconds']:9.2f} us {row['starts']:5.1f} x {row['kernel'][:90]}")
    write(RESULTS / f"kernels-{gpu_name()}.json", {"machine": machine(), "updates": updates})
    return 0


if __name__ == "__main__":
    sys.exit(main())
