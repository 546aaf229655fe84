"""From a service's own description (OpenAPI) to templates of its requests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Operation", "operations"]

MOST = 3
"""Most operations of one service that are offered."""

_PATH = re.compile(r"(/[A-Za-z0-9_.:~-]+)*/?")
_ASKS = re.compile(r"predict|classif|infer|invoc|score|scoring|proba|regress", re.IGNORECASE)
_TASKS = re.compile(r"/(submit|retry|cancel|status|get)$")
_DEPTH = 8


@dataclass(frozen=True)
class Operation:
    """Something that a service says can be posted.

    Parameters
    ----------
    path : str
        Below the service's root.
    bodies : tuple of str
        Bodies of templates, likeliest first.
    """

    path: str
    bodies: tuple[str, ...]


def operations(spec: Any, *, path: str, columns: tuple[str, ...] | None) -> list[Operation]:
    """What may be posted to a service, likeliest first.

    A description is another's word. Of its operations only those count whose name says that
    they predict, and the one at the path that the user named.

    Parameters
    ----------
    spec : JSON value
    path : str
        The path that the user named; may be empty.
    columns : tuple of str or None
        Columns of the row, where they are known.

    Examples
    --------
    >>> from surrogate.adapters.http._openapi import operations
    >>> schema = {"properties": {"x": {"type": "array", "items": {"type": "array"}}}}
    >>> content = {"application/json": {"schema": {"type": "object", **schema}}}
    >>> spec = {"paths": {"/predict": {"post": {"requestBody": {"content": content}}}}}
    >>> operations(spec, path="", columns=None)
    [Operation(path='/predict', bodies=('{"x": "$rows"}',))]
    """
    paths = spec.get("paths") if isinstance(spec, Mapping) else None
    if not isinstance(paths, Mapping):
        return []
    found = []
    for where, item in paths.items():
        post = item.get("post") if isinstance(item, Mapping) else None
        if (
            not isinstance(where, str)
            or not isinstance(post, Mapping)
            or not _PATH.fullmatch(where)
        ):
            continue
        named = bool(path) and path.endswith(where.rstrip("/") or "\0")
        if named or (_ASKS.search(where) and not _TASKS.search(where) and not path):
            found.append((not named, len(where), Operation(where, _bodies(post, spec, columns))))
    return [operation for *_, operation in sorted(found, key=lambda one: one[:2])][:MOST]


def _bodies(post: Any, spec: Any, columns: tuple[str, ...] | None) -> tuple[str, ...]:
    """Bodies of templates for an operation."""
    node: Any = post
    for key in ("requestBody", "content", "application/json", "schema"):
        node = _resolved(node, spec).get(key)
    if node is None:
        return ()
    bodies = [json.dumps(part) for part in _parts(node, spec, columns, _DEPTH)]
    return tuple(dict.fromkeys(body for body in bodies if "$" in body))


def _parts(schema: Any, spec: Any, columns: tuple[str, ...] | None, depth: int) -> Iterator[Any]:
    """JSON with marks for a schema, likeliest first."""
    schema = _resolved(schema, spec)
    if depth == 0:
        return
    for choice in _listed(schema, "anyOf", "oneOf", "allOf"):
        yield from _parts(choice, spec, columns, depth - 1)
    kind = schema.get("type")
    if kind == "string":
        yield "$text"
    elif kind == "dataframe":
        yield "$records"
    elif kind == "tensor":
        yield "$rows"
    elif kind == "array":
        yield from _of_array(_resolved(schema.get("items"), spec), spec)
    elif kind == "object" or "properties" in schema:
        yield from _of_object(schema, spec, columns, depth)


def _of_array(items: Mapping[str, Any], spec: Any) -> Iterator[str]:
    """What an array holds, by the schema of its entries."""
    kinds = {items.get("type"), *(_resolved(c, spec).get("type") for c in _listed(items, "anyOf"))}
    if kinds & {"number", "integer", "boolean"}:
        yield "$row"
    if "object" in kinds or "properties" in items:
        yield "$records"
    if "string" in kinds:
        yield "$texts"
    if "array" in kinds or kinds == {None}:
        yield "$rows"


def _of_object(
    schema: Mapping[str, Any], spec: Any, columns: tuple[str, ...] | None, depth: int
) -> Iterator[Any]:
    """A row itself, or an object with one field for the rows and defaults for the others."""
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return
    required = [name for name in _listed(schema, "required") if name in properties]
    if columns is not None and set(required) <= set(columns) <= set(properties):
        yield "$record"
    open_ = [name for name in required if "default" not in _resolved(properties[name], spec)]
    if len(open_ or properties) != 1:
        return
    name = next(iter(open_ or properties))
    for part in _parts(properties[name], spec, columns, depth - 1):
        yield {name: part}


def _resolved(node: Any, spec: Any) -> Mapping[str, Any]:
    """What a node refers to within the description; {} if there is no such thing."""
    for _ in range(_DEPTH):
        if not isinstance(node, Mapping):
            return {}
        reference = node.get("$ref")
        if not isinstance(reference, str):
            return node
        node = spec
        for step in reference.removeprefix("#/").split("/"):
            node = node.get(step) if isinstance(node, Mapping) else None
    return {}


def _listed(schema: Mapping[str, Any], *keys: str) -> list[Any]:
    """Entries of those keys that hold lists."""
    return [part for key in keys if isinstance(schema.get(key), list) for part in schema[key]]
