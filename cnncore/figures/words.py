"""What is said of a run in words: how right it is, and what its last epoch shows."""

from collections.abc import Sequence

from cnncore.runs.differences import differences
from cnncore.runs.outcomes import Best, Paired
from cnncore.runs.record import Run
from cnncore.statistics import mean_and_spread, wilson_interval
from cnncore.training.gap import Gap
from cnncore.training.network import has_dropout
from cnncore.wording import counted, duration

RESCORED = "train, scored again"  # a column: `train_eval/accuracy`, beside the running one


def share(accuracy: float | None) -> str | None:
    """Return an accuracy in percent, without an interval; None for what was not measured.

    >>> share(0.9125)
    '91.2 %'
    """
    return None if accuracy is None else f"{100 * accuracy:.1f} %"


def percent(accuracy: float, count: int | None) -> str:
    """Return an accuracy on `count` images with its 95 % interval."""
    if not count:
        return f"{100 * accuracy:.1f} %"
    low, high = wilson_interval(accuracy * count, count)
    return f"{100 * accuracy:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def verdict(run: Run) -> str:
    """Return in words what a finished run shows, from its last epoch: on validation images where it has some."""
    name, held, size = held_out(run)
    gap = gap_of(run)
    if gap is None or held is None:
        return "Finished."
    scored = "" if run.train_eval_accuracy is None else " (scored after the epoch)"
    text = f"{name.capitalize()} accuracy {percent(held, size)}, train {100 * gap.train:.1f} %{scored}"
    text += f", after {duration(run.seconds)} of training. {asked_again(run)}"
    if gap.guessing:
        text += f"That is {gap.told_of_guessing}. "
    if gap.overfits:
        heart = "it knows its train images by heart" if gap.train > 0.97 else "it knows its train images too well"
        return text + f"The gap of {100 * gap.value:.0f} points is overfitting: {heart}."
    if gap.guessing:
        return text + "The network has learned nothing that holds on new images."
    if gap.value > 0.05:
        return text + f"The gap of {100 * gap.value:.0f} points is no more than chance explains on {gap.size:,} images."
    if gap.value < -0.01:
        return text + f"{name.capitalize()} lies above train: {_above(run, gap, name)}."
    return text + f"Train and {name} are close: a larger network or more epochs may still gain."


def asked_again(run: Run) -> str:
    """Return what test-time augmentation makes of the held-out accuracy, a sentence; empty where there was none."""
    name, held, size = held_out(run)
    found = run.validation_tta_accuracy if run.config.validation_size else run.test_tta_accuracy
    if held is None or found is None:
        return ""
    return (
        f"Asked about {run.config.tta.looks} views of each {name} image, the same weights are right in "
        f"{percent(found, size)}: {100 * (found - held):+.1f} points. "
    )


def gap_of(run: Run) -> Gap | None:
    """Return how far train and held-out accuracy of the run's last epoch lie apart; None while one is not known."""
    _, held, size = held_out(run)
    train = run.train_accuracy if run.train_eval_accuracy is None else run.train_eval_accuracy
    if train is None or held is None or not size or not run.classes:
        return None
    return Gap(train, held, size, run.classes)


def _above(run: Run, gap: Gap, name: str) -> str:
    """Return what lifts the held-out accuracy above the train accuracy, of what the run has."""
    augmented, dropped = bool(run.config.augment), has_dropout(run.config)
    reasons = []
    if run.train_eval_accuracy is None and (augmented or dropped):
        harder = " and ".join(what for what, on in (("augmentation", augmented), ("dropout", dropped)) if on)
        asked = ", ".join(["Q14", *["Q22"] * augmented, *["Q29"] * dropped])
        verb = "make" if augmented and dropped else "makes"
        reasons.append(f"{harder} {verb} training harder than testing ({asked})")
    elif run.train_eval_accuracy is None:
        reasons.append("the train accuracy is the epoch's running average, over weights that still moved (Q14)")
    if -gap.value <= gap.chance:
        reasons.append(f"chance alone makes ± {100 * gap.chance:.1f} points on {gap.size:,} images")
    return ", and ".join(reasons) or f"these {name} images are easier than the train images"


def held_out(run: Run) -> tuple[str, float | None, int | None]:
    """Return by which images a run is judged while it goes on: validation, else test; its accuracy, their number."""
    if run.config.validation_size:
        return "validation", run.validation_accuracy, run.config.validation_size
    return "test", run.test_accuracy, run.test_size


def standing(run: Run) -> str:
    """Return the accuracies after the last complete epoch, without the test set's where validation is for judging."""
    name, held, size = held_out(run)
    if run.train_accuracy is None or held is None:
        return "The first accuracies come at the end of the first epoch"
    return f"After epoch {run.epoch}: train {100 * run.train_accuracy:.1f} %, {name} {percent(held, size)}"


def read_out(run: Run, best: Best) -> str:
    """Return the one reading of a test set that was locked, and what the epoch that validation chose has on it.

    `run` is over and has a validation split; `best` is `cnncore.runs.outcomes.best_epoch`'s.
    """
    if run.test_accuracy is None:
        return ""
    text = (
        f"The test set, read once after epoch {run.epoch}: **{percent(run.test_accuracy, run.test_size)}** of "
        f"{run.test_size or 0:,} images. "
    )
    if run.test_tta_accuracy is not None:
        text += f"With {run.config.tta.looks} views of each: **{percent(run.test_tta_accuracy, run.test_size)}**. "
    if best.epoch == run.epoch:
        return text + "Validation chooses this same epoch."
    return text + (
        f"Validation chooses epoch {best.epoch}, with {percent(best.test_accuracy, run.test_size)} on the test set, "
        "which had no say in it."
    )


def told_apart(pair: Paired) -> str:
    """Return how many images tell two runs apart, and whether that is more than luck (McNemar).

    >>> told_apart(Paired(30, 0, 7, 13))
    '7 images are right in only one of the two, 7 in the second and 0 in the first: more than chance explains'
    """
    answer = "more than chance explains" if pair.p < 0.05 else "no more than chance explains"
    split = pair.only_first + pair.only_second
    return (
        f"{counted(split, 'image')} {'is' if split == 1 else 'are'} right in only one of the two, {pair.only_second:,} "
        f"in the second and {pair.only_first:,} in the first: {answer}"
    )


def fair_pair(first: Run, second: Run, pair: Paired) -> str:
    """Return what one toggle did, of two runs that are over: their test accuracies, and McNemar's test."""
    changed = differences([first.config, second.config])
    told = ", ".join(f"`{name}` {after} against {before}" for name, (before, after) in changed.items())
    one, other = (100 * (pair.both + alone) / pair.total for alone in (pair.only_first, pair.only_second))
    p = p_value(pair.p)
    return (
        f"{told}: **{100 * pair.gain:+.1f} points** on the same {pair.total:,} test images, {other:.1f} % against "
        f"{one:.1f} %. {told_apart(pair)} (McNemar's exact p {p if p.startswith('<') else f'= {p}'})."
    )


def over_seeds(accuracies: Sequence[float], split: str) -> str:
    """Return mean and sample standard deviation of the accuracies (fractions) of several seeds on the images `split`.

    >>> over_seeds([0.70, 0.74], "test")
    'test accuracy **72.0 ± 2.8 %** (70.0 to 74.0 %)'
    """
    mean, spread = mean_and_spread([100 * accuracy for accuracy in accuracies])
    low, high = 100 * min(accuracies), 100 * max(accuracies)
    if spread is None:
        return f"{split} accuracy {mean:.1f} %"
    return f"{split} accuracy **{mean:.1f} ± {spread:.1f} %** ({low:.1f} to {high:.1f} %)"


def p_value(p: float) -> str:
    """Return a p-value with two digits; one below 0.0001 as that bound.

    >>> p_value(0.0216), p_value(3e-9), p_value(1.0)
    ('0.022', '< 0.0001', '1.0')
    """
    if p < 1e-4:
        return "< 0.0001"
    return f"{p:.2g}" if p < 0.995 else "1.0"
