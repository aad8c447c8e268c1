"""A picture with a few images of each class, for the page that shows the data sets."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnncore.data.images import ImageData

CLASSES = 10  # the most columns: more would be too small to see
_TILE = 96  # pixels, about; small images are enlarged without smoothing, so that their pixels can be seen


def sample_rows(data: ImageData, per_class: int = 4, classes: int = CLASSES) -> NDArray[np.int64]:
    """Return the numbers of the first train images of the first classes, (per_class, classes).

    A class with fewer images repeats them.
    """
    shown = min(classes, len(data.classes))
    columns = [np.flatnonzero(data.train_labels == label) for label in range(shown)]
    return np.stack([np.resize(column, per_class) for column in columns], axis=1).astype(np.int64)


def sample_picture(data: ImageData, per_class: int = 4) -> bytes:
    """Return a PNG: a column for each of the first ten classes, `per_class` train images in it, thin gaps between."""
    rows = sample_rows(data, per_class)
    channels, height, width = data.shape
    scale = max(1, round(_TILE / max(height, width)))
    gap = 4
    tall, wide = height * scale + gap, width * scale + gap
    sheet = np.zeros((rows.shape[0] * tall - gap, rows.shape[1] * wide - gap, 4), np.uint8)  # the gaps are transparent
    for row, column in np.ndindex(rows.shape):
        image = data.train_images[rows[row, column]].transpose(1, 2, 0)  # (C, H, W) -> (H, W, C)
        image = image.repeat(scale, axis=0).repeat(scale, axis=1)
        tile = sheet[row * tall : row * tall + height * scale, column * wide : column * wide + width * scale]
        tile[..., :3] = image if channels == 3 else image[..., :1]
        tile[..., 3] = 255
    file = io.BytesIO()
    Image.fromarray(sheet).save(file, "PNG")
    return file.getvalue()
