"""What a run's numbers depend on besides its configuration."""

import importlib.metadata
import platform

import numpy as np
import torch


def versions() -> dict[str, str]:
    """Return the versions of Python, of the libraries and of the system."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torchvision": importlib.metadata.version("torchvision"),  # its import takes as long as torch's
        "numpy": np.__version__,
        "platform": f"{platform.system()} {platform.machine()}",
    }
