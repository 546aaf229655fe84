"""Tests that m of n conditions hold, found by a beam from the best single test.

Craven and Shavlik, "Extracting tree-structured representations of trained networks", NIPS
8 (1996), after Murphy and Pazzani's ID2-of-3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from scipy.special import chdtri

from surrogate.forms import AtLeast, Condition, complement
from surrogate.trees._literals import Literals, Target
from surrogate.types import BoolArray, Feature, FloatArray, IntArray

__all__ = ["Tests", "best_test"]

Tests: TypeAlias = Literal["m-of-n", "disjunctive", "single"]

WIDTH = 2
"""Tests that the beam holds."""

LEVEL = 0.05
"""At which a larger test must part the rows otherwise than the one that it was made of."""

TRIED = 20
"""Of the better tests that a step finds, how many are looked at for that."""


@dataclass(frozen=True, eq=False)
class _Test:
    """At least m of some literals hold."""

    m: int
    literals: tuple[int, ...]
    count: IntArray  # (n,) how many hold
    gain: float

    @property
    def holds(self) -> BoolArray:
        """Where the test holds: (n,)."""
        return np.asarray(self.count >= self.m)


def best_test(
    found: Literals,
    target: Target,
    features: tuple[Feature, ...],
    *,
    tests: Tests,
    max_literals: int,
    used: frozenset[int],
) -> Condition | None:
    """The test of greatest gain; None if there is none.

    Parameters
    ----------
    found : Literals
        Best first.
    target : Target
    features : tuple of Feature
    tests : {"m-of-n", "disjunctive", "single"}
    max_literals : int
        Most conditions of a test.
    used : frozenset of int
        Columns that no condition of several may look at.
    """
    if not len(found) or found.gain[0] <= 0:
        return None
    first = found.conditions[0]
    if tests == "single" or max_literals < 2 or first.columns & used:
        return first
    search = _Beam(found, target, features, max_literals=max_literals, used=used)
    test = search.run(disjunctive=tests == "disjunctive")
    if len(test.literals) == 1:
        return first
    literals = sorted(test.literals, key=lambda i: search.column[i])
    return AtLeast(test.m, tuple(search.conditions[i] for i in literals))


class _Beam:
    """The search; literals are the single tests and their complements."""

    def __init__(
        self,
        found: Literals,
        target: Target,
        features: tuple[Feature, ...],
        *,
        max_literals: int,
        used: frozenset[int],
    ) -> None:
        free = [i for i, c in enumerate(found.conditions) if not c.columns & used]
        some = [found.conditions[i] for i in free]
        self.conditions = [*some, *(complement(c, features) for c in some)]
        holds = found.holds[free]
        self.holds = np.vstack([holds, ~holds])  # (literals, n)
        self.column = np.array([min(c.columns) for c in self.conditions])
        self.target, self.max_literals = target, max_literals
        self.whole = target.columns.sum(axis=0)
        self.gain = float(found.gain[0])

    def run(self, *, disjunctive: bool) -> _Test:
        """The best test that the beam comes to, without literals that it does not need."""
        seeds = (0, len(self.conditions) // 2)
        beam = [_Test(1, (i,), self.holds[i].astype(np.intp), self.gain) for i in seeds]
        while True:
            larger = [
                new
                for test in beam
                for raised in ((0,) if disjunctive else (0, 1))
                for new in self._larger(test, raised, worst=beam[-1].gain)
            ]
            grown = sorted([*beam, *larger], key=lambda t: (-t.gain, len(t.literals)))
            grown = self._different(grown)[:WIDTH]
            if [t.literals for t in grown] == [t.literals for t in beam]:
                break
            beam = grown
        return self._pruned(beam[0])

    def _larger(self, test: _Test, raised: int, *, worst: float) -> list[_Test]:
        """The best test with one literal more, and m raised or not, that parts otherwise."""
        if len(test.literals) >= self.max_literals:
            return []
        m = test.m + raised
        sure, open_ = test.count >= m, test.count == m - 1
        columns = self.target.columns
        inside = columns[sure].sum(axis=0) + self.holds[:, open_] @ columns[open_]
        gains = self._gain(inside)
        gains[np.isin(self.column, self.column[list(test.literals)])] = -np.inf
        before = self._table(test.holds)
        for at in np.argsort(-gains, kind="stable")[:TRIED]:
            if not gains[at] > worst + 1e-9:
                return []
            count = test.count + self.holds[at]
            new = _Test(m, (*test.literals, int(at)), count, float(gains[at]))
            if self._differs(self._table(new.holds), before):
                return [new]
        return []

    def _pruned(self, test: _Test) -> _Test:
        """Leave literals out while nothing is lost."""
        for at in test.literals:
            if len(test.literals) < 2:
                break
            rest = tuple(i for i in test.literals if i != at)
            count = test.count - self.holds[at]
            for m in (test.m, test.m - 1):
                if not 1 <= m <= len(rest):
                    continue
                gain = float(self._gain(self.target.columns[count >= m].sum(axis=0)))
                if gain >= test.gain - 1e-9:
                    test = _Test(m, rest, count, gain)
                    break
        return test

    def _gain(self, inside: FloatArray) -> FloatArray:
        """What parting off rows takes off the impurity: sums (..., c) -> (...)."""
        impurity = self.target.impurity
        return np.asarray(impurity(self.whole) - impurity(inside) - impurity(self.whole - inside))

    def _table(self, holds: BoolArray) -> FloatArray:
        """Weight of each class where a test holds, and where it does not: (2, k)."""
        inside = self.target.columns[holds].sum(axis=0)
        return np.stack([inside, self.whole - inside])

    @staticmethod
    def _differs(new: FloatArray, old: FloatArray) -> bool:
        """Whether classes fall to the two sides otherwise, by a chi-squared test."""
        expected = np.maximum(old, 0.5)  # an empty cell tells little
        chi2 = ((new - old) ** 2 / expected).sum()
        present = int((old.sum(axis=0) > 0).sum())
        return bool(chi2 > chdtri(present, LEVEL))

    @staticmethod
    def _different(tests: list[_Test]) -> list[_Test]:
        """Tests without those that part the rows as an earlier one with as many literals."""
        kept: list[_Test] = []
        for test in tests:
            same = (t.m == test.m and set(t.literals) == set(test.literals) for t in kept)
            if not any(same):
                kept.append(test)
        return kept
