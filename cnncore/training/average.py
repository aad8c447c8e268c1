"""Averaged weights: what is evaluated when a run asks for them."""

import copy

import torch
from torch import Tensor, nn

from cnncore.training.config import RunConfig


class Average:
    """An exponential moving average of the weights, over about the last `average` epochs; 0 keeps none.

    After every update a <- k a + (1 - k) w, with k = 1 - 1/(average * batches), so that a weight's share has fallen to
    1/e after `average` epochs; at first k = (1 + t)/(10 + t) of update t if that is less, which lets go of the initial
    weights (Tan & Le 2019). Batch norm's running statistics are averaged in the same way: to measure those of the
    averaged weights would take a pass over the train set, and the two agree as the learning rate goes to zero.
    """

    def __init__(self, config: RunConfig, model: nn.Module, batches: int) -> None:
        self._keep = 1 - 1 / max(1.0, config.average * batches)
        self._model = model
        self._averaged = copy.deepcopy(model).requires_grad_(False) if config.average else None
        self._updates = 0
        if self._averaged is not None:
            self._mine, self._theirs = _floats(self._averaged), _floats(model)

    @property
    def model(self) -> nn.Module:
        """The module to evaluate: with the averaged weights, or the trained one itself where none are kept."""
        return self._model if self._averaged is None else self._averaged

    def update(self) -> None:
        """Take in the weights after an update."""
        if self._averaged is None:
            return
        self._updates += 1
        keep = min(self._keep, (1 + self._updates) / (10 + self._updates))
        with torch.no_grad():
            torch._foreach_lerp_(self._mine, self._theirs, 1 - keep)

    def state(self) -> dict[str, Tensor] | None:
        """Return the averaged weights for a checkpoint, None where none are kept."""
        return None if self._averaged is None else self._averaged.state_dict()

    def restore(self, state: dict[str, Tensor] | None, updates: int) -> None:
        """Go on from what a checkpoint kept after so many updates."""
        self._updates = updates
        if self._averaged is not None and state is not None:
            self._averaged.load_state_dict(state)


def _floats(model: nn.Module) -> list[Tensor]:
    """Return weights and running statistics; batch norm's count of batches, an integer, is not averaged."""
    return [value for value in model.state_dict().values() if value.is_floating_point()]
