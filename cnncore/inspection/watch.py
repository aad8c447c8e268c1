"""Hooks that note what happens within one update: outputs, gradients, weights before and after. Imports torch."""

import math
from dataclasses import replace
from types import TracebackType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cnncore.inspection.anatomy import Filters, Followed, Layer, Parameter, Spread

BINS = 24
MAPS = 4  # channels of one image that are shown of a layer
ROW = 32  # units of a dense layer side by side


class Watch:
    """Notes what every layer puts out and gets back, and the weights around the update, without touching a number.

    Used as `with Watch(model, optimizer, image) as watch:` around one forward pass, backward pass and step of the
    optimizer; `image` is the number in the batch of the image whose maps are kept. `logits` (N, classes) are what the
    model answered.
    """

    def __init__(self, model: nn.Sequential, optimizer: torch.optim.Optimizer, image: int) -> None:
        self._model, self._image = model, image
        self._outputs: dict[str, tuple[str, tuple[int, ...], Spread, float | None, Tensor]] = {}
        self._back: dict[str, tuple[Spread, Tensor]] = {}
        self._before: dict[str, Tensor] = {}
        self._gradients: dict[str, Tensor] = {}
        self._memories: dict[str, tuple[tuple[int, ...], float, float, int, float, float]] = {}
        self.logits = torch.empty(0)
        leaves = {name: module for name, module in model.named_modules() if not _has_parts(module)}
        self._handles: list[Any] = [
            module.register_forward_hook(self._put_out(name)) for name, module in leaves.items()
        ]
        self._handles.append(model.register_forward_hook(self._answered))
        self._handles.append(optimizer.register_step_pre_hook(self._about_to_step))

    def __enter__(self) -> "Watch":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for handle in self._handles:
            handle.remove()

    def _put_out(self, name: str) -> Any:
        def put_out(module: nn.Module, _: Any, output: Tensor) -> None:
            # At once: a ReLU behind may work in place. For the same reason the gradient is asked of this tensor now.
            values = output.detach()
            silent = None
            if isinstance(module, nn.ReLU):
                silent = (values.transpose(0, 1).flatten(1) <= 0).all(1).float().mean().item()
            shown = _shown(values[self._image])
            self._outputs[name] = (type(module).__name__, tuple(values.shape), spread(values), silent, shown)
            if output.requires_grad:
                output.register_hook(lambda gradient: self._came_back(name, gradient))  # type: ignore[no-untyped-call]  # torch's

        return put_out

    def _came_back(self, name: str, gradient: Tensor) -> None:
        self._back[name] = (spread(gradient), _shown(gradient[self._image]))

    def _answered(self, _: nn.Module, __: Any, logits: Tensor) -> None:
        self.logits = logits.detach().clone()

    def _about_to_step(self, optimizer: torch.optim.Optimizer, *_: Any) -> None:
        settings = {id(parameter): group for group in optimizer.param_groups for parameter in group["params"]}
        for name, parameter in self._model.named_parameters():
            if not parameter.requires_grad:
                continue
            assert parameter.grad is not None, name
            self._before[name] = parameter.detach().clone()
            self._gradients[name] = parameter.grad.detach().clone()
            flat = int(parameter.grad.abs().nan_to_num().argmax())
            place = tuple(int(at) for at in np.unravel_index(flat, parameter.shape))
            state = optimizer.state.get(parameter, {})

            def kept(*names: str, state: dict[str, Any] = state, place: tuple[int, ...] = place) -> float:
                found = next((state[key] for key in names if state.get(key) is not None), None)
                return 0.0 if found is None else found[place].item()

            memory = kept("momentum_buffer", "exp_avg"), kept("exp_avg_sq", "square_avg"), int(state.get("step", 0))
            group = settings[id(parameter)]
            self._memories[name] = (place, *memory, float(group["lr"]), float(group["weight_decay"]))

    def layers(self) -> tuple[Layer, ...]:
        """Return every layer in the order in which they were reached."""
        found = []
        for name, (kind, shape, output, silent, maps) in self._outputs.items():
            gradient, back = self._back.get(name, (None, None))
            layer = Layer(name, kind, shape, output, silent, maps.numpy(), gradient)
            found.append(layer if back is None else replace(layer, gradient_maps=back.numpy()))
        return tuple(found)

    def parameters(self) -> tuple[Parameter, ...]:
        """Return every tensor of parameters that learns around the update."""
        found = []
        for name, before in self._before.items():
            now, gradient = self._model.get_parameter(name), self._gradients[name]
            place, momentum, square, steps, rate, decay = self._memories[name]
            values = (before[place].item(), gradient[place].item(), now[place].item())
            followed = Followed(place, *values, momentum, square, steps, rate, decay)
            change = spread(now.detach() - before)
            found.append(Parameter(name, tuple(now.shape), _norm(before), spread(gradient), change, followed))
        return tuple(found)

    def filters(self) -> Filters | None:
        """Return the first convolution's weights around the update; None where there is none, or it does not learn."""
        modules = self._model.named_modules()
        first = next((name for name, module in modules if isinstance(module, nn.Conv2d)), None)
        if first is None:
            return None
        key = f"{first}.weight"
        if key not in self._before:
            return None
        before, now = self._before[key], self._model.get_parameter(key).detach()
        return Filters(first, *(values.numpy().copy() for values in (before, self._gradients[key], now - before)))


def spread(values: Tensor) -> Spread:
    """Return how the values of a tensor, of any shape, are spread."""
    flat = values.detach().float().flatten()
    count, zeros, peak = len(flat), len(flat) - int(flat.count_nonzero()), flat.abs().max().item()
    broken, nought = 0.0, zeros
    if not math.isfinite(peak):
        flat = flat[torch.isfinite(flat)]
        broken = 1 - len(flat) / count
        flat, nought = (flat, zeros) if len(flat) else (torch.zeros(1), 1)
        peak = flat.abs().max().item()
    exact = flat.double() if peak > 1e15 else flat  # the squares of such numbers, or the sum of them, overflow
    mean, std = exact.mean().item(), exact.std(correction=0).item()
    low, high = max(flat.min().item(), mean - 4 * std), min(flat.max().item(), mean + 4 * std)
    if not low < high:  # all alike: a bin's width around it
        low, high = low - 0.5, high + 0.5
    counts = torch.histc(flat.clamp(low, high), BINS, low, high)
    counts -= nought * torch.histc(torch.zeros(1).clamp(low, high), BINS, low, high)
    return Spread(
        mean,
        std,
        _norm(flat),
        peak,
        zeros / count,
        broken,
        np.linspace(low, high, BINS + 1),
        counts.numpy().astype(np.int64),
    )


def _norm(values: Tensor) -> float:
    """Return the root of the sum of squares, in double precision: squares of large numbers overflow single."""
    return float(values.double().norm())


def _has_parts(module: nn.Module) -> bool:
    """True for what only holds other modules; an empty sequence, a shortcut that changes nothing, is one too."""
    return isinstance(module, nn.Sequential) or any(True for _ in module.children())


def _shown(values: Tensor) -> Tensor:
    """Return what is shown of one image's output: (C, H, W) -> (K, H, W), (units,) -> (1, rows, 32)."""
    if values.dim() == 3:
        return values[:MAPS].float().clone(memory_format=torch.contiguous_format)
    width = min(ROW, len(values))
    rows = -(-len(values) // width)
    padded = torch.full((rows * width,), math.nan)
    padded[: len(values)] = values
    return padded.view(1, rows, width)
