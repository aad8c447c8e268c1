"""A collage and the class that each window of it has: two drawings side by side."""

from html import escape

import numpy as np

from cnncore.figures.palette import OUTPUT
from cnncore.figures.png import photo, tinted
from cnncore.inspection.collage import ClassMap, Piece
from cnncore.wording import number

SIDE = 400  # of each drawing, in screen pixels
_SHORT = 4  # letters of a class name that fit into a cell
_LEGIBLE = 22  # pixels: smaller cells have no letters
_PIXELS = "position:absolute;image-rendering:pixelated"


def class_map_picture(found: ClassMap, shown: int | None) -> str:
    """Return HTML: the collage, over it how likely the class number `shown` is, and beside it the map.

    With None the collage stays as it is and the map shows the winners. Over the collage each cell is a square of one
    jump, in the middle of its window.
    """
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:1rem 2rem;align-items:flex-start">'
        f"{_collage(found, shown)}{_cells(found, shown)}</div>"
    )


def _place(top: float, left: float, height: float, width: float, side: int) -> str:
    parts = {"top": top, "left": left, "height": height, "width": width}
    return ";".join(f"{name}:{100 * value / side:.3f}%" for name, value in parts.items())


def _collage(found: ClassMap, shown: int | None) -> str:
    side = found.image.shape[1]
    rows, columns, _ = found.chances.shape
    right = found.named(found.chances)
    parts = [f'<img src="{photo(found.image)}" alt="A collage of test images" style="{_PIXELS};width:100%">']
    if shown is not None:
        top, left = (middle - jump / 2 for middle, jump in zip(found.middle, found.jump, strict=True))
        place = _place(top, left, rows * found.jump[0], columns * found.jump[1], side)
        strength = 0.85 * found.chances[:, :, shown].astype(np.float64)
        alt = f"How likely each cell is {escape(found.classes[shown])}"
        parts.append(f'<img src="{tinted(strength, OUTPUT)}" alt="{alt}" style="{_PIXELS};max-width:none;{place}">')
    parts += [_piece(found, piece, named, side) for piece, named in zip(found.pieces, right, strict=True)]
    return f'<div style="position:relative;flex:none;width:{SIDE}px;height:{SIDE}px">{"".join(parts)}</div>'


def _piece(found: ClassMap, piece: Piece, named: bool, side: int) -> str:
    row, column = found.cell_of(piece)
    chances = found.chances[row, column]
    best = int(chances.argmax())
    # Two lines where a name is too long for one, and a name too long for its line ends in dots: the title has it whole.
    answer = f"{'✓' if named else '✗'}\N{NO-BREAK SPACE}{found.classes[best]}"
    share = f"{100 * chances[best]:.0f}\N{NO-BREAK SPACE}%"
    told = f"{found.classes[best]} {share}, really {found.classes[piece.label]}"
    return (
        f'<span title="{escape(told)}" style="position:absolute;box-sizing:border-box;'
        f"border:2px {'solid' if named else 'dashed'} #fff;outline:1px solid #0008;"
        "overflow:hidden;text-overflow:ellipsis;"
        "font-size:12px;font-weight:600;line-height:1.2;color:#fff;text-shadow:0 0 3px #000,0 0 2px #000;padding:0 2px;"
        f'{_place(piece.box.top, piece.box.left, *piece.box.size, side)}">{escape(f"{answer} {share}")}</span>'
    )


def _cells(found: ClassMap, shown: int | None) -> str:
    rows, columns, _ = found.chances.shape
    size = min(SIDE / rows, SIDE / columns, 49) - 1
    parts = []
    for row, column in np.ndindex(rows, columns):
        chances = found.chances[row, column]
        best = int(chances.argmax())
        strength = float(chances[best] if shown is None else chances[shown])
        title = f"cell ({row + 1}, {column + 1}): {found.classes[best]} {100 * chances[best]:.0f} %"
        if shown is not None and shown != best:
            title += f", {found.classes[shown]} {100 * strength:.0f} %"
        word = escape(found.classes[best][:_SHORT]) if size >= _LEGIBLE else ""
        colour = f"color-mix(in srgb,{OUTPUT} {6 + 74 * strength:.0f}%,transparent)"
        parts.append(f'<span title="{escape(title)}" style="background:{colour}">{word}</span>')
    return (
        "<style>.class-cells>span{display:flex;align-items:center;justify-content:center;overflow:hidden}</style>"
        f'<div class="class-cells" role="img" aria-label="The map of classes, {rows} by {columns} cells" '
        f'style="display:grid;flex:none;grid-template-columns:repeat({columns},{size:.2f}px);'
        f'grid-auto-rows:{size:.2f}px;gap:1px;line-height:1;font-size:{min(size * 0.36, 13):.1f}px">'
        f"{''.join(parts)}</div>"
    )


def size_sentence(found: ClassMap) -> str:
    """Return in Markdown how many cells there are and why: one for each place of the window, a jump apart."""
    rows, columns, classes = found.chances.shape
    side, jump, window = found.image.shape[1], found.jump[0], found.window[0]
    less = -(-window // jump) - 1
    minus = f" − {less}" if less else ""
    # A rule is only said where it gives what was counted: pools may round up, convolutions may not pad.
    rules = {
        f"floor({side}/{jump}){minus}": side // jump - less,
        f"ceil({side}/{jump}){minus}": -(-side // jump) - less,
        f"floor(({side} − {window})/{jump}) + 1": (side - window) // jump + 1,
    }
    formula = next((f", **{rule} = {rows}** a side" for rule, count in rules.items() if count == rows), "")
    return (
        f"A picture of {side} × {side} pixels gives a map of **{rows} × {columns}** cells{formula}, "
        f"with {classes} classes each. Every cell is the classifier on the window "
        f"around it, {jump} pixels from the next."
    )


def agreement_sentence(found: ClassMap) -> str:
    """Return in Markdown what the one pass has to do with the same windows cut out and run one by one."""
    rows, columns, _ = found.chances.shape
    one, each = found.seconds
    times = f"{each / one:.0f} times as long" if each > 1.5 * one else "about as long"
    speed = (
        f"The {rows * columns} windows cut out and run one by one take {1000 * each:.0f} ms, {times} as the one pass "
        f"({1000 * one:.0f} ms, measured just now)."
    )
    if not found.padded:
        return f"{speed} No layer pads: both agree in every cell, to {number(found.difference, 1)}."
    alone, together = sum(found.named(found.windows)), sum(found.named(found.chances))
    same = "every cell" if found.agreement == 1 else f"**{100 * found.agreement:.1f} %** of the cells, not in all"
    return (
        f"{speed} They name the same class in {same}, and the probabilities differ by up to "
        f"{number(found.difference, 2)}: layers that pad put their padding around a window that is cut out, where the "
        "whole picture goes on. Only a picture as small as one window gives exactly the classifier's answer. Of the "
        f"{len(found.pieces)} objects the map names **{together}** rightly, the windows by themselves {alone}."
    )
