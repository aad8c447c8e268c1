"""What a run looked like after each of its epochs, in small files beside its checkpoint. No torch.

`epoch-0007.npz` holds what the network made of every test image and its first layer's filters; `weights-0007.npz` all
weights, for a few epochs. Epoch 0 is before training. How much that is, at most, on the disk: 5 bytes a test image and
4 a value of a filter for up to 201 epochs (60 kB each and 12 MB in all for the practical's network on CIFAR-10), and
64 MB of weights (4.8 MB each there).
"""

import contextlib
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cnncore.errors import InputError
from cnncore.training.saving import save

MOST = 200  # epochs with a snapshot; of a longer run every second, third ... epoch, and the last
BUDGET = 64_000_000  # bytes of weights
# The network changes most at first. The last epoch's weights are in the checkpoint, those before training in the seed.
_THIN = (1, 2, 3, 5, 8, 13, 20, 30, 50, 80, 120, 180, 270, 400, 600, 900, 1400, 2100, 3200, 4800, 7200)
_NAME = re.compile(r"(epoch|weights)-(\d+)\.npz")


@dataclass(frozen=True, eq=False)  # arrays do not compare
class Snapshot:
    """A network on all test images of its run, in their order, after `epoch` complete epochs.

    `predicted` (N,) uint8 or uint16 is the class that each was taken for, `confidence` (N,) float16 the probability of
    that class, `true` (N,) float16 that of the right one. `filters` (F, C, kH, kW) float32 are the first convolution's
    weights, (0, 0, 0, 0) where the first layer is none.
    """

    epoch: int
    predicted: NDArray[Any]
    confidence: NDArray[np.float16]
    true: NDArray[np.float16]
    filters: NDArray[np.float32]


def kept_epochs(epochs: int) -> frozenset[int]:
    """Return the epochs of a run of `epochs` that get a snapshot: 0, the last, and all between, or evenly thinned."""
    return frozenset(range(0, epochs, -(-epochs // MOST))) | {epochs}


def weight_epochs(epochs: int, size: int) -> frozenset[int]:
    """Return the epochs that keep all weights, of `size` bytes: as many of 1, 2, 3, 5, 8, 13, 20 ... as the budget has.

    >>> sorted(weight_epochs(100, 4_764_680))
    [1, 2, 3, 5, 8, 13, 20, 30, 50, 80]
    """
    wanted = sorted(kept_epochs(epochs) & {epoch for epoch in _THIN if epoch < epochs})
    count = min(len(wanted), BUDGET // max(1, size))
    places = np.linspace(0, len(wanted) - 1, count).round().astype(int).tolist() if count else []
    return frozenset(wanted[place] for place in places)


@dataclass(frozen=True)
class Folder:
    """The snapshots of one run; `path` need not exist."""

    path: Path

    def epochs(self) -> tuple[int, ...]:
        """Return the epochs that have a snapshot, in order."""
        return self._numbers("epoch")

    def weights(self) -> tuple[int, ...]:
        """Return the epochs whose weights are kept here, in order."""
        return self._numbers("weights")

    def written(self, epoch: int, kind: Literal["epoch", "weights"] = "epoch") -> int:
        """Return when an epoch's snapshot, or its weights, were written, nanoseconds since 1970; 0 if they are not."""
        try:
            return self._file(kind, epoch).stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def keep(self, snapshot: Snapshot) -> None:
        """Write a snapshot; an `InputError` if the disk is full."""
        self._save("epoch", snapshot.epoch, {name: getattr(snapshot, name) for name in _ARRAYS})

    def keep_weights(self, epoch: int, weights: Mapping[str, NDArray[Any]]) -> None:
        """Write all weights; an `InputError` if the disk is full."""
        self._save("weights", epoch, weights)

    def read(self, epoch: int) -> Snapshot:
        """Return the snapshot of an epoch; an `InputError` if there is none."""
        return Snapshot(epoch, **self._read("epoch", epoch, self.epochs))

    def read_weights(self, epoch: int) -> dict[str, NDArray[Any]]:
        """Return the weights of an epoch by their names in the module; an `InputError` if they were not kept."""
        return self._read("weights", epoch, self.weights)

    def forget(self, first: int = 0) -> None:
        """Remove what there is of epoch `first` and later ones: they are trained again, or the run is deleted."""
        for kind in ("epoch", "weights"):
            for epoch in self._numbers(kind):
                if epoch >= first:
                    self._file(kind, epoch).unlink(missing_ok=True)
        if first == 0 and self.path.exists():
            for partial in self.path.glob("*.part"):  # of a process that was killed as it wrote
                partial.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # something of somebody else's is in there: it stays
                self.path.rmdir()

    def _file(self, kind: str, epoch: int) -> Path:
        return self.path / f"{kind}-{epoch:04}.npz"

    def _numbers(self, kind: str) -> tuple[int, ...]:
        try:
            names = [_NAME.fullmatch(entry.name) for entry in self.path.iterdir()]
        except FileNotFoundError:
            return ()
        return tuple(sorted(int(name[2]) for name in names if name and name[1] == kind))

    def _save(self, kind: str, epoch: int, arrays: Mapping[str, NDArray[Any]]) -> None:
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)  # type: ignore[arg-type]  # numpy's stub takes the names for its own option
        # No run resumes from a snapshot: this need not wait for the disk.
        save(self._file(kind, epoch), buffer.getbuffer(), f"the snapshot of epoch {epoch}", lasting=False)

    def _read(self, kind: str, epoch: int, there: Callable[[], tuple[int, ...]]) -> dict[str, NDArray[Any]]:
        try:
            with np.load(self._file(kind, epoch)) as file:
                return {name: file[name] for name in file.files}
        except FileNotFoundError:
            known = ", ".join(map(str, there())) or "none yet"
            raise InputError(f"`epoch` (={epoch}) was not kept: choose one of those that were ({known}).") from None
        except Exception as error:
            raise InputError(
                f"the snapshot {self._file(kind, epoch)} cannot be read ({type(error).__name__}): choose another epoch."
            ) from error


_ARRAYS = ("predicted", "confidence", "true", "filters")
