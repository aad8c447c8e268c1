import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def cnncore_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CNNCORE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@dataclass
class Site:
    """What the local server serves, how it misbehaves, and what it was asked."""

    files: dict[str, bytes] = field(default_factory=dict)
    break_after: list[int] = field(default_factory=list)  # bytes sent before the connection is cut, per answer
    ranges: bool = True
    etag: str = '"one"'
    codes: list[int] = field(default_factory=list)  # answers before the real one
    sends_on: str = ""  # where it says that the file has moved to
    asked: list[str] = field(default_factory=list)  # the Range headers, "" without
    address: str = ""


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            wanted = self.headers.get("Range", "")
            site.asked.append(wanted)
            content = site.files.get(self.path)
            if site.sends_on:
                self.send_response(302)
                self.send_header("Location", site.sends_on)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if site.codes or content is None:
                self.send_error(site.codes.pop(0) if site.codes else 404)
                return
            start = 0
            match = re.fullmatch(r"bytes=(\d+)-", wanted)
            if site.ranges and match and self.headers.get("If-Range") == site.etag:
                start = int(match[1])
                if start >= len(content):
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{len(content)}")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            else:
                self.send_response(200)
            self.send_header("Content-Length", str(len(content) - start))
            if site.etag:
                self.send_header("ETag", site.etag)
            self.end_headers()
            end = start + site.break_after.pop(0) if site.break_after else len(content)
            self.wfile.write(content[start:end])

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    site.address = f"http://127.0.0.1:{server.server_port}"
    yield site
    server.shutdown()
    server.server_close()
    thread.join()
