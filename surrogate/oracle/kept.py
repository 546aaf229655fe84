"""Rows and answers that are kept while somebody wants them as evidence."""

from __future__ import annotations

from collections.abc import Sequence

from surrogate._array import to_numpy
from surrogate.oracle.answers import Answers
from surrogate.oracle.asker import Purpose
from surrogate.types import Array, FloatArray

__all__ = ["Kept"]


class Kept:
    """What was asked for some purposes, in the order of asking.

    Parameters
    ----------
    purposes : sequence of str
    """

    def __init__(self, purposes: Sequence[str]) -> None:
        self._parts: dict[str, list[tuple[FloatArray, Answers]]] = {name: [] for name in purposes}

    def of(self, purpose: str) -> list[tuple[FloatArray, Answers]]:
        """Rows (n, d) and their answers, one pair a part that was asked."""
        return list(self._parts[purpose])

    def take(self, purpose: Purpose, rows: Array, answers: Answers) -> None:
        """Keep those parts that are wanted."""
        spans = ((purpose, len(answers)),) if isinstance(purpose, str) else purpose
        start = 0
        for name, end in spans:
            if name in self._parts and end > start:
                part = to_numpy(rows[start:end]).copy()
                self._parts[name].append((part, answers[start:end]))
            start = end
