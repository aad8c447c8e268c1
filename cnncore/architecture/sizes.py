"""Whole numbers and pairs of them, checked when a layer is made."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from cnncore.errors import InputError

Pair: TypeAlias = tuple[int, int]
Shape: TypeAlias = tuple[int, int, int]  # (C, H, W)
LARGEST = 1_000_000  # no size, width or number of filters in a description is larger: nonsense is refused early


class Size:
    """A field of a layer that is given as one number or as (height, width) and kept as (height, width).

    A descriptor, so that a layer holds a pair whatever it was given: nothing downstream checks or normalises again.
    A field that is `like` an earlier one may be left out, or None as in PyTorch: then it has that one's value.
    """

    def __init__(self, least: int, default: Pair | None = None, like: str = "") -> None:
        self._least = least
        self._default = default
        self._like = like

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, layer: object | None, owner: type) -> Pair:
        if layer is not None:
            value: Pair = vars(layer)[self._name]
            return value
        if self._default is None and not self._like:
            raise AttributeError(self._name)  # how dataclasses learn that there is no default
        default: Any = self._default
        return default  # type: ignore[no-any-return]  # None only stands in the signature, no layer holds it

    def __set__(self, layer: object, value: int | Sequence[int] | None) -> None:
        if value is None and self._like:
            value = getattr(layer, self._like)
        pair = isinstance(value, Sequence) and not isinstance(value, str)
        values = tuple(value) if pair else (value, value)  # type: ignore[arg-type]  # a sequence here
        for entry in values:
            whole(self._name, entry, self._least)
        if len(values) != 2:
            raise InputError(
                f"`{self._name}` (={value!r}) must be one number or a pair (height, width): give one of these."
            )
        vars(layer)[self._name] = values


def whole(name: str, value: Any, least: int = 1) -> int:
    """Return `value` if it is a whole number from `least` to `LARGEST`; an `InputError` that names `name` if not."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LARGEST:
        raise InputError(f"`{name}` (={value}) must be a whole number from {least} to {LARGEST}: change it.")
    return value
