"""From arguments to an endpoint, and to what asking it may cost."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from surrogate.cli.values import parse_value
from surrogate.errors import OptionError

if TYPE_CHECKING:
    from surrogate.adapters.http import Endpoint, Secret
    from surrogate.oracle import Budget

__all__ = [
    "budget_of",
    "headers_of",
    "is_endpoint",
    "model_behind",
    "remote_terms",
    "without_endpoint",
]

_PLAIN = (
    *("protocol", "rows_per_call", "concurrency", "rate", "deadline"),
    *("price_per_row", "price_per_call", "currency", "ca_file"),
)
_LISTS = ("header", "protocol_option")
_VARIABLE = re.compile(r"\bENV:([A-Za-z_][A-Za-z0-9_]*)")


def is_endpoint(text: str) -> bool:
    """Whether what names a model is a URL or a .toml file.

    Examples
    --------
    >>> from surrogate.cli.endpoints import is_endpoint
    >>> is_endpoint("credit.toml#small"), is_endpoint("credit.onnx")
    (True, False)
    """
    return "://" in text or text.partition("#")[0].lower().endswith(".toml")


def without_endpoint(given: argparse.Namespace) -> argparse.Namespace:
    """The arguments without those that say how a URL is asked."""
    nothing: dict[str, Any] = {name: [] if name in _LISTS else None for name in (*_PLAIN, *_LISTS)}
    return argparse.Namespace(**{**vars(given), **nothing})


def model_behind(model: Any, given: argparse.Namespace) -> Any:
    """The endpoint that a URL or a .toml file and the options make; any other model as it is.

    Raises
    ------
    OptionError
        If options for a model behind a URL are given with another model.
    """
    said = {name: getattr(given, name) for name in _PLAIN if getattr(given, name) is not None}
    lists = [name for name in _LISTS if getattr(given, name)]
    text = model if isinstance(model, str) else ""
    if not is_endpoint(text):
        options = [f"--{name.replace('_', '-')}" for name in (*said, *lists)]
        if options:
            raise OptionError(f"{', '.join(options)}: {given.model} is no URL and no .toml file.")
        return model
    from surrogate.adapters.http import Endpoint

    if "://" in text:
        return _with(None, {"url": text, **said}, given)
    path, _, name = text.partition("#")
    return _with(Endpoint.from_toml(path, name or None), said, given)


def _with(declared: Endpoint | None, said: dict[str, Any], given: argparse.Namespace) -> Endpoint:
    """An endpoint with what was said besides; another protocol drops the options of the first."""
    from surrogate.adapters.http import Endpoint

    headers, options = headers_of(given.header), _protocol_options(given.protocol_option)
    if declared is None:
        return Endpoint(**said, headers=headers, options=options)
    kept = {} if "protocol" in said else dict(declared.options)
    return replace(
        declared, **said, headers={**declared.headers, **headers}, options={**kept, **options}
    )


def _protocol_options(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Options of a protocol; empty text stays text."""
    return {name: parse_value(value) for name, value in pairs}


def headers_of(pairs: Sequence[tuple[str, str]]) -> dict[str, str | Secret]:
    """Headers, those with ENV:VAR as secrets.

    Raises
    ------
    OptionError
        If a key is given in the clear.

    Examples
    --------
    >>> from surrogate.cli.endpoints import headers_of
    >>> headers_of([("X-Region", "eu"), ("Authorization", "Bearer ENV:MY_KEY")])
    {'X-Region': 'eu', 'Authorization': <secret from ${MY_KEY}>}
    """
    from surrogate.adapters.http.secrets import Secret, is_credential

    headers: dict[str, str | Secret] = {}
    for name, value in pairs:
        if _VARIABLE.search(value):
            headers[name] = Secret.refer(_VARIABLE.sub(r"${\1}", value))
        elif is_credential(name):
            raise OptionError(
                f"--header {name}=... gives a key in the clear, where the shell's history and the "
                f"list of processes show it; set a variable, and say {name}=ENV:VARIABLE."
            )
        else:
            headers[name] = value
    return headers


def budget_of(given: argparse.Namespace) -> Budget | None:
    """The budget in rows, requests and money, if one was given."""
    from surrogate.oracle import Budget

    limits = (given.budget, given.budget_requests, given.budget_money)
    if limits == (None, None, None):
        return None
    return Budget(*limits)


def remote_terms(given: argparse.Namespace) -> dict[str, Any]:
    """What `explain`, `distill` and `audit` take of budgets and ledgers, as far as it was said.

    Raises
    ------
    OptionError
        If what was said does not go together.
    """
    if given.offline and given.ledger is None:
        raise OptionError("--offline answers from a ledger; name it: --ledger FILE.")
    if given.offline and given.dry_run:
        raise OptionError("--offline asks nothing, and so there is nothing for --dry-run to price.")
    said = {"budget": budget_of(given), "ledger": given.ledger}
    terms = {name: value for name, value in said.items() if value is not None}
    return terms | {name: True for name in ("offline", "dry_run") if getattr(given, name)}
