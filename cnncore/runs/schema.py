"""The store's tables, as numbered migrations, each applied in one transaction together with its record."""

import sqlite3

from cnncore.errors import InputError

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE runs (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, created REAL NOT NULL, config TEXT NOT NULL,
            status TEXT NOT NULL, intent TEXT NOT NULL DEFAULT 'none', resume INTEGER NOT NULL DEFAULT 0,
            message TEXT NOT NULL DEFAULT '', owner TEXT, pid INTEGER, heartbeat REAL, started REAL,
            updated REAL NOT NULL, device TEXT, device_reason TEXT, parameters INTEGER, train_size INTEGER,
            test_size INTEGER, batches_per_epoch INTEGER, classes INTEGER, versions TEXT)""",
        """CREATE TABLE epochs (
            run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE, epoch INTEGER NOT NULL, step INTEGER NOT NULL,
            train_loss REAL NOT NULL, train_accuracy REAL NOT NULL, train_accuracy5 REAL NOT NULL,
            test_loss REAL NOT NULL, test_accuracy REAL NOT NULL, test_accuracy5 REAL NOT NULL,
            seconds REAL NOT NULL, test_seconds REAL NOT NULL, images_per_second REAL NOT NULL, lr REAL NOT NULL,
            PRIMARY KEY (run_id, epoch)) WITHOUT ROWID""",
        """CREATE TABLE batches (
            run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE, step INTEGER NOT NULL, epoch INTEGER NOT NULL,
            batch INTEGER NOT NULL, size INTEGER NOT NULL, loss REAL NOT NULL, accuracy REAL NOT NULL,
            accuracy5 REAL NOT NULL, lr REAL NOT NULL, seconds REAL NOT NULL,
            PRIMARY KEY (run_id, step)) WITHOUT ROWID""",
        "CREATE INDEX runs_by_time ON runs (created)",
        """CREATE TABLE supervisor (
            only INTEGER PRIMARY KEY CHECK (only = 1), token TEXT NOT NULL, pid INTEGER NOT NULL,
            heartbeat REAL NOT NULL
        )""",
    ),
    (
        "ALTER TABLE runs ADD COLUMN group_name TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE runs ADD COLUMN lr_factor REAL NOT NULL DEFAULT 1",
        "CREATE INDEX runs_by_group ON runs (group_name, created)",
        *(
            f"ALTER TABLE epochs ADD COLUMN {split}_{metric} REAL"
            for split in ("validation", "train_eval")
            for metric in ("loss", "accuracy", "accuracy5")
        ),
        """CREATE TABLE changes (
            run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE, step INTEGER NOT NULL, epoch INTEGER NOT NULL,
            lr_factor REAL NOT NULL, PRIMARY KEY (run_id, step)) WITHOUT ROWID""",
    ),
    tuple(
        f"ALTER TABLE epochs ADD COLUMN {split}_tta_{metric} REAL"
        for split in ("test", "validation")
        for metric in ("loss", "accuracy", "accuracy5")
    ),
)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the database to the newest version; one that is newer than this program is refused, not touched."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(MIGRATIONS):
        raise InputError(
            f"the run store has version {version} and this program knows up to {len(MIGRATIONS)}: update the program, "
            "or set CNNCORE_HOME to another folder."
        )
    for number in range(version + 1, len(MIGRATIONS) + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Another process may have migrated while this one waited for the lock.
            if int(connection.execute("PRAGMA user_version").fetchone()[0]) < number:
                for statement in MIGRATIONS[number - 1]:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # SQLite itself has undone what a full disk stopped
                connection.execute("ROLLBACK")
            raise
