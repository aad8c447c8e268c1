"""Imports, functions and classes of pasted code."""

import ast
from abc import abstractmethod
from typing import Any

from cnncore.architecture.reading.calls import Calls
from cnncore.architecture.reading.changes import root
from cnncore.architecture.reading.meaning import (
    Class,
    Dotted,
    Function,
    Names,
    not_read,
)
from cnncore.architecture.reading.pytorch_layers import FUNCTIONS

_WAYS = ("staticmethod", "classmethod", "property", "cached_property")
_LIBRARIES = ("torch", "functools", "typing", "abc", "dataclasses", "numpy")  # whose decorators keep what is decorated
_STARS = {"torch.nn.functional": (*FUNCTIONS, "log_softmax", "softmax")}  # what `import *` is used for


class Definitions(Calls):
    """Definitions; what their statements do is the interpreter's."""

    @abstractmethod
    def attempt(self, statement: ast.stmt, names: Names) -> None:
        """Carry out a statement; if it cannot be, what it would have changed stands for the reason."""

    def define(self, statement: ast.stmt, names: Names) -> None:
        """Take over an import, a class or a function."""
        match statement:
            case ast.Import(aliases):
                for alias in aliases:
                    first = alias.name.split(".")[0]
                    names[alias.asname or first] = Dotted(alias.name if alias.asname else first)
            case ast.ImportFrom(module, aliases):
                for alias in aliases:
                    found = _STARS.get(str(module), ()) if alias.name == "*" else (alias.name,)
                    names.update({alias.asname or name: Dotted(f"{module}.{name}") for name in found})
            case ast.FunctionDef(name, arguments):
                names[name] = self._function(statement, Function(statement, names, self.defaults(arguments, names)))
            case ast.ClassDef(name):
                names[name] = self._class(statement, names)
            case _:
                raise not_read(statement)

    def _function(self, statement: ast.FunctionDef, function: Function) -> Any:
        """Return the function, or why what its decorators make of it cannot be read."""
        way = ""
        for decorator in statement.decorator_list:
            name = ast.unparse(decorator).split("(")[0]
            if name.rsplit(".", 1)[-1] in _WAYS:
                way = name.rsplit(".", 1)[-1].removeprefix("cached_")
                continue
            if not self._keeps(decorator, function.scope):
                return not_read(decorator)
        return Function(statement, function.scope, function.defaults, way=way)

    def _keeps(self, decorator: ast.expr, names: Names) -> bool:
        """Return whether a decorator leaves alone what matters here: those of libraries do."""
        meaning = names.get(root(decorator))
        return isinstance(meaning, Dotted) and meaning.path.split(".")[0] in _LIBRARIES

    def _class(self, statement: ast.ClassDef, names: Names) -> Any:
        """Return the class, or why its decorators cannot be read; its functions do not see its names, as in Python."""
        bases = [self._base_class(base, names) for base in statement.bases]
        made = Class(statement.name, tuple(bases))
        inner = names.new_child()
        fields = [*next((base.fields for base in bases if isinstance(base, Class) and base.fields), ())]
        for part in statement.body:
            if isinstance(part, ast.FunctionDef):
                plain = Function(part, names, self.defaults(part.args, inner))
                found = self._function(part, plain)
                inner[part.name] = (
                    Function(part, names, plain.defaults, None, made, found.way)
                    if isinstance(found, Function)
                    else found
                )
            elif not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)):
                self.attempt(part, inner)
            if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
                fields.append(part.target.id)
        made.members = dict(inner.maps[0])
        for decorator in statement.decorator_list:
            if "dataclass" in ast.unparse(decorator):
                made.fields = tuple(fields)
            elif not self._keeps(decorator, names):
                return not_read(decorator)
        return made

    def _base_class(self, base: ast.expr, names: Names) -> Any:
        found = self.tried(base, names)
        if isinstance(found, (Class, Dotted)) and found != Dotted("builtins.object"):
            return found
        # A trainer's LightningModule is a Module; another class must be pasted if it is to be read.
        return Dotted("torch.nn.Module") if ast.unparse(base).endswith("Module") else found
