"""Curves of stored runs, thinned by the database, and their export."""

import csv
import io
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.errors import InputError
from cnncore.events import Batch, Changed, Epoch
from cnncore.runs.database import Database
from cnncore.runs.record import Curve
from cnncore.runs.thinned import METRICS, Thinned

EPOCH_METRICS = {
    f"{split}/{metric}": f"{split}_{metric}"
    for split in ("train", "test", "validation", "train_eval", "test_tta", "validation_tta")
    for metric in ("loss", "accuracy", "accuracy5")
} | {"lr": "lr", "images_per_second": "images_per_second"}
BATCH_METRICS = {f"batch/{metric}": metric for metric in METRICS}


class Curves(Database):
    """Queries for a run's metrics, by the run's full id."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._thinned = Thinned()

    def curve(self, run_id: str, metric: str, max_points: int | None = None) -> Curve:
        """Return a metric's curve, empty where the run does not measure it.

        `train/...`, `test/...`, `validation/...`, `train_eval/...`, `lr` and `images_per_second` go by epoch,
        `test_tta/...` and `validation_tta/...` have the last epoch alone, `batch/...` goes by update. Of more than
        `max_points` epochs so many are chosen, evenly; more than `max_points` updates are averaged in buckets. To ask
        again costs no more for a longer run.
        """
        with self._errors():
            if metric in EPOCH_METRICS:
                columns = self._epochs(run_id, EPOCH_METRICS[metric])
            elif metric in BATCH_METRICS:
                columns = self._thinned.columns(self._connection, run_id, BATCH_METRICS[metric], max_points)
            else:
                known = ", ".join([*EPOCH_METRICS, *BATCH_METRICS])
                raise InputError(f"`metric` (={metric!r}) must be one of {known}: choose one of them.")
        if max_points is not None and columns.shape[1] > max_points:
            chosen = np.unique(np.linspace(0, columns.shape[1] - 1, max_points).round().astype(int))
            columns = columns[:, chosen]
        return Curve(columns[0].astype(np.int64), *columns[1:])

    def _epochs(self, run_id: str, column: str) -> NDArray[np.float64]:
        rows = self._connection.execute(
            f"""SELECT step, epoch, sum(seconds) OVER (ORDER BY epoch), {column}, {column}, {column}
                FROM epochs WHERE run_id = ? ORDER BY epoch""",
            (run_id,),
        ).fetchall()
        return np.array([tuple(row) for row in rows if row[3] is not None], np.float64).reshape(-1, 6).T

    def last_update(self, run_id: str) -> Batch | None:
        """Return the update that was made last; None before the first one."""
        names = ", ".join(spec.name for spec in fields(Batch))
        with self._errors():
            row = self._connection.execute(
                f"SELECT {names} FROM batches WHERE run_id = ? ORDER BY step DESC LIMIT 1", (run_id,)
            ).fetchone()
        return None if row is None else Batch(*row)

    def rows(self, run_id: str, batches: bool = False) -> list[dict[str, Any]]:
        """Return the run's epochs, or its batches, in order, with the names of their JSON."""
        specs = fields(Batch if batches else Epoch)
        names = [spec.metadata.get("json", spec.name) for spec in specs]
        with self._errors():
            found = self._connection.execute(
                f"SELECT {', '.join(spec.name for spec in specs)} FROM {'batches' if batches else 'epochs'} "
                "WHERE run_id = ? ORDER BY step",
                (run_id,),
            ).fetchall()
        return [dict(zip(names, row, strict=True)) for row in found]

    def export_csv(self, run_id: str, batches: bool = False) -> str:
        """Return the run's epochs, or its batches, as CSV with a header row."""
        text = io.StringIO()
        names = [spec.metadata.get("json", spec.name) for spec in fields(Batch if batches else Epoch)]
        writer = csv.DictWriter(text, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows(run_id, batches))
        return text.getvalue()

    def first_loss(self, run_id: str) -> float:
        """Return the loss of the run's very first batch, before any update; an `InputError` where there is none."""
        with self._errors():
            row = self._connection.execute(
                "SELECT loss FROM batches WHERE run_id = ? ORDER BY step LIMIT 1", (run_id,)
            ).fetchone()
        if row is None:
            raise InputError(f"`run` (={run_id}) has made no update yet: wait for its first batch.")
        return float(row["loss"])

    def changes(self, run_id: str) -> list[Changed]:
        """Return the changes of the learning rate that were made by hand, in order."""
        with self._errors():
            rows = self._connection.execute(
                "SELECT epoch, step, lr_factor FROM changes WHERE run_id = ? ORDER BY step", (run_id,)
            ).fetchall()
        return [Changed(*row) for row in rows]
