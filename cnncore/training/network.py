"""The network of a run: the named description, fitted to the data, with the run's toggles put in."""

from itertools import count

from cnncore.architecture import (
    BatchNorm2d,
    Conv2d,
    Dropout,
    Linear,
    Network,
    Shape,
    describe,
    load_network,
    with_batch_norm,
    with_dropout,
)
from cnncore.architecture.counting import cost
from cnncore.architecture.layers import Branches, Layer, Path, Residual, layer_name
from cnncore.architecture.network import all_layers
from cnncore.data.augmentation import output_size
from cnncore.errors import InputError
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
        if not any(isinstance(layer, Linear) for layer in network.layers):
            raise InputError(
                f"`dropout` (={config.dropout:g}) stands before the last dense layer, and {network.name} has none: "
                "set it to 0, or change the network."
            )
        network = with_dropout(network, config.dropout)
    describe(network)  # raises where a layer does not fit, before anything runs
    if config.whitened_patches:
        _check_first_layer(network)
    if config.logit_scale != 1 and not any(isinstance(layer, Linear) for layer in all_layers(network.layers)):
        raise InputError(
            f"`logit_scale` (={config.logit_scale:g}) needs a dense layer, and {network.name} has none: "
            "leave it at 1, or change the network."
        )
    return network


def _check_first_layer(network: Network) -> None:
    """Raise an `InputError` if the first layer's filters cannot whiten patches."""
    first = network.layers[0]
    if not isinstance(first, Conv2d) or first.groups != 1 or first.dilation != (1, 1):
        raise InputError(
            "`whitened_patches` is for a network that begins with a convolution without groups and dilation: switch it "
            "off, or change the network."
        )
    if any(kernel > side for kernel, side in zip(first.kernel, network.input[1:], strict=True)):
        raise InputError(
            f"`whitened_patches` needs a patch of the image, and the first kernel (={first.kernel[0]}x"
            f"{first.kernel[1]}) is larger than the image (={network.input[1]}x{network.input[2]}): switch it off, or "
            "take a smaller kernel."
        )
    components = network.input[0] * first.kernel[0] * first.kernel[1]
    if first.filters > 2 * components:
        raise InputError(
            f"`whitened_patches` needs a first convolution of at most {2 * components} filters, two for each of the "
            f"{components} values under its kernel, and this one has {first.filters}: switch it off, or take a "
            "larger kernel."
        )


def check_batches(config: RunConfig, network: Network, images: int) -> None:
    """Raise an `InputError` if a batch of one image comes to a batch norm over maps of one pixel.

    Each channel has one value there, and no variance to be divided by: PyTorch refuses it. `images` is the number of
    train images; an epoch's last batch is what is left of them.
    """
    size = config.batch_size
    if not _leaves_one(images, size):
        return
    name = _norm_of_one_pixel(network.layers, network.input)
    if name is None:
        return
    remedies = []
    if images > 1:
        remedies.append(f"`batch_size` {next(more for more in count(size + 1) if not _leaves_one(images, more))}")
    if images > 2 and not _leaves_one(images - 1, size):
        remedies.append(f"`train_size` {images - 1}")
    raise InputError(
        f"`batch_size` (={size}) makes a batch of one image out of {images:,} train images, and `{name}` of "
        f"{network.name} sees maps of 1x1: one value a channel, without a variance to divide by. Choose "
        f"{' or '.join(remedies) or '`train_size` 2 and `batch_size` 2'}."
    )


def _leaves_one(images: int, size: int) -> bool:
    return size == 1 or images % size == 1


def _norm_of_one_pixel(layers: Path, shape: Shape, block: str = "") -> str | None:
    """Return the name of the first batch norm whose input, of `shape` (C, H, W) before the layers, is 1x1."""
    for number, layer in enumerate(layers, start=1):
        name = f"{block}{layer_name(layer, number)}"
        if isinstance(layer, BatchNorm2d) and shape[1:] == (1, 1):
            return name
        if isinstance(layer, (Residual, Branches)):
            for path in layer.paths:
                inner = _norm_of_one_pixel(path, shape, f"{name} ")
                if inner is not None:
                    return inner
        shape = cost(layer, shape).output
    return None


def has_dropout(config: RunConfig) -> bool:
    """Return whether units are dropped in training: by the toggle, or by layers of the network's own."""
    if config.dropout:
        return True
    return any(isinstance(layer, Dropout) and layer.p > 0 for layer in _own_layers(config) or ())


def has_batch_norm(config: RunConfig) -> bool | None:
    """Return whether there is a batch norm, by the toggle or among the network's own; None if it cannot be read."""
    layers = _own_layers(config)
    if layers is None:
        return None
    return config.batch_norm or any(isinstance(layer, BatchNorm2d) for layer in layers)


def _own_layers(config: RunConfig) -> list[Layer] | None:
    """Return the configured network's layers, those inside blocks too; None where the run itself says what is wrong."""
    try:
        return list(all_layers(load_network(config.network).layers))
    except InputError:
        return None
