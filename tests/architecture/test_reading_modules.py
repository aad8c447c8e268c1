"""Modules of pasted code as objects: what changes them is followed or refused, against PyTorch running the same code.

Long, as each piece of code stands beside what it is to give.
"""

import ast
import re

import pytest
from torch import nn

from cnncore.architecture.network import MOST_LAYERS
from cnncore.architecture.pytorch_source import parse_pytorch
from cnncore.architecture.reading.iteration import inside
from cnncore.architecture.reading.layer_values import OF_MODULES, of_layer
from cnncore.architecture.reading.meaning import Chain, ModuleList, Row
from cnncore.architecture.reading.pytorch_layers import SIGNATURES, module_part
from cnncore.architecture.reading.rows import put, row_method
from cnncore.errors import InputError
from tests.architecture.test_reading_statements import agrees, net

READ = {
    "what PyTorch's class has under a name of the object's own": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3)
        self.b = nn.Sequential(nn.BatchNorm2d(8), nn.ReLU())
    def train(self, mode=True):
        super(Net, self).train(mode)
        self.b.eval()
        return self
    def apply(self, function):
        return super().apply(function)
    def state_dict(self, *args, **kwargs):
        return super().state_dict(*args, **kwargs)
    def forward(self, x):
        return self.b(self.c(x))
def swap(m):
    if isinstance(m, nn.Sequential):
        m[1] = nn.Tanh()
model = Net().train()
model.apply(swap)
state = model.state_dict()
""",
    "Variable": """
from torch.autograd import Variable
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3)
        self.n = self.c(Variable(torch.zeros(1, 3, 32, 32))).data.view(1, -1).size(1)
        self.fc = nn.Linear(self.n, 10)
    def forward(self, x):
        return self.fc(self.c(Variable(x)).view(-1, self.n))
model = Net()
""",
    "views of maps of one pixel": net(
        ["self.c = nn.Conv2d(3, 8, 3)", "self.fc = nn.Linear(8, 10)"],
        ["x = F.adaptive_avg_pool2d(self.c(x), 1)", "return self.fc(x.view(-1, x.size(1)))"],
    ),
    "the mean of a view": net(
        ["self.c = nn.Conv2d(3, 8, 3)", "self.fc = nn.Linear(8, 10)"],
        ["x = self.c(x)", "return self.fc(x.view(x.size(0), x.shape[1], -1).mean(-1))"],
    ),
    "table new entry": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3)
        for name in ("a", "b"):
            self._modules[name] = nn.ReLU() if name == "a" else nn.Tanh()
    def forward(self, x):
        return self.b(self.a(self.c(x)))
model = Net()
""",
    "table entry exchanged": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3)
        self.a = nn.ReLU()
        self._modules["a"] = nn.Tanh()
    def forward(self, x):
        return self.a(self.c(x))
model = Net()
""",
    "table entry deleted": """
model = nn.Sequential(nn.Conv2d(3,8,3), nn.ReLU(), nn.Tanh())
del model._modules["1"]
""",
    "table updated": """
model = nn.Sequential(nn.Conv2d(3,8,3), nn.ReLU(), nn.Tanh())
model._modules.update({"1": nn.Sigmoid()})
""",
    "table read": """
model = nn.Sequential(nn.Conv2d(3,8,3), nn.ReLU(), nn.Tanh())
model = nn.Sequential(*list(model._modules.values())[:-1])
""",
    "a row's forward": """
model = nn.Sequential(nn.Conv2d(3,8,3), nn.ReLU())
model.forward = lambda x: model[0](x)
""",
    "a layer's forward": """
model = nn.Sequential(nn.Conv2d(3,8,3), nn.ReLU())
model[1].forward = lambda x: torch.tanh(x)
""",
    "a method of another": """
import types
model = nn.Sequential(nn.Conv2d(3,8,3), nn.ReLU())
def f(self, x):
    return torch.tanh(x)
model[1].forward = types.MethodType(f, model[1])
""",
    "a method of its own": """
import types
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3)
    def forward(self, x):
        return self.c(x)
model = Net()
def f(self, x):
    return torch.tanh(self.c(x))
model.forward = types.MethodType(f, model)
""",
    "the class's forward": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3)
    def forward(self, x):
        return self.c(x)
model = Net()
def f(self, x):
    return torch.tanh(self.c(x))
setattr(Net, "forward", f)
""",
    "a row's forward wrapped": """
model = nn.Sequential(nn.Conv2d(3,8,3), nn.ReLU())
old = model.forward
model.forward = lambda x: torch.tanh(old(x))
""",
    "setattr in apply": """
model = nn.Sequential(nn.Conv2d(3,8,3), nn.LeakyReLU(.1))
model.apply(lambda m: m.__setattr__("negative_slope", .9))
""",
    "attribute in apply": """
def f(m):
    if isinstance(m, nn.Dropout):
        m.p = 0.9
model = nn.Sequential(nn.Conv2d(3,8,3), nn.ReLU(), nn.LeakyReLU(0.5))
def g(m):
    if isinstance(m, nn.LeakyReLU):
        m.negative_slope = 0.9
model.apply(g)
""",
    "modules order": """
model0 = nn.Sequential(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Tanh()), nn.Conv2d(4, 5, 3), nn.Sequential(nn.Sigmoid()))
model = nn.Sequential(*[m for m in model0.modules() if not isinstance(m, nn.Sequential)])
""",
    "children twice": """
base = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Tanh())
ch = base.children()
first = list(ch)[:1]
rest = list(ch)[1:]
model = nn.Sequential(*first, *rest)
""",
    "reduce layers": net(
        ["self.layers = nn.ModuleList([nn.Conv2d(3, 3, 3), nn.ReLU(), nn.Conv2d(3, 4, 3)])"],
        ["return functools.reduce(lambda a, f: f(a), self.layers, x)"],
        before="import functools\n",
    ),
    "class attr None": """
class Net(nn.Module):
    down = None
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 4, 3)
    def forward(self, x):
        x = self.c(x)
        if self.down is not None:
            x = self.down(x)
        return x
model = Net()
""",
    "__call__ super": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 4, 3)
    def __call__(self, x):
        return torch.tanh(super().__call__(x))
    def forward(self, x):
        return self.c(x)
model = Net()
""",
    "Module setattr": net(
        ["self.c = nn.Conv2d(3, 4, 3)", "self.a = nn.ReLU()", 'nn.Module.__setattr__(self, "a", nn.Tanh())'],
        ["return self.a(self.c(x))"],
    ),
    "seq slice append gotcha": """
base = nn.Sequential(nn.ReLU(), nn.Conv2d(3, 4, 3), nn.Tanh())
model = base[1:]
model.append(nn.Sigmoid())
""",
    "seq slice names": """
base = nn.Sequential(nn.ReLU(), nn.Conv2d(3, 4, 3), nn.Tanh())
model = nn.Sequential(OrderedDict(base[1:].named_children()))
model.add_module("1", nn.Conv2d(3, 5, 3))
""",
    "seq del named": """
model = nn.Sequential(OrderedDict([("a", nn.Conv2d(3, 4, 3)), ("b", nn.ReLU()), ("c", nn.Tanh())]))
del model[1]
model.add_module("0", nn.Conv2d(3, 7, 3))
""",
    "seq insert then name": """
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Tanh())
model.insert(1, nn.Sigmoid())
setattr(model, "2", nn.Tanh())
""",
    "seq attr by digit getattr": """
base = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Tanh())
model = nn.Sequential(getattr(base, "0"), getattr(base, "2"))
""",
    "seq del attr named": """
model = nn.Sequential(OrderedDict([("a", nn.Conv2d(3, 4, 3)), ("b", nn.ReLU()), ("c", nn.Tanh())]))
del model.b
""",
    "instance delattr": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 4, 3)
        self.a = nn.ReLU()
    def forward(self, x):
        for m in self.children():
            x = m(x)
        return x
model = Net()
delattr(model, "a")
""",
    "seq subclass slice forward": """
class B(nn.Sequential):
    def forward(self, x):
        return super().forward(x) + 0 if False else torch.sigmoid(super().forward(x))
model = B(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Tanh())[:2]
""",
    "hasattr conv groups": """
c = nn.Conv2d(3, 4, 3)
model = nn.Sequential(c, nn.Tanh() if hasattr(c, "groups") else nn.ReLU())
""",
    "hasattr relu weight": """
a = nn.ReLU()
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Tanh() if hasattr(a, "weight") else nn.ReLU())
""",
    "hasattr method": """
m = nn.Conv2d(3, 4, 3)
model = nn.Sequential(m, nn.Tanh() if hasattr(m, "forward") else nn.ReLU())
""",
    "layer attribute flag": """
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
for m in model:
    m.skip = isinstance(m, nn.ReLU)
model = nn.Sequential(*[m for m in model if not getattr(m, "skip", False)])
""",
    "row attribute": net(
        ["self.b = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.ReLU())", "self.b.residual = True"],
        ["return self.b(x) + x if self.b.residual else self.b(x)"],
    ),
    "modules path alias": """
from torch.nn.modules.activation import ReLU as R
a = nn.ReLU()
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Tanh() if type(a) is R else nn.Sigmoid())
""",
    "checkpoint": net(
        ["self.c = nn.Conv2d(3, 3, 3, padding=1)"],
        ["return cp.checkpoint(self.c, x, use_reentrant=False)"],
        before="import torch.utils.checkpoint as cp\n",
    ),
    "modulelist children nested": net(
        ["self.cs = nn.ModuleList([nn.LazyConv2d(3 + i, 3) for i in range(2)])", "self.t = nn.Tanh()"],
        ["for m in self.modules():", "    if isinstance(m, (nn.Conv2d, nn.Tanh)):", "        x = m(x)", "return x"],
    ),
    "modulelist isinstance list": net(
        ["self.cs = nn.ModuleList([nn.LazyConv2d(3, 3)])"],
        ["x = self.cs[0](x)", "return x.tanh() if isinstance(self.cs, list) else x"],
    ),
    "modulelist add": net(
        ["a = nn.ModuleList([nn.LazyConv2d(3, 3), nn.ReLU()])", "self.cs = a + [nn.Tanh()]"],
        ["for c in self.modules():", "    if not isinstance(c, (Net, nn.ModuleList)):", "        x = c(x)", "return x"],
    ),
    "modulelist slice children": net(
        ["a = nn.ModuleList([nn.LazyConv2d(3, 3), nn.ReLU(), nn.Tanh()])", "self.cs = a[:2]"],
        ["for c in self.modules():", "    if not isinstance(c, (Net, nn.ModuleList)):", "        x = c(x)", "return x"],
    ),
    "bn eps set": """
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
for m in model.modules():
    if isinstance(m, nn.BatchNorm2d):
        m.eps = 0.1
        m.momentum = 0.01
""",
    "dropout p set": """
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Dropout(0.5))
model[1].p = 0.1
""",
    "stride set": """
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
model[0].stride = (2, 2)
""",
    "pool kernel set": """
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.MaxPool2d(2))
model[1].kernel_size = 3
""",
    "pool stride get": """
p = nn.MaxPool2d(2)
model = nn.Sequential(nn.Conv2d(3, 4, p.kernel_size + p.stride), p)
""",
    "conv same padding attr": """
c = nn.Conv2d(3, 4, 3, padding="same")
model = nn.Sequential(c, nn.Conv2d(4, 4, 5, padding=c.padding))
""",
    "recursive replace": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Sequential(nn.ReLU()))
        self.a = nn.ReLU()
    def forward(self, x):
        return self.a(self.c(x))
def swap(m):
    for name, child in m.named_children():
        if isinstance(child, nn.ReLU):
            setattr(m, name, nn.Tanh())
        else:
            swap(child)
model = Net()
swap(model)
""",
    "recursive replace modulelist": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.cs = nn.ModuleList([nn.Conv2d(3, 4, 3), nn.ReLU()])
    def forward(self, x):
        for c in self.cs:
            x = c(x)
        return x
def swap(m):
    for name, child in m.named_children():
        if isinstance(child, nn.ReLU):
            setattr(m, name, nn.Tanh())
        else:
            swap(child)
model = Net()
swap(model)
""",
    "named_modules set by path": """
model = nn.Sequential(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), nn.ReLU())
for name, m in list(model.named_modules()):
    if isinstance(m, nn.ReLU):
        parent = model
        *path, last = name.split(".")
        for p in path:
            parent = getattr(parent, p)
        setattr(parent, last, nn.Tanh())
""",
    "modulelist reassign place": net(
        [
            "self.a = nn.ModuleList([nn.Conv2d(3, 4, 3)])",
            "self.t = nn.Tanh()",
            "self.a = nn.ModuleList([nn.Conv2d(3, 5, 3)])",
        ],
        ["for m in self.modules():", "    if isinstance(m, (nn.Conv2d, nn.Tanh)):", "        x = m(x)", "return x"],
    ),
    "sum builtin comp": net(
        ["self.cs = nn.ModuleList([nn.Conv2d(3, 4, 1) for _ in range(3)])"], ["return sum(c(x) for c in self.cs)"]
    ),
    "seq subclass setattr": """
class B(nn.Sequential):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.act = nn.ReLU()
model = B()
""",
    "seq subclass extra": """
class B(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 4, 3))
        self.act = nn.Tanh()
        self.width = 4
model = B()
""",
    "conv subclass set stride": """
class C(nn.Conv2d):
    def __init__(self, i, o):
        super().__init__(i, o, 3)
        self.stride = (2, 2)
model = nn.Sequential(C(3, 4))
""",
    "conv subclass forward unbound": """
class C(nn.Conv2d):
    def forward(self, x):
        return nn.Conv2d.forward(self, x).tanh()
model = nn.Sequential(C(3, 4, 3))
""",
    "lazy isinstance": """
model = nn.Sequential(nn.LazyConv2d(4, 3), nn.ReLU())
n = sum(isinstance(m, nn.Conv2d) for m in model)
model.append(nn.Conv2d(4, n + 1, 3))
""",
    "super setattr": """
class N(nn.Module):
    def __init__(self):
        super().__init__()
        super().__setattr__("c", nn.Conv2d(3, 4, 3))
    def forward(self, x):
        return self.c(x)
model = N()
""",
    "_modules modulelist": net(
        ["self.cs = nn.ModuleList([nn.Conv2d(3, 4, 3), nn.ReLU()])", 'self.cs._modules["1"] = nn.Tanh()'],
        ["for c in self.cs:", "    x = c(x)", "return x"],
    ),
    "_modules moduledict": net(
        ['self.cs = nn.ModuleDict({"a": nn.Conv2d(3, 4, 3), "b": nn.ReLU()})', 'self.cs._modules["b"] = nn.Tanh()'],
        ["for c in self.cs.values():", "    x = c(x)", "return x"],
    ),
    "forward functional attr": """
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
model[1].forward = F.gelu
""",
    "forward partial": """
from functools import partial
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
model[1].forward = partial(F.leaky_relu, negative_slope=0.3)
""",
    "forward other forward": """
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Tanh())
model[1].forward = model[2].forward
""",
    "forward wrap loop": """
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
for m in model:
    old = m.forward
    m.forward = lambda x, old=old: torch.tanh(old(x))
""",
    "forward deleted": """
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
model[1].forward = torch.tanh
del model[1].forward
""",
    "apply partial": """
from functools import partial
def f(s, m):
    if isinstance(m, nn.LeakyReLU):
        m.negative_slope = s
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.LeakyReLU(0.5))
model.apply(partial(f, 0.1))
""",
    "apply object": """
class Init:
    def __call__(self, m):
        if isinstance(m, nn.LeakyReLU):
            m.negative_slope = 0.1
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.LeakyReLU(0.5))
model.apply(Init())
""",
    "apply order counter": """
n = [0]
def f(m):
    n[0] += 1
    if isinstance(m, nn.LeakyReLU):
        m.negative_slope = n[0] / 10
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Sequential(nn.LeakyReLU(0.5), nn.Tanh()), nn.LeakyReLU(0.5))
model.apply(f)
""",
    "apply lambda tuple": """
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.LeakyReLU(0.5))
model.apply(lambda m: (setattr(m, "negative_slope", 0.1), None) if isinstance(m, nn.LeakyReLU) else None)
""",
    "super init twice": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 4, 3)
        self.d = nn.Tanh()
        super().__init__()
        self.c = nn.Conv2d(3, 5, 3)
    def forward(self, x):
        for m in self.children():
            x = m(x)
        return x
model = Net()
""",
    "class attr None then module": """
class Net(nn.Module):
    act = None
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 4, 3)
        self.act = nn.Tanh()
    def forward(self, x):
        x = self.c(x)
        return x if self.act is None else self.act(x)
model = Net()
""",
}
REFUSED = {
    "a list in a row": (
        "model = nn.Sequential([nn.Conv2d(3, 8, 3), nn.ReLU()])",
        "`nn.Sequential` (line 1) holds a list where a layer must be: write a star before it",
    ),
    "a class that is given a tensor": (
        net(["self.c = nn.Conv2d(3, 8, 3)"], ["return nn.ReLU(self.c(x))"]),
        "`nn.ReLU` (line 6) is the class nn.ReLU, which is given a tensor: make a layer of it",
    ),
    "a decorator of its own": (
        """
def timed(f):
    return f
class Net(nn.Module):
    @timed
    def forward(self, x):
        return x.relu()
model = Net()
""",
        "`timed` (line 5) changes what it decorates",
    ),
    "a forward without self": (
        """
class Net(nn.Module):
    def forward(x):
        return x.relu()
model = Net()
""",
        "`forward` of Net must take `self` and one tensor",
    ),
    "a forward with another name": (
        """
class Net(nn.Module):
    def foward(self, x):
        return x.relu()
model = Net()
""",
        "`Net` has no `forward`, which says what becomes of the image: write one, indented as its `__init__` is.",
    ),
    "what PyTorch's class says of itself": (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, len(self.extra_repr()), 3)
    def extra_repr(self):
        return "width " + super().extra_repr()
    def forward(self, x):
        return self.c(x)
model = Net()
""",
        "`super().extra_repr()` (line 7) cannot be read",
    ),
    "another library": (
        "import tensorflow as tf\nmodel = tf.keras.Sequential()",
        "`tf.keras.Sequential` (line 2) is of another library than PyTorch",
    ),
    "a dropout that is made anew": (
        net(["self.c = nn.Conv2d(3, 8, 3)"], ["return nn.Dropout(0.2)(self.c(x))"]),
        "`nn.Dropout` (line 6) is made anew whenever `forward` is called, which drops in eval() too: make it in",
    ),
    "a dropout that is not told of eval()": (
        net(["self.c = nn.Conv2d(3, 8, 3)"], ["return F.dropout(self.c(x), p=0.2)"]),
        "`dropout` (line 6) drops in eval() too: write F.dropout(x, p, self.training).",
    ),
    "a part of a tensor": (
        net(["self.c = nn.Conv2d(3, 8, 3)"], ["return self.c(x)[:, :4]"]),
        "`self.c(x)[:, :4]` (line 6) takes a part of a tensor",
    ),
    "PyTorch's forward": (
        """
def f(self, x):
    return torch.tanh(self[0](x))
nn.Sequential.forward = f
model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())
""",
        "`nn.Sequential.forward` (line 4) changes PyTorch for the whole code",
    ),
    "PyTorch's class": (
        """
setattr(nn, "ReLU", nn.Tanh)
model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())
""",
        "`nn.ReLU` (line 2) changes PyTorch for the whole code",
    ),
    "PyTorch's function": (
        net(["self.c = nn.Conv2d(3, 8, 3)"], ["return F.relu(self.c(x))"], before="F.relu = torch.tanh\n"),
        "`F.relu` (line 1) changes PyTorch for the whole code",
    ),
    "layer made in forward": (
        net([], ["return nn.Conv2d(3, 8, 3)(x)"]),
        "`nn.Conv2d` (line 5) is made anew whenever `forward` is called",
    ),
    "super forgotten": (
        """
class Net(nn.Module):
    def __init__(self):
        self.c = nn.Conv2d(3, 4, 3)
    def forward(self, x):
        return self.c(x)
model = Net()
""",
        "`self.c` (line 4) is set before `super().__init__()`",
    ),
    "table changed in its own loop": (
        """
def convert(m):
    for name, child in m._modules.items():
        if isinstance(child, nn.ReLU):
            m._modules[name] = nn.Tanh()
        else:
            convert(child)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())
        self.a = nn.ReLU()
    def forward(self, x):
        return self.a(self.c(x))
model = Net()
convert(model)
""",
        "`m._modules` (line 3)",
    ),
    "fwd9c": (
        """
nn.ReLU = nn.Tanh
model = nn.Sequential(nn.Conv2d(3,8,3), nn.ReLU())
""",
        "`nn.ReLU` (line 2)",
    ),
    "fwd9d": (
        """
F.relu = torch.tanh
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3)
    def forward(self, x):
        return F.relu(self.c(x))
model = Net()
""",
        "`F.relu` (line 2)",
    ),
    "children index": (
        """
base = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Tanh())
model = nn.Sequential(base.children()[0])
""",
        "`base.children()[0]` (line 3)",
    ),
    "seq insert named": (
        """
model = nn.Sequential(OrderedDict([("a", nn.Conv2d(3, 4, 3)), ("b", nn.ReLU())]))
model.insert(0, nn.Tanh())
""",
        "`model.insert(0, nn.Tanh())` (line 3)",
    ),
    "seq subclass slice": (
        """
class B(nn.Sequential):
    def __init__(self, i, o):
        super().__init__(nn.Conv2d(i, o, 3), nn.ReLU(), nn.Tanh())
model = B(3, 4)[:2]
""",
        "`B(3, 4)[:2]` (line 5)",
    ),
    "seq __getitem__ override": (
        """
class B(nn.Sequential):
    def __getitem__(self, i):
        return super().__getitem__(0)
b = B(nn.Conv2d(3, 4, 3), nn.ReLU())
model = nn.Sequential(b[1])
""",
        "`b[1]` (line 6)",
    ),
    "seq __iter__ override": (
        """
class B(nn.Sequential):
    def __iter__(self):
        return iter(list(super().__iter__())[:1])
model = nn.Sequential(*B(nn.Conv2d(3, 4, 3), nn.ReLU()))
""",
        "`B(nn.Conv2d(3, 4, 3), nn.ReLU())` (line 5)",
    ),
    "hasattr unreadable": (
        net(
            ["self.c = nn.Conv2d(3, 4, 3)", "self.d = nn.Mish()"],
            ["x = self.c(x)", 'if hasattr(self, "d"):', "    x = self.d(x)", "return x"],
        ),
        "`nn.Mish` (line 5)",
    ),
    "modulelist remove": (
        net(
            ["self.cs = nn.ModuleList([nn.LazyConv2d(3, 3), nn.ReLU()])", "self.cs.remove(self.cs[1])"],
            ["for c in self.cs:", "    x = c(x)", "return x"],
        ),
        "`self.cs.remove` (line 5)",
    ),
    "moduledict get": (
        net(['self.d = nn.ModuleDict({"a": nn.LazyConv2d(3, 3)})'], ['return self.d.get("a")(x)']),
        "`self.d.get` (line 6)",
    ),
    "hook partial": (
        """
from functools import partial
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.LazyConv2d(3, 3)
    def forward(self, x):
        return self.c(x)
def hook(k, m, i, o):
    return o.tanh()
model = Net()
model.c.register_forward_hook(partial(hook, 3))
""",
        "`model.c.register_forward_hook(partial(hook, 3))` (line 12)",
    ),
    "hook object": (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.LazyConv2d(3, 3)
    def forward(self, x):
        return self.c(x)
class H:
    def __call__(self, m, i, o):
        return o.tanh()
model = Net()
model.c.register_forward_hook(H())
""",
        "`model.c.register_forward_hook(H())` (line 12)",
    ),
    "hook in place": (
        net(
            ["self.c = nn.LazyConv2d(3, 3)"],
            ["return self.c(x)"],
            after="def hook(m, i, o):\n    o.relu_()\nmodel = Net()\nmodel.c.register_forward_hook(hook)\n",
        ),
        "`model.c.register_forward_hook(hook)` (line 10)",
    ),
    "pre hook in place": (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.LazyConv2d(3, 3)
    def forward(self, x):
        return self.c(x)
def hook(m, i):
    i[0].tanh_()
model = Net()
model.c.register_forward_pre_hook(hook)
""",
        "`model.c.register_forward_pre_hook(hook)` (line 11)",
    ),
    "register_parameter None": (
        net(["self.c = nn.Conv2d(3, 4, 3)", 'self.c.register_parameter("bias", None)'], ["return self.c(x)"]),
        "`self.c.register_parameter('bias', None)` (line 5)",
    ),
    "weight_norm statement": (
        net(["self.c = nn.Conv2d(3, 4, 3)", "nn.utils.weight_norm(self.c)"], ["return self.c(x)"]),
        "`nn.utils.weight_norm` (line 5)",
    ),
    "parametrize": (
        """
import torch.nn.utils.parametrize as P
class Sym(nn.Module):
    def forward(self, w):
        return w * 2
model = nn.Sequential(nn.Conv2d(3, 4, 3))
P.register_parametrization(model[0], "weight", Sym())
""",
        "`P.register_parametrization` (line 7)",
    ),
    "spectral_norm list": (
        net(
            ["self.cs = nn.ModuleList([nn.Conv2d(3, 4, 3)])", "for c in self.cs:", "    nn.utils.spectral_norm(c)"],
            ["return self.cs[0](x)"],
        ),
        "`nn.utils.spectral_norm` (line 6)",
    ),
    "modulelist subclass extra": (
        """
class B(nn.ModuleList):
    def __init__(self):
        super().__init__([nn.Conv2d(3, 4, 3)])
        self.act = nn.Tanh()
    def forward(self, x):
        for m in self:
            x = m(x)
        return x
model = B()
""",
        "`self.act` (line 5)",
    ),
    "set_submodule": (
        """
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
model.set_submodule("1", nn.Tanh())
""",
        "`model.set_submodule` (line 3)",
    ),
    "__setitem__ call": (
        """
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
model.__setitem__(1, nn.Tanh())
""",
        "`model.__setitem__` (line 3)",
    ),
    "operator.setitem": (
        """
import operator
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
operator.setitem(model, 1, nn.Tanh())
""",
        "`operator.setitem` (line 4)",
    ),
    "failing loop in if": (
        """
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.LeakyReLU(0.5))
if torch.rand(1).item() < 2:
    for m in model:
        if isinstance(m, nn.LeakyReLU):
            m.negative_slope = 0.1
""",
        "`torch.rand(1)` (line 3)",
    ),
    "failing comprehension sets": (
        """
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.LeakyReLU(0.5))
rate = torch.rand(1).item() * 0 + 0.1
[setattr(m, "negative_slope", rate) for m in model.modules() if isinstance(m, nn.LeakyReLU)]
""",
        "`torch.rand(1)` (line 3)",
    ),
    "_parameters del": (
        net(
            [
                "self.c = nn.Conv2d(3, 4, 3)",
                'del self.c._parameters["bias"]',
                'self.c.register_parameter("bias", None)',
            ],
            ["return self.c(x)"],
        ),
        "`self.c.register_parameter('bias', None)` (line 6)",
    ),
    "__dict__ of module instance": (
        net(
            ["self.c = nn.Conv2d(3, 4, 3)", "self.w = 1"],
            ["x = self.c(x)", "return x.tanh() if self.w == 2 else x"],
            after='model = Net()\nmodel.__dict__["w"] = 2\n',
        ),
        "`model.__dict__` (line 10)",
    ),
    "__class__ assign": (
        """
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
model[1].__class__ = nn.Tanh
""",
        "`model[1].__class__` (line 3)",
    ),
    "apply object unreadable": (
        """
import random
class Init:
    def __call__(self, m):
        if isinstance(m, nn.LeakyReLU):
            m.negative_slope = 0.1 + random.random() * 0
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.LeakyReLU(0.5))
model.apply(Init())
""",
        "`random.random` (line 6)",
    ),
    "apply returns early": (
        """
import random
def f(m):
    if random.random() > 2:
        return
    if isinstance(m, nn.LeakyReLU):
        m.negative_slope = 0.1
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.LeakyReLU(0.5))
model.apply(f)
""",
        "`random.random` (line 4)",
    ),
    "module attr set before super": (
        """
class Net(nn.Module):
    def __init__(self):
        self.c = nn.Conv2d(3, 4, 3)
        super().__init__()
    def forward(self, x):
        return self.c(x)
model = Net()
""",
        "`self.c` (line 4)",
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


def test_a_row_is_no_longer_than_a_network():
    row, node = Row(), ast.Pass()
    for number in range(MOST_LAYERS):
        put(row, str(number), Chain((), "Identity"), node)
    put(row, "0", Chain((), "Identity"), node)
    with pytest.raises(InputError, match="at most 2000 layers"):
        put(row, str(MOST_LAYERS), Chain((), "Identity"), node)
    with pytest.raises(InputError, match="at most 2000 layers"):
        row_method(row, "insert", [0, Chain((), "Identity")], node)
    assert len(row) == MOST_LAYERS
    holder = ModuleList([Chain((), "Identity")] * (MOST_LAYERS + 1))
    with pytest.raises(InputError, match="at most 2000 layers"):
        next(inside(holder, node))


def test_what_makes_pytorch_quick_or_quiet_is_no_matter():
    plain = "model = nn.Sequential(nn.Conv2d(3, 8, 3))"
    for line in ("torch.backends.cudnn.benchmark = True", "torch.backends.cuda.matmul.allow_tf32 = False"):
        assert parse_pytorch(f"{line}\n{plain}") == parse_pytorch(plain)


def test_a_layer_says_of_itself_what_pytorch_s_says():
    needed = {"in_channels": 4, "out_channels": 4, "kernel_size": 3, "output_size": 2, "in_features": 4}
    needed |= {"out_features": 4, "num_features": 4}
    for kind, arguments in SIGNATURES.items():
        if kind.startswith("Lazy"):
            continue
        real = getattr(nn, kind)(**{name: needed[name] for name in arguments if name in needed})
        values = {name: needed[name] for name in arguments if name in needed}
        layer = Chain((module_part(kind, values, "layer"),), kind, values)
        for name in arguments:
            if name == "bias":
                continue
            assert of_layer(layer, name, ast.parse("layer.x", mode="eval").body) == getattr(real, name), (kind, name)


def test_what_every_module_has_is_known():
    assert {name for name in dir(nn.Module) if not name.startswith("_")} | {"training"} == OF_MODULES
