"""The store's side of supervision: who the supervisor is, and which runs it has to see to."""

import sqlite3
import time

from cnncore.runs.database import Database

# Seconds without a heartbeat after which a process is taken for dead. So is one whose last heartbeat lies that far in
# the future, as it dates from before the clock was set back.
STALE = 15.0


class Supervision(Database):
    """What the supervisor asks of the store, and what others ask about the supervisor."""

    def supervise(self, token: str, pid: int) -> bool:
        """Take or keep the supervisor's role; false if another living process has it."""
        now = time.time()
        with self._transaction() as db:
            row = db.execute("SELECT token, heartbeat FROM supervisor").fetchone()
            if row is not None and row["token"] != token and abs(now - row["heartbeat"]) < STALE / 2:
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
        return row is not None and abs(time.time() - float(row["heartbeat"])) < STALE / 2

    def grant(self, run_id: str) -> None:
        """Let a paused run go on that was asked to, unless something else is wanted of it by now."""
        with self._transaction() as db:
            db.execute("UPDATE runs SET intent = 'none' WHERE id = ? AND intent = 'continue'", (run_id,))

    def active(self) -> list[sqlite3.Row]:
        """Return id, status, intent, resume, owner, pid, heartbeat and updated of the active runs, oldest first."""
        with self._errors():
            return self._connection.execute(
                """SELECT id, status, intent, resume, owner, pid, heartbeat, updated FROM runs
                   WHERE status IN ('queued', 'running', 'paused') ORDER BY created, id"""
            ).fetchall()
