"""Filters over the epochs, against the weights of the networks that were kept."""

import numpy as np
import pytest

from cnncore.architecture import Flatten, Linear, Network
from cnncore.errors import InputError
from cnncore.inspection.filters import FilterHistory, filter_history
from cnncore.inspection.trained import trained
from cnncore.runs.store import open_store
from cnncore.training.config import RunConfig
from tests.pages.stored_run import store_run


def test_the_history_is_that_of_the_networks(tiny):
    run_id = store_run(RunConfig(dataset="tiny", network="classroom", epochs=4, lr=0.1, batch_size=10))
    history = filter_history(run_id)
    assert history.epochs == (0, 1, 2, 3, 4)
    weights = {epoch: trained(run_id, epoch).model[0].weight.detach().numpy() for epoch in (0, 2, 4)}
    for epoch, expected in weights.items():
        np.testing.assert_array_equal(history.filters[epoch], expected)
    for number in (0, 5):
        moved = np.linalg.norm(weights[4][number] - weights[0][number]) / np.linalg.norm(weights[0][number])
        assert history.change[4, number] == pytest.approx(moved, rel=1e-5)
        longer = np.linalg.norm(weights[4][number]) / np.linalg.norm(weights[0][number])
        assert history.growth[4, number] == pytest.approx(longer, rel=1e-5)
    assert (history.change[0] == 0).all()
    assert history.limit == np.abs(history.filters).max()


def test_two_filters_worked_out_by_hand():
    first = np.zeros((2, 1, 1, 2), np.float32)
    first[0, 0, 0], first[1, 0, 0] = (3, 4), (0, 2)
    after = np.zeros_like(first)
    after[0, 0, 0], after[1, 0, 0] = (3, 0), (0, 6)
    history = FilterHistory((0, 10), np.stack([first, after]))
    assert history.change[1].tolist() == [0.8, 2.0]  # 4 of 5, 4 of 2
    assert history.growth[1].tolist() == [0.6, 3.0]
    assert history.most_changed(1).tolist() == [1, 0]
    assert history.limit == 6


def test_no_filters_and_no_snapshots(tiny):
    network = Network("dense", (3, 12, 12), (Flatten(), Linear(7)))
    config = RunConfig(dataset="tiny", network=network.to_json(), epochs=1)
    assert filter_history(store_run(config)) is None
    queued = open_store().create(config)
    with pytest.raises(InputError, match="has no snapshot of an epoch"):
        filter_history(queued)
