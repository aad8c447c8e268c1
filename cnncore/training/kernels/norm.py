"""The sums over a channel of which a batch norm's passes need to know: its statistics, and two of its gradient."""

import torch
from torch import Tensor

from cnncore.training.kernels.compiler import added, cdiv, grid_of, jit, parts_of, power_of_two, tile_of, tl


@jit(do_not_specialize=["rows", "part"])
def _statistics(images, parts, rows, part, C: tl.constexpr, ROWS: tl.constexpr, CHANNELS: tl.constexpr):
    """Write the mean and the summed squared deviations of a part's rows, for each channel."""
    number = tl.program_id(0)
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    known = channel < C
    begin = number * part
    end = tl.minimum(begin + part, rows)
    # Deviations from the part's first row: its squares are small beside those of the values themselves.
    shift = tl.load(images + begin.to(tl.int64) * C + channel, mask=known, other=0.0).to(tl.float32)
    first = tl.zeros([CHANNELS], tl.float32)
    second = tl.zeros([CHANNELS], tl.float32)
    for start in range(begin, end, ROWS):
        row = start + tl.arange(0, ROWS)
        inside = (row < end)[:, None] & known[None, :]
        place = (row.to(tl.int64) * C)[:, None] + channel[None, :]
        deviation = tl.load(images + place, mask=inside, other=0.0).to(tl.float32) - shift[None, :]
        deviation = tl.where(inside, deviation, 0.0)
        first += tl.sum(deviation, 0)
        second += tl.sum(deviation * deviation, 0)
    count = (end - begin).to(tl.float32)
    tl.store(parts + (2 * number) * C + channel, shift + first / count, mask=known)
    tl.store(parts + (2 * number + 1) * C + channel, second - first * first / count, mask=known)


@jit(do_not_specialize=["rows", "part", "count"])
def _joined(
    parts,
    bias,
    running_mean,
    running_var,
    updates,
    mean_out,
    scale_out,
    rows,
    part,
    count,
    momentum,
    eps,
    C: tl.constexpr,
    BIAS: tl.constexpr,
    PARTS: tl.constexpr,
    CHANNELS: tl.constexpr,
):
    """Join the parts (Chan et al. 1979), write mean and 1 / standard deviation, and go on with the running ones."""
    channel = tl.program_id(0) * CHANNELS + tl.arange(0, CHANNELS)
    number = tl.arange(0, PARTS)
    inside = channel < C
    known = (number < count)[:, None] & inside[None, :]
    place = (2 * number * C)[:, None] + channel[None, :]
    means = tl.load(parts + place, mask=known, other=0.0)
    squares = tl.load(parts + place + C, mask=known, other=0.0)
    sizes = tl.minimum(part, rows - number * part).to(tl.float32)[:, None]
    total = rows.to(tl.float32)
    mean = tl.sum(tl.where(known, means * sizes, 0.0), 0) / total
    deviation = means - mean[None, :]
    variance = tl.sum(tl.where(known, squares + sizes * deviation * deviation, 0.0), 0) / total
    tl.store(mean_out + channel, mean, mask=inside)
    tl.store(scale_out + channel, 1 / tl.sqrt(variance + eps), mask=inside)
    before = tl.load(running_mean + channel, mask=inside)
    if BIAS:
        mean += tl.load(bias + channel, mask=inside)
    tl.store(running_mean + channel, before + momentum * (mean - before), mask=inside)
    before = tl.load(running_var + channel, mask=inside)
    unbiased = variance * total / (total - 1)
    tl.store(running_var + channel, before + momentum * (unbiased - before), mask=inside)
    if tl.program_id(0) == 0:
        tl.store(updates, tl.load(updates) + 1)


@jit(do_not_specialize=["rows", "part"])
def _norm_sums(
    gradient,
    pooled,
    peaks,
    parts,
    rows,
    part,
    C: tl.constexpr,
    RELU: tl.constexpr,
    ROWS: tl.constexpr,
    CHANNELS: tl.constexpr,
):
    """Write a part's sums of the gradient, and of the gradient times the normalized value, for each channel."""
    number = tl.program_id(0)
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    known = channel < C
    plain = tl.zeros([CHANNELS], tl.float32)
    product = tl.zeros([CHANNELS], tl.float32)
    begin = number * part
    end = tl.minimum(begin + part, rows)
    for start in range(begin, end, ROWS):
        row = start + tl.arange(0, ROWS)
        inside = (row < end)[:, None] & known[None, :]
        at = (row.to(tl.int64) * C)[:, None] + channel[None, :]
        slope = tl.load(gradient + at, mask=inside, other=0.0).to(tl.float32)
        if RELU:
            slope = tl.where(tl.load(pooled + at, mask=inside, other=0.0).to(tl.float32) <= 0, 0.0, slope)
        plain += tl.sum(slope, 0)
        product += tl.sum(slope * tl.load(peaks + at, mask=inside, other=0.0).to(tl.float32), 0)
    tl.store(parts + (2 * number) * C + channel, plain, mask=known)
    tl.store(parts + (2 * number + 1) * C + channel, product, mask=known)


def statistics(
    images: Tensor,
    bias: Tensor | None,
    running_mean: Tensor,
    running_var: Tensor,
    updates: Tensor,
    *,
    momentum: float,
    eps: float,
) -> tuple[Tensor, Tensor]:
    """Return each channel's mean and 1 / sqrt(variance + eps) of `images` (N, C, H, W), and move the running ones on.

    `bias` (C,) was left out of the images: it only moves the mean, and so the running one. `updates` () counts.
    """
    count, channels, height, width = images.shape
    rows = count * height * width
    tile = tile_of(channels)
    part, number = parts_of(rows, tile)
    parts = torch.empty(number, 2, channels, device=images.device)
    mean, scale = (torch.empty(channels, device=images.device) for _ in range(2))
    _statistics[(number, grid_of(rows, tile)[1])](images, parts, rows, part, **tile)
    few = 4
    _joined[(cdiv(channels, few),)](
        *(parts, bias, running_mean, running_var, updates, mean, scale),
        *(rows, part, number, momentum, eps),
        C=channels,
        BIAS=bias is not None,
        PARTS=power_of_two(number),
        CHANNELS=few,
    )
    return mean, scale


def gradient_sums(gradient: Tensor, pooled: Tensor | None, peaks: Tensor) -> Tensor:
    """Return each channel's sums of the gradient, and of the gradient times `peaks`: (2, C).

    These are the gradients of bias and weight. All (N, C, H', W'): `gradient` of what a pool put out, `pooled` the
    values behind the ReLU, None where there was none, `peaks` the normalized values before scale and shift.
    """
    count, channels, high, wide = peaks.shape
    rows = count * high * wide
    tile = tile_of(channels)
    part, number = parts_of(rows, tile)
    parts = torch.empty(number, 2, channels, device=peaks.device)
    _norm_sums[(number, grid_of(rows, tile)[1])](
        *(gradient, pooled, peaks, parts, rows, part), RELU=pooled is not None, **tile
    )
    return added(parts)
