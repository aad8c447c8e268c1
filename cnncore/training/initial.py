"""How a network's weights begin, where that is not as PyTorch draws them."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cnncore.errors import InputError
from cnncore.training.batches import Batches
from cnncore.training.config import RunConfig
from cnncore.training.optimizers import last_dense

# At most so many images are measured, and of large ones at most as many as have so many patches.
IMAGES, PATCHES = 5000, 5_000_000
_VALUES = 4_000_000  # of patches at a time: they overlap, and all of them are a multiple of the images
# Of the mean variance, added to each before its inverse root: the smallest components of real images are noise.
_EPS = 5e-4
_NOTHING = 1e-12  # of variance: rounding leaves no more where all patches are the same


def initialize(config: RunConfig, model: nn.Sequential, batches: Batches) -> None:
    """Change the weights that were drawn to those that `config` asks for, in place; nothing random happens.

    `identity_start` lets each convolution begin by passing on its inputs: of its filters the first C_in have a one in
    their middle for their own channel and nothing else, the other filters stay as drawn (Zagoruyko & Komodakis 2017,
    Jordan 2024). `whitened_patches` gives the first layer the filters of `whitening_filters` for the train images as
    the network sees them; an `InputError` where these have no contrast. `logit_scale` multiplies the last dense layer.
    """
    if config.identity_start:
        for layer in model.modules():
            if isinstance(layer, nn.Conv2d) and layer.groups == 1:
                nn.init.dirac_(layer.weight[: layer.in_channels])
    if config.logit_scale != 1:
        with torch.no_grad():
            for parameter in last_dense(model).parameters():
                parameter.mul_(config.logit_scale)
    if config.whitened_patches:
        first = _first(model)
        covariance = _patch_statistics(batches, first)
        if covariance.trace() < _NOTHING:
            raise InputError(
                f"`whitened_patches` needs train images with some contrast, and the network sees {len(batches.train)} "
                "without any: switch it off, or choose more images or another `standardize`."
            )
        filters = whitening_filters(covariance, first.out_channels)
        with torch.no_grad():
            first.weight.copy_(filters.view(first.weight.shape))


def freeze(config: RunConfig, model: nn.Sequential) -> None:
    """Freeze the weights that `config` wants to stay as they are, whether drawn or from a checkpoint.

    Filters that whiten patches do not learn, their biases do. Where `norm_bias_rate` is not 1 the scales of batch norms
    stay at one: weight decay would shrink them, and what they pass on would drown in biases that move so fast.
    """
    if config.norm_bias_rate != 1:
        for layer in model.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.weight.requires_grad_(False)
    if config.whitened_patches:
        _first(model).weight.requires_grad_(False)


def whitening_filters(covariance: Tensor, count: int) -> Tensor:
    """Return `count` filters whose answers have about the same variance and no covariance, float32 (count, D).

    `covariance` (D, D) is that of the patches. The filters are its eigenvectors, each divided by the standard deviation
    along it: the first half are those of the largest variances, the second half the same with the other sign, so that
    nothing is lost in the activation that follows (Coates & Ng 2012, Page 2019). At most 2 D of them.
    """
    values, vectors = torch.linalg.eigh(covariance.double())  # ascending; in columns
    kept = -(-count // 2)
    directions = vectors.flip(1)[:, :kept].T  # (kept, D)
    # An eigenvector has no sign of its own, and libraries differ: its largest entry is positive here.
    largest = directions.gather(1, directions.abs().argmax(1, keepdim=True))
    directions = directions * largest.sign()
    scaled = directions / (values.flip(0)[:kept, None].clamp_min(0) + _EPS * values.mean()).sqrt()
    return torch.cat([scaled, -scaled])[:count].float()


def _first(model: nn.Sequential) -> nn.Conv2d:
    """Return the first layer, a convolution that can whiten: `cnncore.training.network.network_of` has checked that."""
    first = model[0]
    assert isinstance(first, nn.Conv2d)
    return first


def _patch_statistics(batches: Batches, first: nn.Conv2d) -> Tensor:
    """Return the covariance, float64 (D, D) on the CPU, of the patches under a kernel in the first train images."""
    one, _ = batches.evaluated(batches.train, slice(1))
    values, places = F.unfold(one, first.kernel_size).shape[1:]  # of a patch; in an image
    images = min(IMAGES, max(1, PATCHES // places), len(batches.train))
    chunk = max(1, _VALUES // (values * places))
    count, total, products = 0, torch.zeros(()), torch.zeros(())
    for start in range(0, images, chunk):
        inputs, _ = batches.evaluated(batches.train, slice(start, min(start + chunk, images)))
        # On the CPU: Apple's MPS has no float64.
        patches = F.unfold(inputs.cpu(), first.kernel_size).transpose(1, 2).flatten(0, 1).double()  # (n, D)
        count, total, products = count + len(patches), total + patches.sum(0), products + patches.T @ patches
    mean = total / count
    return products / count - torch.outer(mean, mean)
