"""What makes training fast on this machine, what is refused, and why: those of `doctor`'s findings that need torch.

Nothing is looked up in a table of machines. What can be tried is tried: the allocator is told to keep memory, small
numbers are divided, a convolution is run and its layout looked at, and timed in both precisions.
"""

import os
import time
from typing import Any

import torch
from torch import Tensor, nn

from cnncore.data.augmentation import AUGMENTATIONS
from cnncore.errors import InputError
from cnncore.training import kernels
from cnncore.training.allocator import keep_freed_memory
from cnncore.training.config import Precision, RunConfig
from cnncore.training.device import bfloat16_units, choose_device, processor, set_precision
from cnncore.training.graph import why_eager
from cnncore.training.recorder import Recorder, failed

Found = tuple[str, bool, str]  # subject, whether it works or helps here, the reason or the remedy
_REPEATS = 30


def findings() -> list[Found]:
    """Return what was found, for the device that `auto` chooses."""
    device, reason = choose_device()
    text = f"{device}: {reason}"
    if device.type == "mps":
        text += "; the trainer has never been tried on MPS, should it fail use --device cpu"
    return [
        ("device", device.type != "cpu", text),
        threads(processor().get("num_physical_cores"), torch.get_num_threads()),
        allocator(),
        denormals(),
        channels_last(),
        bfloat16(device),
        cuda_graph(device),
        own_kernels(device),
    ]


def threads(physical: int | None, used: int) -> Found:
    """Return whether training uses each physical core once; `physical` is None where PyTorch does not tell.

    Two threads of one core share its multipliers, which a convolution keeps busy already: more threads only wait.
    """
    text = f"training uses {used} of {os.cpu_count()} logical cores, {torch.backends.cpu.get_cpu_capability()}"
    if physical is None:
        return "threads", True, f"{text}; this PyTorch does not tell how many cores are physical"
    if used > physical:
        return "threads", False, f"{text}, but there are {physical} physical ones: set OMP_NUM_THREADS={physical}"
    if used < physical:
        why = "OMP_NUM_THREADS says so" if os.environ.get("OMP_NUM_THREADS") else "PyTorch chose so"
        return (
            "threads",
            False,
            f"{text} and {physical} physical ones, because {why}: OMP_NUM_THREADS={physical} uses all",
        )
    return "threads", True, f"{text}: each of the {physical} physical cores once, as it is best"


def allocator() -> Found:
    """Return whether freed memory can be kept from step to step."""
    if keep_freed_memory():
        return "allocator", True, "glibc, told to keep freed memory: a step finds its blocks again without page faults"
    return "allocator", False, "left as it is, because only glibc (Linux) can be told to keep freed memory"


def denormals() -> Found:
    """Return whether numbers below 1e-38 become zero in training; this process is left as it was."""
    can = torch.set_flush_denormal(True)
    flushed = can and float(torch.tensor([1e-38]) / 10) == 0.0
    torch.set_flush_denormal(False)
    if flushed:
        return "denormals", True, "become zero in training: numbers below 1e-38 would slow every product down"
    return "denormals", False, "cannot be turned off on this processor: training goes on with them"


def channels_last() -> Found:
    """Return whether a convolution keeps the layout in which the channels of a pixel lie side by side."""
    layer, images = _convolution()
    with torch.no_grad():
        kept = layer(images).is_contiguous(memory_format=torch.channels_last)
    if kept:
        return (
            "channels_last",
            True,
            "used: a convolution keeps the channels of a pixel side by side and copies nothing",
        )
    return "channels_last", False, "used, but a convolution here answers in the other layout: each layer pays a copy"


def bfloat16(device: torch.device) -> Found:
    """Return whether `precision` half is accepted on `device`; on a CPU also its speed-up, measured now."""
    taken, measured, slower = True, "", False
    try:
        set_precision(Precision.HALF, device)
    except InputError:
        taken = False
    if device.type == "cpu":
        units = bfloat16_units()
        faster = bfloat16_speed()
        slower = faster < 1
        measured = (
            f": this processor has {' and '.join(units) or 'neither AMX nor AVX512-BF16'}, and a convolution measured "
            f"just now ran {faster:.1f} times as fast in bfloat16 as in float32"
        )
    if taken:
        return "bfloat16", not slower, f"--precision half is there on {device}{measured}"
    return "bfloat16", False, f"refused on {device}, where training is always in float32{measured}"


def cuda_graph(device: torch.device) -> Found:
    """Return whether runs on `device` are launched as CUDA graphs, by recording one, and which settings prevent it."""
    reason = why_eager(RunConfig(), device) or recording(device)
    if reason:
        return "CUDA graph", False, f"not on {device}, because {reason}: an update is started operation by operation"
    refused = [kind for kind in AUGMENTATIONS if why_eager(RunConfig(augment=(AUGMENTATIONS[kind](),)), device)]
    return (
        "CUDA graph",
        True,
        "one was recorded and replayed just now: each update is a graph, and each batch of an evaluation; with "
        f"{', '.join(refused)} an update is started kernel by kernel. `train` says which way it took",
    )


def own_kernels(device: torch.device) -> Found:
    """Return whether the kernels of `cnncore.training.kernels` work on `device`, by compiling and running one."""
    if reason := kernels.why_not(device):
        return "own kernels", False, f"not on {device}, because {reason}: PyTorch's own do all the work"
    return (
        "own kernels",
        True,
        "one was compiled and run just now: batch norm, pools, loss and updates are fewer passes over memory",
    )


def recording(device: torch.device) -> str:
    """Return why a graph cannot be recorded and replayed on a CUDA device; empty where it can."""
    number = torch.zeros(1, device=device)
    try:
        recorder = Recorder()
        recorder.rehearse(lambda: number.add_(1))
        graph = recorder.record(lambda: number.add_(1))
        number.zero_()
        for _ in range(3):
            graph.replay()
    except RuntimeError as error:
        return failed(error)
    return "" if number.item() == 3 else f"three replays of +1 gave {number.item():g}"


def bfloat16_speed() -> float:
    """Return how many times as fast a 3x3 convolution of (32, 32, 16, 16) is in bfloat16 as in float32.

    The two take turns, and the shortest time of each counts: other work on the machine disturbs both alike.
    """
    passes = {kind: _convolution(kind) for kind in (torch.float32, torch.bfloat16)}
    times: dict[torch.dtype, list[float]] = {kind: [] for kind in passes}
    with torch.no_grad():
        for _ in range(_REPEATS + 1):  # the first pass also chooses algorithms and allocates
            for kind, (convolution, inputs) in passes.items():
                begin = time.perf_counter()
                convolution(inputs)
                times[kind].append(time.perf_counter() - begin)
    return min(times[torch.float32][1:]) / min(times[torch.bfloat16][1:])


def _convolution(kind: torch.dtype = torch.float32) -> tuple[nn.Module, Tensor]:
    layer: Any = nn.Conv2d(32, 32, 3, padding=1, dtype=kind)
    images = torch.ones(32, 32, 16, 16, dtype=kind).contiguous(memory_format=torch.channels_last)
    return layer.to(memory_format=torch.channels_last), images
