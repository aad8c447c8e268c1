"""A feature map beside its image as it is drawn: the box of every unit, and the gradient of the chosen one as heat."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.architecture import Field, Network, describe
from cnncore.architecture.reach import Reach
from cnncore.figures.palette import KERNEL, OUTPUT
from cnncore.figures.png import photo, tinted
from cnncore.inspection.subject import is_dense


@dataclass(frozen=True, eq=False)  # holds arrays
class Warmth:
    """What is known of the chosen unit: the map that it lies in, its gradient (H, W), and what to say about it."""

    heat: NDArray[np.float32]
    text: tuple[str, ...]
    map: NDArray[np.float32] | None = None
    channel: str = ""


def scene(
    network: Network,
    layer: int,
    unit: tuple[int, int],
    seen: Reach,
    image: NDArray[np.uint8],
    found: Warmth | None = None,
    waiting: str = "",
) -> dict[str, Any]:
    """Return what `pages/parts/field` draws, as JSON: every unit's box, the image (C, H, W), the chosen unit's heat.

    `axes` has for each row, and each column, of the map [first, last, first seen, last seen] pixel from 0, the last
    ones not included; the first two are None where the layer has no field of one size.
    """
    row = describe(network).rows[layer]
    fields: tuple[Field | None, Field | None] = row.fields or (None, None)
    axes = []
    for field, table in zip(fields, seen, strict=True):
        boxes = []
        for place, pixels in enumerate(table):
            able = np.flatnonzero(pixels)
            ends = [int(able[0]), int(able[-1]) + 1] if len(able) else [0, 0]
            boxes.append([*(field.span(place) if field else (None, None)), *ends])
        axes.append(boxes)
    return {
        "layer": row.name,
        "dense": is_dense(network, layer),
        "rows": len(axes[0]),
        "columns": len(axes[1]),
        "unit": list(unit),
        "axes": axes,
        "size": [field.size for field in row.fields] if row.fields else None,
        "jump": [field.jump for field in row.fields] if row.fields and len(axes[0]) > 1 else None,
        "image": {"source": photo(image), "height": image.shape[1], "width": image.shape[2]},
        "map": None if found is None or found.map is None else tinted(_scaled(found.map), OUTPUT),
        "channel": found.channel if found else "",
        "heat": None if found is None else {"source": tinted(_warm(found.heat), KERNEL), "text": list(found.text)},
        "waiting": waiting,
    }


def _scaled(values: NDArray[np.float32]) -> NDArray[np.float64]:
    low, high = float(values.min()), float(values.max())
    return (values.astype(np.float64) - low) / (high - low or 1)


def _warm(heat: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the heat from 0 to 1; the square root lets weak gradients be seen: a quarter is drawn half as strong."""
    return np.sqrt(heat.astype(np.float64) / (float(heat.max()) or 1))
