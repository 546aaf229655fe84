"""A model behind a URL."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from surrogate._array import to_numpy
from surrogate.adapters._base import Box, Preprocess, declare
from surrogate.adapters._replies import to_reply
from surrogate.adapters._rows import count
from surrogate.adapters.http._exchange import Exchange
from surrogate.adapters.http._urls import shown
from surrogate.adapters.http.endpoint import Endpoint
from surrogate.errors import AnswerError, AttemptError, DataError
from surrogate.types import Label, Reply, Terms, Traits

__all__ = ["HttpBox"]


class HttpBox(Box):
    """A model behind a URL: one attempt for each `ask`, over a pool of connections.

    Whatever goes wrong with an attempt is an AttemptError that names the target without its
    secrets, and says whether the rows may have been billed. Whether it is tried again is the
    oracle's question.

    Parameters
    ----------
    endpoint : Endpoint
    preprocess : callable, optional
        Runs on the rows before they are sent.
    transport : httpx2.BaseTransport, optional
        Instead of the network, for tests.

    Raises
    ------
    MissingDependency
        If httpx2 is not installed.

    Examples
    --------
    >>> import httpx2
    >>> from surrogate.adapters.http import Endpoint, HttpBox
    >>> served = httpx2.MockTransport(lambda r: httpx2.Response(200, json={"predictions": [7.5]}))
    >>> endpoint = Endpoint("http://localhost:8501/v1/models/price", task="regression")
    >>> box = HttpBox(endpoint, transport=served)
    >>> box.ask([[1.0, 2.0]]).values.tolist()
    [7.5]
    """

    def __init__(
        self, endpoint: Endpoint, *, preprocess: Preprocess | None = None, transport: Any = None
    ) -> None:
        # What `preprocess` gives has names of its own, if any.
        sent = endpoint if preprocess is None else replace(endpoint, columns=None)
        self._endpoint = endpoint
        self._protocol = sent.wire_protocol()
        self._terms = sent.terms
        self._exchange = Exchange(endpoint, transport=transport)
        super().__init__(
            _traits(endpoint, plain=preprocess is None),
            columns=endpoint.columns,
            preprocess=preprocess,
        )

    @property
    def endpoint(self) -> Endpoint:
        """Where the model is, and what is said of it."""
        return self._endpoint

    @property
    def terms(self) -> Terms:
        """What asking costs."""
        return self._terms

    def wire(self, rows: Any) -> list[bytes]:
        """Each row as it goes over the wire: equal bytes are equal questions."""
        return self._protocol.wire(self._prepare(rows))

    def ask(self, rows: Any) -> Reply:
        """Ask one batch of rows, in one attempt.

        Raises
        ------
        DataError
            If the protocol cannot carry a row; nothing was sent.
        AttemptError
            If the attempt failed.
        """
        rows = self._prepare(rows)
        n = count(rows)
        if n == 0:
            raise DataError("There are no rows to ask; give at least one.")
        outcome = self._exchange.post(self._protocol.encode(rows))
        if isinstance(outcome, AttemptError):
            raise outcome
        return self._decoded(outcome, n)

    def close(self) -> None:
        """Close connections; they open again when the box is asked again."""
        self._exchange.close()

    def _decoded(self, body: bytes, n: int) -> Reply:
        """The reply in an answer, by the declared classes, if it is usable."""
        try:
            reply = by_classes(self._protocol.decode(body, n), self.traits.classes)
            if reply.labels is None and reply.classes is None:
                reply = to_reply(reply.values, self.traits)
            else:
                reply = to_reply(reply, self.traits)
        except AnswerError as error:
            text, cut = str(error), "too early" in str(error)
            raise self._unusable(text, fatal=not cut) from None
        wrong = _wrong(reply, n, self.traits.classes)
        if wrong is not None:
            raise self._unusable(wrong, fatal=not wrong.startswith("It gave"))
        return reply

    def _unusable(self, what: str, *, fatal: bool) -> AttemptError:
        return AttemptError(
            f"{self._exchange.who} gave an answer that cannot be used: {what} The rows may be"
            " billed.",
            reason="unknown",
            status=200,
            fatal=fatal,
        )

    def __getstate__(self) -> dict[str, Any]:
        """All but the connections."""
        return {**vars(self), "_exchange": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._exchange = Exchange(self._endpoint)


def by_classes(reply: Reply, declared: tuple[Label, ...] | None) -> Reply:
    """A reply whose classes are those declared, where JSON wrote them as texts."""
    if declared is None or reply.classes is None or set(reply.classes) == set(declared):
        return reply
    texts = {str(name): name for name in declared}
    if {str(name) for name in reply.classes} != set(texts):
        return reply
    return replace(reply, classes=tuple(texts[str(name)] for name in reply.classes))


def _traits(endpoint: Endpoint, *, plain: bool) -> Traits:
    """What is known of a model before it is asked."""
    protocol = endpoint.wire_protocol()
    said = declare(
        "Endpoint",
        task=endpoint.task,
        output=endpoint.output,
        classes=endpoint.classes or getattr(protocol, "labels", None) or None,
        columns=endpoint.columns,
        threshold=endpoint.threshold,
    )
    most = [m for m in (endpoint.rows_per_call, protocol.max_rows) if m is not None]
    details = {
        "url": shown(endpoint.target),
        "protocol": protocol.name,
        "version": endpoint.version,
        "access": protocol.access,
    }
    return Traits(
        name=endpoint.label,
        adapter="http",
        task=said.task,
        output=said.output,
        classes=said.classes,
        n_features=len(said.columns) if said.columns and plain else None,
        columns=said.columns,
        dtype=protocol.dtype if plain else "float64",
        max_batch=min(most, default=None),
        concurrency=endpoint.concurrency,
        remote=True,
        threshold=said.threshold,
        details={key: value for key, value in details.items() if value},
    )


def _wrong(reply: Reply, n: int, classes: tuple[Label, ...] | None) -> str | None:
    """Why a reply is not one answer for each of n rows, if it is not."""
    for part in (reply.values, reply.labels):
        if part is not None and len(part) != n:
            return f"It gave {len(part):,} answers to {n:,} rows."
    if reply.values is None:
        return None if reply.labels is not None else "There is nothing in it."
    values = to_numpy(reply.values)
    if values.dtype.kind not in "biuf":
        return None
    if not np.isfinite(values).all():
        row = int(np.argwhere(~np.isfinite(values.reshape(n, -1)).all(axis=1))[0, 0])
        return f"Its answer to row {row:,} of {n:,} is not finite."
    width = values.shape[1] if values.ndim == 2 else 1
    if classes is not None and width != len(classes) and not (width == 1 and len(classes) == 2):
        if reply.labels is None and width == 1 and values.dtype.kind in "iu":
            return None
        return f"It has {width} columns for {len(classes)} classes."
    return None
