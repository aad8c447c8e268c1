"""The updates of a run averaged in at most so many buckets, read on from where the last reader stopped.

A page asks twice a second, and a run of a hundred epochs has tens of thousands of updates: to average them all each
time would cost more the longer the run. A bucket holds a power of two of updates, so its borders stay until the run has
doubled, and only the last bucket and what came after it are read again.
"""

import sqlite3
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

METRICS = ("loss", "accuracy", "accuracy5", "lr")
KEPT = 64  # readings, each of one run in one number of points; 60 kB for 500 points
Columns: TypeAlias = NDArray[np.float64]

# Seconds in the table count from the epoch's beginning: the epochs before are added.
_QUERY = f"""
    SELECT max(b.step), max(b.epoch - 1 + (b.batch + 1.0) / coalesce(r.batches_per_epoch, 1)),
           max(b.seconds + coalesce(e.before, 0)),
           {", ".join(f"avg(b.{name}), min(b.{name}), max(b.{name})" for name in METRICS)}
    FROM batches AS b JOIN runs AS r ON r.id = b.run_id
    LEFT JOIN (SELECT epoch + 1 AS epoch, sum(seconds) OVER (ORDER BY epoch) AS before
               FROM epochs WHERE run_id = :run) AS e ON e.epoch = b.epoch
    WHERE b.run_id = :run AND b.step > :after GROUP BY (b.step - 1) / :width ORDER BY b.step"""


@dataclass(frozen=True, eq=False)  # arrays do not compare
class _Reading:
    """What was read in buckets of `width` updates: `columns` (15, buckets) as the query has them.

    `mark` is (step, seconds, loss) of the last update that will not be read again. A resumed run makes its last updates
    anew, in other times: then what stands at that step is something else.
    """

    width: int
    columns: Columns
    mark: tuple[int, float, float] | None


class Thinned:
    """Reads the updates of one database's runs in buckets. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readings: OrderedDict[tuple[str, int], _Reading] = OrderedDict()

    def columns(self, db: sqlite3.Connection, run_id: str, metric: str, max_points: int | None) -> Columns:
        """Return (6, buckets): last step, epoch and seconds of each bucket; mean, least and most of `metric` in it.

        There are at most `max_points` buckets, and more than half as many once there are that many updates; without
        it each update is a bucket, and nothing is kept.
        """
        place = 3 + 3 * METRICS.index(metric)
        rows = [0, 1, 2, place, place + 1, place + 2]
        if max_points is None:
            return _query(db, run_id, 1, 0)[rows]
        key = (run_id, max_points)
        with self._lock:
            before = self._readings.get(key)
        db.execute("BEGIN")  # all of it from one state of the file
        try:
            reading = _read(db, run_id, max_points, before)
        finally:
            if db.in_transaction:  # an error may have ended it
                db.execute("COMMIT")
        with self._lock:
            self._readings[key] = reading
            self._readings.move_to_end(key)
            while len(self._readings) > KEPT:
                self._readings.popitem(last=False)
        return reading.columns[rows]


def width_of(updates: int, max_points: int) -> int:
    """Return how many updates a bucket holds: the least power of two that makes at most `max_points` buckets.

    >>> width_of(500, 500), width_of(501, 500), width_of(39_100, 500)
    (1, 2, 128)
    """
    width = 1
    while -(-updates // width) > max_points:
        width *= 2
    return width


def _read(db: sqlite3.Connection, run_id: str, max_points: int, before: _Reading | None) -> _Reading:
    last = db.execute("SELECT max(step) FROM batches WHERE run_id = ?", (run_id,)).fetchone()[0] or 0
    width = width_of(last, max_points)
    if before and before.mark and before.width == width and _mark(db, run_id, before.mark[0]) == before.mark:
        new = _query(db, run_id, width, before.mark[0])
        columns = np.concatenate([before.columns[:, before.columns[0] <= before.mark[0]], new], axis=1)
    else:
        columns = _query(db, run_id, width, 0)
    return _Reading(width, columns, _mark(db, run_id, int(columns[0, -2])) if columns.shape[1] > 1 else None)


def _query(db: sqlite3.Connection, run_id: str, width: int, after: int) -> Columns:
    rows = db.execute(_QUERY, {"run": run_id, "width": width, "after": after}).fetchall()
    return np.array([tuple(row) for row in rows], np.float64).reshape(-1, 3 + 3 * len(METRICS)).T


def _mark(db: sqlite3.Connection, run_id: str, step: int) -> tuple[int, float, float] | None:
    row = db.execute("SELECT seconds, loss FROM batches WHERE run_id = ? AND step = ?", (run_id, step)).fetchone()
    return None if row is None else (step, row[0], row[1])
