from copy import deepcopy
from dataclasses import replace

import pytest
import torch

from cnncore.errors import InputError
from cnncore.training import session
from cnncore.training.checkpoint import Checkpoint
from cnncore.training.config import Optimizer, RunConfig, Schedule
from cnncore.training.state import seed_dropout, state_of
from cnncore.training.step import update
from cnncore.training.trainer import train

CPU = torch.device("cpu")
CONFIG = RunConfig(
    dataset="tiny", network="classroom", epochs=2, batch_size=64, lr=0.001, optimizer=Optimizer.ADAM, device="cpu"
)


def weights(state):
    return {name: value.clone() for name, value in state.model.state_dict().items()}


def alike(first, second):
    return all(torch.equal(value, second[name]) for name, value in first.items())


def one_update(config, state):
    """Return the weights after the first batch of the second epoch."""
    state.model.train()
    update(config, state.model, state.optimizer, state.batches.batch(state.batches.tables(2), 0))
    return weights(state)


@pytest.fixture
def saved(tiny, tmp_path):
    path = tmp_path / "run.pt"
    events = train(CONFIG, checkpoint=path)
    for _ in events:
        if path.exists():
            break
    events.close()
    return Checkpoint.load(path, CPU)


def test_it_begins_with_the_seeds_weights_and_goes_on_from_a_checkpoint(tiny, saved):
    fresh, again = (state_of(CONFIG, tiny, CPU) for _ in range(2))
    assert alike(weights(fresh), weights(again))
    assert not alike(weights(fresh), weights(state_of(replace(CONFIG, seed=1), tiny, CPU)))
    assert (fresh.last, fresh.lr_factor) == (None, 1.0)
    resumed = state_of(CONFIG, tiny, CPU, saved)
    assert alike(weights(resumed), saved.model)
    assert resumed.last == saved.last


def test_what_the_optimizer_remembers_counts(tiny, saved):
    resumed = one_update(CONFIG, state_of(CONFIG, tiny, CPU, saved))
    forgotten = one_update(CONFIG, state_of(CONFIG, tiny, CPU, replace(saved, optimizer={"state": {}})))
    assert not alike(resumed, forgotten)


def test_the_settings_of_another_devices_optimizer_are_not_taken_over(tiny, saved):
    """As a checkpoint from CUDA has them: with these, torch's Adam refuses to make a step on a CPU."""
    [group] = saved.optimizer["param_groups"]
    cuda = group | {"capturable": True, "lr": torch.tensor(0.5)}
    there = replace(saved, optimizer=deepcopy(saved.optimizer) | {"param_groups": [cuda]})  # a step changes it in place
    here, moved = (one_update(CONFIG, state_of(CONFIG, tiny, CPU, one)) for one in (saved, there))
    assert alike(here, moved)


def test_the_plateau_goes_on(tiny, saved):
    config = replace(CONFIG, schedule=Schedule.PLATEAU)
    there = replace(saved, plateau={"scale": 0.1, "lowest": 1.0, "waited": 2}, lr_factor=3.0)
    state = state_of(config, tiny, CPU, there)
    assert (state.plateau.scale, state.plateau.waited, state.lr_factor) == (0.1, 2, 3.0)


def test_dropouts_seed_is_the_epochs():
    drawn = []
    for config, epoch in ((CONFIG, 1), (CONFIG, 1), (CONFIG, 2), (replace(CONFIG, seed=1), 1)):
        seed_dropout(config, epoch)
        drawn.append(torch.rand(1).item())
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) == 3


def test_the_trainer_goes_on_from_it(tiny, monkeypatch):
    def refused(*_, **__):
        raise RuntimeError("asked")

    monkeypatch.setattr(session, "state_of", refused)
    with pytest.raises(RuntimeError, match="asked"):
        list(train(CONFIG))


def test_a_batch_that_cannot_be_normalized_is_refused_before_anything_is_trained(tiny):
    config = replace(CONFIG, network="resnet18", batch_size=1)
    with pytest.raises(InputError, match=r"`batch_size` \(=1\) makes a batch of one image .* Choose `batch_size` 2\."):
        state_of(config, tiny, CPU)
