"""From operations on tensors to layers in a row: sums and concatenations become blocks of paths."""

from dataclasses import dataclass

from cnncore.architecture.layers import BatchNorm2d, Branches, Conv2d, ConvTranspose2d, Linear, Residual
from cnncore.architecture.network import MOST_LAYERS
from cnncore.architecture.reading.part import Part, all_parts, path_of
from cnncore.errors import InputError


@dataclass(frozen=True, eq=False)
class Flow:
    """A tensor as the parts that made it of the image, in their order."""

    parts: tuple[Part, ...] = ()

    def __post_init__(self) -> None:
        if len(self.parts) > MOST_LAYERS:
            raise InputError(f"the code must build at most {MOST_LAYERS} layers: use fewer.")

    def through(self, *parts: Part) -> "Flow":
        """Return the flow after more parts."""
        return Flow((*self.parts, *parts))


class Junctions:
    """Where flows meet; one for each network that is read.

    What two flows have in common is their beginning; what they do not are the paths of a block. A concatenation that
    begins with an earlier one (DenseNet, which appends to a list) continues from there.
    """

    def __init__(self) -> None:
        self._known: list[tuple[tuple[Flow, ...], Flow]] = []

    def add(self, first: Flow, second: Flow, label: str, name: str = "") -> Flow:
        """Return the sum of two flows: a residual block."""
        before, (body, shortcut) = _paths(first, second)
        if not body:  # the order of a sum does not matter: what is computed is the body
            body, shortcut = shortcut, body
        layer = Residual(path_of(body), path_of(shortcut), name)
        return Flow(before).through(Part(layer, label, None, (body, shortcut)))

    def concatenate(self, flows: tuple[Flow, ...], label: str, name: str = "") -> Flow:
        """Return the flows one after the other along the channels: branches."""
        whole = flows
        for earlier, joined in reversed(self._known):
            if len(earlier) < len(flows) and all(a is b for a, b in zip(earlier, flows, strict=False)):
                flows = (joined, *flows[len(earlier) :])
                break
        if len(flows) == 1:
            return flows[0]
        before, paths = _paths(*flows)
        layer = Branches(tuple(path_of(path) for path in paths), name)
        result = Flow(before).through(Part(layer, label, None, paths))
        self._known.append((whole, result))
        return result


def _paths(*flows: Flow) -> tuple[tuple[Part, ...], tuple[tuple[Part, ...], ...]]:
    """Return what all flows begin with, and what each goes on with."""
    common = 0
    shortest = min(len(flow.parts) for flow in flows)
    while common < shortest and len({id(flow.parts[common]) for flow in flows}) == 1:
        common += 1
    return flows[0].parts[:common], tuple(flow.parts[common:] for flow in flows)


def finished(flow: Flow) -> tuple[Part, ...]:
    """Return the parts of a whole network: each with parameters stands in it once, or it is an `InputError`."""
    seen: set[int] = set()
    for number, part in enumerate(all_parts(flow.parts)):
        if number >= MOST_LAYERS:
            raise InputError(f"the code must build at most {MOST_LAYERS} layers with those of its blocks: use fewer.")
        if id(part) in seen and isinstance(part.layer, (Conv2d, ConvTranspose2d, Linear, BatchNorm2d)):
            raise InputError(
                f"{part.label} is used in two places, or by paths that part and meet in another order than blocks do: "
                "a description has each layer once, write a layer of its own for each place."
            )
        seen.add(id(part))
    if not flow.parts:
        raise InputError("the network does nothing to its input: add a layer.")
    return flow.parts
