"""What pasted PyTorch code means, without running it: its syntax tree is walked, tensors stand for their layers.

Nothing is executed, imported or looked up outside of the text. What the walk knows: numbers and their arithmetic,
lists, loops over them, functions, modules of `torch.nn`, classes with `__init__` and `forward`.
"""

import ast
from typing import Any

from cnncore.architecture.reading.expressions import Expressions
from cnncore.architecture.reading.flow import Flow
from cnncore.architecture.reading.meaning import (
    GROWING,
    MOST_ENTRIES,
    Class,
    Dotted,
    Function,
    Instance,
    Names,
    Unknown,
    changed,
    entries,
    not_read,
)
from cnncore.architecture.reading.pytorch_layers import bound
from cnncore.errors import InputError


class _Return(Exception):  # noqa: N818 not an error: how a function's value leaves its statements
    def __init__(self, value: Any) -> None:
        self.value = value


class Interpreter(Expressions):
    """Walks statements; what is not understood is an `InputError` that names its line."""

    def run(self, statements: list[ast.stmt], names: Names) -> None:
        """Carry out the statements of a function or class; what is not understood is an `InputError` with its line."""
        for statement in statements:
            self._statement(statement, names)

    def define(self, statement: ast.stmt, names: Names) -> bool:
        """Take over an import, a class or a function; return whether `statement` is one of these."""
        match statement:
            case ast.Import(aliases):
                for alias in aliases:
                    first = alias.name.split(".")[0]
                    names[alias.asname or first] = Dotted(alias.name if alias.asname else first)
            case ast.ImportFrom(module, aliases):
                names.update({a.asname or a.name: Dotted(f"{module}.{a.name}") for a in aliases})
            case ast.FunctionDef(name):
                names[name] = Function(statement)
            case ast.ClassDef(name):
                names[name] = Class.of(statement)
            case _:
                return False
        return True

    def _statement(self, statement: ast.stmt, names: Names) -> None:
        self.count(statement)
        match statement:
            case ast.Pass() | ast.Assert():
                pass
            case ast.Assign(targets, value):
                result = self.value(value, names, _target_name(targets[0]))
                for target in targets:
                    self.assign(target, result, names)
            case ast.AnnAssign(target, _, value):
                if value is not None:  # `width: int` alone says nothing that matters here
                    self.assign(target, self.value(value, names, _target_name(target)), names)
            case ast.AugAssign(target, op, value):
                added = ast.copy_location(ast.BinOp(_loaded(target), op, value), statement)
                self.assign(target, self.value(added, names), names)
            case ast.Expr(value):
                self._effect(value, names)
            case ast.Return(value):
                raise _Return(None if value is None else self.value(value, names))
            case ast.If(test, body, orelse):
                self.run(body if self.truth(test, names) else orelse, names)
            case ast.For(target, iterable, body, orelse):
                for entry in self.entries_of(iterable, names):
                    self.assign(target, entry, names)
                    self.run(body, names)
                self.run(orelse, names)  # always: a `break` is not read
            case _:
                if not self.define(statement, names):
                    raise not_read(statement)

    def assign(self, target: ast.expr, value: Any, names: Names) -> None:
        """Give `value` to what stands on the left of an assignment."""
        match target:
            case ast.Name(name):
                names[name] = value
            case ast.Attribute(owner, name):
                instance = self.value(owner, names)
                if not isinstance(instance, Instance):
                    raise not_read(target)
                instance.attributes[name] = value
            case ast.Tuple(targets) | ast.List(targets) if isinstance(value, (tuple, list)):
                if len(targets) != len(value):
                    raise not_read(target)
                for part, entry in zip(targets, value, strict=True):
                    self.assign(part, entry, names)
            case ast.Tuple(targets) if isinstance(value, Unknown):  # n, c, h, w = x.shape
                for part in targets:
                    self.assign(part, value, names)
            case _:
                raise not_read(target)

    def _effect(self, value: ast.expr, names: Names) -> None:
        """Carry out a call for what it changes: lists grow, modules are added; printing and initialising pass."""
        if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute):
            return
        name = value.func.attr
        if name == "__init__":
            self._super(value, names)
        if name in GROWING:
            owner = self.value(value.func.value, names)
            args = [self.value(argument, names) for argument in value.args]
            if isinstance(owner, Instance) and name in ("append", "extend"):
                owner = owner.items
            if isinstance(owner, list) and name in ("append", "extend") and len(args) == 1:
                owner.append(args[0]) if name == "append" else owner.extend(entries(args[0], value))
                if len(owner) > MOST_ENTRIES:
                    raise not_read(value)
            elif isinstance(owner, Instance) and len(args) == 2 and isinstance(args[0], str):
                owner.attributes[args[0]] = args[1]
            else:
                raise not_read(value)
            return
        try:
            owner = self.value(value.func.value, names)
        except InputError:  # nn.init.zeros_(self.conv.bias): numbers are no matter here
            return
        if isinstance(owner, Instance) and name in owner.kind.methods and name != "__init__":
            self._method(owner, name, value, names)
        if isinstance(owner, Flow) and name.endswith("_") and not name.startswith("_"):
            raise not_read(value)

    def _method(self, owner: Instance, name: str, call: ast.Call, names: Names) -> None:
        """Carry out a method of the text for what it sets.

        Many only draw first weights: where one cannot be read, what it would have set stands for the reason.
        """
        try:
            self.value(call, names)
        except InputError as error:
            definition = owner.kind.methods[name]
            first = [argument.arg for argument in (*definition.args.posonlyargs, *definition.args.args)][:1]
            for target in changed(definition):
                before, _, attribute = target.partition(".")
                if [before] == first and attribute:
                    owner.attributes[attribute] = error

    def _super(self, node: ast.Call, names: Names) -> None:
        """Carry out `super().__init__(...)`: a sequence or list of modules is given its items there."""
        owner = next(iter(names.values()), None)
        if isinstance(owner, Instance) and node.args and set(owner.kind.bases) & {"ModuleList", "Sequential"}:
            args = [*self.starred(node.args, names)]
            owner.items = entries(args[0] if "ModuleList" in owner.kind.bases else args, node)

    def instance(self, kind: Class, args: list[Any], kwargs: Names, node: ast.AST) -> Instance:
        """Return an object of a class of the text."""
        made = Instance(kind)
        if "__init__" in kind.methods:
            self.apply(Function(kind.methods["__init__"], made), args, kwargs)
        elif args and set(kind.bases) & {"ModuleList", "Sequential"}:
            made.items = entries(args[0] if "ModuleList" in kind.bases else args, node)
        return made

    def called(self, owner: Instance, args: list[Any], kwargs: Names, node: ast.AST) -> Any:
        """Return what an object makes of a tensor: its `forward`, or one item after the other."""
        if "forward" in owner.kind.methods:
            return self.apply(Function(owner.kind.methods["forward"], owner), args, kwargs)
        if "Sequential" not in owner.kind.bases or len(args) != 1 or not isinstance(args[0], Flow):
            raise not_read(node)
        return args[0].through(*self.sequential(dict(enumerate(owner.items)), node).parts)

    def apply(self, function: Function, args: list[Any], kwargs: Names) -> Any:
        """Return what a function of the text returns."""
        definition = function.definition
        signature = definition.args
        wanted = [argument.arg for argument in (*signature.posonlyargs, *signature.args)]
        if function.owner is not None:
            args = [function.owner, *args]
        names = (*wanted, *(argument.arg for argument in signature.kwonlyargs))
        label = f"`{definition.name}` (line {definition.lineno})"
        more: Names = {}
        if signature.vararg is not None:
            more[signature.vararg.arg], args = tuple(args[len(wanted) :]), args[: len(wanted)]
        inner = bound(names, args, kwargs, label) | more  # the object itself stays first: see `_super`
        defaults = zip(wanted[len(wanted) - len(signature.defaults) :], signature.defaults, strict=True)
        only = zip([a.arg for a in signature.kwonlyargs], signature.kw_defaults, strict=True)
        for argument, default in (*defaults, *only):
            if default is not None and argument not in inner:
                inner[argument] = self.value(default, self.names)
        missing = [argument for argument in names if argument not in inner]
        if missing:
            raise InputError(f"{label} needs {', '.join(f'`{m}`' for m in missing)}: give a value where it is called.")
        try:
            self.run(definition.body, inner)
        except _Return as returned:
            return returned.value
        return None


def _target_name(target: ast.expr) -> str:
    return target.attr if isinstance(target, ast.Attribute) else ""


def _loaded(target: ast.expr) -> ast.expr:
    again = ast.parse(ast.unparse(target), mode="eval").body
    return ast.copy_location(again, target)
