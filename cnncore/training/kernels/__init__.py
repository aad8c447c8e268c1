"""Max pools and what stands beside them, each a pass or two over memory: kernels for CUDA, written in Triton.

PyTorch computes bias, batch norm, max pool and ReLU one after the other and in the backward pass again: each reads and
writes all values of a layer. For the practical's network these passes take longer than the convolutions between
them. Here one kernel reads a window, adds the bias or normalizes, pools, cuts off at zero and writes the one value that
is left; the backward pass writes the gradient of the whole window at once, and what it needs of sums over a channel it
takes from the pooled values, a quarter as many.

Triton comes with PyTorch for Linux and compiles a kernel when it is first used, a fraction of a second each, once for a
machine. Where it is not there, or cannot compile, PyTorch's own kernels do the work, see `why_not`. No kernel uses
atomic operations: a sum over many programs is written part by part and added up in a fixed order, so the same numbers
come out again. Images lie in memory as `channels_last`, (N, H, W, C).
"""

from functools import cache

import torch
import torch.nn.functional as F

from cnncore.training.kernels.compiler import MISSING, added
from cnncore.training.kernels.descent import descend
from cnncore.training.kernels.fetching import patches, views
from cnncore.training.kernels.loss import cross_entropy
from cnncore.training.kernels.norm import statistics
from cnncore.training.kernels.pooling import norm_pool, norm_pool_backward, pool, pool_backward

__all__ = [
    "added",
    "cross_entropy",
    "descend",
    "norm_pool",
    "norm_pool_backward",
    "patches",
    "pool",
    "pool_backward",
    "statistics",
    "views",
    "why_not",
]


@cache
def why_not(device: torch.device) -> str:
    """Return why these kernels cannot be used on `device`; empty where they can: one is compiled and run to see."""
    if device.type != "cuda":
        return "the kernels are CUDA's"
    if MISSING:
        return MISSING
    try:
        images = torch.arange(32.0, device=device).view(1, 4, 4, 2).permute(0, 3, 1, 2)
        pooled, _ = pool(images, None, relu=True, kernel=2, padding=0, ceil_mode=False)
        works = torch.equal(pooled, F.max_pool2d(images, 2))
    except Exception as error:  # noqa: BLE001 no compiler, no headers, an old card: Triton has no error of its own
        said = str(error).partition("\n")[0] or type(error).__name__
        return f"Triton, which wants a C compiler and Python's headers, cannot compile ({said})"
    return "" if works else "Triton's kernel gives wrong numbers"
