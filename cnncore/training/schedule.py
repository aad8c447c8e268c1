"""The learning rate of every epoch, in closed form: it can be drawn before a run starts."""

import math

from cnncore.training.config import RunConfig, Schedule


def learning_rate(config: RunConfig, epoch: int) -> float:
    """Return the learning rate of `epoch` (from 1).

    none: lr. exponential: lr * decay^(epoch-1). step: lr, a tenth after half of the epochs, a hundredth after
    three quarters. cosine: lr * (1 + cos(pi (epoch-1)/epochs)) / 2.

    >>> round(learning_rate(RunConfig(schedule=Schedule.EXPONENTIAL, lr=0.1, decay=0.95), 11), 3)
    0.06
    """
    done = epoch - 1
    match config.schedule:
        case Schedule.NONE:
            return config.lr
        case Schedule.EXPONENTIAL:
            return config.lr * config.decay**done
        case Schedule.STEP:
            drops = (2 * done >= config.epochs) + (4 * done >= 3 * config.epochs)
            return config.lr * 0.1**drops
        case Schedule.COSINE:
            return config.lr * (1 + math.cos(math.pi * done / config.epochs)) / 2
