"""Numbers, sizes and times as people write them."""

import math
from collections.abc import Iterable

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def counted(count: float, noun: str) -> str:
    """Return a number with its noun: `counted(1, "file")` is '1 file', `counted(1200, "file")` '1,200 files'."""
    number = f"{count:,}" if isinstance(count, int) else f"{count:,g}"
    return f"{number} {noun}" if count == 1 else f"{number} {noun}s"


def dimensions(lengths: Iterable[int]) -> str:
    """Return a size: `dimensions((3, 32, 32))` is '3 × 32 × 32'."""
    return " × ".join(map(str, lengths))


def by_axis(pair: tuple[int, int]) -> str:
    """Return a setting of height and width: `by_axis((3, 5))` is '3 × 5', `by_axis((3, 3))` '3'."""
    return str(pair[0]) if pair[0] == pair[1] else dimensions(pair)


def number(value: float, digits: int = 3) -> str:
    """Return a number with so many significant digits: written out from 0.0001 to a million, else with a power of ten.

    `number(1234.5)` is '1,230', `number(-3.2e-07)` '−3.2 · 10⁻⁷' with no-break spaces; NaN is 'no number'.
    """
    if not math.isfinite(value):
        return "no number" if math.isnan(value) else "∞" if value > 0 else "−∞"
    mantissa, _, power = f"{abs(value):.{digits - 1}e}".partition("e")
    exponent = int(power)
    if value == 0 or -4 <= exponent < 6:
        text = f"{float(f'{abs(value):.{digits}g}'):,.15g}"
    else:
        text = f"10{str(exponent).translate(_RAISED)}"
        if float(mantissa) != 1:
            text = f"{float(mantissa):g}\u00a0·\u00a0{text}"
    return f"−{text}" if value < 0 else text


def signed(value: float, form: str) -> str:
    """Return a number in a `form` like "+.2f", with a minus sign as long as the plus, and none before a zero.

    `signed(-0.5, "+.2f")` is '−0.50', `signed(-0.001, ".2f")` '0.00'.
    """
    return format(float(value), form.replace(".", "z.", 1)).replace("-", "−")


def duration(seconds: float) -> str:
    """Return a time for people: `duration(155)` is '2 min 35 s', `duration(4000)` '1 h 6 min'."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
