"""The practical's experiments as a ladder: what to queue, how long it takes, and what each step gained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cnncore.errors import InputError
from cnncore.runs.outcomes import Paired, paired
from cnncore.runs.record import Run, Status
from cnncore.statistics import mean_and_spread, wilson_interval
from cnncore.training.comparison import seeds
from cnncore.training.config import RunConfig
from cnncore.training.presets import PRESETS

# Each step, and the one whose settings it changes in one thing.
STEPS: Mapping[str, str | None] = {
    "2": None,
    "3": "2",
    "4": "2",
    "5": "2",
    "6": "5",
    "7": "6",
    "7-momentum": "7",
    "8": "7",
    "9": "8",
}
FAMILIES = ("classroom", "figure")


def experiments(family: str, count: int) -> list[RunConfig]:
    """Return the configurations of a ladder with `count` seeds: all steps of the first seed first.

    A ladder that is stopped half-way has then whole rounds, not some steps with all their seeds.
    """
    if family not in FAMILIES:
        raise InputError(f"`family` (={family}) must be one of {', '.join(FAMILIES)}: choose one of them.")
    rounds = zip(*(seeds(PRESETS[f"{family}-{step}"], count) for step in STEPS), strict=True)
    return [config for one_round in rounds for config in one_round]


def training_seconds(configs: Sequence[RunConfig], train_size: int, runs: Sequence[Run]) -> float | None:
    """Return how long the configurations would train at the speed of the newest like run; None without one.

    A like run has the same network on the same data set, whatever is switched on: augmentation and batch norm cost
    little beside the convolutions. `train_size` is the number of train images.
    """
    total = 0.0
    for config in configs:
        like = (
            run.images_per_second
            for run in runs
            if run.images_per_second and (run.config.network, run.config.dataset) == (config.network, config.dataset)
        )
        speed = next(like, None)
        if speed is None:
            return None
        total += config.epochs * train_size / speed
    return total


@dataclass(frozen=True)
class Rung:
    """One step of a ladder. Accuracies are the last epoch's on all test images, of the runs that finished.

    `interval` is the mean's Wilson interval on `test_size` images, `spread` the standard deviation over the seeds.
    `gain` is to the step before, over the seeds that finished both; `pair` is the first of those, image by image.
    What is not there yet is None.
    """

    step: str
    before: str | None
    runs: tuple[Run, ...]
    accuracy: float | None
    spread: float | None
    interval: tuple[float, float] | None
    gain: float | None
    pair: Paired | None

    @property
    def over(self) -> int:
        """How many of its runs are over, one way or another."""
        return sum(not run.status.active for run in self.runs)


def rungs(runs: Sequence[Run]) -> list[Rung]:
    """Return the steps of a ladder of which there are runs, in the practical's order."""
    by_step = {
        step: sorted((run for run in runs if _step(run) == step), key=lambda run: run.config.seed) for step in STEPS
    }
    return [_rung(step, by_step) for step in STEPS if by_step[step]]


def _step(run: Run) -> str:
    return (run.config.preset or "").partition("-")[2]


def _rung(step: str, by_step: Mapping[str, Sequence[Run]]) -> Rung:
    ended = _ended(by_step[step])
    accuracy = spread = interval = gain = pair = None
    if ended:
        accuracy, spread = mean_and_spread([run.test_accuracy or 0.0 for run in ended.values()])
        size = next(iter(ended.values())).test_size
        interval = wilson_interval(accuracy * size, size) if size else None
    before = STEPS[step]
    earlier = _ended(by_step[before]) if before else {}
    both = sorted(ended.keys() & earlier.keys())
    if both:
        gain, _ = mean_and_spread([(ended[s].test_accuracy or 0.0) - (earlier[s].test_accuracy or 0.0) for s in both])
        pair = _paired(earlier[both[0]], ended[both[0]])
    return Rung(step, before, tuple(by_step[step]), accuracy, spread, interval, gain, pair)


def _ended(runs: Sequence[Run]) -> dict[int, Run]:
    done = (run for run in runs if run.status is Status.FINISHED and run.test_accuracy is not None)
    return {run.config.seed: run for run in done}


def _paired(first: Run, second: Run) -> Paired | None:
    try:
        return paired(first, second)
    except InputError:  # no predictions were kept, or the data set is gone: the accuracies are there all the same
        return None
