"""The run store: one SQLite file that workers append to and pages query, at the same time."""

import csv
import io
import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from cnncore.errors import InputError
from cnncore.events import Batch, Diverged, Epoch, Event, Finished, Started, Stopped
from cnncore.home import home
from cnncore.runs.record import Curve, Intent, Run, Status
from cnncore.runs.schema import migrate
from cnncore.training.config import RunConfig

STALE = 15.0  # seconds without a heartbeat after which a process is taken for dead
_EPOCH_METRICS = {
    f"{split}/{metric}": f"{split}_{metric}"
    for split in ("train", "test")
    for metric in ("loss", "accuracy", "accuracy5")
} | {"lr": "lr", "images_per_second": "images_per_second"}
_BATCH_METRICS = {f"batch/{metric}": metric for metric in ("loss", "accuracy", "accuracy5", "lr")}
_RUN_QUERY = """
    SELECT runs.*, last.epoch AS done, last.images_per_second, last.train_accuracy, last.train_loss,
           last.test_accuracy, last.test_loss,
           (SELECT max(step) FROM batches WHERE run_id = runs.id) AS last_step,
           (SELECT total(seconds) FROM epochs WHERE run_id = runs.id) AS epoch_seconds
    FROM runs LEFT JOIN epochs AS last
        ON last.run_id = runs.id AND last.epoch = (SELECT max(epoch) FROM epochs WHERE run_id = runs.id)"""


class LostRunError(RuntimeError):
    """Another process owns the run now; whoever gets this stops and writes no more."""


class RunStore:
    """Runs in one SQLite file at `path`, which is made if it is not there. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        with self._errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            migrate(self._connection)

    # -- runs -----------------------------------------------------------------------------------------------------

    def create(self, config: RunConfig, name: str = "", status: Status = Status.QUEUED) -> str:
        """Add a run and return its id."""
        now = time.time()
        run_id = f"{time.strftime('%y%m%d-%H%M%S', time.localtime(now))}-{secrets.token_hex(2)}"
        with self._transaction() as db:
            db.execute(
                "INSERT INTO runs (id, name, created, config, status, updated) VALUES (?, ?, ?, ?, ?, ?)",
                (run_id, name.strip()[:80], now, config.to_json(), status, now),
            )
        return run_id

    def get(self, run_id: str) -> Run:
        """Return the run whose id is or uniquely begins with `run_id`."""
        with self._errors():
            found = self._connection.execute(
                f"{_RUN_QUERY} WHERE substr(runs.id, 1, length(?1)) = ?1", (run_id,)
            ).fetchall()
        exact = [row for row in found if row["id"] == run_id] or found
        if not run_id or len(exact) != 1:
            reason = "fits several runs" if run_id and exact else "is no run"
            raise InputError(f"`run` (={run_id!r}) {reason}: `python -m cnncore runs list` shows their names.")
        return _run(exact[0])

    def runs(self, limit: int = 200) -> list[Run]:
        """Return the newest runs, newest first."""
        with self._errors():
            rows = self._connection.execute(f"{_RUN_QUERY} ORDER BY runs.created DESC, runs.id DESC LIMIT ?", (limit,))
            return [_run(row) for row in rows.fetchall()]

    def delete(self, run_id: str) -> None:
        """Remove the run and its curves; one that is still going on is refused."""
        run = self.get(run_id)
        if run.status.active:
            raise InputError(
                f"`run` (={run.id}) is {run.status} and can only be deleted when it is over: stop it first."
            )
        with self._transaction() as db:
            db.execute("DELETE FROM runs WHERE id = ?", (run.id,))

    def request(self, run_id: str, intent: Intent) -> None:
        """Say what the run should do; its worker reads it within a moment, the supervisor sees to queued ones."""
        with self._transaction() as db:
            db.execute("UPDATE runs SET intent = ?, updated = ? WHERE id = ?", (intent, time.time(), run_id))

    def requeue(self, run_id: str) -> None:
        """Put a run that ended early back into the queue, to go on from its checkpoint."""
        run = self.get(run_id)
        if not run.status.resumable:
            raise InputError(
                f"`run` (={run.id}) is {run.status} and only a stopped, interrupted or failed run can be resumed: "
                "start a new one."
            )
        with self._transaction() as db:
            db.execute(
                """UPDATE runs SET status = ?, intent = 'none', resume = 1, message = '', owner = NULL, updated = ?
                   WHERE id = ?""",
                (Status.QUEUED, time.time(), run.id),
            )

    # -- a worker's side ------------------------------------------------------------------------------------------

    def claim(self, run_id: str, owner: str, pid: int) -> bool:
        """Make `owner` the one who may append to the run, and return whether it is to be resumed."""
        now = time.time()
        with self._transaction() as db:
            db.execute(
                """UPDATE runs SET owner = ?, pid = ?, heartbeat = ?, status = ?, message = '', updated = ?,
                   started = coalesce(started, ?) WHERE id = ?""",
                (owner, pid, now, Status.RUNNING, now, now, run_id),
            )
            row = db.execute("SELECT resume FROM runs WHERE id = ?", (run_id,)).fetchone()
        if row is None:
            raise LostRunError(run_id)
        return bool(row["resume"])

    def beat(self, run_id: str, owner: str) -> None:
        """Say that the owner is alive."""
        with self._transaction() as db:
            db.execute("UPDATE runs SET heartbeat = ? WHERE id = ? AND owner = ?", (time.time(), run_id, owner))

    def append(self, run_id: str, events: Sequence[Event], owner: str) -> Intent:
        """Store the events in one transaction and return what is wanted of the run now."""
        with self._transaction() as db:
            intent = self._owned(db, run_id, owner)
            for event in events:
                self._store(db, run_id, event)
            db.execute("UPDATE runs SET updated = ?, heartbeat = ? WHERE id = ?", (time.time(), time.time(), run_id))
        return intent

    def intent(self, run_id: str, owner: str) -> Intent:
        """Return what is wanted of the run now."""
        with self._transaction() as db:
            return self._owned(db, run_id, owner)

    def set_status(self, run_id: str, status: Status, message: str = "", owner: str | None = None) -> None:
        """Record where the run stands; with `owner` only if that is still its owner."""
        with self._transaction() as db:
            if owner is not None:
                self._owned(db, run_id, owner)
            db.execute(
                "UPDATE runs SET status = ?, message = ?, updated = ? WHERE id = ?",
                (status, message, time.time(), run_id),
            )

    @staticmethod
    def _owned(db: sqlite3.Connection, run_id: str, owner: str) -> Intent:
        row = db.execute("SELECT owner, intent FROM runs WHERE id = ?", (run_id,)).fetchone()
        if row is None or row["owner"] != owner:
            raise LostRunError(run_id)
        return Intent(row["intent"])

    @staticmethod
    def _store(db: sqlite3.Connection, run_id: str, event: Event) -> None:
        match event:
            case Started():
                # What the checkpoint does not cover comes again.
                db.execute("DELETE FROM epochs WHERE run_id = ? AND epoch >= ?", (run_id, event.first_epoch))
                db.execute("DELETE FROM batches WHERE run_id = ? AND epoch >= ?", (run_id, event.first_epoch))
                db.execute(
                    """UPDATE runs SET device = ?, device_reason = ?, parameters = ?, train_size = ?, test_size = ?,
                       batches_per_epoch = ?, classes = ?, versions = ?, resume = 1 WHERE id = ?""",
                    (
                        *(event.device, event.device_reason, event.parameters, event.train_size, event.test_size),
                        *(event.batches_per_epoch, event.classes, json.dumps(event.versions), run_id),
                    ),
                )
            case Batch() | Epoch():
                table = "batches" if isinstance(event, Batch) else "epochs"
                names = [spec.name for spec in fields(event)]
                marks = ", ".join("?" * (len(names) + 1))
                # Names come from the dataclass and values are bound: nothing of a user's is in the statement.
                db.execute(
                    f"INSERT INTO {table} (run_id, {', '.join(names)}) VALUES ({marks})",
                    (run_id, *(getattr(event, name) for name in names)),
                )
            case Finished():
                db.execute("UPDATE runs SET status = ?, message = '' WHERE id = ?", (Status.FINISHED, run_id))
            case Diverged() | Stopped():
                status = Status.DIVERGED if isinstance(event, Diverged) else Status.STOPPED
                db.execute("UPDATE runs SET status = ?, message = ? WHERE id = ?", (status, event.message, run_id))

    # -- the supervisor's side ------------------------------------------------------------------------------------

    def supervise(self, token: str, pid: int) -> bool:
        """Take or keep the supervisor's role; false if another living process has it."""
        now = time.time()
        with self._transaction() as db:
            row = db.execute("SELECT token, heartbeat FROM supervisor").fetchone()
            if row is not None and row["token"] != token and now - row["heartbeat"] < STALE / 2:
                return False
            db.execute("INSERT OR REPLACE INTO supervisor VALUES (1, ?, ?, ?)", (token, pid, now))
        return True

    def resign(self, token: str) -> bool:
        """Give the role back, unless a run has come in since; true if it was given back."""
        with self._transaction() as db:
            active = db.execute("SELECT 1 FROM runs WHERE status IN ('queued', 'running', 'paused')").fetchone()
            if active is None:
                db.execute("DELETE FROM supervisor WHERE token = ?", (token,))
        return active is None

    def supervised(self) -> bool:
        """True if a supervisor is alive."""
        with self._errors():
            row = self._connection.execute("SELECT heartbeat FROM supervisor").fetchone()
        return row is not None and time.time() - float(row["heartbeat"]) < STALE / 2

    def active(self) -> list[sqlite3.Row]:
        """Return id, status, intent, owner, pid, heartbeat and updated of the active runs, oldest first."""
        with self._errors():
            return self._connection.execute(
                """SELECT id, status, intent, owner, pid, heartbeat, updated FROM runs
                   WHERE status IN ('queued', 'running', 'paused') ORDER BY created, id"""
            ).fetchall()

    # -- curves ---------------------------------------------------------------------------------------------------

    def curve(self, run_id: str, metric: str, max_points: int | None = None) -> Curve:
        """Return a metric's curve: `train/...` and `test/...` by epoch, `batch/...` by update.

        A curve of more than `max_points` points comes as so many buckets of neighbouring ones, averaged by the
        database: what a page pays does not grow with the run.
        """
        with self._errors():
            db = self._connection
            if metric in _EPOCH_METRICS:
                column = _EPOCH_METRICS[metric]
                rows = db.execute(
                    f"""SELECT step, epoch, sum(seconds) OVER (ORDER BY epoch), {column}, {column}, {column}
                        FROM epochs WHERE run_id = ? ORDER BY epoch""",
                    (run_id,),
                ).fetchall()
            elif metric in _BATCH_METRICS:
                rows = self._batch_rows(db, run_id, _BATCH_METRICS[metric], max_points)
            else:
                known = ", ".join([*_EPOCH_METRICS, *_BATCH_METRICS])
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
        run = self.get(run_id)
        table = "batches" if batches else "epochs"
        names = [spec.name for spec in fields(Batch if batches else Epoch)]
        header = [spec.metadata.get("json", spec.name) for spec in fields(Batch if batches else Epoch)]
        with self._errors():
            rows = self._connection.execute(
                f"SELECT {', '.join(names)} FROM {table} WHERE run_id = ? ORDER BY step", (run.id,)
            ).fetchall()
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(tuple(row) for row in rows)
        return text.getvalue()

    # -- the database ---------------------------------------------------------------------------------------------

    @property
    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            # Explicit transactions only; a writer waits up to ten seconds for another one.
            connection = sqlite3.connect(self.path, timeout=10, isolation_level=None)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            self._local.connection = connection
        return connection

    def close(self) -> None:
        """Close this thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._errors():
            db = self._connection
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.DatabaseError, OSError) as error:
            raise InputError(
                f"the run store {self.path} cannot be used ({error}): free disk space, allow writing there, or set "
                "CNNCORE_HOME to another folder."
            ) from error


def _run(row: sqlite3.Row) -> Run:
    values: dict[str, Any] = {spec.name: row[spec.name] for spec in fields(Run) if spec.name in row.keys()}  # noqa: SIM118 a Row iterates over its values
    values |= {
        "status": Status(row["status"]),
        "intent": Intent(row["intent"]),
        "config": RunConfig.from_json(row["config"]),
        "versions": json.loads(row["versions"] or "{}"),
        "epoch": row["done"] or 0,
        "step": row["last_step"] or 0,
        "seconds": row["epoch_seconds"],
    }
    return Run(**values)


@cache
def _store_at(path: Path) -> RunStore:
    return RunStore(path)


def open_store() -> RunStore:
    """Return the store of this home, `home()/runs.sqlite`."""
    return _store_at(home() / "runs.sqlite")
