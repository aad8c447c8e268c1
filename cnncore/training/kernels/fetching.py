"""A batch: views of images, and the patches of them that a convolution's kernel has under it."""

from torch import Tensor

from cnncore.training.kernels.compiler import VALUES, cdiv, jit, power_of_two, tl


@jit(do_not_specialize=["rows", "height", "width", "high", "wide", "border"])
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


@jit(do_not_specialize=["rows", "height", "width", "high", "wide", "stride"])
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
    `start` (1,) is the first one's. The number of a `shift` is 1 where a view lies so many pixels further down and
    right in its image, -1 where it does the other way. `mean` has C values, `std` C or one. `result` (N, C, H', W') is
    `channels_last`.
    """
    _, channels, height, width = images.shape
    count, _, high, wide = result.shape
    rows = count * high * wide
    block = power_of_two(channels)
    tile = max(1, 512 // block)
    down, right, sign = shift or (None, None, 0)
    _views[(cdiv(rows, tile),)](
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
    tile = max(1, VALUES // block)
    _patches[(cdiv(rows, tile),)](
        *(images, result, rows, height, width, high, wide, stride),
        C=channels,
        KERNEL=kernel,
        WIDTH=columns,
        ROWS=tile,
        COLUMNS=block,
    )
