"""Settings that run and do not do what was meant: one sentence each, before the run starts."""

from collections.abc import Iterator

from cnncore.data.classic import HorizontalFlip
from cnncore.training.config import TTA, WHITENING, Optimizer, RunConfig, Schedule
from cnncore.training.network import has_batch_norm
from cnncore.training.schedule import milestones
from cnncore.wording import counted

_ADAPTIVE = (Optimizer.RMSPROP, Optimizer.ADAM, Optimizer.ADAMW)


def warnings(config: RunConfig) -> list[str]:
    """Return a sentence for each setting that is never used or defeats another; none for a sound configuration.

    >>> warnings(RunConfig(epochs=50, schedule=Schedule.STEP, milestones=(30, 80)))
    ['Milestone 80 is never reached in 50 epochs: the learning rate does not fall there.']
    """
    return [*_schedule(config), *_steps(config), *_looks(config)]


def _schedule(config: RunConfig) -> Iterator[str]:
    if config.schedule is Schedule.STEP:
        for milestone in milestones(config):
            if milestone >= config.epochs:
                yield (
                    f"Milestone {milestone:g} is never reached in {counted(config.epochs, 'epoch')}: the learning "
                    "rate does not fall there."
                )
    elif config.milestones:
        yield f"`milestones` are for the step schedule: {config.schedule} does not use them."
    if config.schedule is Schedule.PLATEAU:
        if not config.validation_size:
            yield (
                "Without a validation split the plateau schedule watches the train loss, which also falls while the "
                "network overfits: set `validation_size`."
            )
        if config.patience > config.epochs - 3:  # the first epoch is always better, then more than `patience` are not
            yield (
                f"`patience` (={config.patience}) does not run out within {counted(config.epochs, 'epoch')}: the "
                "learning rate never falls."
            )
    if config.warmup_epochs >= config.epochs:
        yield (
            f"The warm-up of {counted(config.warmup_epochs, 'epoch')} is as long as the run: only in the last epoch, "
            "if at all, does the learning rate reach what the schedule says."
        )
    elif config.warmup_epochs and config.schedule is Schedule.ONE_CYCLE:
        yield "One-cycle begins with a warm-up of its own: the two ramps are multiplied."


def _steps(config: RunConfig) -> Iterator[str]:
    if config.optimizer in _ADAPTIVE and config.lr > 0.01:
        yield (
            f"{config.optimizer} divides by the gradient's size, so that every weight moves by about `lr` "
            f"(={config.lr:g}) an update: 0.001 is usual."
        )
    if config.norm_bias_rate != 1 and has_batch_norm(config) is False:
        yield "`norm_bias_rate` is for the biases of batch norms, and this network has none: nothing learns faster."
    if config.average >= config.epochs:
        yield (
            f"The average over {counted(config.average, 'epoch')} reaches back to the beginning of a run of "
            f"{config.epochs}: its early, hardly trained weights spoil the result."
        )
    whitening = config.standardize in WHITENING
    if not whitening and config.whitening_eps != RunConfig.whitening_eps:
        yield f"`whitening_eps` is for zca and pca: {config.standardize} does not use it."


def _looks(config: RunConfig) -> Iterator[str]:
    mirrors = any(isinstance(augmentation, HorizontalFlip) for augmentation in config.augment)
    if config.tta is not TTA.NONE and not mirrors:
        yield (
            "Test-time augmentation asks about mirror images too, and this network trains on none: the answers to "
            "them may make the mean worse. Add `flip` to the augmentation, if a mirrored image keeps its label."
        )
