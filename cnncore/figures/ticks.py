"""What stands at a chart's axis: numbers, as `cnncore.wording` writes them, and names."""

from collections.abc import Iterable
from typing import Any

_POWER = "floor(log(abs(datum.value)) / LN10 + 1e-6)"
_FACTOR = f"format(datum.value / pow(10, {_POWER}), '.3~r')"


def _digit(of: str) -> str:
    return f"slice('⁰¹²³⁴⁵⁶⁷⁸⁹', {of}, {of} + 1)"


# From 0.0001 to 100,000 written out. Else Vega writes 1e-7, and has no format with raised digits: an expression of
# powers up to 10⁹⁹. A label that is empty is one of those that Vega leaves out.
POWERS = (
    "datum.label == '' || datum.value == 0 || (abs(datum.value) >= 1e-4 && abs(datum.value) < 1e5) ? datum.label : "
    f"({_FACTOR} == '1' ? '' : {_FACTOR} + ' · ') + '10' + ({_POWER} < 0 ? '⁻' : '') + "
    f"(abs({_POWER}) > 9 ? {_digit(f'floor(abs({_POWER}) / 10)')} : '') + {_digit(f'abs({_POWER}) % 10')}"
)

# Vega's own thousands and millions (the format ~s): a linear axis begins with 0M, and has no space in 0.2M.
PREFIXED = "datum.value == 0 ? '0' : replace(datum.label, regexp('([kMGT])$'), ' $1')"

_LETTER, _APART = 6.6, 10  # pixels: of an axis's label, and between two


def names_below(names: Iterable[str]) -> dict[str, Any]:
    """Return what an axis of these names needs below a chart: they are upright where all have room, else slanted."""
    different = set(names)
    least = len(different) * (_LETTER * max(map(len, different), default=0) + _APART)

    def chosen(upright: str, slanted: str) -> dict[str, str]:
        return {"expr": f"width > {least:.0f} ? {upright} : {slanted}"}

    return {
        "labelAngle": chosen("0", "-40"),
        "labelAlign": chosen("'center'", "'right'"),
        "labelBaseline": chosen("'top'", "'middle'"),
    }
