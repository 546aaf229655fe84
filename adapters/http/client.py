"""A model behind a URL."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from surrogate.adapters._base import Box, Preprocess, declare
from surrogate.adapters._replies import to_reply
from surrogate.adapters._rows import count
from surrogate.adapters.http._exchange import Exchange
from surrogate.adapters.http._failures import cleaned
from surrogate.adapters.http._urls import shown
from surrogate.adapters.http.endpoint import Endpoint
from surrogate.adapters.http.protocols import WireProtocol
from surrogate.adapters.http.protocols._answer import CutShort
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
        outcome = self._attempt(self._prepare(rows))
        if isinstance(outcome, AttemptError):
            raise outcome
        return outcome

    def close(self) -> None:
        """Close connections; they open again when the box is asked again."""
        self._exchange.close()

    def _attempt(self, rows: Any) -> Reply | AttemptError:
        """The reply, or what went wrong; raised where no frame holds what was sent."""
        n = count(rows)
        if n == 0:
            raise DataError("There are no rows to ask; give at least one.")
        answer = self._exchange.post(self._protocol.encode(rows))
        if isinstance(answer, AttemptError):
            return answer
        try:
            return self.decode(answer.body, n)
        except AnswerError as error:
            why = cleaned(str(error), answer.secrets)
            return AttemptError(
                f"{self._exchange.who} gave an answer that cannot be used. {why} The rows may be"
                " billed.",
                reason="unknown",
                status=200,
                fatal=not isinstance(error, CutShort),
            )

    def decode(self, body: bytes, n: int) -> Reply:
        """The reply in an answer, by the declared classes, if it is usable."""
        reply = by_classes(self._protocol.decode(body, n), self.traits)
        bare = reply.labels is None and reply.classes is None
        reply = to_reply(reply.values if bare else reply, self.traits)
        _check(reply, n, self.traits.classes)
        return reply

    def __getstate__(self) -> dict[str, Any]:
        """All but the connections."""
        return {**vars(self), "_exchange": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._exchange = Exchange(self._endpoint)


def by_classes(reply: Reply, traits: Traits) -> Reply:
    """A reply by the declared classes, where JSON wrote their names as texts or numbers."""
    texts = {str(name): name for name in traits.classes or ()}
    named = reply.classes
    if named is not None and {str(name) for name in named} == set(texts):
        return replace(reply, classes=tuple(texts[str(name)] for name in named))
    codes = {str(i): name for i, name in enumerate(texts.values())}
    if named and set(map(str, named)) == set(codes) and not codes.keys() & texts.keys():
        return replace(reply, classes=tuple(codes[str(name)] for name in named))
    labels, values = reply.labels, reply.values
    may_be_names = labels is None and named is None and traits.output in (None, "labels")
    if values is not None and may_be_names and values.dtype.kind in "iu":
        labels = values.reshape(-1) if values.size == len(values) else None
    if labels is None or not {str(label) for label in labels.tolist()} <= set(texts):
        return reply
    own = np.empty(labels.shape, dtype=object)
    own.ravel()[:] = [texts[str(label)] for label in labels.ravel().tolist()]
    return replace(reply, labels=own, values=None if reply.labels is None else values)


def _labels_of(protocol: WireProtocol) -> tuple[Label, ...] | None:
    """The classes that a protocol was told; a template's labels are a path."""
    labels = getattr(protocol, "labels", None)
    return labels if isinstance(labels, tuple) and labels else None


def _traits(endpoint: Endpoint, *, plain: bool) -> Traits:
    """What is known of a model before it is asked."""
    protocol = endpoint.wire_protocol()
    said = declare(
        "Endpoint",
        task=endpoint.task,
        output=endpoint.output,
        classes=endpoint.classes or _labels_of(protocol),
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


def _check(reply: Reply, n: int, classes: tuple[Label, ...] | None) -> None:
    """Raise unless a reply is one finite answer for each of n rows, of as many classes."""
    for part in (reply.values, reply.labels):
        if part is not None and len(part) != n:
            raise CutShort(f"There are {len(part):,} answers to {n:,} rows.")
    values = reply.values
    if values is None and reply.labels is None:
        raise AnswerError("There is nothing in it.")
    if values is None or values.dtype.kind not in "biuf":
        return
    columns = values.reshape(n, -1)
    if not np.isfinite(columns).all():
        row = int(np.isfinite(columns).all(axis=1).argmin())
        raise AnswerError(f"What it says of row {row:,} of {n:,} is not finite.")
    width = columns.shape[1]
    if width == 0:
        raise AnswerError("Its rows are empty.")
    if classes is not None and width != len(classes) and (width, len(classes)) != (1, 2):
        raise AnswerError(f"It has {width} columns for {len(classes)} classes.")
