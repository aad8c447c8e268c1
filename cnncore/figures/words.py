"""What is said of a run in words: how right it is, and what its last epoch shows."""

from cnncore.data.progress import duration
from cnncore.runs.record import Run
from cnncore.statistics import wilson_interval


def percent(accuracy: float, count: int | None) -> str:
    """Return an accuracy on `count` images with its 95 % interval."""
    if not count:
        return f"{100 * accuracy:.1f} %"
    low, high = wilson_interval(accuracy * count, count)
    return f"{100 * accuracy:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def verdict(run: Run) -> str:
    """Return in words what a finished run shows, from its last epoch."""
    if run.train_accuracy is None or run.test_accuracy is None:
        return "Finished."
    gap = 100 * (run.train_accuracy - run.test_accuracy)
    text = f"Test accuracy {percent(run.test_accuracy, run.test_size)}, train {100 * run.train_accuracy:.1f} %"
    text += f", after {duration(run.seconds)} of training. "
    if gap > 5:
        heart = (
            "it knows its train images by heart" if run.train_accuracy > 0.97 else "it knows its train images too well"
        )
        return text + f"The gap of {gap:.0f} points is overfitting: {heart}."
    if gap < -1:
        return text + "Test lies above train: dropout and augmentation make training harder than testing (Q14, Q29)."
    return text + "Train and test are close: a larger network or more epochs may still gain."


def p_value(p: float) -> str:
    """Return a p-value with two digits; one below 0.0001 as that bound.

    >>> p_value(0.0215), p_value(3e-9), p_value(1.0)
    ('0.022', '< 0.0001', '1.0')
    """
    if p < 1e-4:
        return "< 0.0001"
    return f"{p:.2g}" if p < 0.995 else "1.0"
