"""TREPAN's growth: the node first whose wrong decisions reach most rows."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from surrogate.forms import Condition
from surrogate.trees._growth import Book, Spot
from surrogate.trees._literals import Target, find_literals
from surrogate.trees._mofn import Tests, best_test
from surrogate.trees._sketch import Sketch

__all__ = ["TrepanGrowth", "TrepanOptions"]

Z = 1.6448536269514722
"""Normal deviate of a tail of 0.05."""


@dataclass(frozen=True)
class TrepanOptions:
    """How TREPAN grows; see `surrogate.trees.TrepanClassifier`."""

    max_internal: int
    min_sample: int
    tests: Tests
    max_literals: int
    purity: float
    n_cuts: int = 8
    least: float = 5.0

    @property
    def leaf_sample(self) -> int:
        """Rows of one class after which a node is a leaf: 52 for a purity of 0.95."""
        return int(np.ceil(Z**2 * self.purity / (1 - self.purity)))


class TrepanGrowth:
    """A tree in growth.

    Parameters
    ----------
    book : Book
    root : Spot
    options : TrepanOptions
    """

    def __init__(self, book: Book, root: Spot, options: TrepanOptions) -> None:
        self.book, self.root, self.options = book, root, options
        self.waiting: list[tuple[float, int, Spot]] = []
        self.leaves: list[Spot] = []
        self.order: list[Sketch] = []  # of expanded nodes
        self.made = 0

    def run(self) -> None:
        """Expand nodes until there are enough, none is worth it, or asking ended."""
        self._wait(self.root)
        while self.waiting and len(self.order) < self.options.max_internal:
            _, _, spot = heapq.heappop(self.waiting)
            self.book.fill(spot, self.options.min_sample)
            test = None if self.book.ended or self._is_pure(spot) else self._test(spot)
            if test is None:
                self.leaves.append(spot)
                continue
            used = test.columns if len(test.columns) > 1 else frozenset[int]()
            self.order.append(spot.sketch)
            for child in self.book.split(spot, test, used):
                self._wait(child)
        self.leaves += [spot for _, _, spot in self.waiting]

    def _wait(self, spot: Spot) -> None:
        """Put a node in the queue, or among the leaves if its rows are of one class."""
        votes = self.book.votes(spot)
        if votes.max() == votes.sum():
            self.book.fill(spot, self.options.leaf_sample)
            votes = self.book.votes(spot)
        wrong = 1.0 - float(votes.max() / votes.sum())
        if wrong == 0.0 or self._is_pure(spot):
            self.leaves.append(spot)
            return
        self.made += 1  # of equal nodes the earlier one
        heapq.heappush(self.waiting, (-spot.reach * wrong, self.made, spot))

    def _is_pure(self, spot: Spot) -> bool:
        """Whether so many rows agree that the node counts as of one class."""
        votes = self.book.votes(spot)
        return bool(votes.max() == votes.sum() >= self.options.leaf_sample)

    def _test(self, spot: Spot) -> Condition | None:
        """The best test of a node."""
        rows, options = self.book.rows, self.options
        here = spot.rows
        assert rows.decision is not None
        target = Target.of(
            np.zeros((0, len(rows.classes or ()))), rows.decision[here], rows.weight[here]
        )
        found = find_literals(
            rows.matrix[here], target, rows.features, n_cuts=options.n_cuts, least=options.least
        )
        return best_test(
            found,
            target,
            rows.features,
            tests=options.tests,
            max_literals=options.max_literals,
            used=spot.used,
        )
