"""The SQLite file of the run store: connections by thread, transactions, and errors as one sentence."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cnncore.errors import InputError
from cnncore.runs.schema import migrate

_DAMAGED = ("SQLITE_NOTADB", "SQLITE_CORRUPT")  # room and rights are no help


class _Held:
    """A thread's connection, closed when the thread is over, whose last reference to this it is.

    A connection alone is in a circle of references: it would stay open, with its files, until somebody collects those.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def __del__(self) -> None:
        self.connection.close()


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
            # Explicit transactions only; a writer waits up to ten seconds for another one. What is left of an ended
            # thread may be cleared away by any other.
            held = _Held(sqlite3.connect(self.path, timeout=10, isolation_level=None, check_same_thread=False))
            self._local.held = held
            try:
                held.connection.row_factory = sqlite3.Row
                held.connection.execute("PRAGMA journal_mode = WAL")
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
