"""Tensors of pasted code that are changed in place: who else looks at their numbers is told, or it is refused."""

import re

import pytest

from cnncore.architecture.pytorch_source import parse_pytorch
from cnncore.errors import InputError
from tests.architecture.test_reading_statements import agrees, net

READ = {
    "half copy": net(["self.c = nn.Conv2d(3, 3, 1)"], ["x = self.c(x)", "y = x.double()", "y.relu_()", "return x"]),
}
REFUSED = {
    "a half mean": (
        net(
            ["self.c = nn.Conv2d(3, 8, 3)", "self.fc = nn.Linear(8, 10)"],
            ["y = self.c(x).mean(3)", "y.mul_(2)", "return self.fc(y.mean(2))"],
        ),
        "`mul_` (line 8) is not among the layers that can be read: a description calculates with tensors no more than",
    ),
    "a last log_softmax": (
        net(
            ["self.c = nn.Conv2d(3, 8, 3)", "self.fc = nn.Linear(8, 10)"],
            ["y = F.log_softmax(self.fc(self.c(x).mean((2, 3))), 1)", "y.mul_(2)", "return y"],
        ),
        "`mul_` (line 8)",
    ),
    "a view of which the mean is taken": (
        net(
            ["self.c = nn.Conv2d(3, 8, 3)", "self.fc = nn.Linear(8, 10)"],
            ["x = self.c(x)", "y = x.view(x.size(0), x.size(1), -1)", "x.relu_()", "return self.fc(y.mean(2))"],
        ),
        "`relu_` (line 9)",
    ),
    "view": (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3)
    def forward(self, x):
        x = self.c(x)
        y = x.view(x.size(0), -1)
        F.relu(y, inplace=True)
        return x
model = Net()
""",
        "`relu` (line 9)",
    ),
    "squeezed": (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3)
        self.f = nn.LazyLinear(4)
    def forward(self, x):
        x = F.adaptive_avg_pool2d(self.c(x), 1)
        y = x.squeeze(-1).squeeze(-1)
        x.relu_()
        return self.f(y)
model = Net()
""",
        "`relu_` (line 10)",
    ),
    "chunk": (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3)
        self.f = nn.LazyLinear(4)
    def forward(self, x):
        x = self.c(x)
        a, b = x.chunk(2, 1)
        a.relu_()
        return x
model = Net()
""",
        "`chunk` (line 9)",
    ),
    "unsqueezed": (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3)
        self.f = nn.LazyLinear(4)
    def forward(self, x):
        x = self.c(x)
        y = x.unsqueeze(1)
        y.relu_()
        return x
model = Net()
""",
        "`unsqueeze` (line 9)",
    ),
    "index": (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 3)
        self.f = nn.LazyLinear(4)
    def forward(self, x):
        x = self.c(x)
        x[:, 0:2].relu_()
        return x
model = Net()
""",
        "`x[:, 0:2]` (line 9)",
    ),
    "out kw": (
        net(["self.c = nn.Conv2d(3, 3, 1)"], ["y = self.c(x)", "torch.tanh(x, out=y)", "return y"]),
        "`tanh` (line 7)",
    ),
    "fill channel": (
        net(["self.c = nn.Conv2d(3, 3, 1)"], ["y = self.c(x)", "y[:, 0].fill_(0)", "return y"]),
        "`y[:, 0]` (line 7)",
    ),
    "setitem alias": (
        net(["self.c = nn.Conv2d(3, 3, 1)"], ["y = self.c(x)", "z = y[:, 0]", "z[...] = 0", "return y"]),
        "`y[:, 0]` (line 7)",
    ),
    "module inplace slice": (
        net(
            ["self.c = nn.Conv2d(3, 3, 1)", "self.r = nn.ReLU(True)"], ["y = self.c(x)", "self.r(y[:, :2])", "return y"]
        ),
        "`y[:, :2]` (line 8)",
    ),
    "inplace list alias": (
        net(
            ["self.c = nn.Conv2d(3, 3, 1)"],
            ["y = self.c(x)", "parts = torch.split(y, 1, dim=1)", "for p in parts:", "    p.relu_()", "return y"],
        ),
        "`split` (line 7)",
    ),
    "inplace via method": (
        net(
            ["self.c = nn.Conv2d(3, 3, 1)"],
            ["y = self.c(x)", "self.fix(y[:, 0])", "return y"],
            after="def fix(self, z):\n    z.zero_()\nNet.fix = fix\nmodel = Net()\n",
        ),
        "`y[:, 0]` (line 7)",
    ),
    "iadd on view": (
        net(["self.c = nn.Conv2d(3, 3, 1)"], ["y = self.c(x)", "z = y.flatten(1)", "z += z.tanh()", "return y"]),
        "`+` (line 8)",
    ),
    "forward dict view": (
        net(["self.c = nn.Conv2d(3, 4, 3)"], ['d = {"a": self.c(x)}', 'd["a"][:, 0].zero_()', 'return d["a"]']),
        "`d['a'][:, 0]` (line 7)",
    ),
    "call result in place": (
        net(
            ["self.c = nn.Conv2d(3, 4, 3)"],
            ["y = self.same(self.c(x))", "return y"],
            after="def same(self, t):\n    t[:, 0].zero_()\n    return t\nNet.same = same\nmodel = Net()\n",
        ),
        "`t[:, 0]` (line 9)",
    ),
    "view method": (
        net(["self.c = nn.Conv2d(3, 4, 3)"], ["y = self.c(x)", "z = y.view_as(y)", "z.relu_()", "return y"]),
        "`view_as` (line 7)",
    ),
    "flatten then in place then flatten": (
        net(
            ["self.c, self.f = nn.Conv2d(3, 4, 3), nn.LazyLinear(3)"],
            ["y = self.c(x)", "z = y.flatten(1).relu_()", "return self.f(y.flatten(1))"],
        ),
        "`relu_` (line 7)",
    ),
    "flatten of flat in place": (
        net(
            ["self.c, self.f = nn.Conv2d(3, 4, 3), nn.LazyLinear(3)"],
            ["y = self.c(x).flatten(1)", "z = y.flatten(1)", "z.relu_()", "return self.f(y)"],
        ),
        "`relu_` (line 8)",
    ),
    "sum becomes view": (
        net(["self.c = nn.Conv2d(3, 3, 1)"], ["y = self.c(x)", "z = y.flatten(1)", "y += x", "return z"]),
        "`+` (line 8)",
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
