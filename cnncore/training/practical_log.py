"""The log that the practical's own code prints, line for line, from the events of a run."""

from collections.abc import Iterator

from cnncore.events import Batch, Epoch, Event, Started

INTERVAL = 200  # batches between two lines, as in the practical's code


class PracticalLog:
    """Turns events into lines of text. Prec@1 and Prec@5 are percentages, times are seconds.

    Every batch line shows the batch's own value and, in brackets, the running mean of the epoch so far, weighted by
    images; as time it shows the mean of a batch and, in brackets, the epoch's so far. The practical prints test lines
    for every batch; here the test set is evaluated in one piece, and has the Avg line alone.
    """

    def __init__(self) -> None:
        self._batches = 0
        self._count = 0
        self._sums = (0.0, 0.0, 0.0)

    def lines(self, event: Event) -> Iterator[str]:
        """Yield the lines that `event` adds to the log."""
        match event:
            case Started():
                self._batches = event.batches_per_epoch
                yield f"Device: {event.device}, {event.device_reason}"
            case Batch():
                yield from self._batch(event)
            case Epoch():
                train = (event.seconds, event.train_loss, event.train_accuracy, event.train_accuracy5)
                test = (event.test_seconds, event.test_loss, event.test_accuracy, event.test_accuracy5)
                yield from (_average("TRAIN", *train), _average("EVAL", *test), "")
                if event.test_tta_loss is not None:
                    again = event.test_tta_loss, event.test_tta_accuracy or 0.0, event.test_tta_accuracy5 or 0.0
                    yield from (_average("EVAL with test-time augmentation", None, *again), "")
            case _:
                yield getattr(event, "message", "")

    def _batch(self, event: Batch) -> Iterator[str]:
        if event.batch == 0:
            yield from ("=================", f"=== EPOCH {event.epoch} =====", "=================", "")
            self._count, self._sums = 0, (0.0, 0.0, 0.0)
        values = (event.loss, event.accuracy, event.accuracy5)
        self._count += event.size
        self._sums = (
            self._sums[0] + values[0] * event.size,
            self._sums[1] + values[1] * event.size,
            self._sums[2] + values[2] * event.size,
        )
        if event.batch % INTERVAL:
            return
        loss, top1, top5 = (total / self._count for total in self._sums)
        mean_seconds = event.seconds / (event.batch + 1)
        yield (
            f"[TRAIN Batch {event.batch:03d}/{self._batches:03d}]\t"
            f"Time {mean_seconds:.3f}s ({event.seconds:.3f}s)\t"
            f"Loss {event.loss:.4f} ({loss:.4f})\t"
            f"Prec@1 {100 * event.accuracy:5.1f} ({100 * top1:5.1f})\t"
            f"Prec@5 {100 * event.accuracy5:5.1f} ({100 * top5:5.1f})"
        )


def _average(split: str, seconds: float | None, loss: float, accuracy: float, accuracy5: float) -> str:
    took = "" if seconds is None else f" Total time {seconds:.1f}s"
    return (
        f"\n===============> {split}{took}\tAvg loss {loss:.4f}\t"
        f"Avg Prec@1 {100 * accuracy:5.2f} %\tAvg Prec@5 {100 * accuracy5:5.2f} %"
    )
