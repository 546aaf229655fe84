"""Which protocol a URL speaks, found out with as few rows as can be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from surrogate._validate import Real, Rule, Whole, check
from surrogate.adapters.http._candidates import Given
from surrogate.adapters.http._clues import clues
from surrogate.adapters.http._finding import Asked, Finding
from surrogate.adapters.http._line import Line
from surrogate.adapters.http._one_row import one_row
from surrogate.adapters.http._place import place_of
from surrogate.adapters.http._search import Search
from surrogate.adapters.http.endpoint import Auth, Endpoint
from surrogate.adapters.http.protocols import Template, make, names
from surrogate.adapters.http.secrets import Secret
from surrogate.types import Label

__all__ = ["Asked", "Finding", "probe"]

MAX_BYTES = 4 * 2**20
"""Most bytes of one answer that are read."""


def probe(
    url: str,
    row: Any = None,
    *,
    columns: Iterable[str] | None = None,
    classes: Iterable[Label] | None = None,
    model: str = "",
    protocol: str = "",
    headers: Mapping[str, str | Secret] | None = None,
    params: Mapping[str, str | Secret] | None = None,
    auth: Auth | Secret | None = None,
    ca_file: str | Path | None = None,
    max_calls: int = 8,
    timeout: float = 20.0,
    transport: Any = None,
) -> Finding:
    """Find out which protocol a URL speaks.

    What is free is asked first: metadata, health, the service's own description. Then the row
    goes out, to the likeliest protocol first, until one answers as it should. Where several
    protocols send the same bytes they are sent once. No row goes out unless one is given.

    Parameters
    ----------
    url : str
        A server, or the path that rows are posted to.
    row : array (d,), mapping from column to value, frame of one row, or text; optional
        May be sent up to `max_calls` times, and each may be billed.
    columns : sequence of str, optional
        Names of the columns of a row that has none.
    classes : sequence, optional
        Checked against the answer; a chat model has to be told them.
    model : str
        Its name, where a server has several.
    protocol : str
        The only one to try.
    headers, params, auth, ca_file :
        As of `Endpoint`; sent with every request.
    max_calls : int
        Most requests that hold the row.
    timeout : float
        Seconds to wait for each answer.
    transport : httpx2.BaseTransport, optional
        Instead of the network, for tests.

    Returns
    -------
    Finding

    Raises
    ------
    InputError
        If the URL, the row or an option is wrong.
    AttemptError
        If the server cannot be reached, or refuses the key.
    ModelError
        If nothing fits, with all that was tried and what came back.

    Examples
    --------
    >>> import httpx2
    >>> from surrogate.adapters.http.probe import probe
    >>> served = httpx2.MockTransport(lambda r: httpx2.Response(200, json={"predictions": [7.5]}))
    >>> finding = probe("http://localhost/v1/models/price", [1.0, 2.0], transport=served)
    >>> finding.protocol, finding.confirmed, finding.rows_sent
    ('v1', True, 1)
    """
    rules: dict[str, Rule] = {"max_calls": Whole(1, 100), "timeout": Real(0, closed="neither")}
    if protocol and protocol not in names():
        make(protocol, {})  # raises, and says which there are
    check("probe", rules, {"max_calls": max_calls, "timeout": timeout})
    base = Endpoint(
        url,
        Template(body='"$rows"', values=""),  # stands in until the protocol is known
        classes=None if classes is None else tuple(classes),
        columns=None if columns is None else tuple(columns),
        headers=headers or {},
        params=params or {},
        auth=auth,
        ca_file=ca_file,
        connect_timeout=min(timeout, 10.0),
        read_timeout=timeout,
        max_bytes=MAX_BYTES,
    )
    headers = params = None  # so that no frame of an error holds a key
    place = place_of(url)
    rows = one_row(row, base.columns)
    given = Given(rows, base.columns, base.classes, model or place.model, protocol)
    with Line(base, max_calls=max_calls, transport=transport) as line:
        found = clues(line.get, place, model=given.model, columns=given.names)
        return Search(line, base, place=place, given=given, found=found).run()
