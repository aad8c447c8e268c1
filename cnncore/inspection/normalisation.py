"""Batch norm in a real network: its channels, its running statistics, and predictions that depend on neighbours.

For the compute pool: importing this imports torch. Images are seen as in test (cut at their centre, not augmented), so
that nothing but batch norm makes a difference; layers other than batch norm stay in eval().
"""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from cnncore.architecture import BatchNorm2d, Conv2d, Layer, Network, ReLU
from cnncore.architecture.build import build
from cnncore.errors import InputError
from cnncore.inspection.channels import BiasShift, Channels, Depth, FirstLosses, Neighbours, Running
from cnncore.inspection.trained import Trained, chosen
from cnncore.training.config import RunConfig
from cnncore.training.network import network_of

BATCHES = 20
BINS = 48
REACH = 3.0  # standard deviations that a histogram reaches beyond the outermost mean
STACK_CHANNELS = 32


def channels(run_id: str | None, moment: str, config: RunConfig, layer: str, batch: int, seed: int = 0) -> Channels:
    """Return the channels of the batch norm called `layer` (by default the first) for a batch of train images."""
    found = chosen(run_id, moment, config)
    model, norms = _normed(found)
    name, norm = _named(norms, layer)
    before, after = _through(model, norm, _batch(found, batch, np.random.default_rng(seed)))
    flat, flat_after = (values.transpose(0, 1).flatten(1).double() for values in (before, after))  # (C, N*H*W)
    kept = dict(_named(_normed(found)[1], name)[1].named_buffers())
    moments = (*_moments(flat), *_moments(flat_after))
    reach = max(float((np.abs(mean) + REACH * std).max()) for mean, std in (moments[:2], moments[2:]))
    edges = np.linspace(-reach, reach, BINS + 1)
    return Channels(
        tuple(norms),
        flat.shape[1],
        *moments,
        kept["running_mean"].double().numpy(),
        kept["running_var"].double().sqrt().numpy(),
        norm.weight.detach().double().numpy(),
        norm.bias.detach().double().numpy(),
        edges,
        _histograms(flat, edges),
        _histograms(flat_after, edges),
    )


def neighbours(
    run_id: str | None,
    moment: str,
    config: RunConfig,
    image: NDArray[np.uint8],
    batch: int,
    seed: int = 0,
    batches: int = BATCHES,
) -> Neighbours:
    """Return what is predicted for `image` (C, H, W) in `batches` batches, each with other train images beside it."""
    found = chosen(run_id, moment, config)
    model, norms = _normed(found)
    rng = np.random.default_rng(seed)
    own = found.inputs(image[None])
    results: dict[bool, list[Tensor]] = {True: [], False: []}
    with torch.inference_mode():
        for _ in range(batches):
            inputs = torch.cat([own, _batch(found, batch - 1, rng)]) if batch > 1 else own
            for training, rows in results.items():
                for norm in norms.values():
                    norm.train(training)
                    norm.momentum = 0.0  # looking must not change what is kept for eval()
                rows.append(model(inputs)[0].softmax(0))
    train, still = (torch.stack(results[training]).double().numpy() for training in (True, False))
    return Neighbours(train, still, found.data.classes)


def running(
    run_id: str | None, moment: str, config: RunConfig, layer: str, batch: int, seed: int = 0, batches: int = 60
) -> Running:
    """Return how the running statistics of `layer`, set back to their beginning, follow `batches` batches."""
    found = chosen(run_id, moment, config)
    model, norms = _normed(found)
    _, norm = _named(norms, layer)
    norm.reset_running_stats()
    rng = np.random.default_rng(seed)
    rows: list[list[Tensor]] = [[], [], [], []]
    for _ in range(batches):
        before, _ = _through(model, norm, _batch(found, batch, rng))
        variance, mean = torch.var_mean(before, dim=(0, 2, 3))
        kept = (norm.running_mean, norm.running_var)
        for row, value in zip(rows, (mean, kept[0], variance, kept[1]), strict=True):
            assert value is not None
            row.append(value.clone())
    means, kept_means, variances, kept_variances = (torch.stack(row).double().numpy() for row in rows)
    return Running(means, kept_means, variances, kept_variances, float(norm.momentum or 0))


def bias_shift(
    run_id: str | None, moment: str, config: RunConfig, layer: str, batch: int, shift: float, seed: int = 0
) -> BiasShift | None:
    """Return how much behind `layer` a `shift` of the biases before it still changes; None where there are none."""
    found = chosen(run_id, moment, config)
    inputs = _batch(found, batch, np.random.default_rng(seed))
    changes = {}
    for training in (True, False):
        model, norms = _normed(found, training)
        _, norm = _named(norms, layer)
        modules = list(model.modules())
        before = [m for m in modules[: modules.index(norm)] if isinstance(m, (nn.Conv2d, nn.Linear))]
        if not before or before[-1].bias is None:
            return None
        _, first = _through(model, norm, inputs)
        before[-1].bias.data += shift
        _, second = _through(model, norm, inputs)
        changes[training] = float((second - first).abs().max())
    return BiasShift(shift, changes[True], changes[False])


def stack(
    run_id: str | None, moment: str, config: RunConfig, layers: int, batch_norm: bool, batch: int = 32, seed: int = 0
) -> Depth:
    """Return what reaches each ReLU of `layers` fresh 3x3 convolutions in a row, with PyTorch's initialisation."""
    found = chosen(run_id, moment, config)
    inputs = _batch(found, batch, np.random.default_rng(seed))
    _, channels_in, height, width = inputs.shape
    norm: tuple[Layer, ...] = (BatchNorm2d(),) if batch_norm else ()
    row: tuple[Layer, ...] = (Conv2d(STACK_CHANNELS, 3, padding=1), *norm, ReLU())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = build(Network("stack", (channels_in, height, width), row * layers)).train()
    edges = np.linspace(-3, 3, BINS + 1)
    std, between, histogram = [], [], []
    values = inputs
    with torch.inference_mode():
        for module in model:
            if isinstance(module, nn.ReLU):
                flat = values.flatten()[None].double()
                std.append(float(flat.std()))
                between.append(float(values.double().std(0).mean()))
                histogram.append(_histograms(flat, edges)[0])
            values = module(values)
    return Depth(np.array(std), np.array(between), edges, np.stack(histogram))


def first_losses(run_id: str | None, moment: str, config: RunConfig, batch: int = 128, seeds: int = 5) -> FirstLosses:
    """Return the loss of one batch before any step, in train() mode, for `seeds` initialisations each."""
    found = chosen(run_id, moment, config)
    data = found.data
    rng = np.random.default_rng(0)
    rows = _rows(found, batch, rng)
    inputs, labels = found.inputs(data.train_images[rows]), torch.from_numpy(np.asarray(data.train_labels)[rows])
    losses: dict[bool, list[float]] = {False: [], True: []}
    for norm, values in losses.items():
        network = network_of(replace(found.config, batch_norm=norm), data.shape, len(data.classes))
        for seed in range(seeds):
            with torch.random.fork_rng(devices=[]), torch.inference_mode():
                torch.manual_seed(seed)
                values.append(float(F.cross_entropy(build(network).train()(inputs), labels)))
    return FirstLosses(np.array(losses[False]), np.array(losses[True]), len(data.classes))


def _rows(found: Trained, count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    total = len(found.data.train_images)
    if not 1 <= count <= total:
        raise InputError(f"`batch` (={count}) must be between 1 and the {total} train images: choose another size.")
    return np.sort(rng.choice(total, count, replace=False))


def _batch(found: Trained, count: int, rng: np.random.Generator) -> Tensor:
    return found.inputs(found.data.train_images[_rows(found, count, rng)])


def _normed(found: Trained, training: bool = True) -> tuple[nn.Sequential, dict[str, nn.BatchNorm2d]]:
    """Return a copy of the network in eval(), its batch norms in train() or not, and these by name, in order."""
    model = deepcopy(found.model).eval()
    norms = {name: module for name, module in model.named_modules() if isinstance(module, nn.BatchNorm2d)}
    if not norms:
        raise InputError(f"`network` (={found.network.name}) has no batch norm: choose a run with it.")
    for norm in norms.values():
        norm.train(training)
    return model, norms


def _named(norms: dict[str, nn.BatchNorm2d], layer: str) -> tuple[str, nn.BatchNorm2d]:
    """Return the batch norm called `layer`, the first one for an empty name."""
    name = layer or next(iter(norms))
    if name not in norms:
        raise InputError(f"`layer` (={name}) must be one of {', '.join(norms)}: choose one of them.")
    return name, norms[name]


class _Reached(Exception):  # noqa: N818 not an error: it ends a forward pass early
    """The layer that was asked for has been computed: what comes after it is not needed."""


def _through(model: nn.Sequential, norm: nn.BatchNorm2d, inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Return what `norm` receives and puts out, (N, C, H, W) each, while the model sees `inputs`."""
    caught: list[Tensor] = []

    def catch(_: nn.Module, received: tuple[Any, ...], given: Tensor) -> None:
        caught.extend((received[0], given))
        raise _Reached

    handle = norm.register_forward_hook(catch)
    try:
        with torch.no_grad():
            model(inputs)
    except _Reached:
        return caught[0], caught[1]
    finally:
        handle.remove()
    raise AssertionError("a layer of the network was not reached")


def _moments(flat: Tensor) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return flat.mean(1).numpy(), flat.std(1, correction=0).numpy()


def _histograms(flat: Tensor, edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return how many values of each row (rows, values) lie between `edges`; the outermost bins take what is beyond."""
    inside = flat.numpy().clip(edges[0], edges[-1])
    return np.stack([np.histogram(row, edges)[0] for row in inside])
