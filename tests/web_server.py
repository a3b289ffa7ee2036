"""A web server of one folder that can misbehave, and remembers what it was asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class WebServer:
    """What the server was asked for, and how it is to answer.

    Attributes
    ----------
    url : str
    asked : list of str
        Paths, in the order of the requests.
    fault : callable or None
        Gives the status to answer for a path, "silence", "hang up" or "cut"; None answers rightly.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[str] = []
        self.fault: Callable[[str], int | str | None] | None = None
        self.delay_s = 0.0
        self.over = threading.Event()

    def chunks(self) -> list[str]:
        """Those of the requests that were for chunks."""
        ends = ("zarr.json", ".zarray", ".zattrs", ".zgroup", ".zmetadata")
        return [path for path in self.asked if not path.endswith(ends)]


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *given, server_state: WebServer, **named) -> None:
        self.state = server_state
        super().__init__(*given, **named)

    def do_GET(self) -> None:
        state = self.state
        state.asked.append(self.path)
        fault = state.fault(self.path) if state.fault else None
        time.sleep(state.delay_s)
        if fault == "silence":
            state.over.wait(30)
        if fault in ("silence", "hang up"):
            self.close_connection = True
            return
        if isinstance(fault, int):
            self.send_error(fault)
            return
        file = Path(self.translate_path(self.path))
        if not file.is_file():
            self.send_error(404)
            return
        self._send(file.read_bytes(), cut=fault == "cut", ranges=fault != "no ranges")

    def _send(self, data: bytes, *, cut: bool, ranges: bool) -> None:
        wanted = self.headers.get("Range") if ranges else None
        if wanted:
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            size = len(data)
            start = int(first) if first else size - int(last)
            data = data[start : int(last) + 1 if first and last else size]
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if cut else data)
        self.close_connection = cut

    def log_message(self, *_) -> None:
        pass


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # a view asks for many chunks at once
    daemon_threads = True


@contextmanager
def serving(folder: Path) -> Iterator[WebServer]:
    """Serve a folder on this machine."""
    state = WebServer("")
    handler = partial(_Handler, directory=str(folder), server_state=state)
    server = _Server(("127.0.0.1", 0), handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
