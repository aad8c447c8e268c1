"""The network of a run: the named description, fitted to the data, with the run's toggles put in."""

from cnncore.architecture import Network, Shape, describe, load_network, with_batch_norm, with_dropout
from cnncore.data.augmentation import output_size
from cnncore.training.config import RunConfig


def network_of(config: RunConfig, image: Shape, classes: int) -> Network:
    """Return the description that `config` trains on images of shape `image` (C, H, W) with `classes` classes.

    A crop makes the network's input smaller; batch norm stands right after each convolution and dropout before
    the last dense layer. Raises an `InputError` if the layers do not fit each other at this size.
    """
    height, width = output_size(config.augment, image[1], image[2])
    network = load_network(config.network, input=(image[0], height, width), classes=classes)
    if config.batch_norm:
        network = with_batch_norm(network)
    if config.dropout:
        network = with_dropout(network, config.dropout)
    describe(network)  # raises where a layer does not fit, before anything runs
    return network
