"""A store as the first version of the program left it, and what becomes of it."""

import sqlite3

import pytest

from cnncore.runs.record import Intent, Status
from cnncore.runs.schema import MIGRATIONS, migrate
from cnncore.runs.store import RunStore
from cnncore.training.config import Optimizer, RunConfig
from tests.runs.conftest import batch, started

# The text of version 1 as it was released, and rows as that version wrote them.
VERSION_1 = """
CREATE TABLE runs (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, created REAL NOT NULL, config TEXT NOT NULL,
    status TEXT NOT NULL, intent TEXT NOT NULL DEFAULT 'none', resume INTEGER NOT NULL DEFAULT 0,
    message TEXT NOT NULL DEFAULT '', owner TEXT, pid INTEGER, heartbeat REAL, started REAL,
    updated REAL NOT NULL, device TEXT, device_reason TEXT, parameters INTEGER, train_size INTEGER,
    test_size INTEGER, batches_per_epoch INTEGER, classes INTEGER, versions TEXT);
CREATE TABLE epochs (
    run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE, epoch INTEGER NOT NULL, step INTEGER NOT NULL,
    train_loss REAL NOT NULL, train_accuracy REAL NOT NULL, train_accuracy5 REAL NOT NULL,
    test_loss REAL NOT NULL, test_accuracy REAL NOT NULL, test_accuracy5 REAL NOT NULL,
    seconds REAL NOT NULL, test_seconds REAL NOT NULL, images_per_second REAL NOT NULL, lr REAL NOT NULL,
    PRIMARY KEY (run_id, epoch)) WITHOUT ROWID;
CREATE TABLE batches (
    run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE, step INTEGER NOT NULL, epoch INTEGER NOT NULL,
    batch INTEGER NOT NULL, size INTEGER NOT NULL, loss REAL NOT NULL, accuracy REAL NOT NULL,
    accuracy5 REAL NOT NULL, lr REAL NOT NULL, seconds REAL NOT NULL,
    PRIMARY KEY (run_id, step)) WITHOUT ROWID;
CREATE INDEX runs_by_time ON runs (created);
CREATE TABLE supervisor (
    only INTEGER PRIMARY KEY CHECK (only = 1), token TEXT NOT NULL, pid INTEGER NOT NULL, heartbeat REAL NOT NULL);
PRAGMA user_version = 1;
INSERT INTO runs (id, name, created, config, status, updated, test_size, batches_per_epoch, versions) VALUES (
    '250101-120000-abcd', 'old one', 1e9, '{"dataset": "builtin", "network": "practical", "epochs": 2,
    "batch_size": 128, "lr": 0.1, "momentum": 0.9, "schedule": "step", "decay": 0.95, "standardize": "zca", "augment":
    [{"kind": "crop", "size": 28}], "dropout": 0.5, "batch_norm": true, "train_size": null, "test_size": null,
    "seed": 7, "device": "auto", "preset": null}', 'stopped', 1e9, 1000, 2, '{"torch": "2.0"}');
INSERT INTO epochs VALUES ('250101-120000-abcd', 1, 2, 2.1, .2, .6, 2.0, .25, .7, 10, 1, 500, .1);
INSERT INTO batches VALUES ('250101-120000-abcd', 1, 1, 0, 128, 2.3, .1, .5, .1, 5);
INSERT INTO batches VALUES ('250101-120000-abcd', 2, 1, 1, 128, 1.9, .3, .7, .1, 10);
"""
OLD = "250101-120000-abcd"


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "runs.sqlite"
    db = sqlite3.connect(path)
    db.executescript(VERSION_1)
    db.close()
    store = RunStore(path)
    yield store
    store.close()


def test_runs_and_curves_of_version_1_are_all_there(old):
    run = old.get(OLD)
    assert (run.name, run.status, run.epoch, run.step, run.seconds) == ("old one", Status.STOPPED, 1, 2, 10)
    assert (run.test_accuracy, run.validation_accuracy, run.group, run.lr_factor) == (0.25, None, "", 1)
    assert (run.config.optimizer, run.config.momentum, run.config.seed) == (Optimizer.SGD, 0.9, 7)
    assert run.config == RunConfig.from_json(run.config.to_json())
    assert old.curve(OLD, "test/accuracy").value.tolist() == [0.25]
    assert old.curve(OLD, "batch/loss").value.tolist() == [2.3, 1.9]
    assert old.curve(OLD, "validation/loss").value.tolist() == []
    assert old.changes(OLD) == []


def test_an_old_run_goes_on_under_the_new_version(old):
    old.requeue(OLD)
    assert old.claim(OLD, "me", 1) is True
    old.append(OLD, [started(first_epoch=2), batch(2, 0)], "me")
    old.set_lr_factor(OLD, 0.5)
    assert old.wanted(OLD, "me").lr_factor == 0.5
    assert old.wanted(OLD, "me").intent is Intent.NONE


def test_a_transaction_that_is_over_already_does_not_hide_why_a_migration_failed(tmp_path, monkeypatch):
    db = sqlite3.connect(tmp_path / "full.sqlite", isolation_level=None)
    # A full disk may make SQLite end the transaction itself, as this first statement does.
    monkeypatch.setattr("cnncore.runs.schema.MIGRATIONS", (("ROLLBACK", "SELECT disk_is_full()"),))
    with pytest.raises(sqlite3.OperationalError, match="no such function: disk_is_full"):
        migrate(db)
    db.close()


def test_a_migrated_store_has_the_tables_of_a_new_one(old, tmp_path):
    new = RunStore(tmp_path / "new.sqlite")
    shapes = []
    for store in (old, new):
        db = sqlite3.connect(store.path)
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]
        shapes.append({table: db.execute(f"PRAGMA table_info({table})").fetchall() for table in tables})
        assert db.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS) == 3
        db.close()
    new.close()
    assert shapes[0] == shapes[1]
