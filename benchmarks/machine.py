"""What a result was measured on."""

import os
import platform
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from cnncore.data.catalogue import KNOWN
from cnncore.data.originals import ORIGINAL
from cnncore.data.prepared import info
from cnncore.training.versions import versions


def machine() -> dict[str, Any]:
    """Return the hardware, the versions and the day of a measurement."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cpu": _processor(),
        "logical_cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "gpu": torch.cuda.get_device_name(0) if torch.cuda.is_available() else None,
        "versions": versions(),
    }


def copies(dataset: str) -> dict[str, str]:
    """Return under its name what a known data set was read from; nothing where it was its authors' own files.

    Nothing either for the built-in set, for one's own images, and before the data set is prepared.
    """
    about = info(dataset)
    if about is None or not about.prepared or dataset not in KNOWN or ORIGINAL in about.notes:
        return {}
    return {dataset: about.notes[0]}


def peak_memory() -> float:
    """Return the most resident memory that this process has had, in megabytes (POSIX)."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3  # bytes on macOS, kilobytes elsewhere


def gpu_name() -> str:
    """Return the CUDA device's name as a part of a file's: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", torch.cuda.get_device_name(0).lower()).strip("-")


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():  # Linux; elsewhere platform knows
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def lacks_cuda() -> bool:
    """Return whether this machine has no CUDA device, and say so in one sentence."""
    if torch.cuda.is_available():
        return False
    print("`device` (=cuda) is not there: run this on a machine with a CUDA device.", file=sys.stderr)
    return True
