"""Networks as data: what they are, what shapes they make, what they cost and what their units see. No torch.

`cnncore.architecture.build` makes PyTorch modules of them; beside it only `modules`, `onnx` and
`oracle` know torch.
"""

from cnncore.architecture.arithmetic import (
    Field,
    conv_output_size,
    effective_kernel,
    pool_output_size,
    reads,
    transposed_output_size,
    unread,
)
from cnncore.architecture.catalogue import NETWORKS, named_network
from cnncore.architecture.code import layer_code, network_code
from cnncore.architecture.counting import Cost, LayerFacts, cost, layer_facts
from cnncore.architecture.description import Description, Row, describe, load_network, outputs
from cnncore.architecture.layers import (
    GELU,
    AdaptiveAvgPool2d,
    AvgPool2d,
    BatchNorm2d,
    Branches,
    Conv2d,
    ConvTranspose2d,
    Dropout,
    Flatten,
    Layer,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
    ReLU6,
    Residual,
    Sigmoid,
    SiLU,
    Tanh,
)
from cnncore.architecture.network import Network, with_batch_norm, with_classes, with_dropout, without_pools
from cnncore.architecture.receptive_field import Box, Fields, box, layer_fields
from cnncore.architecture.sizes import Pair, Shape

__all__ = [
    "GELU",
    "NETWORKS",
    "AdaptiveAvgPool2d",
    "AvgPool2d",
    "BatchNorm2d",
    "Box",
    "Branches",
    "Conv2d",
    "ConvTranspose2d",
    "Cost",
    "Description",
    "Dropout",
    "Field",
    "Fields",
    "Flatten",
    "Layer",
    "LayerFacts",
    "LeakyReLU",
    "Linear",
    "MaxPool2d",
    "Network",
    "Pair",
    "ReLU",
    "ReLU6",
    "Residual",
    "Row",
    "Shape",
    "SiLU",
    "Sigmoid",
    "Tanh",
    "box",
    "conv_output_size",
    "cost",
    "describe",
    "effective_kernel",
    "layer_code",
    "layer_facts",
    "layer_fields",
    "load_network",
    "named_network",
    "network_code",
    "outputs",
    "pool_output_size",
    "reads",
    "transposed_output_size",
    "unread",
    "with_batch_norm",
    "with_classes",
    "with_dropout",
    "without_pools",
]
