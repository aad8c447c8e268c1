"""A max pool with what stands beside it: bias or batch norm before, a ReLU behind; in a pass or two over memory."""

import torch
from torch import Tensor

from cnncore.architecture.arithmetic import pool_output_size
from cnncore.training.kernels.compiler import SIZES, cdiv, grid_of, jit, tile_of, tl
from cnncore.training.kernels.norm import gradient_sums


@jit(do_not_specialize=SIZES)
def _pool_forward(
    images,
    mean,
    scale,
    weight,
    bias,
    pooled,
    chosen,
    peaks,
    rows,
    height,
    width,
    high,
    wide,
    padding,
    C: tl.constexpr,
    NORM: tl.constexpr,
    BIAS: tl.constexpr,
    RELU: tl.constexpr,
    KERNEL: tl.constexpr,
    ROWS: tl.constexpr,
    CHANNELS: tl.constexpr,
):
    """Write each window's largest value, which of its places has it, and what it was before scale and shift."""
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    known = channel < C
    image, window = row // (high * wide), row % (high * wide)
    top = (window // wide) * KERNEL - padding
    left = (window % wide) * KERNEL - padding
    inside = (row < rows)[:, None] & known[None, :]
    factor = tl.full([CHANNELS], 1.0, tl.float32)
    shift = tl.zeros([CHANNELS], tl.float32)
    if NORM:
        middle = tl.load(mean + channel, mask=known, other=0.0)
        spread = tl.load(scale + channel, mask=known, other=0.0)
        factor = tl.load(weight + channel, mask=known, other=0.0)
    if BIAS:
        shift = tl.load(bias + channel, mask=known, other=0.0)
    best = tl.full([ROWS, CHANNELS], float("-inf"), tl.float32)
    peak = tl.zeros([ROWS, CHANNELS], tl.float32)
    where = tl.zeros([ROWS, CHANNELS], tl.int32)
    for place in tl.static_range(KERNEL * KERNEL):
        y, x = top + place // KERNEL, left + place % KERNEL
        there = inside & ((row < rows) & (y >= 0) & (y < height) & (x >= 0) & (x < width))[:, None]
        at = (((image.to(tl.int64) * height + y) * width + x) * C)[:, None] + channel[None, :]
        value = tl.load(images + at, mask=there, other=0.0).to(tl.float32)
        if NORM:
            value = (value - middle[None, :]) * spread[None, :]
        result = value * factor[None, :] + shift[None, :]
        better = there & ((result > best) | (result != result))  # what is no number wins, as in PyTorch
        best = tl.where(better, result, best)
        where = tl.where(better, place, where)
        if NORM:
            peak = tl.where(better, value, peak)
    if RELU:
        best = tl.where(best <= 0, 0.0, best)
    at = (row.to(tl.int64) * C)[:, None] + channel[None, :]
    tl.store(pooled + at, best.to(pooled.dtype.element_ty), mask=inside)
    tl.store(chosen + at, where.to(tl.int8), mask=inside)
    if NORM:
        tl.store(peaks + at, peak.to(peaks.dtype.element_ty), mask=inside)


@jit(do_not_specialize=[*SIZES, "windows_high", "windows_wide"])
def _pool_backward(
    gradient,
    pooled,
    chosen,
    images,
    mean,
    scale,
    weight,
    sums,
    parts,
    result,
    rows,
    height,
    width,
    high,
    wide,
    padding,
    windows_high,
    windows_wide,
    share,
    C: tl.constexpr,
    NORM: tl.constexpr,
    BIAS: tl.constexpr,
    RELU: tl.constexpr,
    KERNEL: tl.constexpr,
    ROWS: tl.constexpr,
    CHANNELS: tl.constexpr,
):
    """Write the gradient of all values of each window; windows reach as far as the image, pooled or not."""
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    known = channel < C
    image, window = row // (windows_high * windows_wide), row % (windows_high * windows_wide)
    down, right = window // windows_wide, window % windows_wide
    taken = ((row < rows) & (down < high) & (right < wide))[:, None] & known[None, :]
    at = (((image.to(tl.int64) * high + down) * wide + right) * C)[:, None] + channel[None, :]
    slope = tl.load(gradient + at, mask=taken, other=0.0).to(tl.float32)
    if RELU:
        slope = tl.where(tl.load(pooled + at, mask=taken, other=0.0).to(tl.float32) <= 0, 0.0, slope)
    where = tl.load(chosen + at, mask=taken, other=-1).to(tl.int32)
    if BIAS:
        tl.store(parts + tl.program_id(0) * C + channel, tl.sum(slope, 0), mask=known)
    if NORM:
        middle = tl.load(mean + channel, mask=known, other=0.0)
        factor = tl.load(scale + channel, mask=known, other=0.0)
        outer = tl.load(weight + channel, mask=known, other=0.0) * factor
        plain = tl.load(sums + channel, mask=known, other=0.0) * share
        product = tl.load(sums + C + channel, mask=known, other=0.0) * share * factor
    for place in tl.static_range(KERNEL * KERNEL):
        y, x = down * KERNEL - padding + place // KERNEL, right * KERNEL - padding + place % KERNEL
        there = ((row < rows) & (y >= 0) & (y < height) & (x >= 0) & (x < width))[:, None] & known[None, :]
        target = (((image.to(tl.int64) * height + y) * width + x) * C)[:, None] + channel[None, :]
        value = tl.where(where == place, slope, 0.0)
        if NORM:
            deviation = tl.load(images + target, mask=there, other=0.0).to(tl.float32) - middle[None, :]
            value = outer[None, :] * (value - plain[None, :] - deviation * product[None, :])
        tl.store(result + target, value.to(result.dtype.element_ty), mask=there)


def pool(
    images: Tensor, bias: Tensor | None, *, relu: bool, kernel: int, padding: int, ceil_mode: bool
) -> tuple[Tensor, Tensor]:
    """Return max pool of images + bias, cut off at zero with `relu`, and which place of its window each value is from.

    `images` (N, C, H, W), `bias` (C,); windows of `kernel` x `kernel` beside each other. The places are int8, counted
    row by row.
    """
    pooled, chosen, _ = _pooled(images, bias, None, None, None, relu, kernel, padding, ceil_mode)
    return pooled, chosen


def norm_pool(
    images: Tensor,
    mean: Tensor,
    scale: Tensor,
    weight: Tensor,
    bias: Tensor,
    *,
    relu: bool,
    kernel: int,
    padding: int,
    ceil_mode: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return as `pool` does, of images that are normalized first: (images - mean) * scale * weight + bias.

    The third is (images - mean) * scale where the pooled value is from.
    """
    pooled, chosen, peaks = _pooled(images, bias, mean, scale, weight, relu, kernel, padding, ceil_mode)
    assert peaks is not None, "there are some where it is normalized"
    return pooled, chosen, peaks


def _pooled(
    images: Tensor,
    bias: Tensor | None,
    mean: Tensor | None,
    scale: Tensor | None,
    weight: Tensor | None,
    relu: bool,
    kernel: int,
    padding: int,
    ceil_mode: bool,
) -> tuple[Tensor, Tensor, Tensor | None]:
    count, channels, height, width = images.shape
    high, wide = pooled_size((height, width), kernel, padding, ceil_mode)
    shape = (count, channels, high, wide)
    pooled = torch.empty(shape, dtype=images.dtype, device=images.device, memory_format=torch.channels_last)
    peaks = None if mean is None else torch.empty_like(pooled)
    chosen = torch.empty(shape, dtype=torch.int8, device=images.device, memory_format=torch.channels_last)
    rows = count * high * wide
    tile = tile_of(channels)
    _pool_forward[grid_of(rows, tile)](
        *(images, mean, scale, weight, bias, pooled, chosen, peaks),
        *(rows, height, width, high, wide, padding),
        NORM=mean is not None,
        BIAS=bias is not None,
        RELU=relu,
        KERNEL=kernel,
        **tile,
    )
    return pooled, chosen, peaks


def pool_backward(
    gradient: Tensor, pooled: Tensor | None, chosen: Tensor, shape: torch.Size, *, bias: bool, kernel: int, padding: int
) -> tuple[Tensor, Tensor | None]:
    """Return the gradients of the images of this `shape` that were pooled, and with `bias` parts of that of the bias.

    `pooled` are the values behind the ReLU, None where there was none. `added` adds up the parts.
    """
    result = torch.empty(shape, dtype=gradient.dtype, device=gradient.device, memory_format=torch.channels_last)
    return result, _backward(gradient, pooled, chosen, result, None, None, None, None, None, bias, kernel, padding)


def norm_pool_backward(
    gradient: Tensor,
    pooled: Tensor | None,
    chosen: Tensor,
    peaks: Tensor,
    images: Tensor,
    mean: Tensor,
    scale: Tensor,
    weight: Tensor,
    *,
    kernel: int,
    padding: int,
) -> tuple[Tensor, Tensor]:
    """Return the gradients of the images, and those of bias and weight as (2, C), where batch statistics normalize.

    `pooled` are the values behind the ReLU, None where there was none.
    """
    sums = gradient_sums(gradient, pooled, peaks)
    result = torch.empty_like(images, memory_format=torch.channels_last)
    _backward(gradient, pooled, chosen, result, images, mean, scale, weight, sums, False, kernel, padding)
    return result, sums


def _backward(
    gradient: Tensor,
    pooled: Tensor | None,
    chosen: Tensor,
    result: Tensor,
    images: Tensor | None,
    mean: Tensor | None,
    scale: Tensor | None,
    weight: Tensor | None,
    sums: Tensor | None,
    bias: bool,
    kernel: int,
    padding: int,
) -> Tensor | None:
    """Write the gradients of the images into `result`, and return the parts of that of the bias if it is wanted."""
    count, channels, height, width = result.shape
    high, wide = chosen.shape[2:]
    windows_high = max(high, cdiv(height + padding, kernel))
    windows_wide = max(wide, cdiv(width + padding, kernel))
    rows = count * windows_high * windows_wide
    tile = tile_of(channels)
    grid = grid_of(rows, tile)
    parts = torch.empty(grid[0], channels, device=result.device) if bias else None
    _pool_backward[grid](
        *(gradient, pooled, chosen, images, mean, scale, weight, sums, parts, result),
        *(rows, height, width, high, wide, padding, windows_high, windows_wide),
        1 / (count * height * width),
        NORM=mean is not None,
        BIAS=bias,
        RELU=pooled is not None,
        KERNEL=kernel,
        **tile,
    )
    return parts


def pooled_size(size: tuple[int, int], kernel: int, padding: int, ceil_mode: bool) -> tuple[int, int]:
    """Return height and width behind the pool, as PyTorch has them."""
    high, wide = (pool_output_size(side, kernel, kernel, padding, ceil_mode=ceil_mode) for side in size)
    return high, wide
