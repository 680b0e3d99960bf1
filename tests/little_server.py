"""A server on 127.0.0.1 that plays GitHub, GitLab and Zenodo, well or badly."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Play = Callable[["_Handler", bytes], None]


@dataclass
class Shelf:
    """What a server has, how it behaves, and what it was asked.

    ``plays`` maps a path to plays: the first is for the first request, the last for all further
    ones. ``default`` is played for all other paths.
    """

    files: dict[str, bytes]
    plays: dict[str, list[Play]] = field(default_factory=dict)
    default: list[Play] = field(default_factory=lambda: [well])
    asked: list[tuple[float, str]] = field(default_factory=list)
    base: str = ""
    closing: threading.Event = field(default_factory=threading.Event)

    def count(self, path: str) -> int:
        return sum(asked == path for _, asked in self.asked)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        shelf, path = self.server.shelf, self.path.removeprefix("/")
        shelf.asked.append((time.monotonic(), path))
        plays = shelf.plays.get(path, shelf.default)
        play = plays[min(shelf.count(path), len(plays)) - 1]
        content = shelf.files.get(path)
        if content is None:
            play, content = status(404), b""
        with contextlib.suppress(ConnectionError):  # the other side may have gone
            play(self, content)

    def begin(self, code: int, headers: dict[str, object]) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    request_queue_size = 64  # 5 are too few for eight clients on a busy machine
    daemon_threads = True


@contextlib.contextmanager
def serve(files: dict[str, bytes], **more: object) -> Iterator[Shelf]:
    shelf = Shelf(files, **more)
    server = _Server(("127.0.0.1", 0), _Handler)
    server.shelf = shelf
    shelf.base = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield shelf
    finally:
        shelf.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


def well(handler: _Handler, content: bytes) -> None:
    """Answer as it should be, from the byte that is asked for."""
    wanted = handler.headers.get("Range")
    start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
    if start and start >= len(content):
        handler.begin(416, {"Content-Length": 0})
        return
    handler.begin(206 if start else 200, {"Content-Length": len(content) - start})
    handler.wfile.write(content[start:])


def from_the_beginning(handler: _Handler, content: bytes) -> None:
    """Send all of it, whatever was asked for, as servers do that do not know ranges."""
    handler.begin(200, {"Content-Length": len(content)})
    handler.wfile.write(content)


def slowly(handler: _Handler, content: bytes) -> None:
    time.sleep(0.02)
    well(handler, content)


def status(code: int, said: bytes = b"", **headers: object) -> Play:
    def play(handler: _Handler, content: bytes) -> None:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        handler.begin(code, {"Content-Type": "text/plain", "Content-Length": len(said)} | names)
        handler.wfile.write(said)

    return play


def instead(other: bytes | Callable[[bytes], bytes]) -> Play:
    """Answer 200, with another content."""

    def play(handler: _Handler, content: bytes) -> None:
        well(handler, other(content) if callable(other) else other)

    return play


def cut(handler: _Handler, content: bytes) -> None:
    """Promise all from the byte asked for, send a half of it, hang up."""
    wanted = handler.headers.get("Range")
    start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
    left = content[start:]
    handler.begin(206 if start else 200, {"Content-Length": len(left)})
    handler.wfile.write(left[: len(left) // 2])
    handler.close_connection = True


def without_length(handler: _Handler, content: bytes) -> None:
    """Send a half and close, as if that were all."""
    handler.begin(200, {"Connection": "close"})
    handler.wfile.write(content[: len(content) // 2])
    handler.close_connection = True


def stalled(handler: _Handler, content: bytes) -> None:
    """Send a half, and nothing more."""
    handler.begin(200, {"Content-Length": len(content)})
    handler.wfile.write(content[: len(content) // 2])
    handler.wfile.flush()
    handler.server.shelf.closing.wait(10)
    handler.close_connection = True
