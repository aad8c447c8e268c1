"""How far train and held-out accuracy lie apart, and what of that is no more than chance. Pure, no torch."""

from dataclasses import dataclass

from cnncore.statistics import wilson_interval


@dataclass(frozen=True)
class Gap:
    """The accuracies of one epoch, fractions; `size` counts the held-out images, `classes` those to guess among.

    `train` is the re-scored train accuracy (`train_eval/accuracy`) where there is one: the running one is too low by
    what dropout, augmentation and the epoch's own progress take away.

    >>> Gap(0.66, 0.60, 100, 10).overfits, Gap(0.66, 0.60, 1000, 10).overfits
    (False, True)
    >>> Gap(0.097, 0.1, 1000, 10).guessing
    True
    """

    train: float
    held_out: float
    size: int
    classes: int

    @property
    def value(self) -> float:
        """Train minus held-out accuracy."""
        return self.train - self.held_out

    @property
    def chance(self) -> float:
        """Half of the 95 % interval of the held-out accuracy: by so much chance alone may move it."""
        low, high = self._interval
        return (high - low) / 2

    @property
    def overfits(self) -> bool:
        """True if train lies above held-out by more than 5 points and more than chance."""
        return self.value > max(0.05, self.chance)

    @property
    def guessing(self) -> bool:
        """True if the held-out accuracy cannot be told from that of guessing, 1 / `classes`, or is below it."""
        return self._interval[0] <= 1 / self.classes

    @property
    def told_of_guessing(self) -> str:
        """What is said of the held-out accuracy where it is `guessing`."""
        return (
            f"no better than guessing among {self.classes} classes ({100 / self.classes:.1f} %) on {self.size:,} images"
        )

    @property
    def _interval(self) -> tuple[float, float]:
        return wilson_interval(self.held_out * self.size, self.size)
