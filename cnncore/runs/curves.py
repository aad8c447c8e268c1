"""Curves of stored runs, thinned by the database, and their export."""

import csv
import io
import sqlite3
from dataclasses import fields

import numpy as np

from cnncore.errors import InputError
from cnncore.events import Batch, Changed, Epoch
from cnncore.runs.database import Database
from cnncore.runs.record import Curve

EPOCH_METRICS = {
    f"{split}/{metric}": f"{split}_{metric}"
    for split in ("train", "test", "validation", "train_eval")
    for metric in ("loss", "accuracy", "accuracy5")
} | {"lr": "lr", "images_per_second": "images_per_second"}
BATCH_METRICS = {f"batch/{metric}": metric for metric in ("loss", "accuracy", "accuracy5", "lr")}


class Curves(Database):
    """Queries for a run's metrics, by the run's full id."""

    def curve(self, run_id: str, metric: str, max_points: int | None = None) -> Curve:
        """Return a metric's curve, empty where the run does not measure it.

        `train/...`, `test/...`, `validation/...`, `train_eval/...`, `lr` and `images_per_second` go by epoch,
        `batch/...` by update. A curve of more than `max_points` points comes as so many buckets of neighbouring ones,
        averaged by the database: what a page pays does not grow with the run.
        """
        with self._errors():
            db = self._connection
            if metric in EPOCH_METRICS:
                column = EPOCH_METRICS[metric]
                rows = db.execute(
                    f"""SELECT step, epoch, sum(seconds) OVER (ORDER BY epoch), {column}, {column}, {column}
                        FROM epochs WHERE run_id = ? ORDER BY epoch""",
                    (run_id,),
                ).fetchall()
                rows = [row for row in rows if row[3] is not None]
            elif metric in BATCH_METRICS:
                rows = self._batch_rows(db, run_id, BATCH_METRICS[metric], max_points)
            else:
                known = ", ".join([*EPOCH_METRICS, *BATCH_METRICS])
                raise InputError(f"`metric` (={metric!r}) must be one of {known}: choose one of them.")
        columns = np.array([tuple(row) for row in rows], np.float64).reshape(-1, 6).T
        if max_points is not None and columns.shape[1] > max_points:
            chosen = np.unique(np.linspace(0, columns.shape[1] - 1, max_points).round().astype(int))
            columns = columns[:, chosen]
        return Curve(columns[0].astype(np.int64), *columns[1:])

    @staticmethod
    def _batch_rows(db: sqlite3.Connection, run_id: str, column: str, max_points: int | None) -> list[sqlite3.Row]:
        last = db.execute("SELECT max(step) FROM batches WHERE run_id = ?", (run_id,)).fetchone()[0] or 0
        bucket = 1 if max_points is None else max(1, -(-last // max_points))
        # Seconds in the table count from the epoch's beginning: the epochs before are added.
        return db.execute(
            f"""SELECT max(b.step), max(b.epoch - 1 + (b.batch + 1.0) / coalesce(r.batches_per_epoch, 1)),
                       max(b.seconds + coalesce(e.before, 0)), avg(b.{column}), min(b.{column}), max(b.{column})
                FROM batches AS b JOIN runs AS r ON r.id = b.run_id
                LEFT JOIN (SELECT epoch + 1 AS epoch, sum(seconds) OVER (ORDER BY epoch) AS before
                           FROM epochs WHERE run_id = ?1) AS e ON e.epoch = b.epoch
                WHERE b.run_id = ?1 GROUP BY (b.step - 1) / ?2 ORDER BY b.step""",
            (run_id, bucket),
        ).fetchall()

    def export_csv(self, run_id: str, batches: bool = False) -> str:
        """Return the run's epochs, or its batches, as CSV with a header row."""
        table = "batches" if batches else "epochs"
        names = [spec.name for spec in fields(Batch if batches else Epoch)]
        header = [spec.metadata.get("json", spec.name) for spec in fields(Batch if batches else Epoch)]
        with self._errors():
            rows = self._connection.execute(
                f"SELECT {', '.join(names)} FROM {table} WHERE run_id = ? ORDER BY step", (run_id,)
            ).fetchall()
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(tuple(row) for row in rows)
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
