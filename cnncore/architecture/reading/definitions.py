"""Imports, functions and classes of pasted code."""

import ast
from abc import abstractmethod
from dataclasses import replace
from typing import Any

from cnncore.architecture.reading.calls import Calls
from cnncore.architecture.reading.changes import root
from cnncore.architecture.reading.dotted import NAMED_TUPLE, Dotted
from cnncore.architecture.reading.meaning import (
    Class,
    Function,
    Names,
)
from cnncore.architecture.reading.pytorch_layers import FUNCTIONS
from cnncore.architecture.reading.refusals import not_read, quoted
from cnncore.errors import InputError

# What a decorator makes of a function; of any other of `functools` and `contextlib` nobody knows it here.
_WAYS = {
    **{name: name for name in ("staticmethod", "classmethod", "property", "contextmanager")},
    "cached_property": "cached property",
    "lru_cache": "cached",
    "cache": "cached",
}
_LIBRARIES = ("torch", "typing", "abc", "dataclasses")  # whose decorators keep what is decorated
_KEEPING = ("functools.wraps", "functools.total_ordering")
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
        ways = []
        for decorator in statement.decorator_list:
            name = ast.unparse(decorator).split("(")[0].rsplit(".", 1)[-1]
            if name in _WAYS:
                ways.append(_WAYS[name])
            elif not self._keeps(decorator, function.scope):
                return _decorated(decorator)
        return replace(function, way=ways[0]) if len(ways) == 1 else not_read(statement) if ways else function

    def _keeps(self, decorator: ast.expr, names: Names) -> bool:
        """Return whether a decorator leaves alone what matters here: those of libraries do."""
        meaning = names.get(root(decorator))
        whole = self.tried(decorator.func if isinstance(decorator, ast.Call) else decorator, names)
        kept = isinstance(whole, Dotted) and whole.path in _KEEPING
        return kept or (isinstance(meaning, Dotted) and meaning.path.split(".")[0] in _LIBRARIES)

    def _class(self, statement: ast.ClassDef, names: Names) -> Any:
        """Return the class, or why its decorators cannot be read; its functions do not see its names, as in Python."""
        bases = [self._base_class(base, names) for base in statement.bases]
        made = Class(statement.name, tuple(bases))
        if made.find("__init_subclass__") is not None or any(not _abstract(word) for word in statement.keywords):
            return not_read(statement)
        inner = names.new_child()
        own: list[str] = []
        for part in statement.body:
            if isinstance(part, ast.FunctionDef):
                inner[part.name] = self._member_function(part, made, inner, names)
            elif not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)):
                self.attempt(part, inner)
            if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
                if "ClassVar" not in ast.unparse(part.annotation):
                    own.append(part.target.id)
                self._field(part.target.id, part.value, made, inner)
        inside = inner.new_child({"__class__": made})
        made.members = {self.mangled(name, inside): value for name, value in inner.maps[0].items()}
        before = next((base.fields for base in bases if isinstance(base, Class) and base.fields), ())
        if NAMED_TUPLE in bases:
            made.fields = tuple(dict.fromkeys(own))
        for decorator in statement.decorator_list:
            if "dataclass" in ast.unparse(decorator):
                made.fields = tuple(dict.fromkeys((*before, *own)))
            elif not self._keeps(decorator, names):
                return _decorated(decorator)
        return made

    def _member_function(self, part: ast.FunctionDef, made: Class, inner: Names, names: Names) -> Any:
        """Return a function of a class; the setter of a property is the property with it."""
        function = Function(part, names, self.defaults(part.args, inner), None, made)
        known = inner.maps[0].get(part.name)
        setter = [f"{part.name}.setter"] == [ast.unparse(decorator) for decorator in part.decorator_list]
        if setter and isinstance(known, Function) and known.way == "property":
            return replace(known, setter=function)
        return self._function(part, function)

    def _field(self, name: str, value: ast.expr | None, made: Class, inner: Names) -> None:
        """Take over what dataclasses.field(...) says of a field of a dataclass."""
        if not isinstance(value, ast.Call) or self.tried(value.func, inner) != Dotted("dataclasses.field"):
            return
        inner.maps[0].pop(name, None)
        for word in value.keywords:
            if word.arg == "default":
                inner[name] = self.tried(word.value, inner)
            elif word.arg == "default_factory":
                made.factories[name] = self.tried(word.value, inner)

    def _base_class(self, base: ast.expr, names: Names) -> Any:
        found = self.tried(base.value if isinstance(base, ast.Subscript) else base, names)  # Generic[T]
        if isinstance(found, (Class, Dotted)) and found != Dotted("builtins.object"):
            return found
        # A trainer's LightningModule is a Module; another class must be pasted if it is to be read.
        return Dotted("torch.nn.Module") if ast.unparse(base).endswith("Module") else found


def _decorated(decorator: ast.expr) -> InputError:
    return InputError(f"{quoted(decorator)} changes what it decorates, which is not followed: leave the decorator out.")


def _abstract(word: ast.keyword) -> bool:
    """Return whether a word of a class's head says no more than that it is abstract."""
    return word.arg == "metaclass" and ast.unparse(word.value).rsplit(".", 1)[-1] == "ABCMeta"
