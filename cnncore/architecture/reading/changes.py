"""What statements of pasted code would change, found by reading them: for those that cannot be carried out."""

import ast
from collections.abc import Iterator

# The methods that change a list, a dictionary or a module that holds others.
CHANGING = (
    *("append", "extend", "insert", "pop", "remove", "reverse", "sort", "clear", "update", "setdefault", "popitem"),
    *("move_to_end", "add_module", "register_module", "set_submodule"),
    *("register_forward_hook", "register_forward_pre_hook"),
    *("__setattr__", "__delattr__", "__setitem__", "__delitem__", "__iadd__"),
)
TABLES = ("__dict__", "_modules", "_parameters", "_buffers", "_forward_hooks", "_forward_pre_hooks")  # of an object
_NAMING = ("add_module", "register_module", "register_buffer", "register_parameter")
# What gives the module itself.
ITSELF = (
    *("to", "cuda", "cpu", "xpu", "eval", "train", "float", "half", "double", "bfloat16", "type"),
    *("requires_grad_", "share_memory", "compile"),
)

# What gives the module that it is given: it computes the same.
WRAPPERS = ("compile", "DataParallel", "DistributedDataParallel", "script", "prepare_model", "unwrap_model")


def assigned(node: ast.AST) -> Iterator[ast.expr]:
    """Yield what the statements in `node` give a value: names, attributes."""
    for part in carried_out(node):
        match part:
            case ast.Assign([target], value) if _same(target, value):
                pass  # model = nn.DataParallel(model).train()
            case ast.Assign(targets) | ast.Delete(targets):
                yield from _single(targets)
            case ast.AugAssign(target) | ast.AnnAssign(target) | ast.For(target) | ast.NamedExpr(target):
                yield from _single([target])
            case ast.withitem(_, ast.expr() as target):
                yield from _single([target])
            case ast.Call(ast.Attribute(owner, method), [ast.Constant(str(name)), *_]) if method in _NAMING:
                yield ast.copy_location(ast.Attribute(owner, name), part)
            case ast.FunctionDef(name) | ast.ClassDef(name) if part is not node:
                yield ast.Name(name)
            case ast.MatchAs(name=str(name)) | ast.MatchStar(str(name)):
                yield ast.Name(name)


def _same(target: ast.expr, value: ast.expr) -> bool:
    """Return whether a value is what is already there, in other words."""
    match value:
        case ast.Call(ast.Attribute(owner, method)) if method in ITSELF and _same(target, owner):
            return True
        case ast.Call(ast.Name(function) | ast.Attribute(_, function), [held, *_]) if function in WRAPPERS:
            return _same(target, held)
        case _:
            return ast.unparse(target) == ast.unparse(value)


def changed(node: ast.AST) -> Iterator[ast.expr]:
    """Yield what the statements in `node` change in place: lists that grow, modules that are given parts."""
    for part in carried_out(node):
        match part:
            case ast.Assign(targets) | ast.Delete(targets):
                yield from (_whose(target.value) for target in _single(targets) if isinstance(target, ast.Subscript))
            case ast.AugAssign(target):
                yield _whose(target.value) if isinstance(target, ast.Subscript) else target
            case ast.Call(ast.Attribute(owner, method), args) if method in CHANGING:
                yield _whose(owner)
                yield from args[:1] if method.startswith("__") else ()  # object.__setattr__(self, ...)
            case ast.Call(ast.Name("setattr" | "delattr"), [owner, *_]):
                yield owner


def _whose(table: ast.expr) -> ast.expr:
    """Return the object to which a table of its own, such as `model._modules`, belongs; another expression itself."""
    match table:
        case ast.Attribute(owner, name) if name in TABLES:
            return owner
        case ast.Call(ast.Name("vars"), [owner]):
            return owner
        case _:
            return table


def in_place(call: ast.Call) -> Iterator[ast.expr]:
    """Yield what a call of PyTorch changes in place, by its name or its arguments."""
    called = ast.unparse(call.func)
    named = called.endswith("_") and not called.endswith("__")
    if named or any(keyword.arg == "inplace" for keyword in call.keywords):
        yield from [call.func.value] if isinstance(call.func, ast.Attribute) else []
        yield from call.args
    yield from (keyword.value for keyword in call.keywords if keyword.arg == "out")


def carried_out(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that are carried out with `node`: not what stands in functions and classes inside of it."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
            yield child
        else:
            yield from carried_out(child)


def _single(targets: list[ast.expr]) -> Iterator[ast.expr]:
    for target in targets:
        if isinstance(target, (ast.Tuple, ast.List)):
            yield from _single(target.elts)
        else:
            yield target.value if isinstance(target, ast.Starred) else target


def leaves(statement: ast.stmt) -> bool:
    """Return whether nothing after the statement can be trusted without it: it may leave its function or loop."""
    if any(isinstance(part, ast.Call) and _begins(part) for part in carried_out(statement)):
        return True  # without what its base sets an object is another one
    out = (ast.Return,) if isinstance(statement, (ast.For, ast.While)) else (ast.Return, ast.Break, ast.Continue)
    return any(isinstance(part, out) for part in carried_out(statement))


def answers(body: list[ast.stmt]) -> bool:
    """Return whether a function gives something back; what changes a list or prints gives None."""
    returned = [part.value for statement in body for part in carried_out(statement) if isinstance(part, ast.Return)]
    return any(value is not None and not _gives_none(value) for value in returned)


def loops(node: ast.AST) -> Iterator[ast.For]:
    """Yield the loops in `node`, comprehensions as the loops that they are; none that stands in another."""
    match node:
        case ast.For():
            yield node
        case ast.ListComp(element, [first, *rest]) | ast.SetComp(element, [first, *rest]):
            yield _as_loop(element, first, rest)
        case ast.GeneratorExp(element, [first, *rest]) | ast.DictComp(_, element, [first, *rest]):
            yield _as_loop(element, first, rest)
        case _:
            for child in ast.iter_child_nodes(node):
                if not isinstance(child, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
                    yield from loops(child)


def _as_loop(element: ast.expr, first: ast.comprehension, rest: list[ast.comprehension]) -> ast.For:
    inside = _as_loop(element, rest[0], rest[1:]) if rest else ast.Expr(element)
    return ast.copy_location(ast.For(first.target, first.iter, [ast.copy_location(inside, element)], []), element)


def yields(definition: ast.AST) -> bool:
    """Return whether a function gives its values one by one: nothing of it is carried out when it is called."""
    body = [definition.body] if isinstance(definition, ast.Lambda) else getattr(definition, "body", [])
    return any(isinstance(part, (ast.Yield, ast.YieldFrom)) for inner in body for part in carried_out(inner))


def _gives_none(value: ast.expr) -> bool:
    match value:
        case ast.Constant(None) | ast.Call(ast.Name("print" | "setattr")):
            return True
        case ast.Call(ast.Attribute(_, method)):
            return method in CHANGING and method not in ("pop", "popitem", "setdefault")
        case _:
            return False


def _begins(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "__init__"


def root(node: ast.expr) -> str:
    """Return the name that an attribute or item is reached from: `self` of `self.layers[0]`."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
