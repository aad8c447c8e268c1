"""Python in pasted code: loops, errors, names and classes mean what Python does with them, or are refused.

Long, as each piece of code stands beside what it is to give.
"""

import re

import pytest

from cnncore.architecture.pytorch_source import parse_pytorch
from cnncore.errors import InputError
from tests.architecture.test_reading_statements import agrees, net

READ = {
    "match": """
layers, c = [], 3
for spec in (8, "pool", ("conv", 16, 5), None, ["conv", 4, 3], {"k": 1}):
    match spec:
        case int() as width:
            layers.append(nn.Conv2d(c, width, 3))
            c = width
        case "pool" | "max":
            layers.append(nn.MaxPool2d(2))
        case ("conv", width, kernel) if kernel > 3:
            layers.append(nn.Conv2d(c, width, kernel))
            c = width
        case None:
            layers.append(nn.ReLU())
        case ("conv", width, _):
            layers.append(nn.Conv2d(c, width, 1))
            c = width
        case other:
            layers.append(nn.Tanh())
model = nn.Sequential(*layers)
""",
    "match that fails captures nothing": """
w = 8
match (3, 4):
    case (w, 5):
        model = nn.Sequential(nn.Tanh())
    case (a, b) if (w := w + 1) > 100:
        model = nn.Sequential(nn.ReLU())
    case [c, d]:
        model = nn.Sequential(nn.Conv2d(c, w, d), nn.Conv2d(w, a + b, 3))
""",
    "match without a case that fits": """
layers = [nn.Conv2d(3, 8, 3)]
match "mish":
    case "relu":
        layers.append(nn.ReLU())
model = nn.Sequential(*layers)
""",
    "sum of lists": """
def block(i, o):
    return [nn.Conv2d(i, o, 3), nn.ReLU()]
layers = sum((block(i, o) for i, o in [(3, 8), (8, 4)]), [])
model = nn.Sequential(*layers, *sum([(nn.Tanh(),)], ()))
""",
    "sort": """
ws = [6, 4, 5]
ws.sort(reverse=True)
model = nn.Sequential(nn.Conv2d(3, ws[0], 3), nn.Conv2d(6, ws[-1], 3))
""",
    "namespaces": """
from argparse import Namespace
from types import SimpleNamespace
cfg = SimpleNamespace(width=8, block=Namespace(k=5))
cfg.width += 1
model = nn.Sequential(nn.Conv2d(3, cfg.width, cfg.block.k if hasattr(cfg.block, "k") else getattr(cfg, "k", 3)))
""",
    "named tuples": """
from collections import namedtuple
from typing import NamedTuple
Pool = namedtuple("Pool", "k s")
class Conv(NamedTuple):
    width: int
    stride: int = 1
layers, c = [], 3
for spec in [Conv(8), Pool(3, s=2), Conv(stride=2, width=4)]:
    if isinstance(spec, Conv):
        width, stride = spec
        layers.append(nn.Conv2d(c, width, 3, stride))
        c = spec[0]
    elif isinstance(spec, tuple):
        layers.append(nn.MaxPool2d(*spec))
model = nn.Sequential(*layers)
""",
    "a device that nobody knows is handed on": """
import os
def device_of():
    if torch.cuda.is_available() and "DEVICE" in os.environ:
        return torch.device("cuda")
    return torch.device("cpu")
def moved(held, device):
    if isinstance(held, (list, tuple)):
        return [moved(entry, device) for entry in held]
    return held.to(device, non_blocking=True)
class Net(nn.Module):
    def __init__(self, width, device=None):
        super().__init__()
        self.device = device
        self.c = nn.Conv2d(3, width, 3)
    def forward(self, x):
        return self.c(x.to(self.device))
model = moved(Net(8, device=device_of()), device_of())
""",
    "a field that nobody knows": """
from dataclasses import dataclass
@dataclass
class Config:
    device: object
    width: int = 8
model = nn.Sequential(nn.Conv2d(3, Config(torch.device("cuda" if torch.cuda.is_available() else "cpu")).width, 3))
""",
    "a list that grows": """
layers = [nn.Conv2d(3, 8, 3), nn.ReLU()]
n = 0
for l in layers:
    n += 1
    if len(layers) < 5:
        layers.append(nn.Tanh())
model = nn.Sequential(*layers, nn.LazyConv2d(n, 3))
""",
    "a list that shrinks": """
layers = [nn.Conv2d(3, 8, 3), nn.ReLU(), nn.ReLU(), nn.Tanh()]
for l in layers:
    if isinstance(l, nn.ReLU):
        layers.remove(l)
model = nn.Sequential(*layers)
""",
    "a list that grows in a comprehension": """
ws = [8, 4]
out = [ws.append(2) or w for w in ws if len(ws) < 6]
model = nn.Sequential(nn.Conv2d(3, len(out), 3))
""",
    "generator twice": """
g = (nn.LazyConv2d(4, 3) for i in range(2))
a = nn.Sequential(*g)
b = nn.Sequential(*g)
model = nn.Sequential(a, nn.ReLU(), b)
""",
    "next iter": """
it = iter([4, 5, 6])
model = nn.Sequential(nn.Conv2d(3, next(it), 3), nn.ReLU(), nn.LazyConv2d(next(it), 3))
""",
    "map int": """
a, b = map(int, "4,5".split(","))
model = nn.Sequential(nn.Conv2d(3, a, 3), nn.Conv2d(a, b, 3))
""",
    "filter": """
model = nn.Sequential(*filter(None, [nn.Conv2d(3, 4, 3), None, nn.ReLU()]))
""",
    "reduce": """
from functools import reduce
n = reduce(lambda a, b: a * b, [2, 3])
model = nn.Sequential(nn.Conv2d(3, n, 3))
""",
    "chain from_iterable": """
from itertools import chain
model = nn.Sequential(*chain.from_iterable([[nn.Conv2d(3, 4, 3), nn.ReLU()], [nn.Tanh()]]))
""",
    "walrus comp": """
n = 3
xs = [n := i + 4 for i in range(3)]
model = nn.Sequential(nn.Conv2d(3, n, 3))
""",
    "walrus any": """
last = 0
if any((last := w) > 5 for w in (3, 8, 4)):
    pass
model = nn.Sequential(nn.Conv2d(3, last, 3))
""",
    "property setter": """
class Cfg:
    def __init__(self):
        self._w = 4
    @property
    def w(self):
        return self._w * 2
    @w.setter
    def w(self, v):
        self._w = v + 1
c = Cfg()
c.w = 5
model = nn.Sequential(nn.Conv2d(3, c.w, 3))
""",
    "property no setter": """
class Cfg:
    @property
    def w(self):
        return 7
c = Cfg()
try:
    c.w = 5
except AttributeError:
    pass
model = nn.Sequential(nn.Conv2d(3, c.w, 3))
""",
    "__setattr__ override": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = 4
        self.c = nn.Conv2d(3, self.w, 3)
    def __setattr__(self, n, v):
        super().__setattr__(n, v + 1 if n == "w" else v)
    def forward(self, x):
        return self.c(x)
model = Net()
""",
    "__dict__": """
class Cfg:
    def __init__(self, **kw):
        self.w = 3
        self.__dict__.update(kw)
model = nn.Sequential(nn.Conv2d(3, Cfg(w=5).w, 3))
""",
    "vars": """
class Cfg:
    def __init__(self):
        self.w = 3
c = Cfg()
vars(c)["w"] = 5
model = nn.Sequential(nn.Conv2d(3, c.w, 3))
""",
    "globals": """
w = 3
globals()["w"] = 5
model = nn.Sequential(nn.Conv2d(3, w, 3))
""",
    "globals in function": """
w = 3
def f():
    globals()["w"] = 5
f()
model = nn.Sequential(nn.Conv2d(3, w, 3))
""",
    "type name eq": """
c = nn.Conv2d(3, 4, 3)
model = nn.Sequential(c, nn.Tanh() if type(c).__name__ == "Conv2d" else nn.ReLU())
""",
    "class name eq": """
c = nn.Conv2d(3, 4, 3)
model = nn.Sequential(c, nn.Tanh() if c.__class__.__name__ == "Conv2d" else nn.ReLU())
""",
    "classname find": """
c = nn.Conv2d(3, 4, 3)
model = nn.Sequential(c, nn.Tanh() if c.__class__.__name__.find("Conv") != -1 else nn.ReLU())
""",
    "set ints": """
model = nn.Sequential(*[nn.LazyConv2d(w, 3) for w in {9, 8}])
""",
    "set isinstance": """
s = {3, 4}
model = nn.Sequential(nn.LazyConv2d(4 if isinstance(s, tuple) else 5, 3))
""",
    "setcomp": """
model = nn.Sequential(*[nn.LazyConv2d(w, 3) for w in {9 - i for i in range(3)}])
""",
    "dict setdefault": """
d = {"x": 3}
d.setdefault("y", 5)
d.setdefault("x", 9)
model = nn.Sequential(*[nn.LazyConv2d(w, 3) for w in d.values()])
""",
    "dict views live": """
d = {"x": 3}
v = d.values()
d["y"] = 5
model = nn.Sequential(*[nn.LazyConv2d(w, 3) for w in v])
""",
    "posonly kwargs name": """
def f(a, /, **kw):
    return a + kw["a"]
model = nn.Sequential(nn.LazyConv2d(f(3, a=4), 3))
""",
    "np.ceil str": """
import numpy as np
d = {"3": 4, "3.0": 5}
model = nn.Sequential(nn.LazyConv2d(d[str(np.ceil(2.5))], 3))
""",
    "shift": """
model = nn.Sequential(nn.LazyConv2d(1 << 3, 3))
""",
    "divmod": """
q, r = divmod(17, 5)
model = nn.Sequential(nn.LazyConv2d(q + r, 3))
""",
    "slice assign": """
l = [nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Tanh()]
l[1:] = [nn.Sigmoid()]
model = nn.Sequential(*l)
""",
    "dataclass post_init": """
from dataclasses import dataclass
@dataclass
class C:
    w: int = 4
    def __post_init__(self):
        self.w *= 2
model = nn.Sequential(nn.Conv2d(3, C(5).w, 3))
""",
    "dataclass field factory": """
from dataclasses import dataclass, field
@dataclass
class C:
    w: int = 4
    ws: list = field(default_factory=lambda: [6, 4])
model = nn.Sequential(nn.Conv2d(3, C(5).ws[0], 3))
""",
    "dataclass classvar": """
from dataclasses import dataclass
from typing import ClassVar
@dataclass
class A:
    q: ClassVar[int] = 9
    w: int = 4
model = nn.Sequential(nn.Conv2d(3, A(5).w, 3))
""",
    "dataclass override default": """
from dataclasses import dataclass
@dataclass
class A:
    w: int = 4
    k: int = 3
@dataclass
class B(A):
    w: int = 6
    j: int = 2
b = B(5, 1, 3)
model = nn.Sequential(nn.Conv2d(3, b.w + b.j, b.k))
""",
    "namedtuple class": """
from typing import NamedTuple
class C(NamedTuple):
    w: int = 4
    k: int = 3
c = C(7)
model = nn.Sequential(nn.Conv2d(3, c.w, c.k))
""",
    "class attr deleted": """
class C:
    w = 4
class D(C):
    w = 9
del D.w
model = nn.Sequential(nn.Conv2d(3, D.w, 3))
""",
    "class object": """
class C(object):
    w = 4
    def __init__(self):
        self.k = 3
c = C()
model = nn.Sequential(nn.Conv2d(3, c.w, c.k))
""",
    "hasattr iter": """
def pair(k):
    return k if hasattr(k, "__iter__") else (k, k)
model = nn.Sequential(nn.Conv2d(3, 4, pair((3, 5))), nn.Conv2d(4, 4, pair(3)))
""",
    "spoilt dict get": """
d = {"a": 4}
d.pop("a", d.popitem())
model = nn.Sequential(nn.Conv2d(3, d.get("a", 6), 3))
""",
    "sorted reverse": """
ws = sorted([4, 6, 5], reverse=True)
model = nn.Sequential(*[nn.LazyConv2d(w, 3) for w in ws])
""",
    "try return finally": """
def f():
    try:
        return 4
    finally:
        ws.append(7)
ws = [3]
w = f()
model = nn.Sequential(nn.LazyConv2d(w + ws[-1], 3))
""",
    "bound append map": """
l = [nn.Conv2d(3, 4, 3)]
list(map(l.append, [nn.ReLU(), nn.Tanh()]))
model = nn.Sequential(*l)
""",
    "ordereddict move_to_end": """
d = OrderedDict(a=nn.ReLU(), b=nn.Conv2d(3, 4, 3))
d.move_to_end("a")
model = nn.Sequential(d)
""",
    "ordereddict popitem": """
d = OrderedDict(a=nn.Conv2d(3, 4, 3), b=nn.ReLU())
d.popitem()
model = nn.Sequential(d)
""",
    "augassign call index once": """
l = [3, 4]
it = [0, 1]
l[it.pop()] += 2
model = nn.Sequential(*[nn.LazyConv2d(w, 3) for w in l])
""",
    "name mangling clash": """
class A:
    def __init__(self):
        self.__w = 4
    def a(self):
        return self.__w
class B(A):
    def __init__(self):
        super().__init__()
        self.__w = 9
model = nn.Sequential(nn.Conv2d(3, B().a(), 3))
""",
    "dataclass config": """
from dataclasses import dataclass, field
from typing import List, Optional, Tuple
@dataclass
class Config:
    channels: List[int] = field(default_factory=lambda: [8, 16])
    kernel_size: int = 3
    dropout: Optional[float] = None
    input_shape: Tuple[int, int, int] = (3, 32, 32)
    def __post_init__(self):
        self.in_channels = self.input_shape[0]
class Net(nn.Module):
    def __init__(self, cfg: Config):
        super().__init__()
        self.cfg = cfg
        c = cfg.in_channels
        blocks = []
        for w in cfg.channels:
            blocks.append(nn.Conv2d(c, w, cfg.kernel_size))
            blocks.append(nn.ReLU())
            if cfg.dropout is not None:
                blocks.append(nn.Dropout(cfg.dropout))
            c = w
        self.net = nn.Sequential(*blocks)
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x)
model = Net(Config())
""",
    "type is int": """
def pair(k):
    return (k, k) if type(k) is int else k
model = nn.Sequential(nn.Conv2d(3, 4, pair(3)), nn.Conv2d(4, 4, pair((3, 1))))
""",
    "dict items zero value": """
d = {"a": 0, "b": 6}
n = 3
for k, v in d.items():
    n += v + 1
model = nn.Sequential(nn.LazyConv2d(n, 1))
""",
    "dict items false value": """
opts = {"bias": False, "padding": 1}
kw = {k: v for k, v in opts.items()}
model = nn.Sequential(nn.Conv2d(3, 4, 3, **kw))
""",
}
REFUSED = {
    "a match of what nobody knows": (
        """
import os
w = 4
match os.getcwd():
    case "/":
        pass
    case w:
        pass
model = nn.Sequential(nn.Conv2d(3, w, 3))
""",
        "`os.getcwd` (line 4)",
    ),
    "a match of a list that nobody knows": (
        """
import random
spec, w = [3, 8], 4
random.shuffle(spec)
match spec:
    case [_, w]:
        pass
model = nn.Sequential(nn.Conv2d(3, w, 3))
""",
        "`random.shuffle` (line 4)",
    ),
    "a width from the command line": (
        """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--width", type=int, default=8)
args = parser.parse_args()
class Net(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.c = nn.Conv2d(3, args.width, 3)
    def forward(self, x):
        return self.c(x)
model = Net(args)
""",
        "`argparse.ArgumentParser` (line 3) takes values from the command line, which nobody knows here",
    ),
    "a pattern with a star": (
        """
match ["conv", 8]:
    case ["conv", *rest]:
        model = nn.Sequential(nn.Conv2d(3, *rest, 3))
""",
        "`['conv', *rest]` (line 3)",
    ),
    "an unknown argument behind a star": (
        """
import os
def wide(*given):
    return 8 if None in given else 16
model = nn.Sequential(nn.Conv2d(3, wide(os.environ.get("WIDE"), 3), 3))
""",
        "`os.environ.get` (line 5)",
    ),
    "an unknown argument that a condition asks": (
        """
import os
def wide(given, n):
    return n if given else 16
model = nn.Sequential(nn.Conv2d(3, wide(os.environ.get("WIDE"), 3), 3))
""",
        "`os.environ.get` (line 5)",
    ),
    "an unknown argument that changes a list": (
        """
import random
def row(layers, _):
    return nn.Sequential(*layers)
layers = [nn.Conv2d(3, 8, 3)]
model = row(layers, layers.insert(random.randint(0, 1), nn.ReLU()))
""",
        "`random.randint` (line 6)",
    ),
    "an argument that Python refuses in a try": (
        """
def add(layers, _):
    layers.append(nn.ReLU())
layers, widths = [nn.Conv2d(3, 8, 3)], [8]
try:
    add(layers, widths[9])
except IndexError:
    layers.append(nn.Tanh())
model = nn.Sequential(*layers)
""",
        "the `try` meets an error (line 6)",
    ),
    "what changes PyTorch within a call of Python's own": (
        """
def patched(k):
    nn.SiLU = nn.Tanh
    return k
ks = list(map(patched, [1]))
model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.SiLU())
""",
        "`nn.SiLU` (line 3) changes PyTorch",
    ),
    "a list that something unreadable was put into": (
        """
widths = [8]
widths.append(unknown)
model = nn.Sequential(nn.Conv2d(3, widths[0], 3))
""",
        "`unknown` (line 3) is not defined",
    ),
    "equal objects of a dataclass": (
        """
from dataclasses import dataclass
@dataclass
class Config:
    width: int = 8
model = nn.Sequential(nn.Conv2d(3, 8 if [Config()] == [Config()] else 4, 3))
""",
        "`[Config()] == [Config()]` (line 6)",
    ),
    "a dictionary of its own": (
        """
class Config(dict):
    pass
model = nn.Sequential(nn.Conv2d(3, 8 if Config() else 4, 3))
""",
        "`Config()` (line 4)",
    ),
    "a sum of texts": (
        """
try:
    w = 4 + len(sum(["a"], ""))
except TypeError:
    w = 8
model = nn.Sequential(nn.Conv2d(3, w, 3))
""",
        "`sum(['a'], '')` (line 3)",
    ),
    "a method of Python's that is not read": (
        """
name = "a".zfill(3)
model = nn.Sequential(nn.Conv2d(3, len(name), 3))
""",
        "`'a'.zfill` (line 2) cannot be read",
    ),
    "a function of Python's that is not read": (
        """
model = eval("nn.Sequential(nn.Conv2d(3, 8, 3))")
""",
        "(line 2) cannot be read without running it",
    ),
    "arguments that have a place alone": (
        """
def wide(a, b, /):
    return a + b
model = nn.Sequential(nn.Conv2d(3, wide(a=3, b=4), 3))
""",
        "`wide` (line 2) takes `a`, `b` by place alone: leave names out where it is called.",
    ),
    "missing key": (
        """
try:
    cfg = {}["k"]
    width = 64
except KeyError:
    width = 32
model = nn.Sequential(nn.Conv2d(3, width, 3))
""",
        "the `try` meets an error (line 3)",
    ),
    "raised": (
        """
width = 8
try:
    raise ValueError("x")
    width = 64
except ValueError:
    width = 32
model = nn.Sequential(nn.Conv2d(3, width, 3))
""",
        "the `try` meets an error (line 4)",
    ),
    "missing index": (
        """
try:
    w = [1, 2][5]
except IndexError:
    w = 7
else:
    w = 9
finally:
    z = 3
model = nn.Sequential(nn.Conv2d(3, w, z))
""",
        "the `try` meets an error (line 3)",
    ),
    "suppressed": (
        """
import contextlib
w = 4
with contextlib.suppress(KeyError):
    w = {}["a"]
    w = 3
model = nn.Sequential(nn.Conv2d(3, w, 3))
""",
        "the `try` meets an error (line 5)",
    ),
    "a dictionary that grows": (
        """
d = {"a": 1}
for k in d:
    d["b"] = 2
model = nn.Sequential(nn.Conv2d(3, d["b"], 3))
""",
        "`d` (line 3)",
    ),
    "a row that shrinks": (
        """
model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.ReLU(), nn.Tanh())
for i, l in enumerate(model):
    if isinstance(l, nn.ReLU):
        del model[i]
""",
        "`enumerate(model)` (line 3)",
    ),
    "zip index": (
        """
z = zip((3, 4), (4, 5))
model = nn.Sequential(nn.Conv2d(z[0][0], 4, 3))
""",
        "`z[0]` (line 3)",
    ),
    "generator function not consumed": (
        """
w = [4]
def g():
    w.append(5)
    yield 1
x = g()
model = nn.Sequential(nn.Conv2d(3, w[-1], 3))
""",
        "`g` (line 3) yields",
    ),
    "getattr default with __getattr__": (
        """
class Cfg:
    def __getattr__(self, name):
        return 6
model = nn.Sequential(nn.Conv2d(3, getattr(Cfg(), "width", 4), 3))
""",
        "`Cfg().width` (line 5)",
    ),
    "__getattribute__": (
        """
class Cfg:
    width = 4
    def __getattribute__(self, name):
        return 6
model = nn.Sequential(nn.Conv2d(3, Cfg().width, 3))
""",
        "`Cfg().width` (line 6)",
    ),
    "exec": (
        """
w = 3
exec("w = 5")
model = nn.Sequential(nn.Conv2d(3, w, 3))
""",
        "`exec` (line 3)",
    ),
    "__bool__ override": (
        """
class B(nn.Module):
    def __bool__(self):
        return False
b = B()
model = nn.Sequential(nn.Conv2d(3, 4 if b else 5, 3))
""",
        "`b` (line 6)",
    ),
    "__len__ truth": (
        """
class B:
    def __len__(self):
        return 0
b = B()
model = nn.Sequential(nn.Conv2d(3, 4 if b else 5, 3))
""",
        "`b` (line 6)",
    ),
    "__eq__": (
        """
class B:
    def __eq__(self, o):
        return True
model = nn.Sequential(nn.Conv2d(3, 4 if B() == 3 else 5, 3))
""",
        "`B() == 3` (line 5)",
    ),
    "__init_subclass__": (
        """
class A(nn.Module):
    def __init_subclass__(cls, **kw):
        super().__init_subclass__(**kw)
        cls.w = 9
class B(A):
    w = 4
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, self.w, 3)
    def forward(self, x):
        return self.c(x)
model = B()
""",
        "`class B(A):` (line 6)",
    ),
    "metaclass": (
        """
class M(type):
    def __call__(cls, *a, **k):
        o = super().__call__(*a, **k)
        o.w = 9
        return o
class A(metaclass=M):
    def __init__(self):
        self.w = 4
model = nn.Sequential(nn.Conv2d(3, A().w, 3))
""",
        "`class A(metaclass=M):` (line 7)",
    ),
    "getattr default unreadable": (
        net(
            ["self.c = nn.Conv2d(3, 4, 3)", "self.d = nn.Mish()"],
            ["x = self.c(x)", 'return getattr(self, "d", nn.Identity())(x)'],
        ),
        "`nn.Mish` (line 5)",
    ),
    "config truth": (
        """
import string as config
w = 4 if config.capwords.__kwdefaults__ else 5
model = nn.Sequential(nn.Conv2d(3, w, 3))
""",
        "`config.capwords.__kwdefaults__` (line 3)",
    ),
    "config is none": (
        """
import string as config
w = 4 if config.capwords.__kwdefaults__ is None else 5
model = nn.Sequential(nn.Conv2d(3, w, 3))
""",
        "`config.capwords.__kwdefaults__ is None` (line 3)",
    ),
    "config in": (
        """
import string as config
w = 4 if config.digits in ("0123456789",) else 5
model = nn.Sequential(nn.Conv2d(3, w, 3))
""",
        "`config.digits in ('0123456789',)` (line 3)",
    ),
    "config dict get": (
        """
import string as config
w = {"0123456789": 4}.get(config.digits, 5)
model = nn.Sequential(nn.Conv2d(3, w, 3))
""",
        "`{'0123456789': 4}.get(config.digits, 5)` (line 3)",
    ),
    "quantised": (
        """
import torch.ao.nn.qat as nnqat
model = nn.Sequential(nn.Conv2d(3, 4, 3), torch.ao.nn.quantized.ReLU6())
""",
        "`torch.ao.nn.quantized.ReLU6` (line 3)",
    ),
    "posonly": (
        """
def f(a, /, b):
    return a + b
model = nn.Sequential(nn.LazyConv2d(f(a=3, b=4), 3))
""",
        "`f` (line 2)",
    ),
    "kwonly pos": (
        """
def f(a, *, b):
    return a + b
model = nn.Sequential(nn.LazyConv2d(f(3, 4), 3))
""",
        "`f` (line 2)",
    ),
    "init args unused": (
        """
class B(nn.Module):
    def forward(self, x):
        return x.relu()
model = nn.Sequential(nn.LazyConv2d(4, 3), B(5))
""",
        "`B(5)` (line 5)",
    ),
    "math.pow": (
        """
import math
model = nn.Sequential(nn.LazyConv2d(math.pow(2, 3), 3))
""",
        "`nn.LazyConv2d` (line 3)",
    ),
    "np.ceil": (
        """
import numpy as np
model = nn.Sequential(nn.LazyConv2d(np.ceil(2.5), 3))
""",
        "`nn.LazyConv2d` (line 3)",
    ),
    "cached_property": (
        """
from functools import cached_property
class Net(nn.Module):
    @cached_property
    def c(self):
        return nn.Conv2d(3, 3, 3)
    def forward(self, x):
        return self.c(self.c(x))
model = Net()
""",
        "`nn.Conv2d` (line 6)",
    ),
    "singledispatch": (
        """
from functools import singledispatch
@singledispatch
def f(x):
    return 4
@f.register(str)
def _(x):
    return 5
model = nn.Sequential(nn.Conv2d(3, f("a"), 3))
""",
        "`singledispatch` (line 3)",
    ),
    "contextmanager": (
        """
from contextlib import contextmanager
w = 3
@contextmanager
def wide():
    global w
    w = 8
    yield
    w = 3
with wide():
    model = nn.Sequential(nn.Conv2d(3, w, 3))
""",
        "`wide()` (line 10)",
    ),
    "enum": (
        """
from enum import Enum
class Act(Enum):
    RELU = "relu"
    TANH = "tanh"
a = Act.RELU
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU() if a == "relu" else nn.Tanh())
""",
        "`Act.RELU` (line 6)",
    ),
    "class attr F.relu": (
        """
class Net(nn.Module):
    act = F.relu
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 4, 3)
    def forward(self, x):
        return self.act(self.c(x))
model = Net()
""",
        "`self.act` (line 8)",
    ),
    "sorted by key index": (
        """
layers = [nn.ReLU(), nn.Conv2d(3, 4, 3)]
layers.sort(key=lambda m: isinstance(m, nn.ReLU))
model = nn.Sequential(layers[0])
""",
        "`layers.sort(key=lambda m: isinstance(m, nn.ReLU))` (line 3)",
    ),
    "try nested function failing": (
        """
def f():
    d = {}
    x = d["k"]
    return 5
try:
    w = f()
except KeyError:
    w = 8
model = nn.Sequential(nn.LazyConv2d(w, 3))
""",
        "the `try` meets an error (line 7)",
    ),
    "assert fails": (
        """
def conv(i, o, k):
    assert k in (1, 3), "k"
    return nn.Conv2d(i, o, k)
model = nn.Sequential(conv(3, 4, 5))
""",
        "the code raises an error (line 3)",
    ),
    "hasattr nn": (
        """
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Tanh() if hasattr(nn, "Swish") else nn.ReLU())
""",
        "`hasattr(nn, 'Swish')` (line 2)",
    ),
    "mangled from outside": (
        """
class A:
    def __init__(self):
        self.__w = 4
a = A()
model = nn.Sequential(nn.Conv2d(3, getattr(a, "__w", 7), 3))
""",
        "`a.__w` (line 6)",
    ),
    "dict set unreadable": (
        """
import random
d = {"a": nn.ReLU(), "b": nn.Tanh()}
d[random.choice(["a"])] = nn.Sigmoid()
model = nn.Sequential(nn.Conv2d(3, 4, 3), d["a"])
""",
        "`random.choice` (line 4)",
    ),
    "bisect": (
        """
import bisect
ws = [4, 6]
bisect.insort(ws, 5)
model = nn.Sequential(nn.Conv2d(3, ws[1], 3))
""",
        "`bisect.insort` (line 4)",
    ),
    "list.sort key": (
        """
ws = [5, 4, 6]
ws.sort(key=lambda w: -w)
model = nn.Sequential(nn.Conv2d(3, ws[0], 3))
""",
        "`ws.sort(key=lambda w: -w)` (line 3)",
    ),
    "unknown function attribute list": (
        """
from heapq import heapify
class C:
    def __init__(self):
        self.ws = [5, 4, 3]
        heapify(self.ws)
model = nn.Sequential(nn.Conv2d(3, C().ws[0], 3))
""",
        "`heapify` (line 6)",
    ),
    "exception control relu": (
        """
ls = [nn.Conv2d(3, 4, 3)]
for s in ("4", "x", "5"):
    try:
        w = int(s)
    except ValueError:
        continue
    ls.append(nn.Tanh())
model = nn.Sequential(*ls)
""",
        "the `try` meets an error (line 5)",
    ),
    "assert in try": (
        """
w = 4
try:
    assert w == 5
except AssertionError:
    w = 5
model = nn.Sequential(nn.LazyConv2d(w, 3))
""",
        "the `try` meets an error (line 4)",
    ),
    "assert function in try": (
        """
def check(w):
    assert w == 5
    return w
w = 4
try:
    w = check(6)
except AssertionError:
    w = 5
model = nn.Sequential(nn.LazyConv2d(w, 3))
""",
        "the `try` meets an error (line 7)",
    ),
    "own args in try 2": (
        """
def f(a):
    return a
w = 5
def g():
    x = f(3, 4)
    return 7
try:
    w = g()
except TypeError:
    w = 6
model = nn.Sequential(nn.LazyConv2d(w, 3))
""",
        "the `try` meets an error (line 9)",
    ),
    "shapes error in try": (
        """
m = nn.Sequential(nn.Conv2d(1, 4, 3))
w = 4
try:
    m(torch.zeros(1, 3, 8, 8))
    w = 5
except RuntimeError:
    w = 6
model = nn.Sequential(nn.LazyConv2d(w, 3))
""",
        "the `try` meets an error (line 5)",
    ),
    "kwargs twice": (
        """
a = {"kernel_size": 3}
model = nn.Sequential(nn.Conv2d(3, 4, kernel_size=5, **a))
""",
        "`nn.Conv2d(3, 4, kernel_size=5, **a)` (line 3)",
    ),
}


@pytest.mark.parametrize("code", READ.values(), ids=READ)
def test_what_is_read_is_what_pytorch_computes(code):
    agrees(code)


@pytest.mark.parametrize(("code", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_followed_is_refused(code, message):
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        parse_pytorch(code)
    assert "\n" not in str(caught.value)
