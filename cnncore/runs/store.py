"""The run store: one SQLite file that workers append to and pages query, at the same time."""

import json
import secrets
import sqlite3
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

from cnncore.errors import InputError
from cnncore.events import Batch, Changed, Diverged, Epoch, Event, Finished, Started, Stopped
from cnncore.home import home
from cnncore.runs.curves import Curves
from cnncore.runs.record import Intent, Run, Status, Unread, Wanted
from cnncore.runs.supervision import Supervision
from cnncore.training.config import RunConfig

NEWEST = 200  # runs in a list, where nobody asks for more
_RUN_QUERY = """
    SELECT runs.*, runs.group_name AS "group", last.epoch AS done, last.images_per_second, last.train_accuracy,
           last.train_loss, last.test_accuracy, last.test_loss, last.validation_accuracy, last.validation_loss,
           last.train_eval_accuracy, last.train_eval_loss, last.test_tta_accuracy, last.validation_tta_accuracy,
           (SELECT max(step) FROM batches WHERE run_id = runs.id) AS last_step,
           (SELECT total(seconds) FROM epochs WHERE run_id = runs.id) AS epoch_seconds
    FROM runs LEFT JOIN epochs AS last
        ON last.run_id = runs.id AND last.epoch = (SELECT max(epoch) FROM epochs WHERE run_id = runs.id)"""


# What a sign of life changes: a run that was taken for dead, perhaps while the machine slept, is what it was before.
_ALIVE = """heartbeat = ?, message = CASE status WHEN 'interrupted' THEN '' ELSE message END,
    status = CASE WHEN status <> 'interrupted' THEN status
                  WHEN intent IN ('pause', 'continue') THEN 'paused' ELSE 'running' END"""


class LostRunError(RuntimeError):
    """Another process owns the run now, or it was deleted: whoever gets this error stops and writes no more."""

    def __init__(self, run_id: str) -> None:
        super().__init__(f"`run` (={run_id}) was deleted, or another process goes on with it: this process has ended.")


def _name(what: str, text: str) -> str:
    """Return the name of a run or a group as it is stored.

    An `InputError` for one with control codes, line breaks among them: lists of runs are printed, and a terminal would
    obey.
    """
    text = text.strip()
    if any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in text):
        raise InputError(f"`{what}` (={text[:80]!r}) must be one line without control codes: leave them out.")
    return _storable(text[:80])


def _storable(text: str) -> str:
    """Return a text without what cannot be encoded: a terminal's bytes that were not valid text."""
    return text.encode("utf-8", "replace").decode("utf-8")


class RunStore(Curves, Supervision):
    """Runs in one SQLite file: their records and what is wanted of them (here), their curves, and the supervisor."""

    # -- runs -----------------------------------------------------------------------------------------------------

    def create(self, config: RunConfig, name: str = "", status: Status = Status.QUEUED, group: str = "") -> str:
        """Add a run and return its id. Runs of one `group` belong together: a pair, some seeds, a ladder."""
        [run_id] = self.create_many([config], name, status, group)
        return run_id

    def create_many(
        self, configs: Sequence[RunConfig], name: str = "", status: Status = Status.QUEUED, group: str = ""
    ) -> list[str]:
        """Add all runs or none, to be trained in this order, and return their ids."""
        name, group = _name("name", name), _name("group", group)
        now = time.time()
        moment = time.strftime("%y%m%d-%H%M%S", time.localtime(now))
        ids: list[str] = []
        with self._transaction() as db:
            for number, config in enumerate(configs):
                ids.append(_new_id(db, moment))
                # The queue is ordered by this time: a microsecond apart keeps the order of one call.
                created = now + 1e-6 * number
                db.execute(
                    """INSERT INTO runs (id, name, group_name, created, config, status, updated)
                       VALUES (?, ?, ?, ?, ?, ?, ?)""",
                    (
                        ids[-1],
                        name,
                        group,
                        created,
                        config.to_json(),
                        status,
                        now,
                    ),
                )
        return ids

    def get(self, run_id: str) -> Run:
        """Return the run whose id is or uniquely begins with `run_id`; an `InputError` if it cannot be read here."""
        row = self._row(run_id)
        found = _listed(row)
        if isinstance(found, Unread):
            raise InputError(
                f"`run` (={found.id}) was made by another version of the program and cannot be read by this one: "
                "delete it, or use that version."
            )
        return found

    def _row(self, run_id: str) -> sqlite3.Row:
        with self._errors():
            found = self._connection.execute(
                f"{_RUN_QUERY} WHERE substr(runs.id, 1, length(:run)) = :run", {"run": _storable(run_id)}
            ).fetchall()
        exact = [row for row in found if row["id"] == run_id] or found
        if not run_id or len(exact) != 1:
            reason = "fits several runs" if run_id and exact else "is no run"
            raise InputError(f"`run` (={run_id!r}) {reason}: `python -m cnncore runs list` shows their names.")
        row: sqlite3.Row = exact[0]
        return row

    def count(self) -> int:
        """Return how many runs there are, the unreadable ones among them."""
        with self._errors():
            found: int = self._connection.execute("SELECT count(*) FROM runs").fetchone()[0]
        return found

    def runs(self, limit: int = NEWEST, group: str | None = None) -> list[Run]:
        """Return the newest runs, of `group` alone if one is named, newest first."""
        return [entry for entry in self.listed(limit, group) if isinstance(entry, Run)]

    def listed(self, limit: int = NEWEST, group: str | None = None) -> list[Run | Unread]:
        """Return what `runs` does and, in their places, the runs that this version of the program cannot read."""
        with self._errors():
            rows = self._connection.execute(
                f"""{_RUN_QUERY} WHERE :group IS NULL OR runs.group_name = :group
                    ORDER BY runs.created DESC, runs.id DESC LIMIT :limit""",
                {"group": group, "limit": limit},
            )
            return [_listed(row) for row in rows.fetchall()]

    def groups(self) -> dict[str, int]:
        """Return the groups and how many runs each has, the one with the newest run first."""
        with self._errors():
            rows = self._connection.execute(
                "SELECT group_name, count(*) FROM runs WHERE group_name <> '' GROUP BY 1 ORDER BY max(created) DESC"
            )
            return {row[0]: row[1] for row in rows.fetchall()}

    def over(self, run_id: str) -> str:
        """Return the full id of the run that `run_id` names; an `InputError` if it is still going on."""
        row = self._row(run_id)
        if row["status"] in [status for status in Status if status.active]:
            raise InputError(
                f"`run` (={row['id']}) is {row['status']} and can only be deleted when it is over: stop it first."
            )
        return str(row["id"])

    def delete(self, run_id: str) -> None:
        """Remove the run and its curves; an `InputError` if it is still going on."""
        with self._transaction() as db:
            run_id = self.over(run_id)  # within the transaction: nobody can resume it meanwhile
            db.execute("DELETE FROM runs WHERE id = ?", (run_id,))

    def request(self, run_id: str, intent: Intent) -> None:
        """Ask the run to do something: its worker reads that within a moment, the supervisor sees to queued runs."""
        with self._transaction() as db:
            db.execute("UPDATE runs SET intent = ?, updated = ? WHERE id = ?", (intent, time.time(), run_id))

    def set_lr_factor(self, run_id: str, factor: float) -> None:
        """Ask that the schedule's learning rate be multiplied by `factor` from the run's next update on."""
        with self._transaction() as db:
            db.execute("UPDATE runs SET lr_factor = ?, updated = ? WHERE id = ?", (factor, time.time(), run_id))

    def requeue(self, run_id: str) -> None:
        """Put a run that ended early back into the queue, to go on from its checkpoint."""
        with self._transaction() as db:
            run = self.get(run_id)  # within the transaction: of two who resume it at once one is refused
            if not run.status.resumable:
                raise InputError(
                    f"`run` (={run.id}) is {run.status} and only a stopped, interrupted or failed run can be resumed: "
                    "start a new one."
                )
            db.execute(
                """UPDATE runs SET status = ?, intent = 'none', resume = 1, message = '', owner = NULL, updated = ?
                   WHERE id = ?""",
                (Status.QUEUED, time.time(), run.id),
            )

    # -- a worker's side ------------------------------------------------------------------------------------------

    def claim(self, run_id: str, owner: str, pid: int) -> bool:
        """Make `owner` the only one who may append to the run, and return whether it is to be resumed."""
        now = time.time()
        with self._transaction() as db:
            db.execute(
                """UPDATE runs SET owner = ?, pid = ?, heartbeat = ?, status = ?, message = '', updated = ?,
                   started = coalesce(started, ?), intent = CASE intent WHEN 'continue' THEN 'none' ELSE intent END
                   WHERE id = ?""",
                (owner, pid, now, Status.RUNNING, now, now, run_id),
            )
            row = db.execute("SELECT resume FROM runs WHERE id = ?", (run_id,)).fetchone()
        if row is None:
            raise LostRunError(run_id)
        return bool(row["resume"])

    def beat(self, run_id: str, owner: str) -> Intent:
        """Record that the owner is alive and return what is wanted of it: to stop if it no longer owns the run."""
        with self._transaction() as db:
            db.execute(f"UPDATE runs SET {_ALIVE} WHERE id = ? AND owner = ?", (time.time(), run_id, owner))
            row = db.execute("SELECT intent FROM runs WHERE id = ? AND owner = ?", (run_id, owner)).fetchone()
        return Intent.STOP if row is None else Intent(row["intent"])

    def append(self, run_id: str, events: Sequence[Event], owner: str) -> Wanted:
        """Store the events in one transaction and return what is wanted of the run now."""
        with self._transaction() as db:
            wanted = self._owned(db, run_id, owner)
            for event in events:
                self._store(db, run_id, event)
            db.execute(f"UPDATE runs SET updated = ?, {_ALIVE} WHERE id = ?", (time.time(), time.time(), run_id))
        return wanted

    def wanted(self, run_id: str, owner: str) -> Wanted:
        """Return what is wanted of the run now.

        A step is wanted once: a paused run that asks again is to pause. A run that has just begun pauses first.
        """
        with self._transaction() as db:
            wanted = self._owned(db, run_id, owner)
            if wanted.intent is Intent.STEP:
                db.execute(
                    "UPDATE runs SET intent = ? WHERE id = ? AND status = ?", (Intent.PAUSE, run_id, Status.PAUSED)
                )
        return wanted

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
    def _owned(db: sqlite3.Connection, run_id: str, owner: str) -> Wanted:
        row = db.execute("SELECT owner, intent, lr_factor FROM runs WHERE id = ?", (run_id,)).fetchone()
        if row is None or row["owner"] != owner:
            raise LostRunError(run_id)
        # A run stays paused until there is a slot for it: then the supervisor sets this intent to none.
        return Wanted(Intent.PAUSE if row["intent"] == Intent.CONTINUE else Intent(row["intent"]), row["lr_factor"])

    @staticmethod
    def _store(db: sqlite3.Connection, run_id: str, event: Event) -> None:
        match event:
            case Started():
                # What the checkpoint does not cover comes again.
                for table in ("epochs", "batches", "changes"):
                    db.execute(f"DELETE FROM {table} WHERE run_id = ? AND epoch >= ?", (run_id, event.first_epoch))
                db.execute(
                    """UPDATE runs SET device = ?, device_reason = ?, parameters = ?, train_size = ?, test_size = ?,
                       batches_per_epoch = ?, classes = ?, versions = ?, resume = 1 WHERE id = ?""",
                    (
                        *(event.device, event.device_reason, event.parameters, event.train_size, event.test_size),
                        *(event.batches_per_epoch, event.classes, json.dumps(event.versions), run_id),
                    ),
                )
            case Batch() | Epoch() | Changed():
                table = {Batch: "batches", Epoch: "epochs", Changed: "changes"}[type(event)]
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


def _new_id(db: sqlite3.Connection, moment: str) -> str:
    while True:
        run_id = f"{moment}-{secrets.token_hex(2)}"
        if db.execute("SELECT 1 FROM runs WHERE id = ?", (run_id,)).fetchone() is None:
            return run_id


def _listed(row: sqlite3.Row) -> Run | Unread:
    try:
        read = {
            "status": Status(row["status"]),
            "intent": Intent(row["intent"]),
            "config": RunConfig.from_json(row["config"]),
        }
    except (ValueError, TypeError, KeyError, AttributeError):  # settings or a status that this version does not know
        return Unread(row["id"], row["name"], row["created"], row["status"])
    values: dict[str, Any] = {spec.name: row[spec.name] for spec in fields(Run) if spec.name in row.keys()}  # noqa: SIM118 a Row iterates over its values
    values |= read | {
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
