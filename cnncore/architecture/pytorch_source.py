"""A network from pasted PyTorch code: an nn.Sequential, or a class with `__init__` and `forward`. Nothing is executed.

parse_pytorch("nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())").layers  ->  (Conv2d(8, 3), ReLU())
"""

import ast
import textwrap

from cnncore.architecture.description import describe
from cnncore.architecture.network import Network
from cnncore.architecture.reading.flow import Flow, finished
from cnncore.architecture.reading.interpreter import Interpreter
from cnncore.architecture.reading.meaning import GROWING, Chain, Class, Instance, changed, grown
from cnncore.architecture.reading.part import Part, check, fitting_input, path_of
from cnncore.architecture.sizes import Shape
from cnncore.errors import InputError

LONGEST = 400_000  # characters; the code of a ResNet-152 has 40,000
_FIRST = ("model", "net", "network", "cnn")  # what a network is usually called: looked at before other names


def parse_pytorch(text: str, input: Shape | None = None, name: str = "pasted") -> Network:  # noqa: A002 the field's word
    """Return the network that `text` builds, for images of shape `input` (C, H, W).

    Without `input` it is the shape of a `torch.zeros(N, C, H, W)` in the text (exported code has one), else that of
    the first square image which every layer can take. Stated numbers of inputs are compared with what arrives. An
    `InputError` names the line and what to do.

    >>> parse_pytorch("nn.Sequential(nn.Conv2d(3, 8, 3, padding='same'))").layers[0].padding
    (1, 1)
    """
    try:
        tree = _tree(text)
        parts = _network(tree)
    except RecursionError:
        raise InputError("the code is nested too deeply to be read: write the layers out.") from None
    except InputError:
        raise
    except (OverflowError, TypeError, ValueError) as error:  # of Python's own functions, given what makes no sense
        raise InputError(f"the code cannot be read ({error}): write the layers out as an nn.Sequential.") from None
    shape = input or _stated_input(tree) or fitting_input(parts)
    check(parts, shape)
    network = Network(name, shape, path_of(parts))
    describe(network)
    return Network.from_json(network.to_json())  # what cannot be kept, such as blocks too deep, is refused here


def _tree(text: str) -> ast.Module:
    if len(text) > LONGEST:
        raise InputError(f"the code (={len(text)} characters) must have at most {LONGEST}: paste the network alone.")
    try:
        return ast.parse(textwrap.dedent(text.lstrip("\ufeff")).rstrip().rstrip(",") + "\n")
    except SyntaxError as error:
        raise InputError(
            f"the code is not Python ({error.msg}, line {error.lineno}): paste it as it stands in its file."
        ) from None
    except (ValueError, MemoryError) as error:  # a null character; nested beyond what the parser can hold
        raise InputError(f"the code is not Python ({error}): paste it as it stands in its file.") from None


def _network(tree: ast.Module) -> tuple[Part, ...]:
    """Return the parts of the network that the text is about."""
    reader = Interpreter()
    found: list[tuple[str, object]] = []  # networks under their names, or why there is none, in their order
    others: list[InputError] = []  # an optimizer, a data set: no matter unless the network needs it
    for statement in tree.body:
        if reader.define(statement, reader.names):
            continue
        name, value = _assigned(statement)
        try:
            if value is None:
                if isinstance(statement, (ast.For, ast.AugAssign, ast.Assign, ast.Expr)):
                    reader.run([statement], reader.names)
                continue
            reader.names[name] = reader.value(value, reader.names)
            found.append((name, reader.names[name]))
        except InputError as error:
            # What the statement would have made stands for the reason: it is told where it is needed.
            found += [(grew, error) for grew in grown(statement) if isinstance(reader.names.get(grew), Chain)]
            reader.names |= dict.fromkeys(changed(statement) if value is None else [name], error)
            if name in _FIRST or (value is not None and _makes_network(value, reader)):
                found.append((name, error))
            else:
                others.append(error)
    made = _choice(found) or _last_class(reader, others)
    if isinstance(made, InputError):
        raise made
    return finished(_flow(reader, made, tree))


def _assigned(statement: ast.stmt) -> tuple[str, ast.expr | None]:
    """Return the name and the expression of a plain assignment, no name for an expression alone.

    Neither for what is carried out for its effect: loops, and calls that add to something.
    """
    match statement:
        case ast.Expr(ast.Call(ast.Attribute(_, method))) if method in GROWING:
            return "", None
        case ast.Assign([ast.Name(name)], value) | ast.AnnAssign(ast.Name(name), _, ast.expr() as value):
            return name, value
        case ast.Expr(value):
            return "", value
        case _:
            return "", None


def _makes_network(value: ast.expr, reader: Interpreter) -> bool:
    """Return whether the expression is meant to be a network, even if it cannot be read."""
    if not isinstance(value, ast.Call):
        return False
    name = ast.unparse(value.func)
    return name.endswith("Sequential") or isinstance(reader.names.get(name), Class)


def _choice(found: list[tuple[str, object]]) -> object | None:
    """Return the network among what was found, or the error that stands in its place."""
    networks = [(name, value) for name, value in found if isinstance(value, (Chain, Instance, InputError))]
    latest = dict(networks)
    for name in _FIRST:
        if name in latest:
            return latest[name]
    whole = [value for _, value in networks if not isinstance(value, Chain) or len(value.parts) > 1]
    last = whole or [value for _, value in networks]
    return last[-1] if last else None


def _last_class(reader: Interpreter, errors: list[InputError]) -> object:
    """Return an object of the last class with a `forward`, or the error that says why there is nothing to read."""
    classes = [kind for kind in reader.names.values() if isinstance(kind, Class) and "forward" in kind.methods]
    if classes:
        return reader.instance(classes[-1], [], {}, ast.Pass())
    if errors:
        return errors[-1]
    return InputError(
        "no network was found in the code: paste an nn.Sequential(...), or a class with __init__ and forward."
    )


def _flow(reader: Interpreter, made: object, tree: ast.Module) -> Flow:
    match made:
        case Chain(parts):
            return Flow(parts)
        case Instance():
            result = reader.called(made, [Flow()], {}, tree)
            if isinstance(result, Flow):
                return result
            raise InputError(f"`forward` of {made.kind.name} must return one tensor: return the last layer's output.")
        case _:
            raise InputError("the network is an object without `forward`: paste its class too.")


def _stated_input(tree: ast.Module) -> Shape | None:
    """Return the (C, H, W) of the first tensor of four given sizes that the text makes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rsplit(".", 1)[-1] in (
            "zeros",
            "ones",
            "rand",
            "randn",
        ):
            sizes = node.args[0].elts if node.args and isinstance(node.args[0], (ast.Tuple, ast.List)) else node.args
            values = [size.value for size in sizes if isinstance(size, ast.Constant) and isinstance(size.value, int)]
            if len(values) == len(sizes) == 4:
                return values[1], values[2], values[3]
    return None
