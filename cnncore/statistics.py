"""How sure an accuracy is, and whether two of them differ."""

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean, stdev

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


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the two-sided exact p of McNemar's test: two classifiers on the same images.

    Images that both or neither classify rightly say nothing about which is better. If the two are equally good, each
    image that one alone classifies rightly, of `only_first` + `only_second`, is either's with probability 1/2 (McNemar
    1947).
    p = min(1, 2 sum_{k <= min} C(n, k) / 2^n) with n = only_first + only_second, in whole numbers until the end.

    >>> round(mcnemar(1, 9), 4)
    0.0215
    """
    if min(only_first, only_second) < 0:
        raise InputError(f"`only_first` (={only_first}) and `only_second` (={only_second}) are counts: at least 0.")
    total = only_first + only_second
    term, tail = 1, 1
    for k in range(min(only_first, only_second)):
        term = term * (total - k) // (k + 1)
        tail += term
    return min(1.0, 2 * tail / (1 << total))


def fisher_exact(right: int, total: int, other_right: int, other_total: int) -> float:
    """Return the two-sided p of Fisher's exact test: `right` of `total` against `other_right` of `other_total`.

    For two proportions on different images. With all four margins as they are, the sum of the hypergeometric
    probabilities of every table that is no likelier than the one seen (Fisher 1935), compared in whole numbers.

    >>> round(fisher_exact(91, 128, 95, 128), 2)
    0.67
    """
    if min(total, other_total) < 1 or not (0 <= right <= total and 0 <= other_right <= other_total):
        raise InputError(
            f"`right` (={right} of {total}, {other_right} of {other_total}) must lie between 0 and its total: "
            "count again."
        )
    all_right = right + other_right
    ways = [
        math.comb(total, k) * math.comb(other_total, all_right - k)
        for k in range(max(0, all_right - other_total), min(total, all_right) + 1)
    ]
    seen = math.comb(total, right) * math.comb(other_total, other_right)
    return sum(way for way in ways if way <= seen) / sum(ways)


def mean_and_spread(values: Sequence[float]) -> tuple[float, float | None]:
    """Return the mean and the sample standard deviation (divided by n - 1); of one value the latter is None."""
    if not values:
        raise InputError("`values` (=none) must be at least one: there is no mean of nothing.")
    return fmean(values), stdev(values) if len(values) > 1 else None
