"""What trees that ask while they grow share: all rows asked, and the rows of each node."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from surrogate._array import to_numpy
from surrogate.errors import BudgetSpent, Interrupted
from surrogate.forms import Condition, complement
from surrogate.sampling import child_seed
from surrogate.trees._ask import read_answers
from surrogate.trees._labelled import Labelled
from surrogate.trees._sketch import Sketch
from surrogate.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from surrogate.oracle import Answers, Oracle

__all__ = ["Book", "Draws", "Path", "Spot", "all_hold"]


Path: TypeAlias = tuple[Condition, ...]


class Draws(Protocol):
    """Where questions of a node come from."""

    def draw(self, n: int, path: Path, around: FloatArray, *, seed: int) -> FloatArray:
        """At most n finished rows on a path, of whose node `around` holds rows: (m, d)."""
        ...

    def at(self, path: Path, real: FloatArray) -> Draws:
        """What draws for a node, which may have been fitted anew on its real rows."""
        ...


@dataclass(eq=False)
class Spot:
    """A node while the tree grows.

    Parameters
    ----------
    sketch : Sketch
    path : tuple of Condition
        What leads here from the root.
    rows : int array
        Its rows in the book.
    real : float array of shape (r, d)
        Real rows among them.
    reach : float
        Share of the population that comes here, as the rows of the nodes above tell.
    draws : Draws
    used : frozenset of int
        Columns that m-of-n tests of the path look at.
    """

    sketch: Sketch
    path: Path
    rows: IntArray
    real: FloatArray
    reach: float
    draws: Draws
    used: frozenset[int] = field(default_factory=frozenset)

    @property
    def depth(self) -> int:
        """How many tests lie above."""
        return len(self.path)


class Book:
    """All rows asked with their answers, and the questions of nodes that lack rows.

    Parameters
    ----------
    rows : Labelled
        The real rows, answered.
    oracle : Oracle or None
        None: nothing is asked.
    seed : int
    limit : int
        Most rows that are asked.
    """

    def __init__(self, rows: Labelled, oracle: Oracle | None, *, seed: int, limit: int) -> None:
        self.rows, self.oracle, self.seed = rows, oracle, seed
        self.limit = limit
        self.n_real = len(rows.matrix)
        self.ended = ""
        self.asked = 0

    def root(self, draws: Draws) -> Spot:
        """The node of all real rows."""
        return Spot(Sketch(), (), np.arange(self.n_real), self.rows.matrix, 1.0, draws)

    def fill(self, spot: Spot, least: int) -> None:
        """Ask rows on the path of a node until it has `least`; fewer if asking ended."""
        n = min(least - len(spot.rows), self.limit)
        if n <= 0 or self.oracle is None or self.ended:
            return
        around = spot.real if len(spot.real) else self.rows.matrix[spot.rows]
        seed = child_seed(self.seed, "fill", self.asked)
        drawn = spot.draws.draw(n, spot.path, around, seed=seed)
        drawn = np.asarray(to_numpy(self.oracle.snap(drawn)), dtype=np.float64)
        drawn = drawn[all_hold(spot.path, drawn)]
        if len(drawn):
            spot.rows = np.concatenate([spot.rows, self._ask(drawn)])

    def answers(self, rows: FloatArray) -> tuple[FloatArray, IntArray | None]:
        """Answers to rows, fewer of them if asking ended."""
        assert self.oracle is not None
        self.asked += 1
        self.limit -= len(rows)
        try:
            said = self.oracle.ask(rows)
        except (BudgetSpent, Interrupted) as ended:
            self.ended = (
                f"The tree stopped growing after {self._count(ended.answers)}: {ended.why}."
            )
            said = ended.answers
            if said is None:
                return np.empty((0, self.rows.values.shape[1])), None
        return read_answers(self.oracle, said)

    def split(self, spot: Spot, test: Condition, used: frozenset[int]) -> tuple[Spot, Spot]:
        """Give a node a test, and its rows to two children."""
        features, rows = self.rows.features, self.rows
        holds = test.holds(rows.matrix[spot.rows])
        real = test.holds(spot.real)
        w = rows.weight[spot.rows]
        share = float(w[holds].sum() / w.sum())
        spots = []
        parts = ((test, holds, real, share), (complement(test, features), ~holds, ~real, 1 - share))
        for sketch, (condition, here, those, part) in zip(spot.sketch.split(test), parts):
            child = Spot(
                sketch,
                (*spot.path, condition),
                spot.rows[here],
                spot.real[those],
                spot.reach * part,
                spot.draws,
                spot.used | used,
            )
            child.draws = spot.draws.at(child.path, child.real)
            spots.append(child)
        return spots[0], spots[1]

    def votes(self, spot: Spot) -> FloatArray:
        """Weight of the rows of a node for each class."""
        codes, w = self.rows.decision, self.rows.weight
        assert codes is not None
        votes: Any = np.bincount(codes[spot.rows], w[spot.rows], len(self.rows.classes or ()))
        return np.asarray(votes, dtype=np.float64)

    def weighed(self, leaves: list[Spot]) -> Labelled:
        """All rows, each leaf's weighing what the leaf reaches."""
        weight = self.rows.weight.copy()
        total = float(weight[: self.n_real].sum())
        for leaf in leaves:
            own = float(weight[leaf.rows].sum())
            if own > 0:
                weight[leaf.rows] *= leaf.reach * total / own
        return replace(self.rows, weight=weight)

    def _ask(self, drawn: FloatArray) -> IntArray:
        """Ask rows, and enter them: their places."""
        values, decision = self.answers(drawn)
        drawn, rows = drawn[: len(values)], self.rows
        start = len(rows.matrix)
        if not len(drawn):
            return np.empty(0, dtype=np.intp)
        both = None
        if rows.decision is not None and decision is not None:
            both = np.concatenate([rows.decision, decision])
        self.rows = replace(
            rows,
            matrix=np.vstack([rows.matrix, drawn]),
            values=np.vstack([rows.values, values]),
            decision=both,
            weight=np.concatenate([rows.weight, np.ones(len(drawn))]),
        )
        return np.arange(start, start + len(drawn))

    def _count(self, answers: Answers | None) -> str:
        """How many rows were answered in all."""
        more = 0 if answers is None else len(answers)
        return f"{len(self.rows.matrix) + more:,} answers"


def all_hold(path: Path, matrix: FloatArray) -> BoolArray:
    """Which rows (n, d) satisfy all conditions: (n,)."""
    holds = np.ones(len(matrix), dtype=np.bool_)
    for condition in path:
        holds &= condition.holds(matrix)
    return holds
