"""What every wire protocol is: pure functions from rows to a body, and from a body to a reply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable
from urllib.parse import urlsplit, urlunsplit

from surrogate.types import Reply

__all__ = ["Request", "WireProtocol", "extend", "path_of"]


@dataclass(frozen=True)
class Request:
    """What is sent.

    Parameters
    ----------
    body : bytes
    content_type, accept : str
    method : {"POST", "GET"}
    """

    body: bytes
    content_type: str = "application/json"
    accept: str = "application/json"
    method: str = "POST"


@runtime_checkable
class WireProtocol(Protocol):
    """A wire protocol; its `repr` says all its options, and holds no secret."""

    name: ClassVar[str]

    @property
    def max_rows(self) -> int | None:
        """Most rows that one request can carry; None if there is no such bound."""
        ...

    @property
    def access(self) -> str:
        """What an answer tells of the model, in words for the report; may be empty."""
        ...

    @property
    def dtype(self) -> str:
        """The floating type that rows are sent in."""
        ...

    def target(self, url: str) -> str:
        """The URL that rows are posted to, from the URL that the user gave."""
        ...

    def wire(self, rows: Any) -> list[bytes]:
        """Each row as a request carries it: equal bytes are equal questions."""
        ...

    def encode(self, rows: Any) -> Request:
        """The request for a batch of rows. Raises DataError if it cannot carry them."""
        ...

    def decode(self, body: bytes, n: int) -> Reply:
        """The reply in an answer to n rows. Raises AnswerError if there is none."""
        ...


def path_of(url: str) -> str:
    """The path of a URL, without a slash at its end."""
    return urlsplit(url).path.rstrip("/")


def extend(url: str, tail: str) -> str:
    """A URL with text put after its path."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + tail))
