"""URLs as they are checked and shown."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

from surrogate.errors import OptionError

__all__ = ["check_url", "parts_of", "shown"]


def shown(url: str) -> str:
    """A URL as it may be shown: without user, password, query and fragment.

    Examples
    --------
    >>> from surrogate.adapters.http._urls import shown
    >>> shown("https://me:pw@models.example/score?code=123")
    'https://models.example/score'
    """
    scheme, slashes, rest = url.partition("://")
    if not slashes:
        scheme, rest = "", url
    rest = rest.partition("?")[0].partition("#")[0]
    host, slash, path = rest.partition("/")
    return f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path}"


def parts_of(url: str) -> SplitResult:
    """The parts of a URL, or an error that does not show its secrets."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise OptionError(f"The `url` of Endpoint is no URL: {shown(url)!r}.") from None
    return parts


def check_url(url: str, *, has_credential: bool) -> None:
    """Raise unless a URL is one, holds no secret, and protects those that are sent to it."""
    parts = parts_of(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise OptionError(
            "The `url` of Endpoint must begin with http:// or https:// and a host; got"
            f" {shown(url)!r}."
        )
    if parts.username is not None or parts.password is not None:
        raise OptionError(
            f"The `url` of Endpoint holds a user or password ({shown(url)}); give them as headers="
            " or auth=, from the environment."
        )
    if parts.query or parts.fragment:
        raise OptionError(
            f"The `url` of Endpoint has a query or fragment after {shown(url)}; give it as params=,"
            " with a Secret for what is one."
        )
    if parts.scheme == "http" and has_credential and not _is_loopback(parts.hostname):
        raise OptionError(
            f"A credential would go to {shown(url)} in the clear; use https://. Only this machine"
            " may be asked over http:// with a credential."
        )


def _is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
