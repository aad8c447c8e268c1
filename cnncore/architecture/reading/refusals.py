"""Why something in pasted code cannot be read: errors that stand for values until somebody needs them."""

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cnncore.errors import InputError


class StoppedError(InputError):
    """Nothing of the statement can be kept: the text asks for more steps than are gone, or raises an error itself."""


class FinalError(StoppedError):
    """Nothing of the whole text can be trusted: it changes what PyTorch's or Python's own names mean."""


class RaisedError(InputError):
    """What Python would refuse, too: in a `try` its handlers are what goes on."""


class AbsentError(RaisedError):
    """An object has no such attribute, as far as the text goes."""


class RaiseError(StoppedError, RaisedError):
    """The text's own `raise`, or an `assert` that does not hold."""


class DerivedError(InputError):
    """Something unreadable that was made of tensors: to change it in place may be to change `flows`."""

    def __init__(self, message: str, flows: list[Any]) -> None:
        super().__init__(message)
        self.flows = flows


def not_read(node: ast.AST, kind: type[InputError] = InputError) -> InputError:
    """Return the error for something that has no meaning here."""
    return kind(f"{quoted(node)} cannot be read without running it: write the layers out as an nn.Sequential.")


def quoted(node: ast.AST) -> str:
    """Return the beginning of the code and its line, as a sentence names them."""
    text = ast.unparse(node).split("\n")[0][:60]
    return f"`{text}` (line {getattr(node, 'lineno', 1)})"


@contextmanager
def refused_by_python(node: ast.AST) -> Iterator[None]:
    """Let what Python itself refuses of the text's values be an `InputError`; one that says more goes on."""
    try:
        yield
    except InputError:
        raise
    except (ArithmeticError, AttributeError, LookupError, StopIteration, TypeError, ValueError):
        raise not_read(node, RaisedError) from None


def not_set(node: ast.expr) -> AbsentError:
    """Return the error for an attribute that nothing in the text gives."""
    return AbsentError(f"{quoted(node)} is not set in what was pasted: paste its line.")


def given(value: Any) -> Any:
    """Return the value; one that could not be read stands for its reason, which is raised here."""
    if isinstance(value, InputError):
        raise value
    return value


def sound(value: Any) -> Any:
    """Return the value; a list or dictionary that something unreadable may have changed is its reason, raised here."""
    if isinstance(value, list) and value:
        given(value[0])
    if isinstance(value, dict):
        given(value.get(""))
    return given(value)
