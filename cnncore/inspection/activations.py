"""What a network's layers put out for one image, as arrays that travel without torch."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnncore.architecture import Network
from cnncore.architecture.sizes import Shape

LEVELS = 255  # steps of a byte


@dataclass(frozen=True, eq=False)  # arrays do not compare to one truth value
class LayerMaps:
    """The output of the layer `number` (from 0 in the network) for one image, in bytes.

    Level q of `maps`, uint8 (C, H, W), means the value low[c] + q / 255 (high[c] - low[c]) in channel c: each map uses
    all levels, whatever its range. `low` and `high` (C,) are its smallest and largest value, `zeros` (C,) the
    share of values that are exactly 0, `peaks` (C, 2) row and column of the first largest one. The layer is `dense`
    where its units have no place in the image.
    """

    number: int
    name: str
    kind: str
    dense: bool
    maps: NDArray[np.uint8]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    zeros: NDArray[np.float32]
    peaks: NDArray[np.int64]

    @property
    def shape(self) -> Shape:
        """(C, H, W); a dense layer of n units is (n, 1, 1)."""
        channels, height, width = self.maps.shape
        return channels, height, width

    @property
    def zero_share(self) -> float:
        """The share of all values of the layer that are exactly 0."""
        return float(self.zeros.mean(dtype=np.float64))

    @property
    def values(self) -> NDArray[np.float64]:
        """The values (C, H, W), exact at each map's ends and to half a level between them; a dense layer's exactly."""
        low = self.low.astype(np.float64)[:, None, None]
        span = self.high.astype(np.float64)[:, None, None] - low
        return low + self.maps / LEVELS * span

    def on_one_scale(self) -> NDArray[np.uint8]:
        """Return the maps (C, H, W) again, 0 now the smallest and 255 the largest value of the whole layer."""
        low, high = float(self.low.min()), float(self.high.max())
        span = high - low or 1.0
        return np.rint((self.values - low) / span * LEVELS).astype(np.uint8)

    def strongest(self, count: int = 1) -> NDArray[np.int64]:
        """Return the numbers of the `count` channels with the largest values, from 0, in the layer's order."""
        return np.sort(np.argsort(-self.high, kind="stable")[:count])


@dataclass(frozen=True, eq=False)  # arrays do not compare to one truth value
class Forward:
    """One image on its way through a network in eval() mode.

    `pixels` uint8 (C, H, W) is the part of the image that is looked at (the centre, where training crops), `inputs`
    (C, H, W) what it is after standardization: the tensor that the first layer receives. `chances` (classes,) are the
    softmax of the last layer, `layers` what every layer puts out, without flatten and dropout, which change no value.
    `filters` (F, C, kH, kW) are the first layer's weights, empty where it is no convolution. `epoch` is 0 before
    training.
    """

    network: Network
    epoch: int
    classes: tuple[str, ...]
    pixels: NDArray[np.uint8]
    inputs: NDArray[np.float32]
    chances: NDArray[np.float64]
    layers: tuple[LayerMaps, ...]
    filters: NDArray[np.float32]

    @property
    def winner(self) -> int:
        """The number of the most likely class."""
        return int(self.chances.argmax())
