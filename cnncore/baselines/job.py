"""A bag of visual words as a job of its own (see `cnncore.jobs`): a page can be closed while it goes on."""

from typing import Any

from cnncore import jobs
from cnncore.baselines.config import BagOfWordsConfig
from cnncore.progress import Progress, Report

NAME = "bag-of-words"  # one at a time: it takes every core that there is


def start(config: BagOfWordsConfig) -> None:
    """Begin in a new process, which outlives this one. One that is running already is an `InputError`."""
    jobs.start(NAME, "cnncore.baselines.job:work", config=config.to_dict())


def status() -> jobs.Job | None:
    """Return how the last one stands, None if there is none to speak of. The result of a done one is its key."""
    return jobs.status(NAME)


def cancel() -> None:
    """Ask it to end; it does so within a moment (while an SVM is being learned, when that is done)."""
    jobs.cancel(NAME)


def dismiss() -> None:
    """Forget how it ended; its result is kept."""
    jobs.dismiss(NAME)


def work(report: Report, config: dict[str, Any]) -> str:
    """Run the configuration, keep the result and return its key: the job itself. Reports say which stages are over."""
    from cnncore.baselines.bag_of_words import Outcome, Stage, run
    from cnncore.baselines.stored import save

    chosen = BagOfWordsConfig.from_dict(config)
    over: list[str] = []
    for event in run(chosen):
        match event:
            case Stage():
                over.append(f"{event.name} {event.seconds:.1f} s")
            case Outcome():
                save(event.result, event.model)
            case Progress():
                message = "; ".join([chosen.label, *over])
                report(Progress(event.stage, event.done, event.total, event.unit, message=message))
    return chosen.key
