"""How sure an accuracy is."""

import math
from statistics import NormalDist

from cnncore.errors import InputError


def wilson_interval(right: float, total: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the Wilson score interval of a proportion: `right` of `total` independent trials, as fractions.

    (p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n) with p = right/total (Wilson 1927). Unlike p ± z s it stays
    within 0 and 1 and is right for small n and for p near the ends.

    >>> [round(100 * end, 1) for end in wilson_interval(91, 128)]
    [62.7, 78.2]
    """
    if total < 1 or not 0 <= right <= total:
        raise InputError(f"`right` (={right}) must lie between 0 and `total` (={total}), at least 1: count again.")
    if not 0 < confidence < 1:
        raise InputError(f"`confidence` (={confidence}) must lie between 0 and 1: the usual one is 0.95.")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    p = right / total
    centre = p + z * z / (2 * total)
    spread = z * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)
