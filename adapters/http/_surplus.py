"""Connections that notice when a server sends more than one answer to a request.

What comes beyond an answer would be taken for the answer to the next request on the same
connection, and rows would silently get the answers of other rows. The client keeps such bytes in
a buffer of its own, so they are counted where they come in.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["hang_up_on_surplus", "watch"]

_END_OF_HEAD = b"\r\n\r\n"
_LAST_CHUNK = b"\r\n0\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r]*chunked[ \t]*\r\n", re.IGNORECASE)


def watch(transport: Any) -> None:
    """Count what comes in over the connections that a transport of httpx2 opens."""
    pool = getattr(transport, "_pool", None)
    backend = getattr(pool, "_network_backend", None)
    if backend is not None:
        pool._network_backend = _Backend(backend)  # type: ignore[union-attr]


def hang_up_on_surplus(response: Any) -> None:
    """Close the connection of an answer that was read, unless it ended where the answer did.

    Of a connection that is not watched nothing is known, so it is closed too: that is slower,
    and never wrong.
    """
    stream = response.extensions.get("network_stream")
    if stream is not None and not getattr(stream, "at_the_end", False):
        stream.close()


class _Backend:
    """Opens connections that are watched."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def connect_tcp(self, *args: Any, **options: Any) -> Any:
        return _Stream(self._backend.connect_tcp(*args, **options))

    def connect_unix_socket(self, *args: Any, **options: Any) -> Any:
        return _Stream(self._backend.connect_unix_socket(*args, **options))

    def sleep(self, seconds: float) -> None:
        self._backend.sleep(seconds)


class _Stream:
    """A connection; `at_the_end` says whether it stands right behind one whole answer."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._began = False
        self._answer = _Answer()

    @property
    def at_the_end(self) -> bool:
        return self._answer.left == 0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data: bytes = self._stream.read(max_bytes, timeout)
        self._began = True
        self._answer.feed(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if self._began:
            self._began, self._answer = False, _Answer()
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(self, *args: Any, **options: Any) -> Any:
        return _Stream(self._stream.start_tls(*args, **options))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Answer:
    """Where one answer ends.

    Attributes
    ----------
    left : int or None
        Bytes that it still lacks, negative beyond its end; None while that is not known.
    """

    def __init__(self) -> None:
        self.left: int | None = None
        self._chunked = False
        self._seen = b""

    def feed(self, data: bytes) -> None:
        """Take what came in."""
        if self.left is not None:
            self.left -= len(data)
            return
        self._seen += data
        while not self._chunked and (at := self._seen.find(_END_OF_HEAD)) >= 0:
            head, self._seen = self._seen[: at + 4], self._seen[at + 4 :]
            if not re.match(rb"HTTP/\S+ 1(?!01)", head):  # else an interim one; the answer follows
                self._begin(head)
                break
        if self._chunked:
            self._look_for_the_end()

    def _begin(self, head: bytes) -> None:
        """Learn from the head how long the body is."""
        length = _LENGTH.search(head)
        if _CHUNKED.search(head):
            self._chunked, self._seen = True, b"\r\n" + self._seen
        elif length is not None:
            self.left = int(length[1]) - len(self._seen)
        elif re.match(rb"HTTP/\S+ [23]04", head):
            self.left = -len(self._seen)

    def _look_for_the_end(self) -> None:
        """Find the last chunk; one with trailers is not found, so its connection is closed."""
        at = self._seen.find(_LAST_CHUNK)
        if at >= 0:
            self.left = at + len(_LAST_CHUNK) - len(self._seen)
        self._seen = self._seen[-len(_LAST_CHUNK) + 1 :]
