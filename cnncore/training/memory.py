"""Whether a network's weights find room in this machine, before anything is allocated."""

import ctypes
import os
import shutil
import sys
from pathlib import Path

from cnncore.errors import InputError
from cnncore.training.config import DeviceChoice, Optimizer, RunConfig

BYTES = 4  # of a weight: they are kept in single precision, whatever the run computes with
_HERE = (DeviceChoice.CPU, DeviceChoice.MPS)  # an Apple chip's memory is the machine's own


def check_memory(config: RunConfig, network: str, parameters: int) -> None:
    """Raise an `InputError` if what the run of `network` holds all the time is more than this machine can.

    What it holds besides, the maps of a batch above all, is not counted: whatever could run is let through.
    """
    there, needed = machine_memory(), BYTES * parameters * copies(config)
    if there is not None and needed > there:
        what = "weights, gradients and optimizer" if config.device in _HERE else "weights"
        raise InputError(
            f"`network` (={network}) has {parameters:,} parameters, whose {what} need {needed / 1e9:,.0f} GB, and this "
            f"machine has {there / 1e9:,.0f} GB of memory with all that it can swap: make its layers smaller."
        )


def copies(config: RunConfig) -> int:
    """Return how many numbers the machine's memory holds for each parameter, at the least.

    The weight, its gradient, what the optimizer remembers of it, and its average where weights are averaged. On CUDA
    these are in the GPU's memory, and the weights alone come into being here; so they may for `auto`.
    """
    if config.device not in _HERE:
        return 1
    match config.optimizer:
        case Optimizer.SGD:
            remembered = int(config.momentum > 0)
        case Optimizer.RMSPROP:
            remembered = 1 + int(config.momentum > 0)
        case Optimizer.ADAM | Optimizer.ADAMW:
            remembered = 2
    return 2 + remembered + int(config.average > 0)


def machine_memory() -> int | None:
    """Return how many bytes this machine can hold, memory and all that it can swap; None where it does not tell.

    Linux has a fixed space to swap to. macOS and Windows make more as they need it, while there is room on the disk.
    """
    try:
        if sys.platform == "linux":
            lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines())
            return sum(1024 * int(lines[name].split()[0]) for name in ("MemTotal", "SwapTotal"))
        if sys.platform == "win32":
            kilobytes = ctypes.c_ulonglong()
            if not ctypes.windll.kernel32.GetPhysicallyInstalledSystemMemory(ctypes.byref(kilobytes)):
                return None
            return 1024 * kilobytes.value + shutil.disk_usage(os.environ["SYSTEMDRIVE"] + "\\").free
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") + shutil.disk_usage("/").free
    except (OSError, KeyError, ValueError, AttributeError):  # not told, or told in other words
        return None
