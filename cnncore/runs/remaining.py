"""How long a run will still train, judged by what was measured on this machine."""

from collections.abc import Sequence

from cnncore.errors import InputError
from cnncore.runs.record import Run
from cnncore.runs.rungs import training_seconds
from cnncore.training.plan import plan_of


def remaining_seconds(run: Run, runs: Sequence[Run]) -> float | None:
    """Return the seconds that an active run will still train, evaluations apart: at its own speed, else a like run's.

    None where neither speed is known, or the run cannot be planned (its data set is not prepared any more).
    """
    try:
        size = run.train_size or plan_of(run.config).train_size
    except InputError:
        return None
    whole = training_seconds([run.config], size, [run, *runs])
    return None if whole is None else whole * (1 - run.step / run.steps if run.steps else 1)
