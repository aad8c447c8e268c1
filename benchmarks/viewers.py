"""Thirty people watch a run on the training page: what each waits for, what travels, and what it costs the server.

    python -m benchmarks.viewers                   writes results/viewers-cpu.json
    python -m benchmarks.viewers --viewers 10 --seconds 20

The real app is started with a home of its own, and in it a real run, which trains on the same machine. A viewer is a
browser's tab without the browser: it speaks Streamlit's protocol (a websocket, one protobuf a frame) and refreshes at
the pace that the page sets, also when the answer before is not there yet. A refresh of which the output was thrown
away unsent, because the next one had begun, is discarded: that viewer saw nothing. What is counted begins once all have
opened the page and watched it for some seconds, as the page's pace follows the number of its viewers.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.typing import Subprotocol

from benchmarks.files import RESULTS, write
from benchmarks.machine import machine
from tests.browser.conftest import free_port, serving

SETTLE = 10  # seconds


@dataclass
class Seen:
    """What a viewer got: of each refresh the milliseconds until it was complete and its bytes."""

    first_ms: float = 0.0
    first_bytes: int = 0
    milliseconds: list[float] = field(default_factory=list)
    size: list[int] = field(default_factory=list)
    asked: int = 0
    discarded: int = 0
    errors: list[str] = field(default_factory=list)


class Viewer:
    """One tab on a page of the app, `address` such as "training?run=..."; an asynchronous context."""

    def __init__(self, url: str, address: str) -> None:
        self.seen = Seen()
        self.page, _, self.query = address.partition("?")
        self.url = url
        self.toggles: dict[str, str] = {}  # widget ids by label
        self.fragments: dict[str, float] = {}  # seconds between two refreshes, of those that have a timer
        self._timers: dict[str, asyncio.Task[None]] = {}
        self._values: dict[str, bool] = {}
        self._hash = ""
        self._waiting: dict[str, float] = {}  # since when, by fragment ("" is the whole page)
        self._running = [""]
        self._early = False
        self._bytes = 0
        self._done = asyncio.Event()

    async def __aenter__(self) -> "Viewer":
        """Open the page and wait until it is complete."""
        socket = self.url.replace("http", "ws", 1) + "/_stcore/stream"
        self._socket = await websockets.connect(
            socket, subprotocols=[Subprotocol("streamlit")], max_size=None, max_queue=None, compression=None, proxy=None
        )
        self._reader = asyncio.create_task(self._read())
        begin = time.perf_counter()
        await self.refresh()
        self.seen.first_ms, self.seen.first_bytes = 1000 * (time.perf_counter() - begin), self._bytes
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the tab."""
        self._stop(list(self._timers))
        self._reader.cancel()
        await self._socket.close()

    async def refresh(self, fragment: str = "") -> None:
        """Ask for the page, or for one fragment of it, and wait until it is complete."""
        self._done.clear()
        await self._ask(fragment)
        await asyncio.wait_for(self._done.wait(), 60)

    async def toggle(self, label: str, value: bool) -> None:
        """Set a toggle as a click would, and wait until the page is complete."""
        self._values[self.toggles[label]] = value
        await self.refresh()

    async def watch(self, seconds: float) -> None:
        """Refresh by the page's timers for so long."""
        for fragment, interval in self.fragments.items():
            self._start(fragment, interval)
        await asyncio.sleep(seconds)
        self._stop(list(self._timers))
        with suppress(TimeoutError):
            await asyncio.wait_for(self._quiet(), 3)

    async def _quiet(self) -> None:
        while self._waiting:
            await asyncio.sleep(0.02)

    async def _ask(self, fragment: str, auto: bool = False) -> None:
        message = BackMsg()
        rerun = message.rerun_script
        rerun.query_string, rerun.fragment_id, rerun.is_auto_rerun = self.query, fragment, auto
        rerun.page_script_hash, rerun.page_name = self._hash, "" if self._hash else self.page
        rerun.context_info.timezone, rerun.context_info.locale = "UTC", "en-US"
        rerun.context_info.url = f"{self.url}/{self.page}"
        for widget, value in self._values.items():
            state = rerun.widget_states.widgets.add()
            state.id, state.bool_value = widget, value
        self.seen.asked += bool(fragment)
        self._waiting.setdefault(fragment, time.perf_counter())
        await self._socket.send(message.SerializeToString())

    def _start(self, fragment: str, interval: float) -> None:
        async def tick() -> None:
            while True:
                await asyncio.sleep(interval)
                await self._ask(fragment, auto=True)

        self._stop([fragment])
        self._timers[fragment] = asyncio.create_task(tick())

    def _stop(self, fragments: list[str]) -> None:
        for fragment in fragments:
            if fragment in self._timers:
                self._timers.pop(fragment).cancel()

    async def _read(self) -> None:
        async for frame in self._socket:
            message = ForwardMsg()
            message.ParseFromString(frame if isinstance(frame, bytes) else frame.encode())
            self._heard(message, len(frame))

    def _heard(self, message: ForwardMsg, size: int) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._bytes = 0
            self._running = list(message.metadata.run.fragment_ids) or [""]
            # A fragment that asks for the whole page ends early too, and its page is shown at once.
            self.seen.discarded += self._early and "" not in self._running
            self._early = False
            if "" in self._running:
                self._hash = message.new_session.page_script_hash
                self.fragments.clear()
        self._bytes += size
        if kind == "delta":
            element = message.delta.new_element
            if element.WhichOneof("type") == "exception":
                self.seen.errors.append(f"{element.exception.type}: {element.exception.message[:120]}")
            elif element.WhichOneof("type") == "checkbox":
                self.toggles[element.checkbox.label] = element.checkbox.id
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "navigation":
            self._hash = message.navigation.page_script_hash or self._hash
        elif kind == "auto_rerun":
            fragment, interval = message.auto_rerun.fragment_id, message.auto_rerun.interval
            self.fragments[fragment] = interval
            if self._timers:  # it watches already: the page set another pace
                self._start(fragment, interval)
        elif kind == "script_finished":
            self._finished(message.script_finished)

    def _finished(self, how: int) -> None:
        self._early = how == ForwardMsg.FINISHED_EARLY_FOR_RERUN
        if self._early:
            return
        whole = list(self._waiting) if "" in self._running else []
        for fragment in {*self._running, *whole}:
            since = self._waiting.pop(fragment, None)
            if fragment and since is not None:
                self.seen.milliseconds.append(1000 * (time.perf_counter() - since))
                self.seen.size.append(self._bytes)
        self._done.set()


def cpu_seconds(pid: int) -> float | None:
    """Return the processor seconds that a process has used so far; None where the system does not say so in /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, int]]:
    """Serve the app with its home in `folder`; yield its address and the server's process."""
    os.environ["CNNCORE_HOME"] = str(folder / "home")
    port = free_port()
    with serving(folder, port) as server:
        yield f"http://127.0.0.1:{port}", server.pid


def spread(values: list[float]) -> dict[str, float]:
    """Return median, 95th percentile and most."""
    ordered = sorted(values) or [float("nan")]
    at = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return {"median": round(statistics.median(ordered), 1), "p95": round(at, 1), "most": round(ordered[-1], 1)}


async def watched(url: str, pid: int, address: str, viewers: int, seconds: float) -> dict[str, Any]:
    """Let so many viewers watch for so long and return what they saw together."""
    tabs = [Viewer(url, address) for _ in range(viewers)]
    entered: list[int] = []

    async def life(number: int) -> None:
        await asyncio.sleep(5 * number / viewers)  # nobody opens it at the same moment
        async with tabs[number] as tab:
            entered.append(number)
            while len(entered) < viewers:
                await asyncio.sleep(0.05)
            await asyncio.sleep(number / viewers)  # nor do all timers beat together
            await tab.watch(SETTLE + seconds)

    lives = asyncio.gather(*(life(number) for number in range(viewers)))
    while len(entered) < viewers and not lives.done():
        await asyncio.sleep(0.05)
    await asyncio.sleep(SETTLE)
    for tab in tabs:
        tab.seen = Seen(tab.seen.first_ms, tab.seen.first_bytes)
    begin, before = time.perf_counter(), cpu_seconds(pid)
    await asyncio.sleep(seconds)
    wall, after = time.perf_counter() - begin, cpu_seconds(pid)
    await lives
    seen = [tab.seen for tab in tabs]
    return {
        "viewers": viewers,
        "seconds": seconds,
        "page opened_ms": spread([one.first_ms for one in seen]),
        "page opened_bytes": spread([one.first_bytes for one in seen]),
        "refreshes asked": sum(one.asked for one in seen),
        "refreshes shown": sum(len(one.milliseconds) for one in seen),
        "discarded": sum(one.discarded for one in seen),
        "refresh_ms": spread([value for one in seen for value in one.milliseconds]),
        "refresh_bytes": spread([value for one in seen for value in one.size]),
        "pause_s": sorted({round(interval, 1) for tab in tabs for interval in tab.fragments.values()}),
        "server_cores": None if before is None or after is None else round((after - before) / wall, 2),
        "errors": sorted({error for one in seen for error in one.errors}),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,  # all that wants a core, ours too
    }


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--viewers", type=int)
    parser.add_argument("--seconds", type=float, default=30)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, served(Path(folder)) as (url, pid):
        from cnncore.runs import client
        from cnncore.runs.store import open_store
        from cnncore.training.presets import PRESETS

        run_id = client.start(replace(PRESETS["classroom-9"], epochs=1000, preset=None, train_size=1000))
        store = open_store()
        while store.get(run_id).epoch < 1:
            time.sleep(0.2)
            if not store.get(run_id).status.active:
                parser.exit(1, f"the run ended: {store.get(run_id).message}\n")
        counts = [args.viewers] if args.viewers else [1, 10, 30]
        found = []
        for count in counts:
            found.append(asyncio.run(watched(url, pid, f"training?run={run_id}", count, args.seconds)))
            print(json.dumps(found[-1]), flush=True)
        client.stop(run_id)
        while store.get(run_id).status.active:
            time.sleep(0.2)
    if not args.viewers:
        # Below 0 where other work on the machine was not to be measured too.
        nice = os.getpriority(os.PRIO_PROCESS, 0) if hasattr(os, "getpriority") else None
        result = {"machine": machine(), "nice": nice, "viewers": found}
        write(RESULTS / "viewers-cpu.json", result)


if __name__ == "__main__":
    main()
