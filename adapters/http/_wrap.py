"""From what `wrap` is given to a box: a URL, an endpoint, or a file that declares one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from surrogate.adapters._base import Declared, Preprocess
from surrogate.adapters.http.client import HttpBox
from surrogate.adapters.http.endpoint import Endpoint

__all__ = ["wrap_endpoint"]


def wrap_endpoint(
    model: str | Path | Endpoint,
    *,
    declared: Declared,
    protocol: Any = None,
    auth: Any = None,
    preprocess: Preprocess | None = None,
) -> HttpBox:
    """A box of a URL, an `Endpoint`, or a .toml file with ``#name`` where it declares several."""
    said = {name: value for name, value in vars(declared).items() if value is not None}
    if auth is not None:
        said["auth"] = auth
    if not isinstance(model, Endpoint) and "://" in str(model):
        return HttpBox(Endpoint(str(model), protocol or "", **said), preprocess=preprocess)
    if not isinstance(model, Endpoint):
        path, _, name = str(model).partition("#")
        model = Endpoint.from_toml(path, name or None)
    if protocol is not None:
        said |= {"protocol": protocol, "options": {}}
    return HttpBox(replace(model, **said), preprocess=preprocess)
