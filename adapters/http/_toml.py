"""Writing TOML: the standard library only reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["to_toml"]

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def to_toml(values: Mapping[str, Any]) -> str:
    """A mapping of texts, numbers, lists and mappings as TOML; None is left out.

    Examples
    --------
    >>> from surrogate.adapters.http._toml import to_toml
    >>> print(to_toml({"url": "http://localhost", "headers": {"Accept": "*/*"}}))
    url = "http://localhost"
    <BLANKLINE>
    [headers]
    Accept = "*/*"
    <BLANKLINE>
    """
    plain = {key: value for key, value in values.items() if not isinstance(value, Mapping)}
    tables = {key: value for key, value in values.items() if isinstance(value, Mapping)}
    lines = [f"{_key(key)} = {_value(v)}" for key, v in plain.items() if v is not None]
    for name, table in tables.items():
        if table:
            entries = [f"{_key(k)} = {_value(v)}" for k, v in table.items() if v is not None]
            lines += ["", f"[{_key(name)}]", *entries]
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _value(value: Any) -> str:
    """One value, mappings inline."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items() if v is not None)
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    raise TypeError(f"{type(value).__name__} has no place in TOML")


def _text(value: str) -> str:
    if '"' in value and "'" not in value and value.isprintable():
        return f"'{value}'"
    # JSON's escapes are TOML's too, but for the delete character, which JSON leaves as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
