"""The line to a probed server: what goes over it is written down, and bounded."""

from __future__ import annotations

from typing import Any, Self

from surrogate.adapters.http._exchange import Answer, Exchange
from surrogate.adapters.http._failures import cleaned, excerpt
from surrogate.adapters.http._finding import Asked
from surrogate.adapters.http._urls import shown
from surrogate.adapters.http.endpoint import Endpoint
from surrogate.adapters.http.protocols import Request
from surrogate.adapters.http.protocols._answer import kind_of, parse
from surrogate.errors import AnswerError, AttemptError

__all__ = ["Line"]

SILENT = 2
"""After so many rows without an answer no further one is sent: each may be billed."""


class Line:
    """Connections to one server.

    Parameters
    ----------
    endpoint : Endpoint
    max_calls : int
        Most requests with a row.
    transport : httpx2.BaseTransport, optional
    """

    def __init__(self, endpoint: Endpoint, *, max_calls: int, transport: Any = None) -> None:
        self._exchange = Exchange(endpoint, transport=transport)
        self._asked: list[Asked] = []
        self._max_calls = max_calls
        self._silent = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._exchange.close()

    @property
    def asked(self) -> tuple[Asked, ...]:
        """All requests so far."""
        return tuple(self._asked)

    @property
    def rows_sent(self) -> int:
        """Requests with a row."""
        return sum(one.rows for one in self._asked)

    @property
    def calls_left(self) -> int:
        """How many requests with a row may still go out."""
        return self._max_calls - self.rows_sent

    def get(self, url: str, request: Request) -> Answer | None:
        """A free answer; None where there is no good one.

        Raises
        ------
        AttemptError
            If the server cannot be reached.
        TimeoutError
            If it did not answer.
        """
        outcome = self._send(url, request, rows=0)
        if isinstance(outcome, Answer):
            return outcome
        if outcome.reason == "unsent":
            raise outcome
        if outcome.status is None:
            raise TimeoutError
        return None

    def post(self, url: str, request: Request) -> Answer | AttemptError:
        """The answer to one row, or an error after which others may be tried.

        Raises
        ------
        AttemptError
            If the server cannot be reached, refuses the key, or asks to wait; or if it fails to
            answer again and again.
        """
        outcome = self._send(url, request, rows=1)
        if isinstance(outcome, Answer):
            return outcome
        self._silent += outcome.status is None
        stop = outcome.reason == "unsent" or outcome.status in (401, 402, 407, 429)
        if stop or self._silent == SILENT or (outcome.status == 403 and self._is_own(url)):
            raise outcome
        return outcome

    def remark(self, outcome: str) -> None:
        """Say what the latest answer was found to be."""
        last = self._asked[-1]
        self._asked[-1] = Asked(last.method, last.url, last.rows, outcome)

    def _is_own(self, url: str) -> bool:
        """Whether a URL is the one the user gave, and not one of ours."""
        return shown(url) == self._exchange.who

    def _send(self, url: str, request: Request, *, rows: int) -> Answer | AttemptError:
        exchange = self._exchange.at(url)
        outcome = exchange.post(request)
        if isinstance(outcome, Answer):
            told = _brief(outcome)
        else:
            told = str(outcome).removeprefix(exchange.who).lstrip(" :")
            told = told.removesuffix(" The rows may be billed.")
        sent = not isinstance(outcome, AttemptError) or outcome.reason != "unsent"
        self._asked.append(Asked(request.method, shown(url), rows * sent, told))
        return outcome


def _brief(answer: Answer) -> str:
    """What came, in a few words."""
    if not answer.body.strip():
        return "nothing"
    try:
        value = parse(answer.body)
    except AnswerError:
        value = None
    if isinstance(value, dict | list):
        return cleaned(kind_of(value), answer.secrets)
    if answer.body.lstrip()[:1] == b"<":
        return "a page of HTML or XML"
    told = excerpt(answer.body, answer.secrets)
    return told if len(told) <= 40 else told[:37] + "..."
