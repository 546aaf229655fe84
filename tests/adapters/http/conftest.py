"""What tests of the HTTP adapter share: servers, and boxes that ask no network."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from surrogate.adapters.http import Endpoint, HttpBox

from raw_server import RawServer, Script

httpx2 = pytest.importorskip("httpx2")

V1 = "http://127.0.0.1:1/v1/models/m:predict"


@pytest.fixture
def serve() -> Iterator[Callable[..., RawServer]]:
    """Start servers that end with the test: ``serve(script)`` or ``serve(bytes)``."""
    started: list[RawServer] = []

    def start(script: Script | bytes, context: ssl.SSLContext | None = None) -> RawServer:
        answer = script
        if isinstance(answer, bytes):
            script = lambda connection, _: connection.sendall(answer)  # noqa: E731
        server = RawServer(script, context)  # type: ignore[arg-type]
        started.append(server)
        return server

    yield start
    for server in started:
        server.close()


@pytest.fixture
def answering() -> Callable[..., HttpBox]:
    """A box whose model answers a given body: ``answering(json, classes=...)``."""

    def make(answer: Any, *, url: str = V1, status: int = 200, **options: Any) -> HttpBox:
        def handle(request: Any) -> Any:
            make.requests.append(request)  # type: ignore[attr-defined]
            given = answer(request) if callable(answer) else answer
            how = {"content": given} if isinstance(given, bytes) else {"json": given}
            headers = options_headers
            return httpx2.Response(status, headers=headers, **how)

        options_headers = options.pop("answer_headers", {})
        return HttpBox(Endpoint(url, **options), transport=httpx2.MockTransport(handle))

    make.requests = []  # type: ignore[attr-defined]
    return make
