"""Whether a server sends more than one answer to a request.

What comes beyond an answer would be taken for the answer to the next request on the same
connection, and rows would silently get the answers of other rows. The client keeps such bytes in
a buffer of its own, so they are counted where they come in.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["Ending", "hang_up_on_surplus"]

_END_OF_HEAD = b"\r\n\r\n"
_LAST_CHUNK = b"\r\n0\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r]*chunked[ \t]*\r\n", re.IGNORECASE)


def hang_up_on_surplus(response: Any) -> None:
    """Close the connection of an answer that was read, unless it ended where the answer did.

    Of a connection that is not watched nothing is known, so it is closed too: that is slower,
    and never wrong.
    """
    stream = response.extensions.get("network_stream")
    if stream is not None and not getattr(stream, "at_the_end", False):
        stream.close()


class Ending:
    """Where one answer ends, by the bytes that come in over its connection.

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
