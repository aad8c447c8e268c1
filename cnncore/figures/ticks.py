"""The numbers at a chart's axis, from 0.0001 to 100,000 written out, else as `cnncore.wording.number` writes them."""

_POWER = "floor(log(abs(datum.value)) / LN10 + 1e-6)"
_FACTOR = f"format(datum.value / pow(10, {_POWER}), '.3~r')"


def _digit(of: str) -> str:
    return f"slice('⁰¹²³⁴⁵⁶⁷⁸⁹', {of}, {of} + 1)"


# Vega writes 1e-7, and has no format with raised digits: an expression of powers up to 10⁹⁹. A label that is empty is
# one of those that Vega leaves out.
POWERS = (
    "datum.label == '' || datum.value == 0 || (abs(datum.value) >= 1e-4 && abs(datum.value) < 1e5) ? datum.label : "
    f"({_FACTOR} == '1' ? '' : {_FACTOR} + ' · ') + '10' + ({_POWER} < 0 ? '⁻' : '') + "
    f"(abs({_POWER}) > 9 ? {_digit(f'floor(abs({_POWER}) / 10)')} : '') + {_digit(f'abs({_POWER}) % 10')}"
)
