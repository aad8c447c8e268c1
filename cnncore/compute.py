"""A small pool of processes for what a page needs torch for, so that the server never imports torch.

    call("cnncore.data.views:views", image=image, ...)  ->  what that function returns

Children are `python -m cnncore.compute`, at most two, started when first needed and kept warm, the second one only
when the first has long been at work. Requests and answers are pickles with their length in front, over the child's
stdin and stdout. A child that crashes or takes too long is killed and replaced at the next call; it ends by itself when
its pipe is closed, so none outlives the server.
"""

import atexit
import importlib
import os
import pickle
import queue
import re
import struct
import subprocess
import sys
import threading
import time
import traceback
from typing import IO, Any

from cnncore.errors import InputError
from cnncore.home import for_children
from cnncore.turns import turn

PROCESSES = 2
# A child's first call imports torch: seconds on a fast disk, much longer on a classroom laptop after a cold start.
STARTING = 90.0  # seconds, on top of the call's own limit
TOGETHER = 15.0  # seconds at most that a second caller leaves to a child that starts or is at work
_LENGTH = struct.Struct("<Q")
_TARGET = re.compile(r"cnncore(?:\.[a-z]\w*)+:[a-z]\w*")


class ComputeError(RuntimeError):
    """A calculation that failed, ended its process or took too long; the message is one sentence for the page."""


def _send(pipe: IO[bytes], message: bytes) -> None:
    pipe.write(_LENGTH.pack(len(message)))
    pipe.write(message)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes:
    """Return the next message; a pipe that was closed, even in the middle of one, is an `EOFError`."""
    header = pipe.read(_LENGTH.size)
    if len(header) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(header)
    message = pipe.read(length)
    if len(message) < length:
        raise EOFError
    return message


class _Child:
    """One process of the pool, used by one caller at a time."""

    def __init__(self) -> None:
        # One thread each: previews are small, and the cores belong to the training.
        environment = for_children() | dict.fromkeys(
            ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"
        )
        # Away from the terminal's Ctrl-C: the server decides when its children end.
        options: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            options = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cnncore.compute"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
                **options,
            )
        except OSError as error:
            raise ComputeError(
                f"The process that calculates cannot be started ({error.strerror}): free memory, then try again."
            ) from error
        self.warm = False
        self.starting = 0.0  # seconds until the first answer, torch's import included

    def ask(self, request: bytes, timeout: float) -> bytes:
        """Return the answer's bytes; a child that is dead or silent for `timeout` seconds is a `ComputeError`."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        late, begin = threading.Event(), time.monotonic()

        def too_late() -> None:
            late.set()
            self.process.kill()  # ends the read below, on every system

        timer = threading.Timer(timeout if self.warm else timeout + STARTING, too_late)
        timer.daemon = True
        timer.start()
        try:
            _send(self.process.stdin, request)
            answer = _receive(self.process.stdout)
        except (EOFError, OSError):
            self.end()
            if late.is_set():
                raise ComputeError(
                    f"The calculation took longer than {timeout:g} seconds and was ended: try a smaller input."
                ) from None
            raise ComputeError(
                f"The process that calculates ended unexpectedly (exit status {self.process.returncode}): try again, "
                "a new one is started."
            ) from None
        finally:
            timer.cancel()
        if not self.warm:
            self.warm, self.starting = True, time.monotonic() - begin
        return answer

    def end(self) -> None:
        """Kill the process and collect it."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # something was still buffered for the process that is gone
                    continue


class _Pool:
    """At most `PROCESSES` children; those that wait for work are `idle`, the last used first: it is the warm one."""

    def __init__(self) -> None:
        self.free = threading.BoundedSemaphore(PROCESSES)
        self.lock = threading.Condition()
        self.idle: list[_Child] = []
        self.busy: list[_Child] = []

    def take(self) -> _Child:
        with self.lock:
            # While the first process still loads torch, a second would be ready later than it, for twice the memory.
            self.lock.wait_for(lambda: self.idle or all(child.warm for child in self.busy), TOGETHER)
            # Usually the one at work is done before another one would be ready.
            patience = min((child.starting for child in self.busy), default=0.0)
            self.lock.wait_for(lambda: self.idle, min(patience, TOGETHER))
            while self.idle:
                child = self.idle.pop()
                if child.process.poll() is None:
                    break
                child.end()
            else:
                child = _Child()
            self.busy.append(child)
            return child

    def give(self, child: _Child) -> None:
        with self.lock:
            if child in self.busy:  # else it was ended by `shutdown`
                self.busy.remove(child)
                if child.process.poll() is None:
                    self.idle.append(child)
                else:
                    child.end()
            self.lock.notify_all()

    def end(self) -> None:
        with self.lock:
            idle, busy, self.idle, self.busy = self.idle, self.busy, [], []
            self.lock.notify_all()
        for child in busy:
            child.process.kill()  # its caller, who waits for an answer, gets a ComputeError and clears up
        for child in idle:
            child.end()


_pool = _Pool()


def call(target: str, *, timeout: float = 30.0, apart: bool = False, **arguments: Any) -> Any:
    """Return what the function `target` ("cnncore.module:function") returns for `arguments`, run in a child.

    Arguments and result must be picklable, the result without classes from modules that import torch. An `InputError`
    of the function is raised here again; any other failure, and more than `timeout` seconds (plus `STARTING` where the
    child is new), is a `ComputeError`. Safe to call from many threads; a third caller waits until a child is free.

    What may take very long runs `apart`, in a child of its own that ends with it, so that no page waits behind it.
    Otherwise, within `cnncore.turns.wanted`, the call waits for a turn first, and is an `UnwantedError` if nobody waits
    for the answer by then.
    """
    if not _TARGET.fullmatch(target):
        raise ValueError(f"`target` (={target!r}) must name a public function of the package: cnncore.module:function.")
    request = pickle.dumps((target, arguments), protocol=pickle.HIGHEST_PROTOCOL)
    if apart:
        answer = _alone(target, request, timeout)
    else:
        with turn():
            answer = _pooled(request, timeout)
    kind, value = pickle.loads(answer)
    if kind == "input":
        raise InputError(value)
    if kind == "failed":
        raise ComputeError(f"The calculation failed ({value}).")
    return value


def _pooled(request: bytes, timeout: float) -> bytes:
    pool = _pool
    if not pool.free.acquire(timeout=timeout + STARTING):
        raise ComputeError("Every process that calculates is busy: wait a moment, then try again.")
    try:
        child = pool.take()
        try:
            return child.ask(request, timeout)
        finally:
            pool.give(child)
    finally:
        pool.free.release()


def _alone(target: str, request: bytes, timeout: float) -> bytes:
    child = _Child()
    try:
        # Imports first, which may take long: `timeout` is then for the calculation alone.
        child.ask(pickle.dumps(("cnncore.compute:load", {"modules": (target.split(":")[0],)})), timeout)
        return child.ask(request, timeout)
    finally:
        child.end()


def load(modules: tuple[str, ...]) -> None:
    """Import `modules` in this process: called in a child ahead of time, it makes later calls there faster."""
    for module in modules:
        importlib.import_module(module)


def shutdown() -> None:
    """End every child at once; callers that wait get a `ComputeError`. A later `call` starts new ones."""
    _pool.end()


atexit.register(shutdown)


def _answer(request: bytes) -> bytes:
    """Return the pickled answer to one request: ("value", result), ("input", message) or ("failed", message)."""
    try:
        target, arguments = pickle.loads(request)
        module, function = target.split(":")
        result = getattr(importlib.import_module(module), function)(**arguments)
        return pickle.dumps(("value", result), protocol=pickle.HIGHEST_PROTOCOL)
    except InputError as error:
        return pickle.dumps(("input", str(error)))
    except Exception as error:  # noqa: BLE001 whatever the function raised belongs to the caller, with its traceback in the log
        traceback.print_exc()
        return pickle.dumps(("failed", f"{type(error).__name__}: {error}"))


def _serve() -> None:
    """Answer requests from stdin until it is closed: all that a child does."""
    requests, answers = (os.dup(descriptor) for descriptor in (0, 1))
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (requests, answers):
            msvcrt.setmode(descriptor, os.O_BINARY)
    # From here on, what libraries print, C code included, goes to the log instead of in between two answers.
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def read() -> None:
        with os.fdopen(requests, "rb") as pipe:
            try:
                while True:
                    waiting.put(_receive(pipe))
            except (EOFError, OSError):
                os._exit(0)  # nobody waits for the current calculation any more, however long it would still take

    threading.Thread(target=read, daemon=True).start()
    with os.fdopen(answers, "wb") as pipe:
        while True:
            try:
                _send(pipe, _answer(waiting.get()))
            except OSError:
                os._exit(0)


if __name__ == "__main__":
    _serve()
