"""From operations on tensors to layers in a row: sums and concatenations become blocks of paths."""

from dataclasses import dataclass, field
from typing import Any

from cnncore.architecture.layers import BatchNorm2d, Branches, Conv2d, ConvTranspose2d, Flatten, Linear, Residual
from cnncore.architecture.network import MOST_LAYERS
from cnncore.architecture.reading.part import Part, all_parts, check, path_of
from cnncore.architecture.sizes import Shape
from cnncore.errors import InputError

TOO_MANY = f"the code must build at most {MOST_LAYERS} layers: use fewer."


@dataclass(frozen=True, eq=False)
class Source:
    """A tensor of `batch` images (C, H, W) that the code makes itself, to look at sizes: torch.zeros(1, 3, 32, 32)."""

    batch: int
    image: Shape


@dataclass(frozen=True)
class Unfinished:
    """An operation that is a layer only with what must follow it, or with nothing after it."""

    name: str
    sentence: str  # why it cannot be followed by anything else


@dataclass(eq=False)
class Flow:
    """A tensor as the parts that made it of the image (or of `source`), in their order.

    It can change: what works in place changes it for everybody who holds it, as it does the tensor. `reason` is why it
    cannot be known any more; `stated` are the shapes that a view of the image says it has; `views` are the flows that
    look at its numbers in another shape, itself among them: a change of one is a change of all.
    """

    parts: tuple[Part, ...] = ()
    source: Source | None = None
    unfinished: Unfinished | None = None
    reason: InputError | None = None
    stated: list[Shape] = field(default_factory=list)
    views: list["Flow"] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        self.views.append(self)
        if sum(part.count for part in self.parts) > MOST_LAYERS:
            raise InputError(TOO_MANY)

    def through(self, *parts: Part) -> "Flow":
        """Return the flow after more parts; after one that works in place it is this flow itself."""
        self.known()
        flow = self
        for part in parts:
            seen = flow.views if isinstance(part.layer, Flatten) else []
            after = Flow((*flow.parts, part), flow.source, views=seen)
            flow = flow.become(after) if part.inplace else after
        return flow

    def copied(self) -> "Flow":
        """Return a tensor of its own with the same numbers."""
        self.known()
        return Flow(self.parts, self.source, stated=self.stated)

    def become(self, other: "Flow") -> "Flow":
        """Take over what `other` is, for everybody who holds this tensor; what views of it are now is not followed."""
        self.parts, self.source, self.unfinished = other.parts, other.source, other.unfinished
        label = self.parts[-1].label if self.parts else "the code"
        for view in self.views:
            if view is not self:
                view.reason = InputError(
                    f"{label} changes a tensor in place that is used in another shape too: leave `inplace` out."
                )
        return self

    def spoil(self, reason: InputError) -> None:
        """Let `reason` stand for what nobody knows any more: this tensor and all that look at its numbers."""
        for view in self.views:
            view.reason = reason

    def known(self, going_on: str = "") -> bool:
        """Return whether it is the unfinished operation `going_on`; raise why nothing else can be done with it."""
        if self.reason is not None:
            raise self.reason
        if self.unfinished is not None and self.unfinished.name != going_on:
            raise InputError(self.unfinished.sentence)
        return self.unfinished is not None

    @property
    def flat(self) -> bool:
        """Whether it is (N, F), not (N, C, H, W)."""
        return any(part.flat for part in self.parts)

    @property
    def sizes(self) -> tuple[Any, ...]:
        """Its shape, in numbers where the code made the tensor itself."""
        self.known()
        if self.source is None:
            return tuple(Size(self.parts, (axis,)) for axis in range(2 if self.flat else 4))
        shape = check(self.parts, self.source.image)
        return (self.source.batch, *(shape[:1] if self.flat else shape))


@dataclass(frozen=True, eq=False)
class Size:
    """The product of a tensor's sizes along `axes`: a number that only a real batch has."""

    parts: tuple[Part, ...]
    axes: tuple[int, ...]

    def times(self, other: "Size") -> "Size | None":
        """Return the product, None if they are sizes of different tensors."""
        return Size(self.parts, (*self.axes, *other.axes)) if self.parts == other.parts else None


class Junctions:
    """Where flows meet; one for each network that is read.

    What two flows have in common is their beginning; what they do not are the paths of a block. A concatenation that
    begins with an earlier one (DenseNet, which appends to a list) continues from there.
    """

    def __init__(self) -> None:
        self._known: list[tuple[list[tuple[Flow, tuple[Part, ...]]], Flow]] = []

    def add(self, first: Flow, second: Flow, label: str, name: str = "") -> Flow:
        """Return the sum of two flows: a residual block."""
        before, (body, shortcut) = _paths(label, first, second)
        if not body:  # the order of a sum does not matter: what is computed is the body
            body, shortcut = shortcut, body
        layer = Residual(path_of(body), path_of(shortcut), name)
        return Flow(before, first.source).through(Part(layer, label, None, (body, shortcut)))

    def concatenate(self, flows: tuple[Flow, ...], label: str, name: str = "") -> Flow:
        """Return the flows one after the other along the channels: branches."""
        whole = [(flow, flow.parts) for flow in flows]  # both: a flow may have changed since
        for earlier, joined in reversed(self._known):
            if len(earlier) < len(whole) and earlier == whole[: len(earlier)]:
                flows = (joined, *flows[len(earlier) :])
                break
        if len(flows) == 1:
            return Flow(flows[0].parts, flows[0].source)
        before, paths = _paths(label, *flows)
        layer = Branches(tuple(path_of(path) for path in paths), name)
        result = Flow(before, flows[0].source).through(Part(layer, label, None, paths))
        if len({id(flow) for flow in flows}) == len(flows):
            self._known.append((whole, Flow(result.parts, result.source)))
        return result


def _paths(label: str, *flows: Flow) -> tuple[tuple[Part, ...], tuple[tuple[Part, ...], ...]]:
    """Return what all flows begin with, and what each goes on with."""
    for flow in flows:
        flow.known()
    if any(flow.source is not flows[0].source for flow in flows):
        raise InputError(f"{label} takes a tensor that is not made of the image: leave that out.")
    common = 0
    shortest = min(len(flow.parts) for flow in flows)
    while common < shortest and len({id(flow.parts[common]) for flow in flows}) == 1:
        common += 1
    return flows[0].parts[:common], tuple(flow.parts[common:] for flow in flows)


def finished(flow: Flow) -> tuple[Part, ...]:
    """Return the parts of a whole network: each with parameters stands in it once, or it is an `InputError`."""
    flow.known("log_softmax")
    if flow.source is not None:
        raise InputError("the network does not use its image: return what its layers make of it.")
    seen: set[int] = set()
    for number, part in enumerate(all_parts(flow.parts)):
        if number >= MOST_LAYERS:
            raise InputError(TOO_MANY)
        if id(part) in seen and isinstance(part.layer, (Conv2d, ConvTranspose2d, Linear, BatchNorm2d)):
            raise InputError(
                f"{part.label} is used in two places, or by paths that part and meet in another order than blocks do: "
                "a description has each layer once, write a layer of its own for each place."
            )
        seen.add(id(part))
    if not flow.parts:
        raise InputError("the network does nothing to its input: add a layer.")
    return flow.parts
