"""What the hatching of a drawn layer means: inputs that no output reads, and what to change so that all are read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from cnncore.architecture import AvgPool2d, Conv2d, ConvTranspose2d, MaxPool2d, Pair, Shape, cost, effective_kernel
from cnncore.architecture.counting import unread_cells
from cnncore.errors import InputError
from cnncore.figures.sliding import Sliding
from cnncore.wording import by_axis


def unread_sentence(layer: Sliding, shape: Shape) -> str:
    """Return what the hatching means, in Markdown; empty if every cell is read."""
    output = cost(layer, shape).output
    found = tuple(unread_cells(layer, axis, shape[1 + axis], output[1 + axis]) for axis in (0, 1))
    alike = found[0] == found[1] and shape[1] == shape[2]
    parts = []
    for axis, name in ((0, "Row and column" if alike else "Row"), (1, "Column")):
        cells, size = found[axis], shape[1 + axis]
        if not cells or (axis and alike):
            continue
        many = len(cells) > 1
        title = name.replace("Row", "Rows").replace("olumn", "olumns") if many else name
        verb = "are" if many or alike else "is"
        text = f"**{title} {_listed(cells)} {verb} never read.**"
        copies = isinstance(layer, Conv2d) and layer.padding_mode != "zeros" and layer.padding[axis] > 0
        if isinstance(layer, ConvTranspose2d):
            text += " The padding cuts off all that they are spread over."
        # Copies would be of other cells if these were not there.
        elif cells[0] == size - len(cells) and not copies and _as_large(layer, shape, axis, size - len(cells)):
            where = "" if alike else ("In height, ", "In width, ")[axis]
            text += f" {where}i = {size - len(cells)} and i = {size} give the same output."
        else:
            text += " The window steps over them."
        parts.append(text)
    return " ".join(parts)


def _as_large(layer: Sliding, shape: Shape, axis: int, size: int) -> bool:
    """Return whether the output keeps its size with an input of `size` along `axis`: windows may lie in the padding."""
    smaller = (shape[0], size, shape[2]) if axis == 0 else (shape[0], shape[1], size)
    try:
        return cost(layer, smaller).output == cost(layer, shape).output
    except InputError:  # no input is left, or less than a window
        return False


@dataclass(frozen=True)
class Remedy:
    """A change of one setting with which every input is read.

    `name` is "ceil_mode", "input", "padding" or "stride"; `value` what it is to be for (height, width).
    """

    name: str
    value: Pair

    @property
    def label(self) -> str:
        """The change in words.

        >>> Remedy("input", (9, 9)).label, Remedy("stride", (1, 2)).label
        ('Input 9', 'Stride 1 × 2')
        """
        if self.name == "ceil_mode":
            return "Ceil mode"
        return f"{self.name.capitalize()} {by_axis(self.value)}"


def remedies(layer: Sliding, shape: Shape) -> list[Remedy]:
    """Return the nearest change that makes every cell read, for each setting that has one; empty if all are read."""
    if _reads_all(layer, shape, 0) and _reads_all(layer, shape, 1):
        return []
    found = []
    for name in ("ceil_mode", "input", "padding", "stride"):
        height, width = (_nearest(layer, shape, axis, name) for axis in (0, 1))
        if height is not None and width is not None:
            found.append(Remedy(name, (height, width)))
    return found


def _nearest(layer: Sliding, shape: Shape, axis: int, name: str) -> int | None:
    """Return the value nearest to the present one with which every cell along `axis` is read, if there is one."""
    if name == "ceil_mode":
        return 1 if isinstance(layer, (MaxPool2d, AvgPool2d)) and _reads_all(layer, shape, axis, name, 1) else None
    size, padding, stride = shape[1 + axis], layer.padding[axis], layer.stride[axis]
    span = effective_kernel(layer.kernel[axis], layer.dilation[axis])
    choices = {
        "input": range(size, size + stride),
        "padding": range(padding, padding + span),
        "stride": range(stride, 0, -1),
    }
    if isinstance(layer, ConvTranspose2d):  # cells are lost where padding cuts off all that they are spread over
        choices = {"padding": range(padding, -1, -1)}
    return next((value for value in choices.get(name, ()) if _reads_all(layer, shape, axis, name, value)), None)


def _reads_all(layer: Sliding, shape: Shape, axis: int, name: str = "", value: int = 0) -> bool:
    """Return whether the layer, changed so, reads every input along `axis`; a change that is not allowed does not."""

    def along(pair: Pair) -> Pair:
        return (value, pair[1]) if axis == 0 else (pair[0], value)

    changed: Any = layer  # `replace` cannot know that each change suits the layer that it was chosen for
    try:
        if name == "input":
            shape = (shape[0], *along(shape[1:]))
        elif name:
            change = {name: True} if name == "ceil_mode" else {name: along(getattr(layer, name))}
            changed = replace(changed, **change)
        return not unread_cells(changed, axis, shape[1 + axis], cost(changed, shape).output[1 + axis])
    except InputError:
        return False


def _listed(cells: Sequence[int]) -> str:
    names = [str(cell + 1) for cell in cells]
    if len(names) > 6:
        names = [*names[:4], "…", names[-1]]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}".replace(", … and", " … and")
