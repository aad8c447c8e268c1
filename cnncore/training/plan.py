"""What a run would do, and whether it can: all that the trainer refuses and that is known without torch."""

import math
from dataclasses import dataclass

from cnncore.architecture import describe
from cnncore.data.pixels import check_handout, check_whitening
from cnncore.data.prepared import info, missing
from cnncore.errors import InputError
from cnncore.training.config import WHITENING, RunConfig, Standardization
from cnncore.training.memory import check_memory
from cnncore.training.network import check_batches, network_of
from cnncore.training.split import size_of_test, size_of_train


@dataclass(frozen=True)
class Plan:
    """A run before it begins: the numbers its network learns, its train images, and the updates of an epoch."""

    parameters: int
    train_size: int
    updates: int


def plan_of(config: RunConfig) -> Plan:
    """Return what the run of `config` would do.

    Raises `InputError`, with the trainer's own sentence, for a data set that is not prepared, more images than it has,
    a network that does not fit them, a standardization that is not for them, a first layer that cannot whiten patches
    where it is to, and a batch that cannot be normalized; and for more weights than this machine can hold. What the
    device cannot do is known to torch alone.
    """
    data = info(config.dataset)
    if data is None or not data.prepared:
        raise InputError(missing(config.dataset))
    built = network_of(config, data.shape, len(data.classes))
    network, images = describe(built), size_of_train(config, data.train_size)
    check_memory(config, built.name, network.parameters)
    size_of_test(config, data.test_size)
    check_batches(config, built, images)
    if config.standardize is Standardization.HANDOUT:
        check_handout(built.input[0])
    elif config.standardize in WHITENING:
        check_whitening(math.prod(built.input), f"standardize={config.standardize}")
    return Plan(network.parameters, images, -(-images // config.batch_size))
