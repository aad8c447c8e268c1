"""Cross-entropy, its gradient and a batch's metrics in one pass over the logits."""

import torch
from torch import Tensor

from cnncore.training.kernels.compiler import VALUES, added, cdiv, jit, power_of_two, tl


@jit(do_not_specialize=["count", "stride"])
def _cross_entropy(
    logits,
    labels,
    share,
    gradient,
    parts,
    count,
    stride,
    smoothing,
    TOP: tl.constexpr,
    CLASSES: tl.constexpr,
    MIXED: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    """Write the gradient of the mean loss, and a part's summed loss, hits and hits among the first `TOP`."""
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    column = tl.arange(0, COLUMNS)
    there = row < count
    known = column < CLASSES
    inside = there[:, None] & known[None, :]
    value = tl.load(logits + row[:, None] * stride + column[None, :], mask=inside, other=float("-inf"))
    value = tl.where(there[:, None], value.to(tl.float32), 0.0)  # no row of nothing but minus infinity
    highest = tl.max(value, 1)
    power = tl.where(known[None, :], tl.exp(value - highest[:, None]), 0.0)
    total = tl.sum(power, 1)
    log_probability = tl.where(known[None, :], value - highest[:, None] - tl.log(total)[:, None], 0.0)
    label = tl.load(labels + row, mask=there, other=0).to(tl.int32)
    own = tl.full([ROWS], 1.0, tl.float32)
    if MIXED:
        own = tl.load(share + row, mask=there, other=1.0)
    match = column[None, :] == label[:, None]
    target = tl.where(match, own[:, None], 0.0)
    mine = tl.sum(tl.where(match, value, 0.0), 1)
    # As many as are larger, and of equals those before it.
    ahead = (value > mine[:, None]) | ((value == mine[:, None]) & (column[None, :] < label[:, None]))
    place = tl.sum(tl.where(known[None, :] & ahead, 1, 0), 1)
    first = tl.where(place == 0, own, 0.0)
    among = tl.where(place < TOP, own, 0.0)
    if MIXED:
        partner = tl.load(labels + tl.where(row == 0, count - 1, row - 1), mask=there, other=0).to(tl.int32)
        match = column[None, :] == partner[:, None]
        target += tl.where(match, 1 - own[:, None], 0.0)
        mine = tl.sum(tl.where(match, value, 0.0), 1)
        ahead = (value > mine[:, None]) | ((value == mine[:, None]) & (column[None, :] < partner[:, None]))
        place = tl.sum(tl.where(known[None, :] & ahead, 1, 0), 1)
        first += tl.where(place == 0, 1 - own, 0.0)
        among += tl.where(place < TOP, 1 - own, 0.0)
    target = target * (1 - smoothing) + smoothing / CLASSES
    loss = -tl.sum(tl.where(known[None, :], target * log_probability, 0.0), 1)
    slope = (power / total[:, None] - target) / count
    place = row[:, None] * CLASSES + column[None, :]
    tl.store(gradient + place, slope.to(gradient.dtype.element_ty), mask=inside)
    part = parts + 3 * tl.program_id(0)
    tl.store(part, tl.sum(tl.where(there, loss, 0.0), 0))
    tl.store(part + 1, tl.sum(tl.where(there, first, 0.0), 0))
    tl.store(part + 2, tl.sum(tl.where(there, among, 0.0), 0))


def cross_entropy(
    logits: Tensor, labels: Tensor, share: Tensor | None, *, smoothing: float, top: int
) -> tuple[Tensor, Tensor]:
    """Return the gradient of the mean loss, (N, C) in the logits' type, and the batch's sums (3,).

    Loss and sums are those of `cnncore.training.step.objective` and `cnncore.training.metrics.batch_sums`; of two equal
    logits the first counts as the larger one. `labels` are whole numbers from 0 to C - 1.
    """
    count, classes = logits.shape
    logits = logits if logits.stride(1) == 1 else logits.contiguous()
    block = power_of_two(classes)
    rows = max(1, min(VALUES // block, power_of_two(count)))
    number = cdiv(count, rows)
    gradient = torch.empty(count, classes, dtype=logits.dtype, device=logits.device)
    parts = torch.empty(number, 3, device=logits.device)
    _cross_entropy[(number,)](
        *(logits, labels, share, gradient, parts, count, logits.stride(0), smoothing),
        TOP=min(top, classes),
        CLASSES=classes,
        MIXED=share is not None,
        ROWS=rows,
        COLUMNS=block,
    )
    return gradient, added(parts) if number > 1 else parts[0]
