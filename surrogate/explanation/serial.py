"""JSON out and back: schema tags, arrays, and plain values."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from surrogate.errors import InputError

__all__ = [
    "INTEGRITY",
    "Document",
    "check_version",
    "digest",
    "dumps",
    "integrity",
    "loads",
    "pack",
    "plain",
    "unpack",
]

VERSION = 1
"""Version of every schema below; a newer one is refused, an older one is read."""
INTEGRITY = "integrity"
"""Where a document keeps the hash of everything else in it."""


def dumps(schema: str, body: Mapping[str, Any], *, indent: int | None = None) -> str:
    """Write a body under its schema tag as strict JSON: no NaN, keys in their order.

    Last comes the hash of all before it, which `surrogate verify` checks.

    Examples
    --------
    >>> from surrogate.explanation.serial import dumps
    >>> dumps("surrogate/example", {"value": float("nan")}).partition(', "integrity"')[0]
    '{"schema": "surrogate/example", "version": 1, "value": null'
    """
    document = {"schema": schema, "version": VERSION, **plain(body)}
    document[INTEGRITY] = {"sha256": integrity(document)}
    return json.dumps(document, allow_nan=False, ensure_ascii=False, indent=indent)


class Document:
    """A result that goes out as JSON under its schema, and comes back equal.

    Results of one schema are equal where they are equal as JSON.
    """

    SCHEMA: ClassVar[str]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        raise NotImplementedError

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Give back the result that `to_dict` described."""
        raise NotImplementedError

    def to_json(self, *, indent: int | None = None) -> str:
        """JSON under the schema of this result; comes back equal."""
        return dumps(self.SCHEMA, self.to_dict(), indent=indent)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what `to_json` wrote.

        Raises
        ------
        InputError
            If it is other JSON, or of a newer version.
        """
        return cls.from_dict(loads(cls.SCHEMA, text))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Document) or other.SCHEMA != self.SCHEMA:
            return NotImplemented
        return self.to_json() == other.to_json()


def integrity(document: Mapping[str, Any]) -> str:
    """SHA-256 of a document's canonical JSON, without its own hash.

    Canonical: keys sorted, no spaces, ASCII only, numbers as Python's json writes them.

    Examples
    --------
    >>> from surrogate.explanation.serial import integrity
    >>> integrity({"b": 1, "a": 2}) == integrity({"a": 2, "b": 1, "integrity": "any"})
    True
    """
    rest = {name: value for name, value in document.items() if name != INTEGRITY}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def digest(text: str) -> str:
    """The hash that a document bears."""
    document = json.loads(text)
    return str(document[INTEGRITY]["sha256"])


def loads(schema: str, text: str | bytes) -> dict[str, Any]:
    """Read what `dumps` wrote, or say why it is not that.

    Raises
    ------
    InputError
        If the text is not JSON, is of another schema, or of a newer version.
    """
    try:
        document: Any = json.loads(text)
    except ValueError as error:
        raise InputError(f"This is not the JSON of a {schema!r}: {error}.") from error
    found = document.get("schema") if isinstance(document, dict) else None
    if found != schema:
        raise InputError(
            f'Expected JSON with "schema": {schema!r}; got {found!r}. '
            "Read it with the class that wrote it."
        )
    check_version(document)
    return dict(document)


def check_version(document: Mapping[str, Any]) -> None:
    """Refuse a version that is none, or newer than is known here.

    Raises
    ------
    InputError
        If it is.
    """
    version, schema = document.get("version"), document.get("schema")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise InputError(f'Expected a whole number from 1 as "version"; got {version!r}.')
    if version > VERSION:
        raise InputError(
            f"This JSON is version {version} of {schema!r}; this surrogate-toolkit reads up to "
            f"version {VERSION}. Upgrade it: pip install --upgrade surrogate-toolkit"
        )


def plain(value: Any) -> Any:
    """Nested JSON values of a setting: NumPy scalars become Python's, undefined becomes null.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.explanation.serial import plain
    >>> plain({"seed": np.int64(3), "width": np.inf, "sizes": (2, 4)})
    {'seed': 3, 'width': None, 'sizes': [2, 4]}
    """
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=repr)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [plain(item) for item in value]
    return str(value)


def pack(array: np.ndarray[Any, Any] | None) -> dict[str, Any] | None:
    """Shape and flat values of an array, None as None; NaN becomes null."""
    if array is None:
        return None
    return {"shape": list(array.shape), "values": plain(array.ravel())}


def unpack(packed: Mapping[str, Any]) -> np.ndarray[Any, Any]:
    """Give back the float64 array that `pack` was given; null becomes NaN."""
    flat = [np.nan if value is None else value for value in packed["values"]]
    return np.asarray(flat, dtype=np.float64).reshape(packed["shape"])
