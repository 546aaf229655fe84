"""Small servers on this machine that speak one protocol each, and count what was asked of them."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Said = tuple[int, bytes] | tuple[int, bytes, dict[str, str]]
Work = Callable[[str, bytes], Said | None]
"""From path and body to an answer; None hangs up without one."""


@dataclass
class Fake:
    """What a server says, and what it was asked.

    Parameters
    ----------
    free : mapping from path to what GET gives
    work : callable
        What POST gives.
    """

    free: Mapping[str, Any]
    work: Work
    url: str = ""
    gets: list[str] = field(default_factory=list)
    posts: list[tuple[str, bytes]] = field(default_factory=list)
    billed: int = 0
    headers: list[dict[str, str]] = field(default_factory=list)


def answered(value: Any) -> bytes:
    """A body: bytes as they are, else JSON."""
    return value if isinstance(value, bytes) else json.dumps(value).encode()


@contextlib.contextmanager
def serving(fake: Fake) -> Iterator[Fake]:
    """The server, for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10
        wbufsize = -1  # head and body in one packet
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            fake.gets.append(self.path)
            fake.headers.append(dict(self.headers))
            found = fake.free.get(self.path.partition("?")[0], fake.free.get("*"))
            self.say(found if isinstance(found, tuple) else (200, answered(found)))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fake.headers.append(dict(self.headers))
            if self.path == "/v2/repository/index":
                fake.gets.append(self.path)
                return self.say((200, answered(fake.free.get(self.path))))
            fake.posts.append((self.path, body))
            said = fake.work(self.path.partition("?")[0], body)
            fake.billed += said is None or said[0] == 200
            return self.say(said)

        def say(self, said: Any) -> None:
            if said is None or said[1] == b"null":
                said = None if said is None else (404, b'{"error": "no such path"}')
            if said is None:
                self.close_connection = True
                return
            status, body, *more = said
            self.send_response(status)
            headers = {"Content-Type": "application/json", **(more[0] if more else {})}
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, address: Any) -> None:
            pass  # the client hung up

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def json_of(body: bytes) -> Any:
    """The body as JSON; {} where it is none."""
    try:
        return json.loads(body)
    except ValueError:
        return {}


def takes(path: str, fits: Callable[[Any], Any], *, status: int = 422) -> Work:
    """A model at one path: `fits` gives its answer to a body, or None where it takes no such."""

    def work(where: str, body: bytes) -> Said:
        if where != path:
            return 404, b'{"error": "no such path"}'
        answer = fits(json_of(body))
        refused = b'{"detail": "this is not what is taken here"}'
        return (status, refused) if answer is None else (200, answered(answer))

    return work
