"""The first layer's filters over the epochs of a run, from its snapshots. Pure numpy, no torch."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnncore.errors import InputError
from cnncore.runs.snapshots import snapshot_folder
from cnncore.runs.store import open_store


@dataclass(frozen=True, eq=False)  # arrays do not compare to one truth value
class FilterHistory:
    """The filters (E, F, C, kH, kW) after each of the `epochs`; the first entry is what changes are measured from."""

    epochs: tuple[int, ...]
    filters: NDArray[np.float32]

    @property
    def limit(self) -> float:
        """The largest size of a weight at any epoch: one scale for all pictures."""
        return float(np.abs(self.filters).max(initial=0)) or 1.0

    @property
    def change(self) -> NDArray[np.float64]:
        """How far each filter has moved (E, F): ||w - w0|| / ||w0||, 0 at the first epoch."""
        return _norm(self.filters - self.filters[:1]) / self._first

    @property
    def growth(self) -> NDArray[np.float64]:
        """How much longer each filter has become (E, F): ||w|| / ||w0||, 1 at the first epoch."""
        return _norm(self.filters) / self._first

    @property
    def _first(self) -> NDArray[np.float64]:
        return np.maximum(_norm(self.filters[:1]), 1e-12)

    def most_changed(self, place: int, count: int = 5) -> NDArray[np.int64]:
        """Return the numbers, from 0, of the filters that had moved most by the entry `place`, the farthest first."""
        return np.argsort(-self.change[place], kind="stable")[:count]


def _norm(filters: NDArray[np.float32]) -> NDArray[np.float64]:
    """(E, F, C, kH, kW) -> (E, F): the Euclidean length of each filter."""
    return np.asarray(np.sqrt((filters.astype(np.float64) ** 2).sum((2, 3, 4))))


def filter_history(run_id: str) -> FilterHistory | None:
    """Return the first layer's filters at every epoch that has a snapshot; None if the first layer has no filters.

    An `InputError` if there is no such run, or nothing was kept of it.
    """
    folder = snapshot_folder(open_store().get(run_id).id)
    epochs = folder.epochs()
    if not epochs:
        raise InputError(
            f"`run` (={run_id}) has no snapshot of an epoch: train it again with snapshots, and each epoch is kept."
        )
    filters = np.stack([folder.read(epoch).filters for epoch in epochs])
    return FilterHistory(epochs, filters) if filters.size else None
