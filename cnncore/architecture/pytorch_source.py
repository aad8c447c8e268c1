"""A network from pasted PyTorch code: an nn.Sequential, or a class with `__init__` and `forward`. Nothing is executed.

parse_pytorch("nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())").layers  ->  (Conv2d(8, 3), ReLU())
"""

import ast
from collections.abc import Iterator

from cnncore.architecture.description import describe
from cnncore.architecture.network import Network
from cnncore.architecture.reading.choice import network_of
from cnncore.architecture.reading.flow import Flow, finished
from cnncore.architecture.reading.interpreter import Interpreter
from cnncore.architecture.reading.part import check, fits, fitting_input, path_of
from cnncore.architecture.reading.paste import LONGEST, TOO_DEEP, tree_of
from cnncore.architecture.sizes import Shape
from cnncore.errors import InputError

__all__ = ["LONGEST", "parse_pytorch"]


def parse_pytorch(text: str, input: Shape | None = None, name: str = "pasted") -> Network:  # noqa: A002 the field's word
    """Return the network that `text` builds, for images of shape `input` (C, H, W).

    Without `input` it is a shape that the text states and every layer can take (a `torch.zeros(N, C, H, W)`: exported
    code has one), else that of the first square image which they can take. Stated numbers of inputs are compared with
    what arrives. An `InputError` names the line and what to do.

    >>> parse_pytorch("nn.Sequential(nn.Conv2d(3, 8, 3, padding='same'))").layers[0].padding
    (1, 1)
    """
    tree = tree_of(text)
    reader, image = Interpreter(), Flow()
    try:
        reader.read(tree)
        parts = finished(network_of(reader, tree, image))
    except RecursionError:
        raise InputError(TOO_DEEP) from None
    except InputError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):  # of Python's own, given nonsense
        raise InputError(
            "the code cannot be read without running it: write the layers out as an nn.Sequential."
        ) from None
    shape = input or next((shape for shape in image.stated or _stated(tree, reader) if fits(parts, shape)), None)
    for viewed in image.stated:
        shape = shape or viewed
        if viewed != shape:
            raise InputError(
                f"the code views its image as {'x'.join(map(str, viewed))}, which must be {'x'.join(map(str, shape))}: "
                "leave the view out."
            )
    shape = shape or fitting_input(parts)
    check(parts, shape)
    network = Network(name, shape, path_of(parts))
    describe(network)
    return Network.from_json(network.to_json())  # what cannot be kept, such as blocks too deep, is refused here


def _stated(tree: ast.Module, reader: Interpreter) -> Iterator[Shape]:
    """Yield the (C, H, W) of the tensors of four given sizes that the text makes: an image is larger than a pixel."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func).rsplit(".", 1)[-1]
        if called not in ("zeros", "ones", "rand", "randn", "summary"):
            continue
        sizes = node.args[1:2] if called == "summary" else node.args
        sizes += [word.value for word in node.keywords if word.arg in ("input_size", "size")]
        listed = sizes[0].elts if sizes and isinstance(sizes[0], (ast.Tuple, ast.List)) else sizes
        values = [_number(size, reader) for size in listed]
        if len(values) == (3 if called == "summary" else 4) or len(values) == 4:
            channels, height, width = values[-3:]
            if min(channels, height, width) > 0 and max(height, width) > 1:
                yield channels, height, width


def _number(node: ast.expr, reader: Interpreter) -> int:
    """Return the whole number that a size is, 0 if it is none."""
    found = node.value if isinstance(node, ast.Constant) else None
    if isinstance(node, ast.Name):
        found = reader.names.get(node.id)
    return found if isinstance(found, int) else 0
