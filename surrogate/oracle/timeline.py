"""Queries over time: a bounded number of points, whatever was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["MOST_POINTS", "Recorder", "Timeline"]

MOST_POINTS = 64
"""Most points that are kept; twice as many before every other one is dropped."""


@dataclass(frozen=True)
class Timeline:
    """Rows asked until some moments, by purpose.

    Parameters
    ----------
    seconds : tuple of float
        Since the first question, growing.
    rows : mapping from str to tuple of int
        Of each purpose, the rows asked until each moment.

    Examples
    --------
    >>> from surrogate.oracle import Timeline
    >>> line = Timeline((0.1, 0.3), {"fit": (500, 1000), "fidelity": (0, 200)})
    >>> line.total
    (500, 1200)
    >>> Timeline.from_dict(line.to_dict()) == line
    True
    """

    seconds: tuple[float, ...] = ()
    rows: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.seconds)

    @property
    def total(self) -> tuple[int, ...]:
        """Rows of all purposes until each moment."""
        return tuple(map(sum, zip(*self.rows.values())))

    def to_dict(self) -> dict[str, Any]:
        """Plain data, JSON safe."""
        return {
            "seconds": list(self.seconds),
            "rows": {purpose: list(rows) for purpose, rows in self.rows.items()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Timeline:
        """Undo `to_dict`."""
        rows = {purpose: tuple(rows) for purpose, rows in data["rows"].items()}
        return cls(tuple(data["seconds"]), rows)


class Recorder:
    """Takes points while rows are asked, ever fewer as they grow many.

    A point costs a few tenths of a microsecond; after 128 only every second call is one, then
    every fourth.
    """

    __slots__ = ("_every", "_first", "_last", "_points", "_until")

    def __init__(self) -> None:
        self._points: list[tuple[float, dict[str, int]]] = []
        self._every = self._until = 1
        self._first: float | None = None
        self._last = 0.0

    def begin(self, at: float) -> None:
        """Say when a question is sent; the first one starts the clock."""
        if self._first is None:
            self._first = at

    def take(self, at: float, purposes: dict[str, int]) -> None:
        """Say when it was answered, and what was asked until then, by purpose."""
        self._last = at
        self._until -= 1
        if self._until:
            return
        self._until = self._every
        self._points.append((at, purposes.copy()))
        if len(self._points) == 2 * MOST_POINTS:
            del self._points[::2]
            self._every *= 2
            self._until = self._every

    def timeline(self, purposes: Mapping[str, int]) -> Timeline:
        """The points, at most `MOST_POINTS`, the last one of what was asked in all."""
        if self._first is None:
            return Timeline()
        step = -(-len(self._points) // (MOST_POINTS - 1)) if self._points else 1
        points = self._points[step - 1 :: step][: MOST_POINTS - 1]
        if not points or points[-1][0] < self._last or points[-1][1] != purposes:
            points = [*points, (self._last, dict(purposes))]
        seconds = tuple(round(at - self._first, 6) for at, _ in points)
        names = dict.fromkeys(name for _, rows in points for name in rows)
        rows = {name: tuple(asked.get(name, 0) for _, asked in points) for name in names}
        return Timeline(seconds, rows)
