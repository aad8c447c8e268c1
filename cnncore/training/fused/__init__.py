"""The same network for a CUDA device, with its layers' passes over memory taken together.

`Fused` holds the same modules under the same names; only how they are computed in training differs:

- a convolution's bias, batch norm, max pool and ReLU behind it are the kernels of `cnncore.training.kernels`;
- a convolution whose bias a batch norm subtracts again adds none: the running mean includes it, its gradient is zero;
- the gradient of a weight, which no other gradient waits for, is computed beside the backward pass, see
  `cnncore.training.side`;
- the first convolution may be a product of matrices: the patches under its kernel are laid out when the batch is
  fetched, beside the update before. For images of three channels cuDNN only has slow algorithms.

Numbers differ from the modules' own by rounding. Where gradients of an evaluated network are asked for, the modules
compute as usual.
"""

from cnncore.training.fused.blocks import Patches
from cnncore.training.fused.functions import Loss
from cnncore.training.fused.model import Fused, beside, fused

__all__ = ["Fused", "Loss", "Patches", "beside", "fused"]
