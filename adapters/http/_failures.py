"""What went wrong with an attempt: the one place where errors and statuses are mapped."""

from __future__ import annotations

import json
import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any

from surrogate.adapters.http._urls import shown
from surrogate.adapters.http._waiting import retry_after
from surrogate.errors import AttemptError

__all__ = ["cleaned", "excerpt", "from_exception", "from_status", "unsent"]

LENGTH = 240
"""Most characters of a server's own words that a message holds."""

_UNSENT = ("ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol")
_WORDS = ("message", "error", "detail", "error_message", "errorMessage", "msg")
_MARKUP = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_QUOTA = re.compile(r"quota|billing|credit|payment|insufficient|balance", re.IGNORECASE)
_RATE = re.compile(r"per[ _-]?(second|minute|hour|day)|rate[ _-]?limit", re.IGNORECASE)
_BATCH = re.compile(
    r"(batch|instances|rows|inputs|payload|body|request).{0,60}"
    r"(too (large|many|big)|exceed|maximum|at most|limit)|(too (large|many|big)|exceeds?|maximum)"
    r".{0,60}(batch|instances|rows|inputs|payload|body)",
    re.IGNORECASE | re.DOTALL,
)
_AGAIN = {408, 425, 429, 500, 502, 503, 504}
_MEANING = {
    401: "refused the key",
    402: "asks to be paid",
    403: "refused the key, or it may not ask this model",
    404: "has no such path",
    405: "takes no rows at this path",
    407: "is behind a proxy that wants a key",
    408: "gave up waiting",
    413: "found the request too large",
    415: "does not take this kind of content",
    422: "did not understand the rows",
    429: "asks to wait",
    503: "is not available",
}


def unsent(who: str, what: str, *, fatal: bool = True) -> AttemptError:
    """An attempt that ended before anything was sent."""
    return AttemptError(f"{who} was not asked: {what}", reason="unsent", fatal=fatal)


def from_exception(error: Exception, who: str, *, connect: float, read: float) -> AttemptError:
    """What an exception of the client means; its text may show what was sent, so it is not used."""
    kind = type(error).__name__
    if kind == "LocalProtocolError":
        return unsent(who, "a header holds what no header may hold.")
    if kind in _UNSENT:
        return _not_connected(error, who, kind, connect=connect)
    if kind == "ReadTimeout":
        text = f"{who} did not answer in full within {read:g} seconds."
    elif kind == "RemoteProtocolError":
        text = f"{who} ended the connection before its answer was whole, or does not speak HTTP."
    elif kind in ("ReadError", "WriteError", "CloseError", "WriteTimeout"):
        text = f"The connection to {who} broke after rows were sent."
    else:
        text = f"Asking {who} failed ({kind})."
    return AttemptError(text + " The rows may be billed.", reason="unknown")


def _not_connected(error: Exception, who: str, kind: str, *, connect: float) -> AttemptError:
    """Why there is no connection."""
    for cause in _chain(error):
        if isinstance(cause, socket.gaierror):
            known = cause.errno not in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", None))
            hint = "Try again later" if known else "Check the URL"
            return unsent(who, f"its name is not found (DNS). {hint}.", fatal=not known)
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = cause.verify_message
            return unsent(who, f"its certificate is not trusted ({why}); ca_file= names others.")
        if isinstance(cause, ssl.SSLError):
            why = (cause.reason or "TLS").replace("_", " ").lower()
            return unsent(who, f"no secure connection ({why}). Does it speak https?")
        if isinstance(cause, ConnectionRefusedError):
            return unsent(who, "it refused the connection. Is it running?", fatal=False)
    if kind == "ConnectTimeout":
        return unsent(who, f"no connection within {connect:g} seconds.", fatal=False)
    if kind == "PoolTimeout":
        return unsent(who, "all its connections were busy.", fatal=False)
    return unsent(who, "no connection could be made.", fatal=kind == "UnsupportedProtocol")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and those behind it."""
    for _ in range(10):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def from_status(
    status: int, headers: Mapping[str, str], body: bytes, *, who: str, secrets: tuple[str, ...]
) -> AttemptError:
    """What an error status means.

    Parameters
    ----------
    status : int
    headers : mapping
        Names in lower case.
    body : bytes
        The beginning of the answer's body.
    who : str
    secrets : tuple of str
        Texts that were sent and may not be shown.
    """
    if 300 <= status < 400:
        place = shown(excerpt(headers.get("location", "").encode(), secrets)) or "elsewhere"
        return AttemptError(
            f"{who} redirects to {place} (HTTP {status}). Redirects are not followed, since the"
            " rows and the key would go with them; if it is the right place, give its URL.",
            reason="rejected",
            status=status,
            fatal=True,
        )
    meant = _model_status(status, headers)
    words = excerpt(body, secrets)
    rated = status == 429 and _RATE.search(words) is not None
    quota = status == 429 and not rated and _QUOTA.search(words) is not None
    split = meant == 413 or (meant == 400 and _BATCH.search(words) is not None)
    meaning = "has no quota left" if quota else _MEANING.get(meant, "failed")
    said = f": {words}" if words else "."
    waits = status in (429, 503)
    return AttemptError(
        f"{who} {meaning} (HTTP {status}){said}",
        reason="rejected",
        status=meant,
        retry_after=retry_after(headers, time.time()) if waits else None,
        split=split,
        fatal=quota or not (split or meant in _AGAIN or meant >= 520),
    )


def _model_status(status: int, headers: Mapping[str, str]) -> int:
    """The status of the model's own failure, which Azure ML wraps as 424."""
    own = headers.get("ms-azureml-model-error-statuscode", "")
    return int(own) if status == 424 and re.fullmatch("[45][0-9]{2}", own) else status


def excerpt(body: bytes, secrets: tuple[str, ...] = ()) -> str:
    """A server's own words on one short line, without markup, controls and secrets."""
    text = body.decode("utf-8", errors="replace")
    try:
        text = _words(json.loads(text)) or text
    except (ValueError, RecursionError):
        text = unescape(_MARKUP.sub(" ", text))
    return cleaned(text, secrets)


def cleaned(text: str, secrets: tuple[str, ...]) -> str:
    """Text that holds a server's words, on one short line without controls and secrets."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "...")
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= LENGTH else text[: LENGTH - 3] + "..."


def _words(value: Any, depth: int = 0) -> str:
    """The message in an error that is JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and depth < 5:
        return _words(value[0], depth + 1)
    if isinstance(value, dict) and depth < 5:
        found = [_words(value[name], depth + 1) for name in _WORDS if name in value]
        code = [str(value["code"])] if isinstance(value.get("code"), str) else []
        return ": ".join([*code, *filter(None, found[:1])])
    return ""
