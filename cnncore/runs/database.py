"""The SQLite file of the run store: connections by thread, transactions, and errors as one sentence."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cnncore.errors import InputError
from cnncore.runs.schema import migrate

_PATIENCE = 10.0  # seconds that a writer waits for another one
_DAMAGED = ("SQLITE_NOTADB", "SQLITE_CORRUPT")  # more room or other permissions would not help


class _Held:
    """A thread's connection, closed when the thread is over, whose last reference to this it is.

    The bare connection would be part of a reference cycle, and stay open, with its files, until cycles are collected.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def __del__(self) -> None:
        self.connection.close()


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Keep changes in a log beside the file (WAL), so that readers and a writer need not wait for each other.

    A new file is switched over to that once, and SQLite does not wait with it for another process that has just opened
    the file too.
    """
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if not getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY") or time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


class Database:
    """One SQLite file at `path`, which is made or brought up to date if need be. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        with self._errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                migrate(self._connection)
            except BaseException:
                self.close()
                raise

    @property
    def _connection(self) -> sqlite3.Connection:
        held: _Held | None = getattr(self._local, "held", None)
        if held is None:
            # Explicit transactions only. The connection of a thread that has ended may be closed by any other.
            held = _Held(sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False))
            self._local.held = held
            try:
                held.connection.row_factory = sqlite3.Row
                _write_ahead(held.connection)
                held.connection.execute("PRAGMA synchronous = NORMAL")
                held.connection.execute("PRAGMA foreign_keys = ON")
            except BaseException:  # no database: nothing is left open
                self.close()
                raise
        return held.connection

    def close(self) -> None:
        """Close this thread's connection."""
        held: _Held | None = getattr(self._local, "held", None)
        if held is not None:
            held.connection.close()
            self._local.held = None

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._errors():
            db = self._connection
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:  # SQLite itself has undone what a full disk stopped
                    db.execute("ROLLBACK")
                raise

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.DatabaseError, OSError) as error:
            remedy = "free disk space, allow writing there"
            if getattr(error, "sqlite_errorname", "") in _DAMAGED or "already exists" in str(error):
                remedy = "it is damaged or another program's, so move it away"
            raise InputError(
                f"the run store {self.path} cannot be used ({error}): {remedy}, or set CNNCORE_HOME to another folder."
            ) from error
