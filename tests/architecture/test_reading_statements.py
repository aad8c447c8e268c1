"""What statements of pasted code do to a network, against PyTorch, which runs the same code.

Long, as each piece of code stands beside what it is to give.
"""

import contextlib

import pytest
import torch
from torch import nn

from cnncore.architecture import Conv2d, describe
from cnncore.architecture.build import build
from cnncore.architecture.pytorch_source import parse_pytorch
from cnncore.architecture.reading.pytorch_layers import SIGNATURES
from cnncore.errors import InputError
from tests.architecture.test_pytorch_source import PREAMBLE, in_order

CONV = "self.c = nn.Conv2d(3, 8, 3, padding=1)"
FC = "self.fc = nn.Linear(8 * 32 * 32, 10)"
GAP = "self.fc = nn.Linear(8, 10)"
LAST = "return self.fc(F.relu(self.c(x)).flatten(1))"


def net(init, forward, *, before="", after="model = Net()\n"):
    """Return the code of a class with these lines in its `__init__` and its `forward`."""
    made = "".join(f"        {line}\n" for line in init)
    applied = "".join(f"        {line}\n" for line in forward)
    return (
        f"{before}class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n{made}"
        f"    def forward(self, x):\n{applied}{after}"
    )


def agrees(code, other=None):
    """Check that the network read from `code` computes what PyTorch does with it; `other` is what it is to run."""
    network = parse_pytorch(code)
    scope = {"__name__": "__main__"}
    exec(PREAMBLE + (other or code), scope)
    found = [scope[name] for name in ("model", "net", "Net") if name in scope]
    model = (found[0] if isinstance(found[0], nn.Module) else found[0]()).eval()
    images = torch.rand(2, *network.input) - 0.5
    with torch.no_grad():
        model(images.clone())  # lazy layers get their weights
    ours = build(network).eval()
    ours.load_state_dict(dict(zip(ours.state_dict(), in_order(model, network.input), strict=True)))
    with torch.no_grad():
        torch.testing.assert_close(ours(images.clone()), model(images.clone()))
    used = sum(p.numel() for p in ours.parameters())
    assert describe(network).parameters == used


OUTERMOST = {
    "if": """
norm = True
layers = [nn.Conv2d(3, 8, 3)]
if norm:
    layers.append(nn.BatchNorm2d(8))
model = nn.Sequential(*layers, nn.ReLU())
""",
    "else": """
small, width = True, 8
if not small:
    width = 64
else:
    width = 4
model = nn.Sequential(nn.Conv2d(3, width, 3))
""",
    "main": """
class Net(nn.Sequential):
    def __init__(self, n):
        super().__init__(nn.Conv2d(3, n, 3), nn.ReLU())
if __name__ == '__main__':
    model = Net(5)
""",
    "called main": """
def main():
    model = nn.Sequential(nn.Conv2d(3, 8, 3))
    return model
if __name__ == '__main__':
    model = main()
""",
    "while": """
layers, size, c = [], 32, 3
while size > 4:
    layers += [nn.Conv2d(c, 8, 3, 2, 1), nn.ReLU()]
    size //= 2
    c = 8
model = nn.Sequential(*layers)
""",
    "break": """
layers = []
for n in range(9):
    if n == 1:
        continue
    if n > 3:
        break
    layers.append(nn.LazyConv2d(n + 1, 1))
else:
    layers = []
model = nn.Sequential(*layers)
""",
    "try": """
width = 8
try:
    width = 64
except Exception:
    width = 3
model = nn.Sequential(nn.Conv2d(3, width, 3))
""",
    "with": """
with torch.device('cpu'):
    model = nn.Sequential(nn.Conv2d(3, 8, 3))
""",
    "pop": """
layers = [nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.Tanh()]
layers.pop()
layers.pop(1)
model = nn.Sequential(*layers)
""",
    "insert": """
layers = [nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.Tanh()]
layers.insert(0, nn.Tanh())
model = nn.Sequential(*layers)
""",
    "reverse": """
layers = [nn.ReLU(), nn.Conv2d(3, 8, 3)]
layers.reverse()
model = nn.Sequential(*layers)
""",
    "del": """
layers = [nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.Tanh()]
del layers[-1]
del layers[1:3]
model = nn.Sequential(*layers)
""",
    "remove": """
a = nn.ReLU()
layers = [nn.Conv2d(3, 8, 3), a, nn.Tanh()]
layers.remove(a)
model = nn.Sequential(*layers)
""",
    "alias": """
a = [nn.Conv2d(3, 8, 3)]
b = a
b += [nn.ReLU()]
model = nn.Sequential(*a)
""",
    "slice": """
layers = [nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.Tanh()]
model = nn.Sequential(*layers[:3], *layers[4:])
""",
    "item": """
model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(7200, 99))
model[3] = nn.Linear(7200, 10)
""",
    "last item": """
model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(7200, 99))
model[-1] = nn.Linear(7200, 10)
""",
    "row": """
model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(7200, 99))
model.pop(3)
model.append(nn.LazyLinear(9))
model.insert(1, nn.BatchNorm2d(8))
del model[2]
""",
    "add_module": """
model = nn.Sequential()
for i in range(2):
    model.add_module('c%d' % i, nn.LazyConv2d(4, 3))
    model.add_module(f'r{i}', nn.ReLU())
model.add_module('c{}'.format(0), nn.LazyConv2d(5, 3))
""",
    "helper": """
def add(row, i, o):
    row.append(nn.Conv2d(i, o, 3))
    row.append(nn.ReLU())
layers = [nn.Tanh()]
add(layers, 3, 8)
add(row=layers, i=8, o=4)
model = nn.Sequential(*layers)
""",
    "own copies": """
import copy
a = nn.Conv2d(3, 3, 3)
model = nn.Sequential(a, copy.deepcopy(a))
""",
    "itself": """
import copy
net = nn.Sequential(nn.Conv2d(3, 8, 3)).to('cpu').float().eval()
model = nn.DataParallel(copy.deepcopy(net).train())
""",
    "lambda": """
conv = lambda i, o, k=3: nn.Conv2d(i, o, k)
model = nn.Sequential(conv(3, 4), conv(4, 5, k=1))
""",
    "partial": """
from functools import partial
conv = partial(nn.Conv2d, kernel_size=3)
model = nn.Sequential(conv(3, 4))
""",
    "dict": """
p = dict(kernel_size=3, padding=1)
model = nn.Sequential(nn.Conv2d(3, 8, **p, bias=False))
""",
    "numbers": """
import math
c = max(8, 4) + min([2, 3]) + round(1.6) + abs(-1) + sum([1, 2]) + int(math.sqrt(16))
c = c + math.ceil(1.2) + math.prod([2, 3]) + 2**3
model = nn.Sequential(nn.Conv2d(3, c, 1))
""",
    "conditions": """
n, c = 3, 'max'
model = nn.Sequential(nn.Conv2d(3, 8 if 0 < n < 5 and c in ('max', 'mean') else 4, 3))
""",
    "comprehension": """
ch = [3, 8, 4]
row = [m for i in range(2) for m in (nn.Conv2d(ch[i], ch[i + 1], 3), nn.ReLU(), None) if m is not None]
model = nn.Sequential(*row)
""",
    "other order": """
base = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(7200, 10))
model = nn.Sequential(*list(base.children())[:-1], nn.Linear(7200, 5))
""",
    "global": """
width = 8
def widen():
    global width
    width = 64
widen()
model = nn.Sequential(nn.Conv2d(3, width, 3))
""",
    "nonlocal": """
def f():
    n = 3
    def g():
        nonlocal n
        n = 7
    g()
    return nn.Conv2d(3, n, 1)
model = nn.Sequential(f())
""",
    "drawn": """
def draw(m):
    if type(m) == nn.Conv2d:
        m.weight.data.normal_(0, 0.1)
model = nn.Sequential(nn.Conv2d(3, 8, 3))
model.apply(draw)
""",
    "late": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(7200, 99))
    def forward(self, x):
        return self.head(self.c(x))
model = Net()
model.head[1] = nn.Linear(7200, 10)
model.c = nn.Conv2d(3, 8, 3, bias=False)
""",
    "mean": """
mean = torch.zeros(1, 3, 1, 1)
device = torch.device('cpu')
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3, padding=1)
        self.fc = nn.Linear(8 * 32 * 32, 10)
    def forward(self, x):
        return self.fc(F.relu(self.c(x)).flatten(1))
model = Net()
""",
}
METHODS = {
    "add_module": (
        ["for i in range(2):", "    self.add_module(f'c{i}', nn.LazyConv2d(4, 3))"],
        ["return self.c1(self.c0(x))"],
    ),
    "setattr": (
        ["for i in range(2):", "    setattr(self, 'c' + str(i), nn.LazyConv2d(4, 3))"],
        ["for i in range(2):", "    x = getattr(self, f'c{i}')(x)", "return x"],
    ),
    "setattr again": (
        ["self.c = nn.Conv2d(3, 8, 3, padding=1)", "setattr(self, 'c', nn.Conv2d(3, 5, 3))"],
        ["return self.c(x)"],
    ),
    "closure": (
        ["n = 16", "def block(i):", "    return nn.Conv2d(i, n, 3)", "self.c = block(3)"],
        ["return self.c(x)"],
    ),
    "weights": (
        [
            "self.c = nn.Conv2d(3, 8, 3, padding=1)",
            "self.fc = nn.Linear(8 * 32 * 32, 10)",
            "for m in self.modules():",
            "    if isinstance(m, nn.Conv2d):",
            "        nn.init.constant_(m.weight, 0.1)",
            "    elif isinstance(m, nn.Linear):",
            "        m.bias.data.zero_()",
            "self.c.weight.data = self.c.weight.data * 2",
            "with torch.no_grad():",
            "    self.fc.bias.fill_(1)",
        ],
        ["return self.fc(F.relu(self.c(x)).flatten(1))"],
    ),
    "no matter": (
        [
            "self.c = nn.Conv2d(3, 8, 3, padding=1)",
            "self.fc = nn.Linear(8 * 32 * 32, 10)",
            "self.loss = nn.CrossEntropyLoss()",
            "self.softmax = nn.Softmax(dim=1)",
            "self.at = torch.device('cpu')",
            "self.mean = torch.tensor([0.5])",
            "self.said = f'{self.at} net'",
            "self.register_buffer('b', torch.ones(3))",
        ],
        ["x = x.to(self.at)", "print(x.shape)", "assert x.dim() == 4", "return self.fc(F.relu(self.c(x)).flatten(1))"],
    ),
    "size by trial": (
        [
            "self.c = nn.Conv2d(3, 8, 3, padding=1)",
            "with torch.no_grad():",
            "    n = self.c(torch.zeros(1, 3, 32, 32)).numel()",
            "self.fc = nn.Linear(n, 10)",
        ],
        ["return self.fc(F.relu(self.c(x)).flatten(1))"],
    ),
    "size by trial, second axis": (
        [
            "self.c = nn.Conv2d(3, 8, 3, padding=1)",
            "n = self.c(torch.zeros(2, 3, 32, 32)).flatten(1).shape[1]",
            "self.fc = nn.Linear(n, 10)",
        ],
        ["return self.fc(F.relu(self.c(x)).flatten(1))"],
    ),
    "list item": (
        ["self.cs = nn.ModuleList([nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3)])", "self.cs[1] = nn.Conv2d(8, 4, 3)"],
        ["for c in self.cs:", "    x = c(x)", "return x"],
    ),
    "dictionary": (
        ["self.of = nn.ModuleDict({'c': nn.Conv2d(3, 8, 3)})", "self.of['d'] = nn.Conv2d(8, 4, 3)"],
        ["return self.of['d'](self.of['c'](x))"],
    ),
    "row": (
        [
            "self.m = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())",
            "self.m.insert(1, nn.BatchNorm2d(8))",
            "self.m.pop(2)",
            "self.m.append(nn.Tanh())",
        ],
        ["x = self.m[0](x)", "for layer in self.m[1:]:", "    x = layer(x)", "return x"],
    ),
    "children": (
        ["self.c = nn.Conv2d(3, 8, 3, padding=1)", "self.m = nn.Sequential(nn.Tanh(), nn.LazyConv2d(2, 1))"],
        ["for m in self.children():", "    x = m(x)", "return x"],
    ),
    "direct": (
        ["self.c = nn.Conv2d(3, 8, 3, padding=1)", "self.fc = nn.Linear(8 * 32 * 32, 10)"],
        ["x = self.c.__call__(x)", "del_me = x", "del del_me", "return self.fc(x.flatten(1))"],
    ),
    "training": (
        ["self.c = nn.Conv2d(3, 8, 3, padding=1)", "self.fc = nn.Linear(8 * 32 * 32, 10)", "self.d = nn.Dropout(0.5)"],
        ["x = self.c(x)", "if self.training:", "    x = self.d(x)", "return self.fc(x.flatten(1))"],
    ),
    "not training": (
        ["self.c = nn.Conv2d(3, 8, 3, padding=1)", "self.fc = nn.Linear(8 * 32 * 32, 10)"],
        ["x = F.dropout(input=self.c(x), p=0.3, training=False)", "return self.fc(x.flatten(1))"],
    ),
    "log_softmax": (
        ["self.c = nn.Conv2d(3, 8, 3, padding=1)", "self.fc = nn.Linear(8 * 32 * 32, 10)"],
        ["x = self.fc(self.c(x).flatten(1))", "return x"],
    ),
    "in place": (
        ["self.c = nn.Conv2d(3, 8, 3, padding=1)", "self.relu = nn.ReLU(inplace=True)"],
        ["x = self.c(x)", "self.relu(x)", "return torch.tanh(x)"],
    ),
    "function in place": (
        ["self.c = nn.Conv2d(3, 8, 3, padding=1)"],
        ["x = self.c(x)", "F.relu(x, inplace=True)", "return torch.tanh(x)"],
    ),
    "function in place_": (
        ["self.c = nn.Conv2d(3, 8, 3, padding=1)"],
        ["x = self.c(x)", "F.relu_(x)", "return torch.tanh(x)"],
    ),
    "torch in place": (
        ["self.c = nn.Conv2d(3, 8, 3, padding=1)"],
        ["x = self.c(x)", "torch.relu_(x)", "return torch.tanh(x)"],
    ),
    "method in place": (
        ["self.c = nn.Conv2d(3, 8, 3, padding=1)"],
        ["x = self.c(x)", "x.relu_()", "return torch.tanh(x)"],
    ),
    "shortcut in place": (
        [
            "self.a, self.b = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)",
            "self.relu = nn.ReLU(inplace=True)",
        ],
        ["x = self.a(x)", "y = self.b(self.relu(x))", "return y + x"],
    ),
    "sum in place": (
        ["self.a, self.b = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)"],
        ["x = self.a(x)", "same = x", "x += self.b(x)", "return torch.tanh(same)"],
    ),
    "joined in place": (
        ["self.a, self.b = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(7, 4, 3, padding=1)"],
        ["f = [x, self.a(x)]", "y = torch.cat(f, 1)", "F.relu_(y)", "f.append(self.b(y))", "return torch.cat(f, 1)"],
    ),
    "first in place": (
        ["self.m = nn.Sequential(nn.ReLU(inplace=True), nn.Conv2d(3, 3, 3, padding=1))"],
        ["return self.m(x) + x"],
    ),
    "not in place": (
        [
            "self.m = nn.Sequential(nn.ReLU(inplace=True), nn.Conv2d(3, 3, 3, padding=1))",
            "for m in self.modules():",
            "    if isinstance(m, nn.ReLU):",
            "        m.inplace = False",
        ],
        ["return self.m(x) + x"],
    ),
    "another forward": (
        ["self.c = nn.Conv2d(3, 8, 3, padding=1)", "self.forward = lambda x: self.c(x)"],
        ["return x.relu()"],
    ),
    "plain list": (
        ["self.row = [nn.Tanh()]", "self.c = nn.Conv2d(3, 8, 3, padding=1)"],
        ["for m in self.children():", "    x = m(x)", "return x"],
    ),
    "dense": (
        ["self.cs = nn.ModuleList([nn.Conv2d(3 + 4 * i, 4, 3, padding=1) for i in range(3)])"],
        [
            "f = [x]",
            "for c in self.cs:",
            "    f = f + [F.relu(c(torch.cat(f, 1)), inplace=True)]",
            "return torch.cat(f, 1)",
        ],
    ),
    "pool size": (
        ["self.c = nn.Conv2d(3, 8, 3, padding=1)", "self.fc = nn.Linear(8, 10)"],
        ["x = self.c(x)", "x = F.avg_pool2d(x, x.size()[2:])", "return self.fc(x.view(x.size(0), -1))"],
    ),
    "pool side": (
        ["self.c = nn.Conv2d(3, 8, 3, padding=1)", "self.fc = nn.Linear(8, 10)"],
        ["x = self.c(x)", "x = F.avg_pool2d(x, x.size(3))", "return self.fc(x.view(len(x), -1))"],
    ),
    "pool shape": (
        ["self.c = nn.Conv2d(3, 8, 3, padding=1)", "self.fc = nn.Linear(8, 10)"],
        ["x = self.c(x)", "x = F.avg_pool2d(x, kernel_size=x.shape[-1])", "return self.fc(x.flatten(1))"],
    ),
    "squeezed": (
        ["self.c = nn.Conv2d(3, 8, 3, padding=1)", "self.fc = nn.Linear(8, 10)"],
        ["x = F.adaptive_avg_pool2d(self.c(x), 1)", "return self.fc(x.squeeze(-1).squeeze(-1))"],
    ),
    "squeezed whole": (
        ["self.c = nn.Conv2d(3, 8, 3, padding=1)", "self.fc = nn.Linear(8, 10)"],
        ["x = F.adaptive_avg_pool2d(self.c(x), 1)", "return self.fc(x.squeeze())"],
    ),
    "squeezed inside": (
        ["self.c = nn.Conv2d(3, 8, 3, padding=1)", "self.fc = nn.Linear(8, 10)"],
        ["x = F.adaptive_avg_pool2d(self.c(x), 1)", "return self.fc(x.squeeze(2).squeeze(2))"],
    ),
    "mean twice": (
        ["self.c = nn.Conv2d(3, 8, 3, padding=1)", "self.fc = nn.Linear(8, 10)"],
        ["return self.fc(self.c(x).mean(-1).mean(-1))"],
    ),
    "mean kept": (
        ["self.c = nn.Conv2d(3, 8, 3, padding=1)", "self.fc = nn.Linear(8, 10)"],
        ["return self.fc(self.c(x).mean([2, 3], keepdim=True).flatten(1))"],
    ),
    "view of the image": (
        ["self.c = nn.Conv2d(1, 8, 3, padding=1)", "self.fc = nn.LazyLinear(10)"],
        ["x = x.view(-1, 1, 28, 28)", "return self.fc(F.relu(self.c(x)).flatten(1))"],
    ),
    "features": (
        ["self.c = nn.Conv2d(3, 8, 3, padding=1)", "self.fc = nn.Linear(8 * 32 * 32, 10)"],
        ["x = F.relu(self.c(x))", "return self.fc(x.view(-1, self.fc.in_features))"],
    ),
    "sizes": (
        ["self.c = nn.Conv2d(3, 8, 3, padding=1)", "self.fc = nn.Linear(8 * 32 * 32, 10)"],
        ["x = F.relu(self.c(x))", "n, c, h, w = x.shape", "return self.fc(x.reshape(n, c * h * w))"],
    ),
}
CLASSES = {
    "inherited": """
class Base(nn.Module):
    def __init__(self, w=8):
        super().__init__()
        self.c = nn.Conv2d(3, w, 3)
    def forward(self, x):
        return F.relu(self.c(x))
class Net(Base):
    def __init__(self):
        super().__init__(w=64)
""",
    "super forward": """
class Base(nn.Module):
    def __init__(self, w):
        super(Base, self).__init__()
        self.c = nn.Conv2d(3, w, 3)
    def forward(self, x):
        return F.relu(self.c(x))
class Net(Base):
    width = 5
    def __init__(self):
        super().__init__(self.width)
        self.d = nn.LazyConv2d(2, 1)
    def forward(self, x):
        return self.d(super().forward(x))
""",
    "unbound": """
class Net(nn.Module):
    def __init__(self):
        nn.Module.__init__(self)
        self.c = nn.Conv2d(3, 8, 3)
    def forward(self, x):
        return self.c(x)
""",
    "a layer's class": """
class Conv(nn.Conv2d):
    def __init__(self, i, o):
        super().__init__(i, o, 3, padding=1)
    def forward(self, x):
        return super().forward(x).relu()
model = nn.Sequential(Conv(3, 8), Conv(8, 4))
""",
    "passed on": """
class Conv(nn.Module):
    def __init__(self, i, *args, **kwargs):
        super().__init__()
        self.conv = nn.Conv2d(i, *args, bias=False, **kwargs)
    def forward(self, x):
        return F.relu(self.conv(x), inplace=True)
model = nn.Sequential(Conv(3, 8, kernel_size=3), Conv(8, 4, 5, stride=2))
""",
    "static": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.m = self.block(3, 8)
    @staticmethod
    def block(i, o):
        return nn.Sequential(nn.Conv2d(i, o, 3), nn.ReLU())
    def forward(self, x):
        return self.m(x)
""",
    "property": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, self.width, 3)
    @property
    def width(self):
        return 7
    def forward(self, x):
        return self.c(x)
""",
    "dataclass": """
from dataclasses import dataclass
@dataclass
class Config:
    width: int = 8
    kernel: int = 3
cfg = Config(kernel=5)
model = nn.Sequential(nn.Conv2d(3, cfg.width, cfg.kernel))
""",
    "helper below": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.b = Block()
        self.fc = nn.Linear(8 * 32 * 32, 10)
    def forward(self, x):
        return self.fc(self.b(x).flatten(1))
class Block(nn.Module):
    def __init__(self, i=3, o=8):
        super().__init__()
        self.c = nn.Conv2d(i, o, 3, padding=1)
    def forward(self, x):
        return F.relu(self.c(x))
""",
    "loss below": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3, padding=1)
        self.fc = nn.Linear(8 * 32 * 32, 10)
    def forward(self, x):
        return self.fc(F.relu(self.c(x)).flatten(1))
class Loss(nn.Module):
    def forward(self, scores, target):
        return F.cross_entropy(scores, target)
""",
    "loss made": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3, padding=1)
        self.fc = nn.Linear(8 * 32 * 32, 10)
    def forward(self, x):
        return self.fc(F.relu(self.c(x)).flatten(1))
lenet = Net()
class Loss(nn.Module):
    def forward(self, scores, target):
        return F.cross_entropy(scores, target)
criterion = Loss()
""",
}
REFUSED = [
    (
        """
import random
layers = [nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.Tanh()]
random.shuffle(layers)
model = nn.Sequential(*layers)
""",
        r"`random.shuffle` \(line 4\)",
    ),
    (
        """
width = 8
if unknown:
    width = 9
model = nn.Sequential(nn.Conv2d(3, width, 3))
""",
        r"`unknown` .* is not defined",
    ),
    (
        """
layers = [nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.Tanh()]
if unknown:
    layers.pop()
model = nn.Sequential(*layers)
""",
        r"`unknown` .* is not defined",
    ),
    (
        """
model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(7200, 99))
if unknown:
    model[3] = nn.Linear(7200, 10)
""",
        r"`unknown` .* is not defined",
    ),
    (
        """
def cut(m):
    m[3] = nn.Foo()
model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(7200, 99))
cut(model)
""",
        r"`nn.Foo`",
    ),
    (
        """
def cut(row, n):
    row.pop()
layers = [nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.Tanh()]
cut(layers)
model = nn.Sequential(*layers)
""",
        r"`cut` .* needs `n`",
    ),
    (
        """
layers = [nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.Tanh()]
layers.sort(key=str)
model = nn.Sequential(*layers)
""",
        r"layers.sort",
    ),
    (
        """
model = nn.Sequential(nn.Conv2d(3, 8, 3))
model[0].kernel_size = (2, 2)
""",
        r"cannot be read without running it",
    ),
    (
        """
model = nn.Sequential(nn.Conv2d(3, 8, 3))
model[0].bias = None
""",
        r"cannot be read without running it",
    ),
    ("model = Foo(3)", r"`Foo` .* is not defined"),
    (
        """
from base import Base
class Net(Base):
    pass
model = Net()
""",
        r"no `forward`.* paste the class that it inherits from",
    ),
    (
        """
class Net(Base):
    def forward(self, x):
        return x.relu()
model = Net()
""",
        r"`Base` .* is not defined",
    ),
    (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.act = nn.ELU(inplace=True)
        self.c = nn.Conv2d(3, 8, 3, padding=1)
    def forward(self, x):
        x = self.c(x)
        self.act(x)
        return x
model = Net()
""",
        r"`nn.ELU`.*use nn.Leaky",
    ),
    (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3, padding=1)
    def forward(self, x):
        x = self.c(x)
        F.elu_(x)
        return x
model = Net()
""",
        r"`elu_` .*use nn.LeakyReLU",
    ),
    (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3, padding=1)
    def forward(self, x):
        x = self.c(x)
        x.mul_(2)
        return x
model = Net()
""",
        r"`mul_` \(line 8\)",
    ),
    (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3, padding=1)
    def forward(self, x):
        x = self.c(x)
        x[:, 0] = 0
        return x
model = Net()
""",
        r"`x\[:, 0\]`",
    ),
    (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3, padding=1)
    def forward(self, x):
        if x.mean() > 0:
            x = self.c(x)
        return x
model = Net()
""",
        r"`mean`",
    ),
    (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3, padding=1)
    def forward(self, x):
        if x.size(1) == 3:
            return self.c(x)
        return x.relu()
model = Net()
""",
        r"`x.size\(1\) == 3` .*cannot be read",
    ),
    (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3, padding=1)
    def forward(self, x):
        return self.c(x) + torch.zeros(1, 8, 32, 32)
model = Net()
""",
        r"not made of the image",
    ),
    (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3, padding=1)
    def forward(self, x):
        return F.log_softmax(self.c(x), 1).relu()
model = Net()
""",
        r"`log_softmax` .* can only be the last step",
    ),
    (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3, padding=1)
    def forward(self, x):
        return F.log_softmax(self.c(x), 0)
model = Net()
""",
        r"`log_softmax` .* can only be the last step",
    ),
    (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3, padding=1)
        self.fc = nn.Linear(8 * 32 * 32, 10)
    def forward(self, x):
        return self.fc(self.c(x).mean(-1))
model = Net()
""",
        r"`mean` .* must be over height and width",
    ),
    (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3, padding=1)
        self.fc = nn.Linear(8 * 32 * 32, 10)
    def forward(self, x):
        return self.fc(self.c(x).squeeze())
model = Net()
""",
        r"receives 8x32x32 and needs a map of one pixel",
    ),
    (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3, padding=1)
        self.fc = nn.Linear(8 * 32 * 32, 10)
    def forward(self, x):
        return self.fc(self.c(x).view(1, -1))
model = Net()
""",
        r"must keep the images apart",
    ),
    (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3, padding=1)
        self.fc = nn.Linear(8 * 32 * 32, 10)
    def forward(self, x):
        x = self.c(x)
        return self.fc(x.view(x.size(1), -1))
model = Net()
""",
        r"must keep the images apart",
    ),
    (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3, padding=1)
        self.fc = nn.Linear(8 * 32 * 32, 10)
    def forward(self, x):
        return self.fc(self.c(x).view(-1, 8, 1024))
model = Net()
""",
        r"makes maps of another shape",
    ),
    (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        raise ValueError('no')
    def forward(self, x):
        return x.relu()
model = Net()
""",
        r"raises an error \(line 5\)",
    ),
    (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3, padding=1)
        self.p = nn.Dropout(nn.ReLU)
    def forward(self, x):
        return self.p(self.c(x))
model = Net()
""",
        r"no plain number as `p`",
    ),
    (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3, padding=1)
        self.fc = nn.Linear(self.forward, 10)
    def forward(self, x):
        return self.fc(self.c(x))
model = Net()
""",
        r"no plain number as `in_features`",
    ),
    (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3, padding=1)
    def forward(self, x):
        return nn.Linear(x.size(1), 10)(self.c(x).flatten(1))
model = Net()
""",
        r"no plain number as `in_features`",
    ),
    (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        c = nn.Conv2d(3, 3, 1)
        self.m = nn.Sequential(OrderedDict(a=c, b=c))
    def forward(self, x):
        return self.m(x)
model = Net()
""",
        r"used in two places",
    ),
    (
        """
class Net(nn.Module):
    def __init__(self, n):
        pass
    def forward(self, x):
        return x
""",
        r"add such a line, as model = Net\(...\)",
    ),
    (
        """
c = '%99999999d' % 3
model = nn.Sequential(nn.Conv2d(3, c, 3))
""",
        r"cannot be read without running it",
    ),
    (
        """
c = 9**9**9
model = nn.Sequential(nn.Conv2d(3, c, 3))
""",
        r"cannot be read without running it",
    ),
    (
        """
c = f'{3:>999999999}'
model = nn.Sequential(nn.Conv2d(3, c, 3))
""",
        r"cannot be read without running it",
    ),
    (
        """
c = '{0.__class__}'.format(3)
model = nn.Sequential(nn.Conv2d(3, c, 3))
""",
        r"cannot be read without running it",
    ),
    (
        """
class Enc(nn.Module):
    def forward(self, x):
        return x.relu()
class Siam(nn.Module):
    def __init__(self):
        super().__init__()
        self.e = Enc()
    def forward(self, a, b):
        return self.e(a) + self.e(b)
""",
        r"`forward` of Siam must take `self` and one tensor",
    ),
    (
        """
class Enc(nn.Module):
    def forward(self, x):
        return x.relu()
class Siam(nn.Module):
    def __init__(self):
        super().__init__()
        self.e = Enc()
    def forward(self, a, b):
        return self.e(a) + self.e(b)
model = Siam()
""",
        r"`forward` of Siam must take `self` and one tensor",
    ),
    (
        """
class Enc(nn.Module):
    def forward(self, x):
        return x.relu()
class Siam(nn.Module):
    def __init__(self):
        super().__init__()
        self.e = Enc()
    def forward(self, a, b):
        return self.e(a) + self.e(b)
siam = Siam()
""",
        r"`forward` of Siam must take `self` and one tensor",
    ),
    (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 3, 1)
    def forward(self, x):
        y = self.a(x)
        if x.shape != y.shape:
            y = x
        return y
model = Net()
""",
        r"x.shape != y.shape",
    ),
    (
        """
def deco(kind):
    return kind
@deco
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3, padding=1)
    def forward(self, x):
        return self.c(x)
model = Net()
""",
        r"`deco` .* leave the decorator out",
    ),
    (
        """
layers = [nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.Tanh()]
def cut(r):
    r.pop()
def cuts(r):
    cut(r)
if foo:
    cuts(layers)
model = nn.Sequential(*layers)
""",
        r"`foo`",
    ),
    (
        """
class Row(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Tanh(), nn.Mish())
model = Row()
""",
        r"`nn.Mish`",
    ),
    (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3, padding=1)
        for n in 'c':
            setattr(self, n, nn.Mish())
    def forward(self, x):
        return self.c(x)
model = Net()
""",
        r"`nn.Mish`",
    ),
    (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3, padding=1)
        self.d = nn.Conv2d(3, 8, 3)
        self.d.weight = self.c.weight
    def forward(self, x):
        return self.d(x)
model = Net()
""",
        r"`self.d.weight`",
    ),
    (
        """
model = nn.ReLU()
return model
""",
        r"is not Python",
    ),
    (
        """
Sequential(
  (0): Conv2d(3, 8, kernel_size=(3, 3))
)
""",
        r"what print\(model\) shows",
    ),
]
BLOCK = """
class Net(nn.Sequential):
    def __init__(self, n=4):
        super().__init__(nn.Conv2d(3, n, 3))
"""


@pytest.mark.parametrize("code", OUTERMOST.values(), ids=OUTERMOST)
def test_statements_of_the_outermost_level(code):
    agrees(code)


@pytest.mark.parametrize("lines", METHODS.values(), ids=METHODS)
def test_statements_of_methods(lines):
    agrees(net(*lines))


@pytest.mark.parametrize("code", CLASSES.values(), ids=CLASSES)
def test_classes(code):
    agrees(code)


def test_a_function_sees_the_names_of_where_it_is_defined():
    code = net(*METHODS["closure"], before="n = 4\n")
    agrees(code)
    assert parse_pytorch(code).layers[0].filters == 16


def test_a_last_log_softmax_is_the_loss_s():
    plain = net([CONV, FC], ["return self.fc(self.c(x).flatten(1))"])
    for last in ("F.log_softmax({}, dim=1)", "F.log_softmax({}, -1)", "{}.log_softmax(1)", "nn.LogSoftmax(dim=1)({})"):
        code = plain.replace("self.fc(self.c(x).flatten(1))", last.format("self.fc(self.c(x).flatten(1))"))
        assert parse_pytorch(code) == parse_pytorch(plain)
    scores = torch.randn(5, 10, requires_grad=True)
    target = torch.arange(5)
    logarithms = scores.log_softmax(1)
    losses = [nn.functional.cross_entropy(logarithms, target), nn.functional.nll_loss(logarithms, target)]
    for loss in losses:
        expected = nn.functional.cross_entropy(scores, target)
        torch.testing.assert_close(loss, expected)
        torch.testing.assert_close(
            *(torch.autograd.grad(of, scores, retain_graph=True)[0] for of in (loss, expected)), rtol=1e-5, atol=1e-6
        )


@pytest.mark.parametrize(
    "text",
    [
        "%matplotlib inline\n!pip install torch\nmodel = nn.Sequential(nn.Conv2d(3, 8, 3))",
        "```python\nmodel = nn.Sequential(nn.Conv2d(3, 8, 3))\n```",
        ">>> model = nn.Sequential(\n...     nn.Conv2d(3, 8, 3)\n... )\n>>> model\nSequential(\n  (0): Conv2d(3, 8)\n)",
        "\ufeff  model = nn.Sequential(nn.Conv2d(3, 8, 3)),",
    ],
)
def test_what_stands_around_code_is_left_out(text):
    assert parse_pytorch(text) == parse_pytorch("model = nn.Sequential(nn.Conv2d(3, 8, 3))")


@pytest.mark.parametrize(("code", "message"), REFUSED)
def test_what_cannot_be_carried_out_is_told_to_who_needs_it(code, message):
    with pytest.raises(InputError, match=message) as caught:
        parse_pytorch(code)
    assert "\n" not in str(caught.value)
    assert " object at 0x" not in str(caught.value)
    assert "<class" not in str(caught.value)


def test_a_view_of_the_image_is_compared_with_the_image():
    code = net(*METHODS["view of the image"])
    assert parse_pytorch(code).input == (1, 28, 28)
    with pytest.raises(InputError, match="views its image as 1x28x28, which must be 1x32x32"):
        parse_pytorch(code, (1, 32, 32))


def test_a_stated_image_that_fits_is_taken():
    first = "mean = torch.zeros(1, 3, 1, 1)\nold = torch.randn(4, 1, 20, 20)\n"
    assert parse_pytorch(
        f"{first}B = 4\nx = torch.randn(B, 3, 40, 30)\nmodel = nn.Sequential(nn.Conv2d(3, 8, 3))"
    ).input == (3, 40, 30)
    assert parse_pytorch(f"{first}model = nn.Sequential(nn.Conv2d(3, 8, 3))").input == (3, 32, 32)
    assert parse_pytorch("model = nn.Sequential(nn.Conv2d(3, 8, 3))\nsummary(model, (3, 48, 48))").input == (3, 48, 48)


READ = ("LogSoftmax", "Identity", *(name for name in SIGNATURES if name not in ("Linear", "LazyLinear")))


@pytest.mark.parametrize("name", [name for name in dir(nn) if isinstance(getattr(nn, name), type)])
def test_every_module_of_pytorch_is_read_or_named(name):
    code = f"model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.{name}(8))"
    if name in READ:
        with contextlib.suppress(InputError):  # some want another argument
            assert len(parse_pytorch(code).layers) in (1, 2)
        return
    with pytest.raises(InputError, match=name) as caught:
        parse_pytorch(code)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        "model = torch.compile(model)",
        "model = nn.DataParallel(model).cuda().half()",
        "if torch.cuda.device_count() > 1:\n    model = nn.DataParallel(model).to(device)",
        "model = model.to(device, non_blocking=True)",
        "model.load_state_dict(torch.load('best.pt'))",
        "opt = torch.optim.SGD(model.parameters(), lr=args.lr)",
        "import argparse\nparser = argparse.ArgumentParser()\nargs = parser.parse_args()",
        "for n in range(10000):\n    for x, y in loader:\n        loss = mse(model(x), y)\n    model = model.train()",
        "def train(model, n):\n    for epoch in range(n):\n        model.train()\ntrain(model, epochs)",
        "print(f'{sum(p.numel() for p in model.parameters()):,}')",
        "for p in model.parameters():\n    p.requires_grad = False",
        "from torch.nn.functional import *\nx = relu(torch.zeros(1, 3, 32, 32))",
    ],
)
def test_what_is_done_with_a_network_leaves_it_as_it_is(line):
    made = "model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())\n"
    assert parse_pytorch(f"{made}{line}") == parse_pytorch(made)


def test_a_hook_that_looks_is_no_matter_and_one_that_answers_is_told():
    model = "kept = []\nmodel = nn.Sequential(nn.Conv2d(3, 8, 3))\nmodel[0].register_forward_hook(lambda m, i, o: {})"
    assert parse_pytorch(model.format("kept.append(o)")).layers == (Conv2d(8, 3),)
    with pytest.raises(InputError, match="register_forward_hook"):
        parse_pytorch(model.format("o.relu()"))


def test_a_network_is_as_the_only_function_that_makes_it_says():
    assert parse_pytorch(f"{BLOCK}def main():\n    model = Net(128)\nmain()").layers == (Conv2d(128, 3),)
    assert parse_pytorch(f"{BLOCK}def main():\n    model = Net()").layers == (Conv2d(4, 3),)
    with pytest.raises(InputError, match=r"`Net` is made in several ways .* as model = Net"):
        parse_pytorch(f"{BLOCK}def small():\n    return Net(4)\ndef large():\n    return Net(8)")


@pytest.mark.parametrize("bias", ["None", "0", "1", "False"])
def test_a_layer_has_biases_where_what_it_is_told_is_true(bias):
    code = net(
        [f"self.c = nn.Conv2d(3, 8, 3, padding=1, bias={bias})", f"self.fc = nn.Linear(8, 10, bias={bias})"],
        ["return self.fc(self.c(x).mean((2, 3)))"],
    )
    agrees(code)
    described = describe(parse_pytorch(code))
    assert (described.biases > 0) == (bias == "1")
