"""Endpoints in TOML files: secrets are named there, and never written."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from surrogate._validate import unknown
from surrogate.adapters._rows import nearest
from surrogate.adapters.http._toml import to_toml
from surrogate.adapters.http.secrets import Secret, is_credential
from surrogate.errors import InputError, OptionError

__all__ = ["read", "write"]

_VALUES = ("headers", "params")
_CREDENTIALS = ("auth", "proxy")


def read(path: Path, name: str | None, known: Sequence[str]) -> dict[str, Any]:
    """What a file says of an endpoint.

    Parameters
    ----------
    path : Path
    name : str or None
        Which of several.
    known : sequence of str
        What may be said.
    """
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no TOML: {error}.") from None
    chosen = _chosen(said, name, path)
    unknown(f"An endpoint in {path.name}", chosen, list(known))
    if "url" not in chosen:
        raise InputError(f"An endpoint in {path.name} has no url.")
    for key in _VALUES:
        values = chosen.get(key, {})
        if isinstance(values, dict):
            chosen[key] = {n: _read(n, v, path) for n, v in values.items()}
    for key in _CREDENTIALS:
        if key in chosen:
            chosen[key] = _read(key, chosen[key], path)
    if isinstance(chosen.get("ca_file"), str):
        chosen["ca_file"] = path.parent / chosen["ca_file"]
    return chosen


def write(values: Mapping[str, Any]) -> str:
    """An endpoint as a file."""
    plain = dict(values)
    for key in _VALUES:
        plain[key] = {n: _written(n, v) for n, v in plain.get(key, {}).items()}
    for key in _CREDENTIALS:
        if key in plain:
            plain[key] = _written(key, plain[key])
    if "ca_file" in plain:
        plain["ca_file"] = str(plain["ca_file"])
    return to_toml(plain)


def _chosen(said: dict[str, Any], name: str | None, path: Path) -> dict[str, Any]:
    """The endpoint of a file that is meant."""
    if "url" in said:
        if name is not None and name != said.get("name"):
            raise InputError(f"{path} holds one endpoint, and {name!r} is not its name.")
        return dict(said)
    tables = [key for key, value in said.items() if isinstance(value, dict)]
    if name is None and len(tables) != 1:
        hint = f"; say which of its endpoints: {', '.join(tables)}." if tables else "."
        raise InputError(f"{path} has no url at its top{hint}")
    wanted = tables[0] if name is None else name
    if wanted not in tables:
        raise InputError(
            f"{path} has no endpoint {wanted!r}{nearest(wanted, tables)}; it has:"
            f" {', '.join(tables)}."
        )
    return {"name": wanted, **said[wanted]}


def _read(name: str, value: Any, path: Path) -> Any:
    """A header, parameter or credential of a file."""
    if isinstance(value, str) and "${" in value:
        return Secret.refer(value)
    if is_credential(name) or name in _CREDENTIALS:
        raise InputError(
            f"{path.name} holds the value of {name!r}. A file is no place for a key: write"
            f' {name} = "${{NAME}}", and set the environment variable NAME.'
        )
    return value


def _written(name: str, value: Any) -> str:
    """A header, parameter or credential as a file may hold it."""
    if isinstance(value, str):
        return value
    reference = value.reference if isinstance(value, Secret) else None
    if reference is None:
        raise OptionError(
            f"The value of {name!r} is not written to a file; take it from the environment:"
            " Secret.env('NAME')."
        )
    return reference
