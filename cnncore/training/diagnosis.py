"""What a run's own curves say is wrong with it, why, and which configuration to try instead. Pure, no torch."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from cnncore.training.config import Optimizer, RunConfig, Standardization
from cnncore.training.gap import Gap
from cnncore.training.network import has_batch_norm
from cnncore.wording import counted, number

_PLAIN, _NORMED = 0.1, 0.4  # how far a sound first loss may lie from ln C, in nats, with batch norm above it
_FAR = 0.2  # effective step: with momentum more than twice what is known to learn without


def effective_step(lr: float, momentum: float) -> float:
    """Return lr/(1-m): the length to which momentum sums up steps that agree (Q27).

    >>> round(effective_step(0.1, 0.9), 9)
    1.0
    """
    return lr / (1 - momentum)


@dataclass(frozen=True)
class FirstLoss:
    """The loss of a run's very first batch against that of guessing, ln `classes` (Q17).

    `sound` tells whether they differ by at most `tolerance`; `text` says what that shows.
    """

    loss: float
    classes: int
    tolerance: float
    sound: bool
    text: str

    @property
    def guess(self) -> float:
        """The loss of giving every class the same probability."""
        return math.log(self.classes)


def first_loss(loss: float, classes: int, config: RunConfig) -> FirstLoss:
    """Judge the first loss of a run, of an untrained network on one batch.

    PyTorch's initialisation makes small logits, and the loss is within 0.1 of ln C; batch norm makes larger ones, and
    the loss lies up to 0.4 above (Q34).

    >>> first_loss(2.3033, 10, RunConfig()).sound
    True
    """
    tolerance = _tolerance(config)
    guess = math.log(classes)
    sound = abs(loss - guess) <= tolerance
    told = f"The first loss is {loss:.3f} and guessing among {classes} classes costs ln {classes} = {guess:.3f}"
    if sound and loss > guess + _PLAIN:
        text = f"{told}, as it should be with batch norm: that makes an untrained network's scores larger (Q34)."
    elif sound:
        text = f"{told}, as it should be: an untrained network knows nothing."
    elif loss < guess:
        text = f"{told}: an untrained network cannot know that much. Are there classes that never occur?"
    else:
        text = (
            f"{told}: the untrained network is already sure of wrong answers. Are its inputs or its weights too large?"
        )
    return FirstLoss(loss, classes, tolerance, sound, text)


def _tolerance(config: RunConfig) -> float:
    return _NORMED if has_batch_norm(config) else _PLAIN


@dataclass(frozen=True)
class Overfitting:
    """What the curves of train and of held-out images show (Q18). Accuracies are fractions, losses nats.

    `gap` is train minus held-out accuracy of the last epoch; `lowest` the lowest held-out loss, in epoch `best_epoch`;
    `rise` by how much the loss of the last three epochs (their median) lies above it. `noticed`: the gap is larger than
    chance allows on this many images and than 5 points, or the loss has climbed by more than a tenth while the train
    accuracy went on rising. `guessing`: the held-out accuracy is no better than that of guessing.
    """

    gap: float
    best_epoch: int
    lowest: float
    rise: float
    u_shaped: bool
    noticed: bool
    text: str
    guessing: bool = False


def overfitting(
    train_accuracy: NDArray[np.float64],
    accuracy: NDArray[np.float64],
    loss: NDArray[np.float64],
    size: int,
    classes: int,
    held_out: str = "test",
) -> Overfitting | None:
    """Judge the curves by epoch, the first one first, each (epochs,); None before the third epoch.

    `accuracy` and `loss` are those of `size` images of the split `held_out`, test or validation, of `classes` classes.
    Give the re-scored train accuracy (`train_eval/accuracy`) where there is one, see `Gap`.
    """
    if len(loss) < 3:
        return None
    gap = Gap(float(train_accuracy[-1]), float(accuracy[-1]), size, classes)
    best = int(loss.argmin())
    lowest, now = float(loss[best]), float(np.median(loss[-3:]))
    rise = max(0.0, now - lowest)
    learned_on = gap.train > float(train_accuracy[best])
    u_shaped = best < len(loss) - 3 and rise > 0.1 * lowest and learned_on
    parts = []
    if gap.overfits:
        parts.append(
            f"train accuracy lies {100 * gap.value:.0f} points above {held_out} accuracy, more than chance explains "
            f"on {size:,} images"
        )
    if u_shaped:
        parts.append(
            f"the {held_out} loss is U-shaped: lowest in epoch {best + 1} ({lowest:.3f}), it has risen by {rise:.3f} "
            "since, though the train accuracy went on rising"
        )
    said = [f"The {held_out} accuracy is {gap.told_of_guessing}."] if gap.guessing else []
    if parts:
        said.append(f"This run overfits: {'; '.join(parts)}.")
    elif not gap.guessing:
        said.append(f"No sign of overfitting: train and {held_out} go together.")
    return Overfitting(gap.value, best + 1, lowest, rise, u_shaped, bool(parts), " ".join(said), gap.guessing)


def growing_confidence(found: Overfitting, epoch: int, then: float | None, now: float | None) -> str:
    """Return the sentence on the wrong answers of an overfitting run; empty where there are none to speak of.

    `then` and `now` are their mean confidence, fractions, in the epoch of the lowest loss and in `epoch`. The loss of
    a wrong answer is at least -ln(1 - its confidence): that is how the loss climbs while the accuracy holds.

    >>> u = Overfitting(0.25, 7, 1.02, 0.36, True, True, "")
    >>> growing_confidence(u, 50, 0.55, 0.83)
    'Its wrong answers are given with growing confidence: 55 % on average in epoch 7, 83 % in epoch 50.'
    """
    if not found.noticed or now is None:
        return ""
    if then is None or epoch == found.best_epoch:
        return f"Its wrong answers are given with {100 * now:.0f} % confidence on average."
    told = f"{100 * then:.0f} % on average in epoch {found.best_epoch}, {100 * now:.0f} % in epoch {epoch}"
    grows = "growing confidence" if now > then else "no more confidence than at the lowest loss"
    return f"Its wrong answers are given with {grows}: {told}."


class Trouble(StrEnum):
    """How a run can fail to learn."""

    OVERFLOW = "the loss stopped being a number"
    COLLAPSE = "the network has collapsed to one answer"
    STUCK = "the network has not left its first plateau"


@dataclass(frozen=True)
class Remedy:
    """A configuration to try instead, and what it changes in a few words."""

    text: str
    config: RunConfig


@dataclass(frozen=True)
class Diagnosis:
    """Why a run does not learn, in a sentence, and what to try, the most promising first."""

    trouble: Trouble
    text: str
    remedies: tuple[Remedy, ...]


def diagnose(
    config: RunConfig,
    loss: NDArray[np.float64],
    classes: int,
    *,
    diverged: bool = False,
    updates: int | None = None,
) -> Diagnosis | None:
    """Return what is wrong with a run whose batches had these losses, the first one first; None if nothing shows.

    A network that gives all images the same answer, whatever they show, has at best the loss ln C of guessing: a
    plateau there, of mean within 2 % of the way down and with no batch far from it, or a mean above, and no fall
    from the first half of the last losses to the second. If the loss was elsewhere before, large steps have thrown
    the weights to where no gradient comes back (collapse); if it never was, the steps have been too small or too
    few so far (stuck). A run that ended because its loss was no number is an overflow. `loss` may be a thinned
    curve: `updates` then says how many there were. Fewer than 50 losses show nothing.
    """
    step = effective_step(config.lr, config.momentum)
    told = f"`lr` {number(config.lr, 6)}" + (
        f" with `momentum` {config.momentum:g}, an effective step of {number(step)}," if config.momentum else ""
    )
    if diverged:
        text = f"{told} made steps so large that the weights grew until the loss was NaN or infinite."
        return Diagnosis(Trouble.OVERFLOW, text, _smaller(config))
    if len(loss) < 50:
        return None
    recent = loss[-max(30, len(loss) // 5) :]
    guess = math.log(classes)
    way = guess - _floor(config.label_smoothing, classes)
    near = recent.mean() > guess - 0.02 * way and np.abs(recent - guess).max() < 0.15 * guess
    if not (near or recent.mean() > guess) or _falls(recent, 0.01 * way):
        return None
    # One answer for all costs ln C while small steps hold it there; large ones throw it about, and that costs more.
    start = guess + (_tolerance(config) if has_batch_norm(config) else 0)
    before = np.convolve(loss[: -len(recent)], np.full(10, 0.1), "valid")  # means of ten
    risen = recent.mean() > 1.005 * start or before.max() > 1.05 * start or loss.max() > 1.5 * start
    if risen or before.min() < guess - 0.05 * way:
        text = (
            f"{told} threw the weights so far that the network seems to give every image the same answer: the loss is "
            f"{number(recent.mean())}, no better than that of guessing, ln {classes} = {guess:.3f}, and does not fall."
        )
        return Diagnosis(Trouble.COLLAPSE, text, _smaller(config))
    made = counted(updates or len(loss), "update")
    text = f"After {made} with {told} the loss is still no better than that of guessing, ln {classes} = {guess:.3f}."
    far = config.momentum > 0 and effective_step(config.lr, config.momentum) > _FAR
    return Diagnosis(Trouble.STUCK, text, (*_smaller(config), *_larger(config)[:1]) if far else _larger(config))


def _floor(smoothing: float, classes: int) -> float:
    """Return the least loss there is: the entropy of a label of which `smoothing` is shared out over all classes."""
    other = smoothing / classes
    own = 1 - smoothing + other
    return -own * math.log(own) - (classes - 1) * (other * math.log(other) if other else 0.0)


def _falls(loss: NDArray[np.float64], least: float) -> bool:
    """Return whether the second half lies below the first by more than `least` and than two standard errors."""
    halves = np.array_split(loss, 2)
    fall = float(halves[0].mean() - halves[1].mean())
    error = math.sqrt(sum(half.var() / len(half) for half in halves))
    return fall > max(least, 2 * error)


def overflow(config: RunConfig, epoch: int, batch: int, lr: float) -> str:
    """Return the sentence for a loss that was no number in `batch` (from 0) of `epoch`, at learning rate `lr`."""
    step = f"learning rate {number(lr, 4)}"
    if config.momentum:
        summed = effective_step(lr, config.momentum)
        step += f" with momentum {config.momentum:g} (an effective step of {number(summed, 4)})"
    remedies = " or ".join(remedy.text for remedy in _smaller(config))
    return (
        f"The loss became NaN or infinite in epoch {epoch}, batch {batch} (from 0), at {step}: steps that are too "
        f"large make the weights grow until they overflow. Try {remedies}."
    )


def _smaller(config: RunConfig) -> tuple[Remedy, ...]:
    # A tenth of a rate that is far too large is too large as well: nothing above what is known to learn is offered.
    most = 0.1 if config.optimizer is Optimizer.SGD else 0.001
    lr = _rounded(min(config.lr / 10, most))
    remedies = [_remedy(config, lr=lr)]
    if config.momentum:
        same = _rounded(min(config.lr * (1 - config.momentum), most))
        if same != lr:
            remedies.append(_remedy(config, lr=same))
        remedies.append(_remedy(config, momentum=0.0, lr=min(config.lr, most), nesterov=False))
    return tuple(remedies)


def _larger(config: RunConfig) -> tuple[Remedy, ...]:
    remedies = []
    if config.standardize is Standardization.NONE:
        remedies.append(_remedy(config, standardize=Standardization.CHANNEL))
    if has_batch_norm(config) is False:
        remedies.append(_remedy(config, batch_norm=True))
    if config.optimizer is Optimizer.SGD and effective_step(config.lr, config.momentum) < 0.1:
        remedies.append(_remedy(config, lr=_rounded(min(config.lr * 10, 0.1))))
    if config.batch_size > 16:
        remedies.append(_remedy(config, batch_size=config.batch_size // 4))
    return tuple(remedies)


def _remedy(config: RunConfig, **changes: object) -> Remedy:
    changed = replace(config, preset=None, **changes)  # type: ignore[arg-type]  # names and values belong together
    words = {
        "standardize": "standardization",
        "batch_norm": "batch norm",
        "lr": f"learning rate {number(changed.lr, 6)}",
        "momentum": "no momentum",
        "batch_size": f"batch size {changed.batch_size}",
    }
    return Remedy(" at ".join(words[name] for name in changes if name in words), changed)


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")
