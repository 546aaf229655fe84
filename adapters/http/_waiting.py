"""How long a server asks to wait, in the many ways in which servers say it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

__all__ = ["retry_after"]

_MILLISECONDS = ("retry-after-ms", "x-ms-retry-after-ms")
_UNITS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_RESET = re.compile(r"(?:x-)?rate-?limit-reset(-\w+)?")
_EPOCH = 1e9  # numbers beyond are seconds since 1970, not seconds from now


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that a server asks to wait, if it does.

    ``Retry-After`` as seconds or a date, its variants in milliseconds, else the
    ``x-ratelimit-reset-*`` of those limits of which nothing remains.

    Parameters
    ----------
    headers : mapping
        Names in lower case.
    now : float
        Seconds since 1970.

    Examples
    --------
    >>> from surrogate.adapters.http._waiting import retry_after
    >>> retry_after({"retry-after": "3"}, now=0.0)
    3.0
    >>> limits = {"x-ratelimit-reset-requests": "1m30s", "x-ratelimit-remaining-requests": "0"}
    >>> retry_after(limits, now=0.0)
    90.0
    """
    for name in _MILLISECONDS:
        wait = _number(headers.get(name, ""))
        if wait is not None:
            return wait / 1000
    said = _seconds(headers.get("retry-after", ""), now)
    if said is not None:
        return said
    resets = {name: found for name in headers if (found := _RESET.fullmatch(name))}
    waits = [
        _seconds(headers[name], now)
        for name, found in resets.items()
        if headers.get(name.replace("reset", "remaining"), "0").strip() == "0"
    ]
    return max((wait for wait in waits if wait is not None), default=None)


def _seconds(text: str, now: float) -> float | None:
    """Seconds from now in a number, a duration such as 6m0s, or a date."""
    number = _number(text)
    if number is not None:
        return max(number - now, 0.0) if number > _EPOCH else number
    if _DURATION.fullmatch(text.strip()):
        return sum(float(amount) * _UNITS[unit] for amount, unit in _PART.findall(text))
    try:
        return max(parsedate_to_datetime(text).timestamp() - now, 0.0)
    except (TypeError, ValueError, OverflowError):
        return None


def _number(text: str) -> float | None:
    """A finite number that is not negative."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
