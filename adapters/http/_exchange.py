"""One attempt: a request goes out, and a bounded answer or what went wrong comes back.

A transport is used, and not the client above it: a transport follows no redirect, keeps no
cookie, reads no netrc and no proxy from the environment, and logs no URL.
"""

from __future__ import annotations

import logging
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from surrogate._optional import require
from surrogate.adapters.http._failures import from_exception, from_status, unsent
from surrogate.adapters.http._network import Network
from surrogate.adapters.http._surplus import hang_up_on_surplus
from surrogate.adapters.http._urls import shown
from surrogate.adapters.http.endpoint import Endpoint, Outgoing
from surrogate.adapters.http.protocols import Request
from surrogate.adapters.http.secrets import Secret
from surrogate.errors import AttemptError, SurrogateError

__all__ = ["Answer", "Exchange"]

ERROR_BYTES = 2**16
"""Most bytes of an error's body that are read."""

_log = logging.getLogger("surrogate.http")
_asking = threading.local()


class _Quiet(logging.Filter):
    """Keeps the client's own lines about our requests out of logs: they show headers."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not getattr(_asking, "now", False)


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep the client's own lines out of logs in this thread."""
    _asking.now = True
    try:
        yield
    finally:
        _asking.now = False


_QUIET = _Quiet()
_LOGGERS = ("httpx2", *(f"httpcore2.{part}" for part in ("connection", "http11", "proxy", "socks")))


class Answer(NamedTuple):
    """The body of an answer, and the texts that were sent for it and may not be shown."""

    body: bytes
    secrets: tuple[str, ...]


class Exchange:
    """A pool of connections to one endpoint.

    Parameters
    ----------
    endpoint : Endpoint
    transport : httpx2.BaseTransport, optional
        Instead of the network.
    """

    def __init__(self, endpoint: Endpoint, *, transport: Any = None) -> None:
        self._httpx = require("httpx2", extra="http")
        self._endpoint = endpoint
        self._url = endpoint.target
        self._given = transport
        self._transport = transport
        self._lock = threading.Lock()
        label = shown(self._url)
        self.who = f"{endpoint.name} ({label})" if endpoint.name else label

    def post(self, request: Request) -> Answer | AttemptError:
        """The answer, or what went wrong.

        An error is given back and not raised, so that its traceback holds no frame in which
        a secret is a variable.
        """
        started = time.monotonic()
        with _quietly():
            outcome = self._attempt(request, started)
        told = str(outcome.status or outcome.reason) if isinstance(outcome, AttemptError) else "ok"
        seconds = time.monotonic() - started
        sent = len(request.body)
        _log.debug("%s %s: %s, %d bytes, %.3f s", request.method, self._url, told, sent, seconds)
        return outcome

    def at(self, url: str) -> Exchange:
        """The same connections, to another path on the same server."""
        other = Exchange(self._endpoint, transport=self._open())
        other._url, other.who = url, shown(url)
        return other

    def close(self) -> None:
        """Close all connections; they open again when they are needed."""
        with self._lock:
            transport, self._transport = self._transport, self._given
        if transport is not None:
            with _quietly():
                transport.close()

    def _attempt(self, request: Request, started: float) -> Answer | AttemptError:
        """Sign, send and read."""
        signed = self._signed(request)
        if isinstance(signed, AttemptError):
            return signed
        outgoing, secrets = signed
        until = started + self._endpoint.connect_timeout + self._endpoint.read_timeout
        built = self._built(outgoing, until)
        if isinstance(built, AttemptError):
            return built
        try:
            transport = self._open()
        except (OSError, ValueError) as error:  # of the certificates or the proxy
            return unsent(self.who, f"ca_file= or proxy= is no good ({type(error).__name__}).")
        try:
            response = transport.handle_request(built)
            try:
                return self._read(response, secrets, until)
            finally:
                hang_up_on_surplus(response)
                response.close()
        except Exception as error:  # of the client, or of a transport of the user's
            return self._failed(error)

    def _failed(self, error: Exception) -> AttemptError:
        end = self._endpoint
        return from_exception(error, self.who, connect=end.connect_timeout, read=end.read_timeout)

    # ---- going out ----

    def _signed(self, request: Request) -> tuple[Outgoing, tuple[str, ...]] | AttemptError:
        """The request with its headers, query and signature, and all in it that is secret."""
        end = self._endpoint
        plain = {
            "User-Agent": "surrogate-toolkit",
            "Accept": request.accept,
            "Accept-Encoding": "gzip",
            "Content-Type": request.content_type,
        }
        if not request.body:
            del plain["Content-Type"]
        try:
            headers = {name: _value(value) for name, value in end.headers.items()}
            query = urlencode({name: _value(value) for name, value in end.params.items()})
            url = f"{self._url}?{query}" if query else self._url
            given = {name.lower() for name in headers}
            kept = {name: value for name, value in plain.items() if name.lower() not in given}
            outgoing = Outgoing(request.method, url, {**kept, **headers}, request.body)
            if isinstance(end.auth, Secret):
                token = end.auth.reveal()
                outgoing.headers["Authorization"] = token if " " in token else f"Bearer {token}"
            elif end.auth is not None:
                end.auth(outgoing)
        except SurrogateError as error:
            return unsent(self.who, str(error))
        except Exception as error:  # of the user's hook; its text may hold the secret
            told = f"its auth hook or the callable of a secret raised {type(error).__name__}."
            return unsent(self.who, told, fatal=False)
        if urlsplit(outgoing.url)[:2] != urlsplit(self._url)[:2]:
            return unsent(self.who, "its auth hook changed the URL to another server.")
        return outgoing, _secret_texts(outgoing, plain)

    def _built(self, outgoing: Outgoing, until: float) -> Any:
        """The client's own request."""
        end = self._endpoint
        timeout = {
            "connect": end.connect_timeout,
            "read": end.read_timeout,
            "write": end.read_timeout,
            "pool": end.read_timeout,
        }
        odd = [name for name, value in outgoing.headers.items() if not _is_header(name, value)]
        if odd:
            return unsent(self.who, f"the header {odd[0]!r} holds what no header may hold.")
        try:
            return self._httpx.Request(
                outgoing.method,
                outgoing.url,
                headers=outgoing.headers,
                content=outgoing.body,
                extensions={"timeout": timeout, "until": until},
            )
        except Exception as error:  # the text of the client's error may hold the URL's secrets
            return unsent(self.who, f"no request can be made of it ({type(error).__name__}).")

    def _open(self) -> Any:
        """The transport, opened where it is closed."""
        with self._lock:
            if self._transport is None:
                for name in _LOGGERS:
                    logging.getLogger(name).addFilter(_QUIET)
                self._transport = Network(self._endpoint)
            return self._transport

    # ---- coming back ----

    def _read(self, response: Any, secrets: tuple[str, ...], until: float) -> Answer | AttemptError:
        """The whole answer within its bounds, or what an error status says."""
        end = self._endpoint
        headers = {name.lower(): value for name, value in response.headers.items()}
        status = int(response.status_code)
        good = 200 <= status < 300
        chunks = _unpacked(response.stream, headers.get("content-encoding", ""))
        parts: list[bytes] = []
        size, most = 0, end.max_bytes if good else ERROR_BYTES
        try:
            for chunk in chunks:
                parts.append(chunk)
                size += len(chunk)
                if size > most or time.monotonic() > until:
                    break
        except _Broken as broken:
            if good:
                return self._unusable(f"sent an answer that {broken}.", status, fatal=broken.fatal)
        except Exception:  # of the client, mapped with the others
            if good:
                raise
        if not good:
            body = b"".join(parts)[:ERROR_BYTES]
            return from_status(status, headers, body, who=self.who, secrets=secrets)
        if size > most:
            told = f"sent more than {most:,} bytes; max_bytes= allows more."
            return self._unusable(told, status, fatal=True)
        if time.monotonic() > until:
            told = f"did not answer in full within {end.read_timeout:g} seconds."
            return self._unusable(told, None, fatal=False)
        return Answer(b"".join(parts), secrets)

    def _unusable(self, what: str, status: int | None, *, fatal: bool) -> AttemptError:
        return AttemptError(
            f"{self.who} {what} The rows may be billed.",
            reason="unknown",
            status=status,
            fatal=fatal,
        )


class _Broken(Exception):
    """An answer that cannot be unpacked."""

    def __init__(self, what: str, *, fatal: bool = False) -> None:
        super().__init__(what)
        self.fatal = fatal


def _unpacked(stream: Any, encoding: str) -> Iterator[bytes]:
    """The chunks of an answer, decompressed in bounded pieces; empty ones too, to be counted."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        yield from stream
        return
    if encoding not in ("gzip", "x-gzip"):
        raise _Broken(f"is packed in a way that was not asked for ({encoding[:20]!r})", fatal=True)
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        for chunk in stream:
            if unpacker.eof and chunk:
                raise _Broken("goes on after the end of its gzip", fatal=True)
            yield unpacker.decompress(chunk, 2**20)
            while unpacker.unconsumed_tail:
                yield unpacker.decompress(unpacker.unconsumed_tail, 2**20)
    except zlib.error:
        raise _Broken("is no gzip, though it says so") from None
    if not unpacker.eof:
        raise _Broken("ends in the middle of its gzip")


def _value(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def _is_header(name: str, value: Any) -> bool:
    """Whether a header can be sent: visible ASCII, spaces and tabs."""
    plain = isinstance(name, str) and isinstance(value, str) and value.isascii()
    return plain and name.isascii() and all(c.isprintable() or c == "\t" for c in name + value)


def _secret_texts(outgoing: Outgoing, plain: dict[str, str]) -> tuple[str, ...]:
    """All that was put into a request beyond its plain headers, however a server may echo it."""
    values = [v for name, v in outgoing.headers.items() if plain.get(name) != v]
    query = urlsplit(outgoing.url).query
    values += [part.partition("=")[2] for part in query.split("&") if part]
    words = [word for value in values if isinstance(value, str) for word in (value, *value.split())]
    texts = {text for word in words for text in (word, quote(word), quote(word, safe=""))}
    return tuple(text for text in texts if len(text) > 2)
