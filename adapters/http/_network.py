"""A pool of connections that keep an eye on the clock and on what comes in.

The client's own time-outs are for each read, so that a server which sends a byte now and then
is never late. Here the time of the whole attempt is shared by all its reads and writes. What
comes in is counted, so that no answer is taken for that to the next request.
"""

from __future__ import annotations

import ssl
import threading
import time
from types import SimpleNamespace
from typing import Any

from surrogate._optional import require
from surrogate.adapters.http._surplus import Ending
from surrogate.adapters.http.endpoint import Endpoint
from surrogate.adapters.http.secrets import Secret

__all__ = ["Network"]

KEPT = 5.0
"""Seconds for which a connection that nobody uses stays open."""


class Network:
    """Connections to one endpoint; takes the client's requests as its transports do.

    Parameters
    ----------
    endpoint : Endpoint
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._core = require("httpcore2", extra="http")
        self._httpx = require("httpx2", extra="http")
        self._clock = threading.local()
        self._pool = self._core.ConnectionPool(
            ssl_context=_context(endpoint),
            proxy=self._proxy(endpoint.proxy),
            max_connections=endpoint.concurrency,
            max_keepalive_connections=endpoint.concurrency,
            keepalive_expiry=KEPT,
            network_backend=_Backend(self._core, self._clock),
        )

    def handle_request(self, request: Any) -> Any:
        """Send a request; its extension "until" is when the attempt's time is up."""
        self._clock.until = request.extensions["until"]
        url = request.url
        target = self._core.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        )
        answer = self._pool.handle_request(
            self._core.Request(
                method=request.method,
                url=target,
                headers=request.headers.raw,
                content=request.stream,
                extensions={"timeout": request.extensions["timeout"]},
            )
        )
        return SimpleNamespace(
            status_code=answer.status,
            headers=self._httpx.Headers(answer.headers),
            stream=answer.stream,
            extensions=answer.extensions,
            close=answer.close,
        )

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    def _proxy(self, given: str | Secret | None) -> Any:
        if given is None:
            return None
        proxy = self._httpx.Proxy(given.reveal() if isinstance(given, Secret) else given)
        return self._core.Proxy(url=str(proxy.url), auth=proxy.raw_auth)


def _context(endpoint: Endpoint) -> ssl.SSLContext:
    """Whom to trust; nothing is taken from the environment, and checking cannot be turned off."""
    if endpoint.ca_file is not None:
        return ssl.create_default_context(cafile=str(endpoint.ca_file))
    if endpoint.url.startswith("http://") and endpoint.proxy is None:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # not used, and quick to make
    context: ssl.SSLContext = require("httpx2", extra="http").create_ssl_context(trust_env=False)
    return context


class _Backend:
    """Opens the connections."""

    def __init__(self, core: Any, clock: Any) -> None:
        self._core = core
        self._clock = clock
        self._inner = core.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> _Stream:
        inner = self._inner.connect_tcp(
            host,
            port,
            timeout=timeout,
            local_address=local_address,
            socket_options=socket_options,
        )
        return _Stream(inner, core=self._core, clock=self._clock)


class _Stream:
    """A connection; each attempt runs in one thread, whose clock says until when."""

    def __init__(self, inner: Any, *, core: Any, clock: Any) -> None:
        self._inner = inner
        self._core = core
        self._clock = clock
        self._answering = False
        self._ending = Ending()

    @property
    def at_the_end(self) -> bool:
        """Whether it stands right behind one whole answer."""
        return self._ending.left == 0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data: bytes = self._inner.read(max_bytes, self._left(self._core.ReadTimeout))
        self._answering = True
        self._ending.feed(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if self._answering:
            self._answering, self._ending = False, Ending()
        self._inner.write(buffer, self._left(self._core.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> _Stream:
        inner = self._inner.start_tls(ssl_context, server_hostname, timeout)
        return _Stream(inner, core=self._core, clock=self._clock)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def _left(self, late: Any) -> float:
        """Seconds that are left of the attempt."""
        left: float = self._clock.until - time.monotonic()
        if left <= 0:
            raise late("The attempt's time is up.")
        return left
