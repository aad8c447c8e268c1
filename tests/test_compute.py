import os
import re
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from cnncore import compute
from cnncore.errors import InputError

ROOT = Path(__file__).parents[1]
FUNCTIONS = """
    import os, sys, time
    from cnncore.errors import InputError

    def pid():
        return os.getpid()

    def double(x):
        return 2 * x

    def crash():
        os._exit(7)

    def hang(note=""):
        if note:
            open(note, "w").write(str(os.getpid()))
        time.sleep(600)

    def nap(seconds):
        time.sleep(seconds)
        return os.getpid()

    def noisy():
        print("from Python")
        os.system("echo from C")
        os.write(1, b"straight to the descriptor")
        return sys.stdin.read()

    def wrong():
        raise ZeroDivisionError("division by zero")

    def refused():
        raise InputError("`crop` (=40) is too large: choose less.")

    def unpicklable():
        return lambda: None

    def environment(name):
        return os.environ[name]

    def loaded(name):
        return name in sys.modules
"""


@pytest.fixture
def functions(tmp_path, monkeypatch):
    """Make the functions above callable as `work:name`, in a pool of the test's own."""
    (tmp_path / "work.py").write_text(textwrap.dedent(FUNCTIONS))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(compute, "_TARGET", re.compile("work:.*"))
    monkeypatch.setattr(compute, "_pool", compute._Pool())
    yield
    compute.shutdown()


def test_a_function_of_the_package_is_called_by_its_name():
    assert compute.call("cnncore.data.images:dataset_name", name="mine") == "mine"
    with pytest.raises(InputError, match="`dataset`"):
        compute.call("cnncore.data.images:dataset_name", name="NOT A NAME")
    compute.shutdown()


@pytest.mark.parametrize(
    "target",
    ["os:system", "cnncore:main", "cnncore.compute:_serve", "cnncore.data.images", "other.a:b", "cnncore.a:b.c"],
)
def test_only_public_functions_of_the_package_can_be_named(target):
    with pytest.raises(ValueError, match="`target`"):
        compute.call(target)


def test_the_same_child_answers_again(functions):
    first = compute.call("work:pid")
    assert compute.call("work:pid") == first != os.getpid()


def test_large_arguments_and_results_arrive(functions):
    assert compute.call("work:double", x=b"ab" * 1_000_000) == b"ab" * 2_000_000


def test_what_a_function_prints_does_not_come_between_the_answers(functions, capfd):
    assert compute.call("work:noisy") == ""
    assert compute.call("work:double", x=4) == 8
    assert "from C" in capfd.readouterr().err


def test_an_input_error_comes_back_as_it_was(functions):
    with pytest.raises(InputError, match=r"^`crop` \(=40\) is too large: choose less\.$"):
        compute.call("work:refused")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("work:wrong", "ZeroDivisionError: division by zero"),
        ("work:unpicklable", "[Pp]ickl"),
        ("work:missing", "AttributeError"),
    ],
)
def test_another_exception_is_a_compute_error_and_the_child_stays(functions, target, message, capfd):
    child = compute.call("work:pid")
    with pytest.raises(compute.ComputeError, match=message):
        compute.call(target)
    assert compute.call("work:pid") == child
    assert "Traceback" in capfd.readouterr().err


def test_a_child_that_crashes_is_replaced(functions):
    child = compute.call("work:pid")
    with pytest.raises(compute.ComputeError, match=r"exit status 7\)"):
        compute.call("work:crash")
    assert compute.call("work:pid") != child


def test_a_child_that_hangs_is_ended_and_replaced(functions, monkeypatch):
    child = compute.call("work:pid")
    with pytest.raises(compute.ComputeError, match=r"longer than 0\.2 seconds"):
        compute.call("work:hang", timeout=0.2)
    assert compute.call("work:pid") != child


def test_a_new_child_has_more_time(functions, monkeypatch):
    assert compute.call("work:nap", seconds=0.3, timeout=0.1) > 0
    compute.shutdown()
    monkeypatch.setattr(compute, "STARTING", 0.0)
    with pytest.raises(compute.ComputeError, match="longer"):
        compute.call("work:nap", seconds=60, timeout=0.1)


def test_a_child_that_died_while_idle_is_replaced_without_an_error(functions):
    child = compute.call("work:pid")
    process = compute._pool.idle[0].process
    process.kill()
    process.wait()
    assert compute.call("work:pid") != child


def test_many_callers_share_two_children(functions, monkeypatch):
    monkeypatch.setattr(compute, "TOGETHER", 0.0)  # the second caller does not wait for the first one's child
    children, results = set(), {}

    def work(number):
        children.add(compute.call("work:nap", seconds=0.05))
        results[number] = compute.call("work:double", x=number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: 2 * number for number in range(12)}
    assert len(children) == compute.PROCESSES
    assert len(compute._pool.idle) <= compute.PROCESSES
    assert compute._pool.busy == []


def naps():
    """Return the processes in which two calls at once have run."""
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(compute.call("work:nap", seconds=0.4, timeout=30)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return set(found)


def test_a_second_caller_waits_for_the_child_that_is_starting(functions, monkeypatch):
    assert len(naps()) == 1
    compute.shutdown()
    monkeypatch.setattr(compute, "TOGETHER", 0.0)
    assert len(naps()) == 2


def test_a_second_child_is_started_when_the_first_is_long_at_work(functions):
    compute.call("work:pid")
    [child] = compute._pool.idle
    assert child.starting > 0
    child.starting = 60.0
    assert len(naps()) == 1  # it is done before another one would be there
    child.starting = 0.1
    assert len(naps()) == 2


def test_what_was_loaded_stays_in_the_child(functions, monkeypatch):
    monkeypatch.setattr(compute, "_TARGET", re.compile(".*"))
    assert not compute.call("work:loaded", name="colorsys")
    assert compute.call("cnncore.compute:load", modules=("colorsys",)) is None
    assert compute.call("work:loaded", name="colorsys")


def test_a_caller_who_waits_too_long_for_a_child_is_told(functions, monkeypatch):
    monkeypatch.setattr(compute, "STARTING", 0.0)
    for _ in range(compute.PROCESSES):
        compute._pool.free.acquire()
    with pytest.raises(compute.ComputeError, match="busy"):
        compute.call("work:pid", timeout=0.05)
    for _ in range(compute.PROCESSES):
        compute._pool.free.release()


def test_what_runs_apart_leaves_the_pool_alone_and_ends(functions, monkeypatch):
    child = compute.call("work:pid")
    started = []
    monkeypatch.setattr(compute, "_Child", lambda new=compute._Child: started.append(new()) or started[-1])
    other = compute.call("work:pid", apart=True)
    assert other != child
    assert [idle.process.pid for idle in compute._pool.idle] == [child]
    assert [one.process.pid for one in started] == [other]
    assert started[0].process.poll() is not None
    with pytest.raises(InputError, match="`crop`"):
        compute.call("work:refused", apart=True)


def test_what_hangs_apart_has_its_own_seconds_whatever_the_start_may_take(functions):
    begin = time.monotonic()
    with pytest.raises(compute.ComputeError, match=r"longer than 0\.2 seconds"):
        compute.call("work:hang", timeout=0.2, apart=True)
    assert time.monotonic() - begin < compute.STARTING


@pytest.mark.parametrize("apart", [False, True])
def test_a_child_that_cannot_be_started_is_a_compute_error_and_the_next_call_starts_one(functions, monkeypatch, apart):
    def refuse(*_, **__):
        raise OSError(12, "Cannot allocate memory")

    with monkeypatch.context() as patched:
        patched.setattr("subprocess.Popen", refuse)
        for _ in range(compute.PROCESSES + 1):
            with pytest.raises(compute.ComputeError, match=r"cannot be started \(Cannot allocate memory\)"):
                compute.call("work:pid", apart=apart)
    assert compute.call("work:double", x=1, apart=apart) == 2


def test_shutdown_is_safe_before_anything_was_started_and_twice(functions):
    compute.shutdown()
    compute.shutdown()
    assert compute.call("work:double", x=1) == 2


def test_shutdown_ends_a_call_in_progress(functions, tmp_path):
    note, errors = tmp_path / "note", []

    def work():
        try:
            compute.call("work:hang", note=str(note))
        except compute.ComputeError as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    while not (note.exists() and note.read_text()):
        time.sleep(0.01)
    compute.shutdown()
    thread.join(30)
    assert not thread.is_alive()
    assert len(errors) == 1


def test_children_use_one_thread_each(functions):
    assert compute.call("work:environment", name="OMP_NUM_THREADS") == "1"


@pytest.mark.skipif(sys.platform == "win32", reason="signal 0 asks whether a process lives on POSIX alone")
def test_a_child_in_the_middle_of_its_work_dies_with_its_parent(functions, tmp_path):
    note = tmp_path / "note"
    code = (
        "import os, re, threading, time\nfrom cnncore import compute\ncompute._TARGET = re.compile('work:.*')\n"
        f"arguments = dict(args=('work:hang',), kwargs={{'note': {str(note)!r}}}, daemon=True)\n"
        "threading.Thread(target=compute.call, **arguments).start()\n"
        f"while not (os.path.exists({str(note)!r}) and os.path.getsize({str(note)!r})): time.sleep(0.01)\n"
        "os._exit(0)\n"  # as after a kill: no atexit, no shutdown
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT), str(tmp_path)))}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=60)
    child = int(note.read_text())
    for _ in range(500):
        if not _alive(child):
            break
        time.sleep(0.02)
    assert not _alive(child)


def _alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # Where nobody collects orphans (some containers), an ended process stays as a zombie.
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")
