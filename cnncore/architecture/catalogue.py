"""Named networks. The tests check parameter counts against torchvision's, layer by layer where the two differ.

`vgg16` and `alexnet` are the originals: torchvision puts an adaptive average pool before the dense layers, which does
nothing at 224 pixels, has no parameters, and hides that other sizes do not fit.
"""

from collections.abc import Callable

from cnncore.architecture.layers import (
    GELU,
    AdaptiveAvgPool2d,
    BatchNorm2d,
    Conv2d,
    Flatten,
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
    Residual,
    Tanh,
)
from cnncore.architecture.network import Network
from cnncore.architecture.photo_networks import alexnet, googlenet, mobilenet, resnet, squeezenet, vgg
from cnncore.architecture.sizes import Shape
from cnncore.errors import InputError


def _lenet1989(_: Shape, classes: int) -> tuple[Layer, ...]:
    """The network for zip codes of LeCun et al. 1989: 10,024 parameters on 1x16x16, strides where pools came later.

    The original has 9,760: each map of its second layer reads eight of the twelve below, and every unit of a map has a
    bias of its own. Here a map reads all of them and has one bias, as convolutions have today.
    """
    return (
        Conv2d(12, 5, 2, 2, name="conv1"),
        Tanh(),
        Conv2d(12, 5, 2, 2, name="conv2"),
        Tanh(),
        Flatten(),
        Linear(30, name="fc3"),
        Tanh(),
        Linear(classes, name="fc4"),
    )


def _lenet5(_: Shape, classes: int) -> tuple[Layer, ...]:
    """The practical's LeNet-5 (LeCun et al. 1998, with max-pooling): 61,706 parameters on 1x28x28."""
    return (
        Conv2d(6, 5, padding=2, name="conv1"),
        Tanh(),
        MaxPool2d(2, name="pool1"),
        Conv2d(16, 5, name="conv2"),
        Tanh(),
        MaxPool2d(2, name="pool2"),
        Flatten(),
        Linear(120, name="fc3"),
        Tanh(),
        Linear(84, name="fc4"),
        Tanh(),
        Linear(classes, name="fc5"),
    )


def _practical_of(filters: tuple[int, int, int], dense: int, input: Shape, classes: int) -> tuple[Layer, ...]:  # noqa: A002 the field's word
    # With a crop of 28 the third pool receives 7x7. Rounding up keeps the map at 4x4, as the practical does; where
    # the map is even both roundings agree, and the description says the plain thing.
    odd = any(size // 4 % 2 for size in input[1:])
    layers: list[Layer] = []
    for number, count in enumerate(filters, start=1):
        pool = MaxPool2d(2, ceil_mode=odd and number == 3, name=f"pool{number}")
        layers += [Conv2d(count, 5, padding=2, name=f"conv{number}"), ReLU(), pool]
    return (*layers, Flatten(), Linear(dense, name="fc4"), ReLU(), Linear(classes, name="fc5"))


def _practical(input: Shape, classes: int) -> tuple[Layer, ...]:  # noqa: A002 the field's word
    """The practical's network for CIFAR-10: 1,191,170 parameters on 3x32x32."""
    return _practical_of((32, 64, 64), 1000, input, classes)


def _classroom(input: Shape, classes: int) -> tuple[Layer, ...]:  # noqa: A002 the field's word
    """The practical's network in a size for two CPU cores."""
    return _practical_of((16, 32, 32), 256, input, classes)


def _resnet9(width: int, classes: int) -> tuple[Layer, ...]:
    """The nine-layer residual network of the fast CIFAR-10 records (Page 2018): 6,573,130 parameters at width 64.

    Batch norm after every convolution, channels doubled as each pool halves the map, and the mean of the last map, so
    that it takes every size (Page takes its maximum).
    """

    def conv(filters: int, name: str) -> tuple[Layer, ...]:
        return Conv2d(filters, 3, padding=1, bias=False, name=name), BatchNorm2d(), ReLU()

    def block(filters: int, name: str) -> Residual:
        return Residual((*conv(filters, f"{name}-1"), *conv(filters, f"{name}-2")), name=name)

    return (
        *conv(width, "conv1"),
        *conv(2 * width, "conv2"),
        MaxPool2d(2, name="pool2"),
        block(2 * width, "block3"),
        *conv(4 * width, "conv4"),
        MaxPool2d(2, name="pool4"),
        *conv(8 * width, "conv5"),
        MaxPool2d(2, name="pool5"),
        block(8 * width, "block6"),
        AdaptiveAvgPool2d(1, name="pool6"),
        Flatten(),
        Linear(classes, name="fc7"),
    )


def _airbench(width: int, input: Shape, classes: int) -> tuple[Layer, ...]:  # noqa: A002 the field's word
    """Seven convolutions that spend their sums on small maps, as in airbench94 (Jordan 2024): 1,972,802 parameters.

    That is at width 64; Page's network takes three times the multiply-adds. The first convolution has no padding, so
    that maps of 32 pixels become 31, 15, 7 and 3 wide; each block pools behind its first convolution, and of the last
    map the maximum is taken. Its first layer is meant to whiten patches, and its logits to be divided by nine: these
    are a run's `whitened_patches` and `logit_scale`.
    """
    last = [max(1, (size - 1) // 8) for size in input[1:]]

    def conv(filters: int, name: str, *pool: Layer) -> tuple[Layer, ...]:
        return Conv2d(filters, 3, padding=1, bias=False, name=name), *pool, BatchNorm2d(), GELU()

    def block(filters: int, number: int) -> tuple[Layer, ...]:
        pool = MaxPool2d(2, name=f"pool{number}")
        return *conv(filters, f"conv{number}", pool), *conv(filters, f"conv{number + 1}")

    return (
        *(Conv2d(24, 2, name="conv1"), GELU()),
        *block(width, 2),
        *block(4 * width, 4),
        *block(4 * width, 6),
        *(MaxPool2d((last[0], last[1]), name="pool7"), Flatten(), Linear(classes, name="fc8")),
    )


_PHOTO: Shape = (3, 224, 224)
_SMALL: Shape = (3, 32, 32)
_CATALOGUE: dict[str, tuple[Shape, int, Callable[[Shape, int], tuple[Layer, ...]]]] = {
    "lenet1989": ((1, 16, 16), 10, _lenet1989),
    "lenet5": ((1, 28, 28), 10, _lenet5),
    "practical": (_SMALL, 10, _practical),
    "classroom": (_SMALL, 10, _classroom),
    "resnet9": (_SMALL, 10, lambda _, classes: _resnet9(64, classes)),
    "resnet9-narrow": (_SMALL, 10, lambda _, classes: _resnet9(16, classes)),  # for two CPU cores
    "airbench": (_SMALL, 10, lambda shape, classes: _airbench(64, shape, classes)),
    "airbench-narrow": (_SMALL, 10, lambda shape, classes: _airbench(16, shape, classes)),
    "alexnet": (_PHOTO, 1000, lambda _, classes: alexnet(classes)),
    "vgg11": (_PHOTO, 1000, lambda _, classes: vgg((1, 1, 2, 2, 2), classes)),
    "vgg13": (_PHOTO, 1000, lambda _, classes: vgg((2, 2, 2, 2, 2), classes)),
    "vgg16": (_PHOTO, 1000, lambda _, classes: vgg((2, 2, 3, 3, 3), classes)),
    "vgg19": (_PHOTO, 1000, lambda _, classes: vgg((2, 2, 4, 4, 4), classes)),
    "resnet18": (_PHOTO, 1000, lambda _, classes: resnet((2, 2, 2, 2), False, classes)),
    "resnet34": (_PHOTO, 1000, lambda _, classes: resnet((3, 4, 6, 3), False, classes)),
    "googlenet": (_PHOTO, 1000, lambda _, classes: googlenet(classes)),
    "resnet50": (_PHOTO, 1000, lambda _, classes: resnet((3, 4, 6, 3), True, classes)),
    "squeezenet1_1": (_PHOTO, 1000, lambda _, classes: squeezenet(classes)),
    "mobilenet_v2": (_PHOTO, 1000, lambda _, classes: mobilenet(classes)),
}
NETWORKS: tuple[str, ...] = tuple(_CATALOGUE)


def named_network(name: str, input: Shape | None = None, classes: int | None = None) -> Network:  # noqa: A002 the field's word
    """Return the network `name` made for images of shape `input` (C, H, W) with `classes` classes.

    An `InputError` if the catalogue has no such network, or for a size or number that no network can have.

    >>> len(named_network("practical").layers)
    13
    """
    if name not in _CATALOGUE:
        raise InputError(f"`network` (={name!r}) must be one of {', '.join(NETWORKS)}: choose one of them.")
    own_input, own_classes, layers = _CATALOGUE[name]
    shape = own_input if input is None else input
    return Network(name, shape, layers(shape, own_classes if classes is None else classes))
