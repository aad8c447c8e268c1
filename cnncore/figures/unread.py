"""What the hatching of a drawn layer means: inputs that no output reads, and what to change so that all are read."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cnncore.architecture import AvgPool2d, ConvTranspose2d, MaxPool2d, Pair, Shape, effective_kernel
from cnncore.errors import InputError
from cnncore.figures.sliding import Sliding, lines


def unread_sentence(layer: Sliding, shape: Shape) -> str:
    """Return what the hatching means and how to avoid it, in Markdown; empty if every cell is read."""
    found = tuple(line.unread for line in lines(layer, shape))
    if not any(found):
        return ""
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
        tail = [cell for cell in cells if cell >= size - len(cells)]
        if isinstance(layer, ConvTranspose2d):
            text += " The padding cuts off all that they are spread over."
        elif len(tail) == len(cells):
            words = "Height and width" if alike else ("Height", "Width")[axis]
            text += f" {words} {size - len(cells)} {'give' if alike else 'gives'} the same output as {size}."
        else:
            text += " The window steps over them."
        parts.append(text + _remedies(layer, shape, axis))
    return " ".join(parts)


def _remedies(layer: Sliding, shape: Shape, axis: int) -> str:
    """Return the nearest change of one setting with which every cell is read, for each setting that has one."""
    size, padding = shape[1 + axis], layer.padding[axis]
    span = effective_kernel(layer.kernel[axis], layer.dilation[axis])
    if isinstance(layer, ConvTranspose2d):  # cells are lost where padding cuts off all that they are spread over
        choices = [("a padding of {}", {"padding": value}) for value in range(padding - 1, -1, -1)]
    else:
        choices = [("an input of {}", {"size": value}) for value in range(size + 1, size + layer.stride[axis])]
        choices += [("a padding of {}", {"padding": value}) for value in range(padding + 1, padding + span)]
        choices += [("a stride of {}", {"stride": value}) for value in range(layer.stride[axis] - 1, 0, -1)]
    if isinstance(layer, (MaxPool2d, AvgPool2d)) and not layer.ceil_mode:
        choices.insert(0, ("ceil mode", {"ceil_mode": 1}))
    found: dict[str, str] = {}
    for text, change in choices:
        if text not in found and _reads_all(layer, shape, axis, change):
            found[text] = text.format(*change.values())
    return f" All of it is read with {', or with '.join(found.values())}." if found else ""


def _reads_all(layer: Sliding, shape: Shape, axis: int, change: dict[str, int]) -> bool:
    """Return whether the changed layer reads every input along `axis`; a change that is not allowed does not."""

    def along(pair: Pair, value: int) -> Pair:
        return (value, pair[1]) if axis == 0 else (pair[0], value)

    if "size" in change:
        shape = (shape[0], *along(shape[1:], change["size"]))
    options: dict[str, Any] = {
        name: along(getattr(layer, name), value) for name, value in change.items() if name in ("padding", "stride")
    }
    options |= {"ceil_mode": True} if "ceil_mode" in change else {}
    kind: Any = layer  # `replace` cannot know that each change suits the layer that it was chosen for
    try:
        layer = replace(kind, **options)
        return not lines(layer, shape)[axis].unread
    except InputError:
        return False


def _listed(cells: Sequence[int]) -> str:
    names = [str(cell + 1) for cell in cells]
    if len(names) > 6:
        names = [*names[:4], "…", names[-1]]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}".replace(", … and", " … and")
