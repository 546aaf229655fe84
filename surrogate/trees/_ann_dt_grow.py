"""ANN-DT's growth: tests by error or by significance, and when a node stays a leaf."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from scipy.special import chdtrc, fdtrc

from surrogate._array import to_numpy
from surrogate.forms import Condition
from surrogate.sampling import child_seed, finish, generator
from surrogate.trees._growth import Book, Spot
from surrogate.trees._literals import Literals, Target, find_literals
from surrogate.types import BoolArray, Feature, FloatArray, IntArray

__all__ = ["AnnDtGrowth", "AnnDtOptions", "Criterion", "significance"]

Criterion: TypeAlias = Literal["error", "significance"]

STEPS = 10
"""Parts of a segment between two rows."""

TESTED_FROM = 4
"""Depth from which a test must part the answers significantly."""

LEVEL = 0.05
"""At which it must."""

FLAT = 1e-4
"""A node with less than this share of the root's impurity, row by row, stays a leaf."""


@dataclass(frozen=True)
class AnnDtOptions:
    """How ANN-DT grows; see `surrogate.trees.AnnDtClassifier`."""

    max_leaves: int
    max_depth: int
    min_sample: int
    min_reach: float
    criterion: Criterion
    n_pairs: int
    by_class: bool
    seed: int


class AnnDtGrowth:
    """A tree in growth.

    Parameters
    ----------
    book : Book
    root : Spot
    options : AnnDtOptions
    """

    def __init__(self, book: Book, root: Spot, options: AnnDtOptions) -> None:
        self.book, self.root, self.options = book, root, options
        self.waiting: list[tuple[float, int, Spot]] = []
        self.leaves: list[Spot] = []
        self.made = 0
        self.flat = 0.0

    def run(self) -> None:
        """Expand the most impure node that reaches most rows, until there are enough leaves."""
        self.flat = FLAT * self._mean_impurity(self.root)
        self._wait(self.root)
        tests = 0
        while self.waiting and tests < self.options.max_leaves - 1:
            _, _, spot = heapq.heappop(self.waiting)
            self.book.fill(spot, self.options.min_sample)
            test = None if self.book.ended else self._test(spot)
            if test is None:
                self.leaves.append(spot)
                continue
            tests += 1
            for child in self.book.split(spot, test, frozenset()):
                self._wait(child)
        self.leaves += [spot for _, _, spot in self.waiting]

    def _wait(self, spot: Spot) -> None:
        """Put a node in the queue, or among the leaves."""
        mean = self._mean_impurity(spot)
        if spot.depth >= self.options.max_depth or mean <= self.flat:
            self.leaves.append(spot)
            return
        self.made += 1  # of equal nodes the earlier one
        heapq.heappush(self.waiting, (-spot.reach * mean, self.made, spot))

    def _target(self, spot: Spot) -> Target:
        """What tests of a node are to part."""
        rows, here = self.book.rows, spot.rows
        codes = rows.decision[here] if self.options.by_class and rows.decision is not None else None
        values = rows.values[here]
        if codes is not None:
            values = np.zeros((0, len(rows.classes or ())))
        return Target.of(values, codes, rows.weight[here])

    def _mean_impurity(self, spot: Spot) -> float:
        """Impurity of a row of a node."""
        target = self._target(spot)
        sums = target.columns.sum(axis=0)
        return float(target.impurity(sums) / target.weight(sums))

    def _test(self, spot: Spot) -> Condition | None:
        """The test of a node, if one is worth it."""
        target = self._target(spot)
        rows, here = self.book.rows, spot.rows
        weight = float(rows.weight[here].sum())
        found = find_literals(
            rows.matrix[here],
            target,
            rows.features,
            n_cuts=1,
            least=max(2.0, self.options.min_reach / spot.reach * weight),
        )
        at = self._chosen(spot, found)
        if at is None or found.gain[at] <= 0:
            return None
        parted = _differ(target, found.holds[at])
        return found.conditions[at] if spot.depth < TESTED_FROM or parted else None

    def _chosen(self, spot: Spot, found: Literals) -> int | None:
        """Which test: of least error, or of the most significant column."""
        if not len(found):
            return None
        if self.options.criterion == "error" or self.book.oracle is None:
            return 0
        worth = self._significance(spot)
        # Tests come best first: of a column its best.
        columns = [min(c.columns) for c in found.conditions]
        return max(range(len(found)), key=lambda i: (worth[columns[i]], -i))

    def _significance(self, spot: Spot) -> FloatArray:
        """How the answers' variation goes with each column, over pairs of rows of a node: (d,)."""
        book = self.book
        assert book.oracle is not None
        rng = generator(child_seed(self.options.seed, "pairs", book.asked))
        a, b = (book.rows.matrix[x] for x in _pairs(spot, self.options.n_pairs, rng))
        features, domain = book.rows.features, book.oracle.domain
        points = _between(a, b, np.arange(STEPS + 1) / STEPS, features)  # (steps + 1, pairs, d)
        flat = np.asarray(finish(domain, points.reshape(-1, a.shape[1])))
        flat = np.asarray(to_numpy(book.oracle.snap(flat)), dtype=np.float64)
        if domain.constraint is not None:  # a line that leaves what is feasible is not asked
            able = np.asarray(domain.feasible(flat), dtype=np.bool_).reshape(points.shape[:2])
            whole = np.asarray(able.all(axis=0))
            flat = flat.reshape(points.shape)[:, whole].reshape(-1, a.shape[1])
            a, b = a[whole], b[whole]
        values = book.answers(flat)[0] if len(a) > 1 else flat[:0]
        if not len(values) or len(values) < len(flat):
            return np.zeros(a.shape[1])
        steps = values.reshape(STEPS + 1, len(a), -1)
        variation = np.abs(np.diff(steps, axis=0)).sum(axis=(0, 2))  # (pairs,)
        return significance(variation, _apart(a, b, features))


def significance(variation: FloatArray, apart: FloatArray) -> FloatArray:
    """Correlation of the absolute variation with how far pairs lie apart in each column.

    Parameters
    ----------
    variation : float array of shape (pairs,)
    apart : float array of shape (pairs, d)

    Returns
    -------
    correlation : float array of shape (d,)
        0 where either does not vary.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.trees._ann_dt_grow import significance
    >>> apart = np.array([[0.0, 3.0], [1.0, 1.0], [2.0, 3.0]])
    >>> significance(np.array([5.0, 6.0, 7.0]), apart).round(3).tolist()
    [1.0, 0.0]
    """
    v, x = variation - variation.mean(), apart - apart.mean(axis=0)
    scale = np.sqrt((v**2).sum() * (x**2).sum(axis=0))
    return np.asarray(v @ x / np.where(scale > 1e-12, scale, np.inf))


def _pairs(spot: Spot, n: int, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Places in the book of the first and second rows of n pairs of a node."""
    first = rng.integers(len(spot.rows), size=n)
    step = rng.integers(1, max(len(spot.rows), 2), size=n)
    return spot.rows[first], spot.rows[(first + step) % len(spot.rows)]


def _between(
    a: FloatArray, b: FloatArray, t: FloatArray, features: tuple[Feature, ...]
) -> FloatArray:
    """Points at shares t of the way from a to b (pairs, d): (t, pairs, d).

    A category, or a value that one of them lacks, changes in the middle.
    """
    t = t[:, None, None]
    nearer = np.where(t <= 0.5, a, b)
    nominal = np.array([f.is_nominal for f in features], dtype=np.bool_)
    jumps = nominal | np.isnan(a) | np.isnan(b)
    return np.where(jumps, nearer, a + t * (b - a))


def _apart(a: FloatArray, b: FloatArray, features: tuple[Feature, ...]) -> FloatArray:
    """How far the rows of each pair lie apart in each column: (pairs, d)."""
    nominal = np.array([f.is_nominal for f in features], dtype=np.bool_)
    apart = np.where(nominal, (a != b).astype(np.float64), np.abs(a - b))
    missing = np.isnan(a) | np.isnan(b)
    widest = np.nanmax(np.where(missing, 0.0, apart), axis=0, keepdims=True)
    return np.where(missing, np.where(np.isnan(a) & np.isnan(b), 0.0, widest), apart)


def _differ(target: Target, holds: BoolArray) -> bool:
    """Whether the answers of two children differ: a chi-squared or an F test."""
    whole = target.columns.sum(axis=0)
    inside = target.columns[holds].sum(axis=0)
    both = np.stack([inside, whole - inside])
    n = target.weight(both)
    if target.by_class:
        both = both[:, whole > 0]
        expected = n[:, None] * both.sum(axis=0) / n.sum()
        chi2 = float(((both - expected) ** 2 / expected).sum())
        return bool(chdtrc(max(both.shape[1] - 1, 1), chi2) < LEVEL)
    within = float(target.impurity(both).sum())
    between = float(target.impurity(whole)) - within
    k, free = target.columns.shape[1] - 2, max(float(n.sum()) - 2.0, 1.0)
    if within <= 0:
        return between > 0
    return bool(fdtrc(k, k * free, (between / k) / (within / (k * free))) < LEVEL)
