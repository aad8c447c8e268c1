"""What the weights of a run need of memory, against what torch allocates for them."""

import sys
from dataclasses import replace

import pytest
import torch

from cnncore.architecture import Flatten, Linear, Network
from cnncore.architecture.build import build
from cnncore.errors import InputError
from cnncore.training.average import Average
from cnncore.training.config import RunConfig
from cnncore.training.memory import BYTES, check_memory, container_memory, copies, machine_memory
from cnncore.training.optimizers import optimizer_of
from cnncore.training.plan import plan_of
from cnncore.training.trainer import train

CONFIG = RunConfig(dataset="tiny", device="cpu", epochs=1)
HUGE = Network("huge", (3, 12, 12), (Flatten(), Linear(1_000_000), Linear(1_000_000), Linear(7)))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"momentum": 0.9},
        {"average": 1.0},
        {"optimizer": "rmsprop"},
        {"optimizer": "rmsprop", "momentum": 0.9},
        {"optimizer": "adam"},
        {"optimizer": "adamw", "average": 2.0},
    ],
    ids=str,
)
def test_a_run_holds_as_many_numbers_as_torch_has_after_an_update(changes):
    config = replace(CONFIG, **changes)
    model = build(Network("small", (3, 4, 4), (Flatten(), Linear(5), Linear(7))))
    optimizer, average = optimizer_of(config, model), Average(config, model, batches=10)
    model(torch.ones(2, 3, 4, 4)).sum().backward()
    optimizer.step()
    average.update()
    held = list(model.parameters())
    sizes = {parameter.shape for parameter in held}
    held += [parameter.grad for parameter in model.parameters()]
    held += [value for state in optimizer.state.values() for value in state.values() if value is not None]
    held += list(average.model.parameters()) if average.model is not model else []
    found = sum(tensor.nbytes for tensor in held if tensor.shape in sizes)  # the counts of updates apart
    assert BYTES * copies(config) * sum(parameter.numel() for parameter in model.parameters()) == found


@pytest.mark.parametrize(("device", "numbers"), [("cpu", 4), ("mps", 4), ("cuda", 1), ("auto", 1)])
def test_a_gpu_has_a_memory_of_its_own_for_all_but_the_first_weights(device, numbers):
    assert copies(replace(CONFIG, device=device, optimizer="adam")) == numbers


def test_what_fits_is_let_through_and_one_weight_more_is_refused(monkeypatch):
    monkeypatch.setattr("cnncore.training.memory.machine_memory", lambda: 8_000_000_000)
    check_memory(CONFIG, "own", 1_000_000_000)
    with pytest.raises(InputError) as refused:
        check_memory(CONFIG, "own", 1_000_000_001)
    assert str(refused.value) == (
        "`network` (=own) has 1,000,000,001 parameters, whose weights, gradients and optimizer need 8 GB, and this "
        "machine has 8 GB of memory with all that it can swap: make its layers smaller."
    )
    check_memory(replace(CONFIG, device="cuda"), "own", 2_000_000_000)


@pytest.fixture
def linux(tmp_path, monkeypatch):
    """Return a function that makes this a Linux with 16 GB and 4 GB to swap, and control groups as they are given."""

    def made(groups, files):
        (tmp_path / "proc/self").mkdir(parents=True)
        (tmp_path / "proc/meminfo").write_text("MemTotal:  16000000 kB\nMemFree: 1 kB\nSwapTotal:  4000000 kB\n")
        (tmp_path / "proc/self/cgroup").write_text(groups)
        for name, text in files.items():
            (tmp_path / "groups" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "groups" / name).write_text(text)
        monkeypatch.setattr("sys.platform", "linux")
        monkeypatch.setattr("cnncore.training.memory._PROC", tmp_path / "proc")
        monkeypatch.setattr("cnncore.training.memory._GROUPS", tmp_path / "groups")

    return made


OLD = "5:cpu:/\n4:hugetlb,memory:/docker/abc\n0::/\n"  # cgroup v1
NONE = "9223372036854771712\n"  # how cgroup v1 says that there is no limit
SWAP = 4_096_000_000


@pytest.mark.parametrize(
    ("groups", "files", "bytes_allowed"),
    [
        ("0::/\n", {"memory.max": "2000000000\n", "memory.swap.max": "0\n"}, 2_000_000_000),
        ("0::/\n", {"memory.max": "2000000000\n", "memory.swap.max": "max\n"}, 2_000_000_000 + SWAP),
        ("0::/\n", {"memory.max": "2000000000\n"}, 2_000_000_000 + SWAP),
        ("0::/\n", {"memory.max": "max\n", "memory.swap.max": "0\n"}, None),
        ("0::/\n", {}, None),
        # The group around is tighter than the process's own.
        (
            "0::/a/b\n",
            {"a/b/memory.max": "max", "a/memory.max": "3000", "a/memory.swap.max": "5", "memory.max": "max"},
            3005,
        ),
        ("0::/../../a\n", {"memory.max": "7000", "memory.swap.max": "0"}, 7000),
        (OLD, {"memory/docker/abc/memory.limit_in_bytes": "2000", "memory/memory.limit_in_bytes": NONE}, 2000 + SWAP),
        (OLD, {"memory/memory.limit_in_bytes": "2000", "memory/memory.memsw.limit_in_bytes": "2500"}, 2500),
        (OLD, {"memory/memory.limit_in_bytes": NONE, "memory/memory.memsw.limit_in_bytes": NONE}, None),
        ("no such line\n", {}, None),
        ("", {"memory.max": "5"}, None),
    ],
)
def test_a_containers_limit_is_that_of_its_group_and_of_those_around_it(linux, groups, files, bytes_allowed):
    linux(groups, files)
    assert container_memory() == bytes_allowed
    assert machine_memory() == 20_480_000_000


def test_a_container_that_may_use_less_than_the_machine_has_refuses_more(linux):
    linux("0::/\n", {"memory.max": "2000000000\n", "memory.swap.max": "0\n"})
    check_memory(CONFIG, "own", 250_000_000)
    with pytest.raises(InputError, match=r"and this container, or group of processes, may use 2 GB of memory"):
        check_memory(CONFIG, "own", 250_000_001)
    with pytest.raises(InputError, match=r"and this machine has 20 GB of memory"):
        check_memory(CONFIG, "own", 10**10)


@pytest.mark.parametrize("platform", ["darwin", "win32", "freebsd14"])
def test_elsewhere_there_are_no_groups(linux, monkeypatch, platform):
    linux("0::/\n", {"memory.max": "5\n", "memory.swap.max": "0\n"})
    monkeypatch.setattr("sys.platform", platform)
    assert container_memory() is None


def test_a_machine_that_does_not_tell_refuses_nothing(monkeypatch):
    monkeypatch.setattr("cnncore.training.memory.machine_memory", lambda: None)
    monkeypatch.setattr("cnncore.training.memory.container_memory", lambda: None)
    check_memory(CONFIG, "huge", 10**18)


def test_this_machine_holds_more_than_a_network_of_the_course():
    there = machine_memory()
    assert there is None or 10**9 < there < 10**16


@pytest.mark.skipif(sys.platform == "win32", reason="asks as Windows is asked")
def test_memory_is_known_elsewhere_too(monkeypatch):
    there = machine_memory()
    monkeypatch.setattr("sys.platform", "darwin")
    elsewhere = machine_memory()
    assert there is None or elsewhere is None or 0.3 * there < elsewhere


@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_a_run_of_a_million_million_weights_is_refused_before_it_begins(device, tiny):
    if machine_memory() is None:
        pytest.skip("this machine does not tell its memory")
    with pytest.raises(InputError, match=r"`network` \(=huge\) has 1,000,441,000,007 parameters"):
        plan_of(replace(CONFIG, device=device, network=HUGE.to_json()))
    with pytest.raises(InputError, match=r"`network` \(=huge\) has 1,000,441,000,007 parameters"):
        next(train(replace(CONFIG, device=device, network=HUGE.to_json())))


def test_a_run_called_from_python_counts_what_its_device_holds(tiny, monkeypatch):
    config = replace(CONFIG, device="auto", network="lenet5", augment=(), optimizer="adam")
    monkeypatch.setattr("cnncore.training.session.choose_device", lambda _: (torch.device("cpu"), ""))
    needed = 4 * BYTES * plan_of(config).parameters
    monkeypatch.setattr("cnncore.training.memory.machine_memory", lambda: needed)
    next(train(config))
    monkeypatch.setattr("cnncore.training.memory.machine_memory", lambda: needed - 1)
    plan_of(config)  # which does not know yet that `auto` is a CPU
    with pytest.raises(InputError, match="weights, gradients and optimizer need"):
        next(train(config))
