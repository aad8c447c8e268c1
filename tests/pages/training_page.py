"""The training page and runs for it to show, as its tests need them."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from streamlit.testing.v1 import AppTest

from cnncore.events import Finished
from cnncore.runs.record import Status
from cnncore.runs.snapshots import snapshot_folder
from cnncore.training.snapshots import Snapshot
from tests.conftest import tiny_images
from tests.runs.conftest import CONFIG, batch, epoch_end, started

PAGE = str(Path(__file__).parents[2] / "pages" / "training.py")


def opened(**address):
    app = AppTest.from_file(PAGE, default_timeout=60)
    for key, value in address.items():
        app.query_params[key] = value
    return app.run()


def filled(store, epochs=3, status=Status.FINISHED, config=CONFIG, group="", **last):
    """Store a run; `last` are figures of its last epoch that are not the usual ones."""
    run_id = store.create(config, group=group)
    store.claim(run_id, "me", 1)
    store.append(run_id, [started()], "me")
    for epoch in range(1, epochs + 1):
        end = epoch_end(epoch)
        if config.validation_size:
            end = replace(end, validation_loss=2.2 / epoch, validation_accuracy=0.12 * epoch)
        if epoch == epochs:
            end = replace(end, **last)
        store.append(run_id, [*(batch(epoch, n) for n in range(5)), end], "me")
    if status is Status.FINISHED:
        store.append(run_id, [Finished(epochs, 1.5, 0.7, 0.45)], "me")
    else:
        store.set_status(run_id, status)
    return run_id


def drawn(app, column, chart=1):
    """Return the values of a column of the loss (0) or the accuracy chart (1), as they were sent."""
    proto = app.get("vega_lite_chart")[chart].proto
    table = pa.ipc.open_stream(io.BytesIO(proto.data.data)).read_all()
    return [round(value, 3) for value in table.column(column).to_pylist() if value is not None]


def answered(run_id, right, sure=0.5):
    """Keep what a run made of its 70 test images: the first `right` of them right, all with that confidence."""
    labels = tiny_images().test_labels
    predicted = np.where(np.arange(len(labels)) < right, labels, (labels + 1) % 7).astype(np.uint8)
    confidence = np.full(len(labels), sure, np.float16)
    snapshot_folder(run_id).keep(Snapshot(3, predicted, confidence, confidence, np.zeros((0, 0, 0, 0), np.float32)))
