"""Which of the modules that a text makes is the network that it is about."""

import ast
from typing import Any

from cnncore.architecture.reading.attributes import MODULE
from cnncore.architecture.reading.dotted import Dotted
from cnncore.architecture.reading.flow import Flow
from cnncore.architecture.reading.interpreter import Interpreter
from cnncore.architecture.reading.meaning import (
    Chain,
    Class,
    Function,
    Instance,
    Row,
)
from cnncore.errors import InputError

_FIRST = ("model", "net", "network", "cnn")  # what a network is usually called: looked at before other names


def network_of(reader: Interpreter, tree: ast.Module, image: Flow) -> Flow:
    """Return what the network of the text makes of `image`, or raise why there is none."""
    made = _named(reader)
    if made is None:
        made = _from_class(reader, tree)
    if isinstance(made, InputError):
        raise made
    if isinstance(made, Instance) and not is_network(made):
        raise _no_image(made.kind)
    reader.running = True
    result = reader.called(made, [image], {}, ast.Name("model", lineno=1))
    if isinstance(result, Flow):
        return result
    kind = made.kind.name if isinstance(made, Instance) else "the network"
    raise InputError(f"`forward` of {kind} must return one tensor: return the last layer's output.")


def _no_image(kind: Class) -> InputError:
    """Return why objects of a class cannot be applied to one image."""
    forward = kind.find("forward")
    if isinstance(forward, InputError):
        return forward
    if forward is None:
        own = kind.foreign_base in (None, MODULE)
        remedy = "write one, indented as its `__init__` is" if own else "paste the class that it inherits from too"
        return InputError(f"`{kind.name}` has no `forward`, which says what becomes of the image: {remedy}.")
    return InputError(
        f"`forward` of {kind.name} must take `self` and one tensor, the image: a description has no second input."
    )


def _named(reader: Interpreter) -> Any:
    """Return the network that a name stands for, or the error in its place: the usual names first, else the last."""
    meant = {id(error) for statement, error in reader.failures if _makes_network(statement, reader)}
    networks = {
        name: value
        for name, value in reader.names.maps[0].items()
        if is_network(value)
        or (isinstance(value, Instance) and name in _FIRST)
        or (isinstance(value, InputError) and (name in _FIRST or id(value) in meant))
    }
    for name in _FIRST:
        if name in networks:
            return networks[name]
    whole = [
        value
        for value in networks.values()
        if not isinstance(value, Chain) and (not isinstance(value, Row) or len(value) > 1)
    ]
    last = whole or [*networks.values()]
    return last[-1] if last else None


def is_network(value: Any) -> bool:
    """Return whether a value can be applied to one image."""
    if isinstance(value, Instance):
        return takes_image(value.kind) or (value.kind.find("forward") is None and isinstance(value.held, (Row, Chain)))
    return isinstance(value, (Chain, Row))


def takes_image(kind: Class) -> bool:
    """Return whether a class has a `forward` for one tensor; that of a loss has two."""
    forward = kind.find("forward")
    if not isinstance(forward, Function):
        return forward is None and _is_row(kind)
    needed = [name for name in forward.parameters if name not in forward.defaults]
    return len(needed) == 2 or (len(needed) == 1 and len(forward.parameters) > 1)


def _is_row(kind: Class) -> bool:
    return isinstance(kind.foreign_base, Dotted) and kind.foreign_base.last == "Sequential"


def _makes_network(statement: ast.stmt, reader: Interpreter) -> bool:
    """Return whether the statement is meant to make a network, even if it cannot be read."""
    value = getattr(statement, "value", None)
    if not isinstance(value, ast.Call):
        return False
    name = ast.unparse(value.func)
    kind = reader.names.get(name)
    return name.endswith("Sequential") or (isinstance(kind, Class) and takes_image(kind))


def _from_class(reader: Interpreter, tree: ast.Module) -> Any:
    """Return an object of the last class for images that no other class uses, or why there is nothing to read."""
    classes = [
        kind
        for kind in reader.names.maps[0].values()
        if isinstance(kind, Class) and (kind.find("forward") or _is_row(kind))
    ]
    definitions = {part.name: part for part in tree.body if isinstance(part, ast.ClassDef)}
    used = {name for own, part in definitions.items() for name in _names_in(part) if name != own}
    unused = [kind for kind in classes if kind.name not in used] or classes
    fitting = [kind for kind in unused if takes_image(kind)]
    if fitting:
        return _made(fitting[-1], reader, tree)
    if unused:
        return _no_image(unused[-1])
    if reader.failures:
        return reader.failures[-1][1]
    return InputError(
        "no network was found in the code: paste an nn.Sequential(...), or a class with __init__ and forward, or the "
        "line that calls the function which makes it."
    )


def _names_in(definition: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(definition) if isinstance(part, ast.Name)}


def _made(kind: Class, reader: Interpreter, tree: ast.Module) -> Any:
    """Return an object of a class, as a function of the text makes it; else with the values that it has of itself."""
    calls = {
        ast.unparse(part): part
        for function in tree.body
        if isinstance(function, ast.FunctionDef)
        for part in ast.walk(function)
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id == kind.name
    }
    init = kind.find("__init__")
    missing = [name for name in init.parameters[1:] if name not in init.defaults] if isinstance(init, Function) else []
    if len(calls) == 1:
        return reader.tried(next(iter(calls.values())), reader.names)
    if missing or calls:
        why = f"needs {', '.join(f'`{name}`' for name in missing)}" if missing else "is made in several ways"
        return InputError(
            f"`{kind.name}` {why} and no line of what was pasted makes one: add such a line, as model = "
            f"{kind.name}(...)."
        )
    return reader.instance(kind, [], {}, ast.Pass(lineno=1, col_offset=0))
