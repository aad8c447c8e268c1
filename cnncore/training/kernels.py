"""Max pools and what stands beside them, each a pass or two over memory: kernels for CUDA, written in Triton.

PyTorch computes bias, batch norm, max pool and ReLU one after the other and in the backward pass again: each reads and
writes all values of a layer. For the practical's network these passes take longer than the convolutions between
them. Here one kernel reads a window, adds the bias or normalizes, pools, cuts off at zero and writes the one value that
is left; the backward pass writes the gradient of the whole window at once, and what it needs of sums over a channel it
takes from the pooled values, a quarter as many.

Triton comes with PyTorch for Linux and compiles a kernel when it is first used, a fraction of a second each, once for a
machine. Where it is not there, or cannot compile, PyTorch's own kernels do the work, see `why_not`. No kernel uses
atomic operations: a sum over many programs is written part by part and added up in a fixed order, so the same numbers
come out again. Images lie in memory as `channels_last`, (N, H, W, C).
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

try:
    import triton
    import triton.language as tl
except ImportError as error:  # macOS, Windows, and PyTorch's builds without CUDA
    _MISSING = f"Triton cannot be imported ({error})"
else:
    _MISSING = ""

_VALUES = 2048  # that a program works on at a time, in registers
_SLOTS = 8  # tensors that one kernel updates
_PARTS = 512  # programs that share a sum over a channel, at most


@cache
def why_not(device: torch.device) -> str:
    """Return why these kernels cannot be used on `device`; empty where they can: one is compiled and run to see."""
    if device.type != "cuda":
        return "the kernels are CUDA's"
    if _MISSING:
        return _MISSING
    try:
        images = torch.arange(32.0, device=device).view(1, 4, 4, 2).permute(0, 3, 1, 2)
        pooled, _ = pool(images, None, relu=True, kernel=2, padding=0, ceil_mode=False)
        works = torch.equal(pooled, F.max_pool2d(images, 2))
    except Exception as error:  # noqa: BLE001 no compiler, no headers, an old card: Triton has no error of its own
        return f"Triton cannot compile ({str(error).partition(chr(10))[0] or type(error).__name__})"
    return "" if works else "Triton's kernel gives wrong numbers"


if not _MISSING:
    # A number of channels is compiled into a kernel: only then does it know that neighbours can be read together. Sizes
    # are not, or there would be a kernel for every layer.
    _SIZES = ["rows", "height", "width", "high", "wide", "padding"]

    @triton.jit(do_not_specialize=["rows", "part"])
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

    @triton.jit(do_not_specialize=["rows", "part", "count"])
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

    @triton.jit(do_not_specialize=["count"])
    def _added(parts, sums, count, WIDTH: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr):
        """Add up `count` rows of `WIDTH` numbers."""
        column = tl.program_id(0) * COLUMNS + tl.arange(0, COLUMNS)
        total = tl.zeros([COLUMNS], tl.float32)
        for start in range(0, count, ROWS):
            row = start + tl.arange(0, ROWS)
            inside = (row < count)[:, None] & (column < WIDTH)[None, :]
            place = (row.to(tl.int64) * WIDTH)[:, None] + column[None, :]
            total += tl.sum(tl.load(parts + place, mask=inside, other=0.0), 0)
        tl.store(sums + column, total, mask=column < WIDTH)

    @triton.jit(do_not_specialize=_SIZES)
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

    @triton.jit(do_not_specialize=["rows", "part"])
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

    @triton.jit(do_not_specialize=[*_SIZES, "windows_high", "windows_wide"])
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

    @triton.jit(do_not_specialize=["rows", "height", "width", "high", "wide", "border"])
    def _views(
        images,
        labels,
        order,
        start,
        down,
        right,
        flipped,
        mean,
        std,
        result,
        labels_out,
        rows,
        height,
        width,
        high,
        wide,
        border,
        C: tl.constexpr,
        SIGN: tl.constexpr,
        FLIP: tl.constexpr,
        MEAN: tl.constexpr,
        STD: tl.constexpr,
        ROWS: tl.constexpr,
        CHANNELS: tl.constexpr,
    ):
        """Write the standardized views, `high` x `wide` with a border of zeros.

        A view's pixel lies `SIGN` * (down, right) further in its image; behind the image's border all is black.
        """
        row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
        channel = tl.arange(0, CHANNELS)
        known = row < rows
        number, place = row // (high * wide), row % (high * wide)
        at = tl.load(start) + number
        source = tl.load(order + at, mask=known, other=0)
        first = known & (place == 0)
        tl.store(labels_out + number, tl.load(labels + source, mask=first, other=0), mask=first)
        y = place // wide - border
        x = place % wide - border
        view_height, view_width = high - 2 * border, wide - 2 * border
        there = known & (y >= 0) & (y < view_height) & (x >= 0) & (x < view_width)
        if FLIP:
            mirror = tl.load(flipped + at, mask=known, other=0.0) != 0
            x = tl.where(mirror, view_width - 1 - x, x)
        if SIGN != 0:
            y += SIGN * tl.load(down + at, mask=known, other=0.0).to(tl.int32)
            x += SIGN * tl.load(right + at, mask=known, other=0.0).to(tl.int32)
        within = there & (y >= 0) & (y < height) & (x >= 0) & (x < width)
        pixel = (source * C * height * width + y * width + x)[:, None] + (channel * height * width)[None, :]
        inside = (channel < C)[None, :] & within[:, None]
        value = tl.div_rn(tl.load(images + pixel, mask=inside, other=0).to(tl.float32), 255.0)
        if MEAN:
            value -= tl.load(mean + channel, mask=channel < C, other=0.0)[None, :]
        if STD == 1:
            value = tl.div_rn(value, tl.load(std))
        if STD > 1:
            value = tl.div_rn(value, tl.load(std + channel, mask=channel < C, other=1.0)[None, :] + tl.zeros_like(value))
        value = tl.where(there[:, None], value, 0.0)
        target = (row.to(tl.int64) * C)[:, None] + channel[None, :]
        tl.store(result + target, value.to(result.dtype.element_ty), mask=known[:, None] & (channel < C)[None, :])

    @triton.jit(do_not_specialize=["rows", "height", "width", "high", "wide", "stride"])
    def _patches(
        images,
        result,
        rows,
        height,
        width,
        high,
        wide,
        stride,
        C: tl.constexpr,
        KERNEL: tl.constexpr,
        WIDTH: tl.constexpr,
        ROWS: tl.constexpr,
        COLUMNS: tl.constexpr,
    ):
        """Write the values under the kernel at each place, row by row of the kernel, then zeros up to `WIDTH`."""
        row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
        image, place = row // (high * wide), row % (high * wide)
        top, left = (place // wide) * stride, (place % wide) * stride
        corner = ((image.to(tl.int64) * height + top) * width + left) * C
        target = row.to(tl.int64) * WIDTH
        known = (row < rows)[:, None]
        for begin in tl.static_range(0, WIDTH, COLUMNS):
            column = begin + tl.arange(0, COLUMNS)
            offset = (column // (C * KERNEL)) * width * C + column % (C * KERNEL)
            inside = known & (column < C * KERNEL * KERNEL)[None, :]
            value = tl.load(images + corner[:, None] + offset[None, :], mask=inside, other=0.0)
            tl.store(result + target[:, None] + column[None, :], value, mask=known)

    @triton.jit(do_not_specialize=["count", "stride"])
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

    @triton.jit
    def _descend_one(
        number,
        p,
        g,
        m,
        size,
        step,
        decay,
        momentum,
        MOMENTUM: tl.constexpr,
        NESTEROV: tl.constexpr,
        BLOCK: tl.constexpr,
    ):
        """Update block `number` of a tensor, if it has that many, and return which one it would be of the next."""
        if (number >= 0) & (number * BLOCK < size):
            at = number * BLOCK + tl.arange(0, BLOCK)
            inside = at < size
            value = tl.load(p + at, mask=inside, other=0.0)
            slope = tl.load(g + at, mask=inside, other=0.0) + decay * value
            if MOMENTUM:
                memory = momentum * tl.load(m + at, mask=inside, other=0.0) + slope
                tl.store(m + at, memory, mask=inside)
                slope = slope + momentum * memory if NESTEROV else memory
            tl.store(p + at, value - step * slope, mask=inside)
        return number - tl.cdiv(size, BLOCK)

    @triton.jit(do_not_specialize=["n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7"])
    # fmt: off
    def _descend(
        p0, g0, m0, n0,
        p1, g1, m1, n1,
        p2, g2, m2, n2,
        p3, g3, m3, n3,
        p4, g4, m4, n4,
        p5, g5, m5, n5,
        p6, g6, m6, n6,
        p7, g7, m7, n7,
        rate, decay, momentum, MOMENTUM: tl.constexpr, NESTEROV: tl.constexpr, BLOCK: tl.constexpr,
    ):
        # fmt: on
        """Update eight tensors, one block of one of them a program."""
        step = tl.load(rate)
        number = tl.program_id(0)
        number = _descend_one(number, p0, g0, m0, n0, step, decay, momentum, MOMENTUM, NESTEROV, BLOCK)
        number = _descend_one(number, p1, g1, m1, n1, step, decay, momentum, MOMENTUM, NESTEROV, BLOCK)
        number = _descend_one(number, p2, g2, m2, n2, step, decay, momentum, MOMENTUM, NESTEROV, BLOCK)
        number = _descend_one(number, p3, g3, m3, n3, step, decay, momentum, MOMENTUM, NESTEROV, BLOCK)
        number = _descend_one(number, p4, g4, m4, n4, step, decay, momentum, MOMENTUM, NESTEROV, BLOCK)
        number = _descend_one(number, p5, g5, m5, n5, step, decay, momentum, MOMENTUM, NESTEROV, BLOCK)
        number = _descend_one(number, p6, g6, m6, n6, step, decay, momentum, MOMENTUM, NESTEROV, BLOCK)
        number = _descend_one(number, p7, g7, m7, n7, step, decay, momentum, MOMENTUM, NESTEROV, BLOCK)


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
    pooled, peaks = (
        torch.empty(shape, dtype=images.dtype, device=images.device, memory_format=torch.channels_last)
        for _ in range(2)
    )
    chosen = torch.empty(shape, dtype=torch.int8, device=images.device, memory_format=torch.channels_last)
    rows = count * high * wide
    tile = _tile(channels)
    _pool_forward[_grid(rows, tile)](
        *(images, mean, scale, weight, bias, pooled, chosen, peaks),
        *(rows, height, width, high, wide, padding),
        NORM=mean is not None,
        BIAS=bias is not None,
        RELU=relu,
        KERNEL=kernel,
        **tile,
    )
    return pooled, chosen, peaks if mean is not None else None


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
    count, channels, high, wide = chosen.shape
    rows = count * high * wide
    tile = _tile(channels)
    part, number = _parts(rows, tile)
    parts = torch.empty(number, 2, channels, device=images.device)
    _norm_sums[(number, _grid(rows, tile)[1])](
        *(gradient, pooled, peaks, parts, rows, part), RELU=pooled is not None, **tile
    )
    sums = added(parts)
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
    windows_high = max(high, triton.cdiv(height + padding, kernel))
    windows_wide = max(wide, triton.cdiv(width + padding, kernel))
    rows = count * windows_high * windows_wide
    tile = _tile(channels)
    grid = _grid(rows, tile)
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


def added(parts: Tensor) -> Tensor:
    """Return the sum of `parts` (P, ...) over the first axis; always in the same order."""
    sums = torch.empty(parts.shape[1:], device=parts.device)
    columns = 4  # of a program: the more programs, the less each has to wait for
    rows = min(512, triton.next_power_of_2(len(parts)))
    grid = (triton.cdiv(sums.numel(), columns),)
    _added[grid](parts, sums, len(parts), WIDTH=sums.numel(), ROWS=rows, COLUMNS=columns)
    return sums


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
    tile = _tile(channels)
    part, number = _parts(rows, tile)
    parts = torch.empty(number, 2, channels, device=images.device)
    mean, scale = (torch.empty(channels, device=images.device) for _ in range(2))
    _statistics[(number, _grid(rows, tile)[1])](images, parts, rows, part, **tile)
    few = 4
    _joined[(triton.cdiv(channels, few),)](
        *(parts, bias, running_mean, running_var, updates, mean, scale),
        *(rows, part, number, momentum, eps),
        C=channels,
        BIAS=bias is not None,
        PARTS=triton.next_power_of_2(number),
        CHANNELS=few,
    )
    return mean, scale


def views(
    images: Tensor,
    labels: Tensor,
    order: Tensor,
    start: Tensor,
    shift: tuple[Tensor, Tensor, int] | None,
    flipped: Tensor | None,
    mean: Tensor | None,
    std: Tensor | None,
    result: Tensor,
    labels_out: Tensor,
    border: int,
) -> None:
    """Write views of the images at `order[start:]`, with a border of zeros, and their labels.

    `images` are uint8 (M, C, H, W), `order`, the shifts down and right, and `flipped` have a row for each view;
    `start` (1,) is the first one's. The number of a `shift` is 1 where a view lies so many pixels further down and right
    in its image, -1 where it does the other way. `mean` has C values, `std` C or one. `result` (N, C, H', W') is
    `channels_last`.
    """
    _, channels, height, width = images.shape
    count, _, high, wide = result.shape
    rows = count * high * wide
    block = triton.next_power_of_2(channels)
    tile = max(1, 512 // block)
    down, right, sign = shift or (None, None, 0)
    _views[(triton.cdiv(rows, tile),)](
        *(images, labels, order, start, down, right, flipped, mean, std, result, labels_out),
        *(rows, height, width, high, wide, border),
        C=channels,
        SIGN=sign,
        FLIP=flipped is not None,
        MEAN=mean is not None,
        STD=0 if std is None else std.numel(),
        ROWS=tile,
        CHANNELS=block,
    )


def patches(images: Tensor, result: Tensor, *, kernel: int, stride: int) -> None:
    """Write what a convolution's kernel has under it: images (N, C, H, W) -> result (N, K, H', W'), both channels_last.

    The images have their border of zeros already. K is at least C * kernel**2 and a multiple of eight; the channels
    behind those become zero. A convolution is then a product of matrices.
    """
    count, channels, height, width = images.shape
    _, columns, high, wide = result.shape
    rows = count * high * wide
    block = columns & -columns  # the largest power of two that divides them
    tile = max(1, _VALUES // block)
    _patches[(triton.cdiv(rows, tile),)](
        *(images, result, rows, height, width, high, wide, stride),
        C=channels,
        KERNEL=kernel,
        WIDTH=columns,
        ROWS=tile,
        COLUMNS=block,
    )


def cross_entropy(
    logits: Tensor, labels: Tensor, share: Tensor | None, *, smoothing: float, top: int
) -> tuple[Tensor, Tensor]:
    """Return the gradient of the mean loss, (N, C) in the logits' type, and the batch's sums (3,).

    Loss and sums are those of `cnncore.training.step.objective` and `cnncore.training.metrics.batch_sums`; of two equal
    logits the first counts as the larger one. `labels` are whole numbers from 0 to C - 1.
    """
    count, classes = logits.shape
    block = triton.next_power_of_2(classes)
    rows = max(1, min(_VALUES // block, triton.next_power_of_2(count)))
    number = triton.cdiv(count, rows)
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


def descend(
    parameters: Sequence[Tensor],
    gradients: Sequence[Tensor],
    momenta: Sequence[Tensor] | None,
    rate: Tensor,
    *,
    decay: float,
    momentum: float,
    nesterov: bool,
) -> None:
    """Make one update of stochastic gradient descent with a weight decay, as torch.optim.SGD does, in place.

    Gradients and momenta lie in memory as their parameters do. The rate is a number on the device.
    """
    for start in range(0, len(parameters), _SLOTS):
        slots: list[Any] = []
        blocks = 0
        for place in range(start, start + _SLOTS):
            at = min(place, len(parameters) - 1)
            size = parameters[at].numel() if place < len(parameters) else 0
            slots += [parameters[at], gradients[at], momenta[at] if momenta else None, size]
            blocks += triton.cdiv(size, _VALUES)
        _descend[(blocks,)](
            *slots, rate, decay, momentum, MOMENTUM=momenta is not None, NESTEROV=nesterov, BLOCK=_VALUES
        )


def pooled_size(size: tuple[int, int], kernel: int, padding: int, ceil_mode: bool) -> tuple[int, int]:
    """Return height and width behind the pool, as PyTorch has them."""
    one = torch.empty(1, 1, *size, device="meta")
    high, wide = F.max_pool2d(one, kernel, kernel, padding, ceil_mode=ceil_mode).shape[2:]
    return high, wide


def _tile(channels: int) -> dict[str, int]:
    """Return the channels, and of which rows and channels a program takes how many at a time."""
    block = min(128, triton.next_power_of_2(channels))
    return {"C": channels, "ROWS": max(1, _VALUES // block), "CHANNELS": block}


def _grid(rows: int, tile: dict[str, int]) -> tuple[int, int]:
    return triton.cdiv(rows, tile["ROWS"]), triton.cdiv(tile["C"], tile["CHANNELS"])


def _parts(rows: int, tile: dict[str, int]) -> tuple[int, int]:
    """Return how many rows a program adds up, and how many programs there are."""
    part = triton.cdiv(max(1, triton.cdiv(rows, _PARTS)), tile["ROWS"]) * tile["ROWS"]
    return part, triton.cdiv(rows, part)
