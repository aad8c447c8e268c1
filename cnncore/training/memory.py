"""Whether a network's weights fit into this machine's memory, checked before anything is allocated."""

import ctypes
import os
import shutil
import sys
from pathlib import Path

from cnncore.errors import InputError
from cnncore.training.config import DeviceChoice, Optimizer, RunConfig

BYTES = 4  # of a weight: they are kept in single precision, whatever the run computes with
_PROC, _GROUPS = Path("/proc"), Path("/sys/fs/cgroup")  # where Linux tells of itself
_NO_LIMIT = 2**62  # bytes; cgroup v1 says 2**63, rounded down to whole pages
_HERE = (DeviceChoice.CPU, DeviceChoice.MPS)  # an Apple chip's memory is the machine's own


def check_memory(config: RunConfig, network: str, parameters: int) -> None:
    """Raise an `InputError` if the run of `network` holds more all the time than this machine can, or may, hold.

    What it holds besides, the maps of a batch above all, is not counted: whatever might run is let through.
    """
    needed = BYTES * parameters * copies(config)
    what = "weights, gradients and optimizer" if config.device in _HERE else "weights"
    told = f"`network` (={network}) has {parameters:,} parameters, whose {what} need {needed / 1e9:,.0f} GB, and this"
    there, allowed = machine_memory(), container_memory()
    if there is not None and needed > there:
        raise InputError(
            f"{told} machine has {there / 1e9:,.0f} GB of memory with all that it can swap: make its layers smaller."
        )
    if allowed is not None and needed > allowed:
        raise InputError(
            f"{told} container, or group of processes, may use {allowed / 1e9:,.0f} GB of memory with all that it can "
            "swap: make its layers smaller, or let it use more."
        )


def copies(config: RunConfig) -> int:
    """Return how many numbers the machine's memory holds for each parameter, at the least.

    The weight, its gradient, what the optimizer remembers of it, and its average where weights are averaged. On CUDA
    these are in the GPU's memory, and the machine's holds the weights alone, while they are drawn; so it may for
    `auto`.
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
            return _told("MemTotal") + _told("SwapTotal")
        if sys.platform == "win32":
            kilobytes = ctypes.c_ulonglong()
            if not ctypes.windll.kernel32.GetPhysicallyInstalledSystemMemory(ctypes.byref(kilobytes)):
                return None
            return 1024 * kilobytes.value + shutil.disk_usage(os.environ["SYSTEMDRIVE"] + "\\").free
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") + shutil.disk_usage("/").free
    except (OSError, KeyError, ValueError, AttributeError):  # not told, or told in other words
        return None


def container_memory() -> int | None:
    """Return how many bytes the system lets this process and its kin hold, memory and swap; None without such a limit.

    Linux counts them in a control group, which is how containers and the queues of clusters are bounded, in one of two
    ways (cgroup v2, v1). Each group lies in another, and the tightest holds. Elsewhere there is nothing of the kind.
    """
    if sys.platform != "linux":
        return None
    limits: list[int] = []
    try:
        swap = _told("SwapTotal")
        for line in (_PROC / "self/cgroup").read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            if not controllers:
                for group in _around(_GROUPS, path):
                    limits += [_limit(group / "memory.max") + min(swap, _limit(group / "memory.swap.max"))]
            elif "memory" in controllers.split(","):
                for group in _around(_GROUPS / "memory", path):  # the second name is of memory and swap together
                    limits += [_limit(group / "memory.limit_in_bytes") + swap]
                    limits += [_limit(group / "memory.memsw.limit_in_bytes")]
    except (OSError, KeyError, ValueError):  # as above
        return None
    least = min(limits, default=_NO_LIMIT)
    return least if least < _NO_LIMIT else None


def _told(name: str) -> int:
    """Return what Linux tells of its memory under `name`, in bytes."""
    lines = dict(line.split(":", 1) for line in (_PROC / "meminfo").read_text(encoding="ascii").splitlines())
    return 1024 * int(lines[name].split()[0])


def _around(root: Path, path: str) -> list[Path]:
    """Return the folders of a group and of those around it. Inside a container its own may be all that there is."""
    names = path.strip("/").split("/")
    return [root, *(root.joinpath(*names[:depth]) for depth in range(1, len(names) + 1) if ".." not in names)]


def _limit(file: Path) -> int:
    try:
        text = file.read_text(encoding="ascii").strip()
        return _NO_LIMIT if text == "max" else int(text)
    except (OSError, ValueError):  # a group that is seen from elsewhere, or without this kind of limit
        return _NO_LIMIT
