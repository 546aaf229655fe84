"""Wire protocols: pure functions from rows to a request, and from an answer to a reply.

`PROTOCOLS` has those that need code; `presets()` names the templates that come as TOML.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from surrogate._validate import unknown
from surrogate.adapters._rows import nearest
from surrogate.adapters.http.protocols._base import Request, WireProtocol, path_of
from surrogate.adapters.http.protocols.chat import Chat
from surrogate.adapters.http.protocols.huggingface import HuggingFace
from surrogate.adapters.http.protocols.mlflow import MLflow
from surrogate.adapters.http.protocols.template import Template, preset, presets
from surrogate.adapters.http.protocols.v1 import V1
from surrogate.adapters.http.protocols.v2 import V2
from surrogate.errors import OptionError

__all__ = [
    "PROTOCOLS",
    "V1",
    "V2",
    "Chat",
    "HuggingFace",
    "MLflow",
    "Request",
    "Template",
    "WireProtocol",
    "guess",
    "make",
    "names",
    "presets",
]

PROTOCOLS: Mapping[str, Callable[..., WireProtocol]] = MappingProxyType(
    {kind.name: kind for kind in (V2, V1, MLflow, HuggingFace, Chat, Template)}
)

_PATHS = (
    (re.compile(r"/v2/models/[^/]+"), "v2"),
    (re.compile(r"/v1/models/[^/]+"), "v1"),
    (re.compile(r"/chat/completions$"), "chat"),
)


def names() -> tuple[str, ...]:
    """Names of every protocol, in code and in TOML."""
    return (*PROTOCOLS, *presets())


def make(
    name: str, options: Mapping[str, Any], *, defaults: Mapping[str, Any] | None = None
) -> WireProtocol:
    """A protocol by its name.

    Parameters
    ----------
    name : str
        One of `names()`.
    options : mapping
        Its options.
    defaults : mapping, optional
        What else is known (``columns``, ``labels``), for those options that it has and that
        were not said.

    Raises
    ------
    OptionError
        If there is no such protocol or option.

    Examples
    --------
    >>> from surrogate.adapters.http.protocols import make
    >>> make("v1", {"model": "iris"}).target("http://localhost:8501")
    'http://localhost:8501/v1/models/iris:predict'
    """
    known = names()
    if name not in known:
        raise OptionError(
            f"There is no protocol {name!r}{nearest(str(name), known)}; there are:"
            f" {', '.join(known)}."
        )
    kind = PROTOCOLS.get(name, Template)
    accepted = [entry.name for entry in fields(kind)]  # type: ignore[arg-type]
    unknown(f"The protocol {name!r}", options, accepted)
    known_options = {"columns"} if kind is Template else set(accepted)  # its labels are a path
    said = {key: value for key, value in (defaults or {}).items() if key in known_options}
    said |= {key: tuple(v) if isinstance(v, list) else v for key, v in options.items()}
    if name not in PROTOCOLS:
        return preset(name, said)
    try:
        return PROTOCOLS[name](**said)
    except TypeError as error:
        missing = re.findall(r"'(\w+)'", str(error))
        raise OptionError(
            f"The protocol {name!r} needs the option{'s' * (len(missing) > 1)} "
            + ", ".join(missing)
        ) from None


def guess(url: str) -> str | None:
    """The protocol that a URL's path shows, if it shows one."""
    path = path_of(url)
    return next((name for pattern, name in _PATHS if pattern.search(path)), None)
