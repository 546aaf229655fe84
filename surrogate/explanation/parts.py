"""Parts that may be absent when an explanation comes back from JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["optional"]

T = TypeVar("T")


def optional(build: Callable[[Any], T], data: Any) -> T | None:
    """Build a part, unless there was none."""
    return None if data is None else build(data)
