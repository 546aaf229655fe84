"""Parts that explanations share when they come back from JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from surrogate.oracle import Queries

__all__ = ["optional", "queries_from_dict"]

T = TypeVar("T")


def optional(build: Callable[[Any], T], data: Any) -> T | None:
    """Build a part, unless there was none."""
    return None if data is None else build(data)


def queries_from_dict(data: Mapping[str, Any]) -> Queries:
    """Give back the count of queries that `Queries.to_dict` described."""
    return Queries(
        rows=data["rows"],
        calls=data["calls"],
        seconds=data["seconds"],
        purposes=dict(data["purposes"]),
        budget=data["budget"],
    )
