"""What a page or the command line asks of runs."""

import pytest

from cnncore.errors import InputError
from cnncore.runs import client
from cnncore.runs.record import Intent, Status
from cnncore.training.comparison import seeds
from tests.runs.conftest import CONFIG, epoch_end, started


def test_the_client_refuses_what_makes_no_sense(store):
    run_id = store.create(CONFIG)
    store.set_status(run_id, Status.FINISHED)
    for act, word in (
        (client.pause, "paused"),
        (client.stop, "stopped"),
        (client.unpause, "continued"),
        (client.step, "paused"),
    ):
        with pytest.raises(InputError, match=f"is finished and cannot be {word}"):
            act(run_id)


@pytest.mark.parametrize("intent", Intent)
def test_a_run_that_ends_between_two_looks_at_it_is_one_sentence(store, intent):
    """Another tab's Stop comes after a click on Step or Continue has found the run paused."""
    run_id = store.create(CONFIG)
    store.set_status(run_id, Status.STOPPED)
    with pytest.raises(InputError, match="is stopped and cannot be"):
        client._while_active(run_id, intent)


def test_a_run_whose_checkpoint_has_gone_is_not_put_into_the_queue(store):
    run_id = store.create(CONFIG)
    store.claim(run_id, "w", 1)
    store.append(run_id, [started(), epoch_end(1), epoch_end(2)], "w")
    store.set_status(run_id, Status.STOPPED)
    with pytest.raises(InputError, match="has gone, and would begin anew"):
        client.resume(run_id)
    assert store.get(run_id).status is Status.STOPPED


def with_files(store, home):
    """Return a run that is over, and the files that its processes have left."""
    run_id = store.create(CONFIG)
    store.set_status(run_id, Status.STOPPED)
    names = [f"checkpoints/{run_id}.pt", f"checkpoints/{run_id}.pt.4711.part", f"logs/{run_id}.log"]
    names += [f"checkpoints/{run_id}/epoch-0001.npz", f"checkpoints/{run_id}/epoch-0002.npz.4711.part"]
    for name in names:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).touch()
    return run_id, names


def test_a_deleted_run_leaves_no_file(store, app_home):
    other, kept = with_files(store, app_home)
    run_id, _ = with_files(store, app_home)
    client.delete(run_id)
    assert [run.id for run in store.runs()] == [other]
    left = [path for folder in ("checkpoints", "logs") for path in (app_home / folder).rglob("*") if path.is_file()]
    assert {path.relative_to(app_home).as_posix() for path in left} == set(kept)


def test_a_run_whose_file_is_held_can_be_deleted_once_more(store, app_home, monkeypatch):
    run_id, _ = with_files(store, app_home)

    def held(path, missing_ok=False):  # what Windows says of a file that somebody reads
        raise PermissionError(13, "it is used by another process", str(path))

    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.unlink", held)
        with pytest.raises(InputError, match=rf"`run` \(={run_id}\) cannot be deleted, a file of it is held"):
            client.delete(run_id)
    assert store.get(run_id).status is Status.STOPPED
    client.delete(run_id)
    assert store.runs() == []


def test_a_step_of_a_run_that_goes_on_pauses_it_first(store):
    run_id = store.create(CONFIG)
    store.claim(run_id, "me", 1)
    client.step(run_id)
    assert store.wanted(run_id, "me").intent is Intent.PAUSE
    store.set_status(run_id, Status.PAUSED)
    client.step(run_id)
    assert store.wanted(run_id, "me").intent is Intent.STEP


def test_a_factor_that_makes_no_sense_is_refused(store):
    run_id = store.create(CONFIG)
    for factor in (0, -1, float("nan"), 1e5):
        with pytest.raises(InputError, match=r"`lr_factor` \(=.*\) must be between 0.0001 and 10000"):
            client.set_lr_factor(run_id, factor)
    store.set_status(run_id, Status.FINISHED)
    with pytest.raises(InputError, match="is finished and its learning rate cannot be changed"):
        client.set_lr_factor(run_id, 0.5)


def test_runs_that_belong_together_are_started_with_one_call(store, monkeypatch):
    asked = []
    monkeypatch.setattr(client, "start_detached", lambda *_, **__: asked.append(1))
    ids = client.start_many(seeds(CONFIG, 3), group="seeds of one run")
    assert [store.get(run_id).config.seed for run_id in ids] == [0, 1, 2]
    assert [row["id"] for row in store.active()] == ids
    assert asked == [1]
