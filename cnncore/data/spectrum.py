"""The principal components of images: mean, covariance, and its eigenvalues and eigenvectors.

Whitening is fitted with them (`cnncore.data.standardize`), and the page about standardization shows them.
"""

import contextlib
import itertools
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cnncore.atomic import replacing
from cnncore.data.pixels import check_whitening
from cnncore.data.prepared import SPECTRUM

_CHUNK = 1024
_BLOCKS = 4


@dataclass(frozen=True)
class Spectrum:
    """`mean` (D,), `eigenvalues` (D,), the largest first, `vectors` (D, D), one a column; D = C*H*W values an image.

    All float64, of pixels in [0, 1]. A vector's sign is free; here its entry of the largest size is positive.
    """

    mean: Tensor
    eigenvalues: Tensor
    vectors: Tensor

    def scales(self, eps: float) -> Tensor:
        """Return 1 / sqrt(l + eps) for each eigenvalue l: what whitening multiplies its component by, (D,)."""
        return (self.eigenvalues + eps).rsqrt()


def covariance(images: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean (D,) and covariance (D, D) of uint8 `images` (N, C, H, W) as pixels in [0, 1], divided by N.

    Float64, and exact to its last digits although the products are summed in float32, which is twice as fast: bytes
    minus 128 are whole numbers of at most 2^7 in size, their products at most 2^14, and 1,024 of those stay within
    the 2^24 up to which float32 holds every whole number. So the result does not depend on the device or the order.
    """
    count, values = len(images), images[0].numel()
    # Apple's MPS has no float64: what is summed up lies on the CPU there.
    home = torch.device("cpu") if images.device.type == "mps" else images.device
    products = torch.zeros(values, values, dtype=torch.float64, device=home)
    total = torch.zeros(values, dtype=torch.float64, device=home)
    edges = [values * block // _BLOCKS for block in range(_BLOCKS + 1)]
    columns = [slice(*pair) for pair in itertools.pairwise(edges)]
    for part in torch.split(images.flatten(1), _CHUNK):
        shifted = part.float().sub_(128)  # (n, D)
        total += shifted.sum(0).to(home)
        for place, left in enumerate(columns):  # the blocks on and above the diagonal: the matrix is symmetric
            for right in columns[place:]:
                products[left, right] += (shifted[:, left].T @ shifted[:, right]).to(home)
    products = products.triu() + products.triu(1).T
    mean = total / count
    return (mean + 128) / 255, (products / count - mean[:, None] * mean) / 255**2


def spectrum(images: Tensor, name: str = "standardize") -> Spectrum:
    """Return the principal components of uint8 `images` (N, C, H, W); an `InputError` for more than `LARGEST` values.

    3,072 values of 5,000 images take 10 seconds of an AVX2 core, 9 of them for the eigenvectors. In float32
    that would be three times as fast, but the smallest eigenvalues would be lost in rounding. `name` is the setting
    that errors name.
    """
    check_whitening(images[0].numel(), name)
    mean, matrix = covariance(images)
    eigenvalues, vectors = torch.linalg.eigh(matrix)
    # Rounding leaves some of the smallest a little below zero.
    eigenvalues, vectors = eigenvalues.flip(0).clamp_min(0), vectors.flip(1)
    largest = vectors.abs().argmax(dim=0, keepdim=True)
    return Spectrum(mean, eigenvalues, vectors * vectors.gather(0, largest).sign())


def kept(place: Path, found: Callable[[], Spectrum]) -> Spectrum:
    """Return the components that an earlier call left in the folder `place`; else `found()`, and leave it there.

    Reading takes a tenth of a second, finding takes ten (75 MB for 3,072 values). Nothing is left there if there is no
    such folder, or no room.
    """
    file = place / SPECTRUM
    broken = (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile)
    with contextlib.suppress(*broken), file.open("rb") as stream, np.load(stream) as arrays:
        return Spectrum(*(torch.from_numpy(arrays[name]) for name in ("mean", "eigenvalues", "vectors")))
    result = found()
    with contextlib.suppress(OSError), replacing(file) as part, part.open("wb") as target:
        np.savez(target, mean=result.mean, eigenvalues=result.eigenvalues, vectors=result.vectors)
    return result
