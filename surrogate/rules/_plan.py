"""A decision graph in the making: equal parts are made once."""

from __future__ import annotations

from collections.abc import Hashable

from surrogate.forms import Condition

__all__ = ["Full", "Plan"]


class Full(Exception):
    """More nodes than there may be."""


class Plan:
    """Tests and leaves with numbers, children before parents.

    Parameters
    ----------
    max_nodes : int
        Most tests; leaves do not count.
    """

    def __init__(self, max_nodes: int) -> None:
        self.tests: list[Condition | None] = []
        self.ways: list[tuple[int, int]] = []
        self.outcome: list[int] = []  # of leaves; -1 at tests
        self._known: dict[Hashable, int] = {}
        self._max = max_nodes
        self._n_tests = 0

    def __len__(self) -> int:
        return len(self.tests)

    def leaf(self, outcome: int) -> int:
        """The leaf of an outcome."""
        return self._number((outcome,), None, (-1, -1), outcome)

    def test(self, condition: Condition, yes: int, no: int) -> int:
        """The node of a test; none where both ways lead to the same."""
        if yes == no:
            return yes
        return self._number((condition, yes, no), condition, (yes, no), -1)

    def _number(
        self, key: Hashable, test: Condition | None, ways: tuple[int, int], outcome: int
    ) -> int:
        """The number of a node, a new one where it is not there yet."""
        if key not in self._known:
            self._n_tests += test is not None
            if self._n_tests > self._max:
                raise Full
            self._known[key] = len(self.tests)
            self.tests.append(test)
            self.ways.append(ways)
            self.outcome.append(outcome)
        return self._known[key]

    def below(self, root: int) -> list[int]:
        """The nodes that are reached from one, parents before children."""
        seen, waiting = {root}, [root]
        while waiting:
            for to in self.ways[waiting.pop()]:
                if to >= 0 and to not in seen:
                    seen.add(to)
                    waiting.append(to)
        return sorted(seen, reverse=True)  # a child is made before its parent
