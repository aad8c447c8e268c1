"""The same network for a CUDA device, with its layers' passes over memory taken together.

`Fused` holds the very modules, under the same names; only how they are computed in training differs:

- a convolution's bias, batch norm, max pool and ReLU behind it are the kernels of `cnncore.training.kernels`;
- a convolution whose bias a batch norm takes out again adds none: the running mean has it, its gradient is zero;
- the gradient of a weight, which no other gradient waits for, goes beside the backward pass, see
  `cnncore.training.side`;
- the first convolution may be a product of matrices: the patches under its kernel are laid out when the batch is
  fetched, beside the update before. For images of three channels cuDNN has slow ways only.

Numbers differ from the modules' own by rounding. Where gradients of an evaluated network are asked for, the modules
compute as ever.
"""

from cnncore.training.fused.blocks import Patches
from cnncore.training.fused.functions import Loss
from cnncore.training.fused.model import Fused, beside, fused

__all__ = ["Fused", "Loss", "Patches", "beside", "fused"]
