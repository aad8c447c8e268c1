"""A network as one picture: a map is a box, higher the larger it is and wider the more channels; blocks are paths.

Activations, norms, dropout and flatten are not drawn: they change no map. Heights grow with the root of the map's side
and widths with the logarithm of the channels, so that 224 pixels and 7 cells fit into one picture.
"""

import html
import math
from collections.abc import Sequence

from cnncore.architecture import Branches, Network, Residual, Shape
from cnncore.architecture.diagnosis import Step, walk
from cnncore.architecture.editing import Place
from cnncore.architecture.layers import Path
from cnncore.figures.layer_list import detail
from cnncore.figures.network_bill import COLOURS, group
from cnncore.wording import dimensions

HEIGHT = 84.0  # pixels of the image's own side
LANE = 24.0  # from path to path
ROOM = 620.0  # between all boxes together, so that a small network is not a small picture
MARGIN = 26.0  # left and right, for slanted names
_LINE = 'stroke="currentColor" stroke-opacity="0.4" fill="none"'


class _Drawing:
    """Boxes and lines, from left to right; `x` is where the next one begins."""

    def __init__(self, network: Network, steps: Sequence[Step]) -> None:
        self.steps = {step.place: step for step in steps}
        self.largest = network.input[1]
        self.middle = HEIGHT / 2 + 8
        self.x = MARGIN
        self.gap = min(38.0, max(9.0, ROOM / (8 + len(steps))))
        self.lines: list[str] = []
        self.boxes: list[str] = []
        self.labels: list[str] = []
        self.longest = 0

    def map(self, step: Step, middle: float, lane: bool = False) -> None:
        """Draw the map that a layer puts out, in a `lane` of a block lower and narrower."""
        kind, name = group(step.layer), step.name
        if detail(step.layer):
            name += f" ({detail(step.layer)})"
        place = f'data-place="{",".join(map(str, step.place))}"' + (' class="bad"' if step.problem else "")
        self.box(step.output, kind, name, middle, place, lane)

    def box(self, shape: Shape, kind: str, name: str, middle: float, more: str = "", lane: bool = False) -> None:
        """Draw one box for a map of `shape` (C, H, W); `more` are attributes."""
        tall = HEIGHT * min(1.0, shape[1] / self.largest) ** 0.5
        width, height = 3 + 2.1 * math.log2(shape[0] + 1), max(5.0, tall)
        if kind == "dense":
            width, height = 7.0, 5.5 * math.log2(shape[0] + 1)
        if lane:
            width, height = 3 + 0.6 * width, min(LANE - 5, max(5.0, 0.3 * height))
        size = dimensions(shape[:1] if kind == "dense" else shape)
        self.boxes.append(
            f'<rect x="{self.x:.1f}" y="{middle - height / 2:.1f}" width="{width:.1f}" height="{height:.1f}" rx="1.5" '
            f'fill="{COLOURS[kind]}" {more}><title>{html.escape(f"{name}: {size}")}</title></rect>'
        )
        self.x += width + (0.6 * self.gap if lane else self.gap)

    def layers(self, path: Path, prefix: Place, middle: float) -> None:
        """Draw the layers of a path of a block; a block inside of it is one box."""
        for index, layer in enumerate(path):
            step = self.steps[(*prefix, index)]
            if group(layer) != "other" or step.problem:
                self.map(step, middle, lane=True)

    def block(self, layer: Residual | Branches, step: Step) -> None:
        """Draw the paths of a block one below the other, with the lines that part and join them."""
        begin, top = self.x, self.middle - LANE * (len(layer.paths) - 1) / 2
        end = begin
        for number, path in enumerate(layer.paths):
            self.x = begin + self.gap
            self.layers(path, (*step.place, number), top + LANE * number)
            end = max(end, self.x)
        for number in range(len(layer.paths)):
            y = top + LANE * number
            points = f"{begin - self.gap},{self.middle} {begin},{y} {end},{y} {end + self.gap},{self.middle}"
            self.lines.append(f'<polyline points="{points}" {_LINE}/>')
        self.x = end + self.gap
        self.map(step, self.middle)

    def label(self, start: float, name: str) -> None:
        """Write a name below what was drawn from `start` on."""
        self.longest = max(self.longest, min(len(name), 14))
        x, y = (start + self.x - self.gap) / 2, HEIGHT + 20
        self.labels.append(
            f'<text x="{x:.1f}" y="{y}" transform="rotate(-48 {x:.1f} {y})" text-anchor="end" font-size="11" '
            f'fill="currentColor">{html.escape(name[:14])}</text>'
        )


def network_diagram(network: Network, steps: Sequence[Step] | None = None) -> str:
    """Return the network as SVG; texts and lines have the page's colour.

    Each box has the place of its layer as `data-place` ("3,1,0"), and the class `bad` if that fails.
    """
    drawing = _Drawing(network, steps if steps is not None else walk(network))
    middle = drawing.middle
    drawing.box(network.input, "other", "image", middle)
    drawing.label(MARGIN, "image")
    for index, layer in enumerate(network.layers):
        step = drawing.steps[(index,)]
        if group(layer) == "other" and step.problem is None:
            continue
        start = drawing.x
        if isinstance(layer, (Residual, Branches)):
            drawing.block(layer, step)
        else:
            drawing.map(step, middle)
            before = start - drawing.gap
            drawing.lines.append(f'<line x1="{before:.1f}" y1="{middle}" x2="{start:.1f}" y2="{middle}" {_LINE}/>')
        drawing.label(start, step.name)
    width, height = drawing.x + MARGIN - drawing.gap, HEIGHT + 28 + 4.6 * drawing.longest
    least = 0.62 * width  # names that are still legible; what is wider than the page scrolls
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="Diagram of the network" width="{width:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" style="min-width:{least:.0f}px">'
        f"{''.join((*drawing.lines, *drawing.boxes, *drawing.labels))}</svg>"
    )
