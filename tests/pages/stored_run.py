"""A run that a page can look into, trained for an epoch on the tests' own small data set."""

from cnncore.runs.record import Status
from cnncore.runs.store import open_store
from cnncore.runs.worker import record
from cnncore.training.config import RunConfig

CONFIG = RunConfig(dataset="tiny", network="classroom", epochs=1, dropout=0.5, batch_norm=True)


def store_run(config=CONFIG):
    """Train and store a run in the present home; return its id."""
    store = open_store()
    run_id = store.create(config, status=Status.RUNNING)
    record(store, run_id, config)
    return run_id
