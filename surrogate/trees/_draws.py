"""Rows on the path of a node: around real rows, or from independent marginals."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from surrogate.forms import AtLeast, Condition
from surrogate.sampling import GaussianSampler, child_seed, finish, generator
from surrogate.sampling.neighbours import embed
from surrogate.sampling.rows import unit_of
from surrogate.trees._ask import draw_rows
from surrogate.trees._growth import Path, all_hold
from surrogate.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from surrogate.domain import Domain

__all__ = ["InterpolatedDraws", "MarginalDraws", "RowDraws", "unlike"]

ALPHA = 0.10
"""Level, shared among columns, at which a node's rows differ from those that were fitted."""

LEAST_FITTED = 20
"""Fewer real rows are no ground to fit a sampler anew on."""

ROUNDS = 6
"""How often more rows are drawn for a node before they are made to fit its path."""

CANDIDATES = 2000
"""Among how many real rows the nearest one of an interpolated row is searched."""

NEIGHBOURS = 10
"""Which neighbour's distance is the typical one."""

POOL = 4000
"""How many rows are drawn at once; those off the path wait for other nodes."""


class _Draws:
    """What both ways of drawing share: rounds of draws, and a last resort."""

    def __init__(
        self, domain: Domain, reference: FloatArray, *, jitter: float, refit: bool
    ) -> None:
        self.domain, self.reference = domain, reference
        self.jitter, self.refit = jitter, refit
        self.tally = np.zeros(2)  # rows drawn, and of them those that the constraint refused

    def draw(self, n: int, path: Path, around: FloatArray, *, seed: int) -> FloatArray:
        """At most n rows on a path: (m, d); see `surrogate.trees._growth.Draws`."""
        found = self._ready(n, path)
        for attempt in range(ROUNDS):
            lacking = n - sum(map(len, found))
            if lacking:
                found.append(self._some(lacking, path, child_seed(seed, "round", attempt)))
        lacking = n - sum(map(len, found))
        if lacking and len(around):
            found.append(self._near(lacking, path, around, child_seed(seed, "near")))
        return np.vstack(found)

    def at(self, path: Path, real: FloatArray) -> Self:
        """Itself, or one fitted on the real rows of a node that differ from the reference."""
        if not (self.refit and unlike(self.domain, path, real, self.reference)):
            return self
        fitted = self._fitted(real)
        fitted.tally = self.tally
        return fitted

    @property
    def rejected(self) -> float:
        """Share of the rows drawn that the domain's constraint refused."""
        return float(self.tally[1] / self.tally[0]) if self.tally[0] else 0.0

    def _ready(self, n: int, path: Path) -> list[FloatArray]:
        """Up to n rows on a path that were drawn before and not used."""
        return [np.empty((0, self.reference.shape[1]))]

    def _some(self, n: int, path: Path, seed: int) -> FloatArray:
        """Up to n new rows on a path."""
        raise NotImplementedError

    def _fitted(self, real: FloatArray) -> Self:
        """The same fitted on other rows."""
        raise NotImplementedError

    def _near(self, n: int, path: Path, around: FloatArray, seed: int) -> FloatArray:
        """Up to n rows around a node's, which keep their values where the path tests them."""
        source = around[np.arange(n) % len(around)]
        plan = GaussianSampler(self.domain, self.reference, jitter=self.jitter).plan(n, seed=seed)
        rows = np.asarray(plan.apply(source), dtype=np.float64)
        tested = sorted(frozenset[int]().union(*(c.columns for c in path)))
        rows[:, tested] = source[:, tested]
        return self._fit_only(np.asarray(finish(self.domain, rows), dtype=np.float64), path)

    def _fit_only(self, rows: FloatArray, path: Path) -> FloatArray:
        """Those of some rows that are on the path and keep the domain's constraint."""
        rows = rows[all_hold(path, rows)]
        if self.domain.constraint is None or not len(rows):
            return rows
        keep = np.asarray(self.domain.feasible(rows), dtype=np.bool_)
        self.tally += np.array([len(rows), np.count_nonzero(~keep)])
        return rows[keep]


class RowDraws(_Draws):
    """Rows around real rows, which keep the dependence between columns.

    Rows off a node's path are kept for other nodes, so that what a node gets are draws of
    the whole that happen to lie on its path.

    Parameters
    ----------
    domain : Domain
    reference : float array of shape (m, d)
        Real rows.
    sampler : str or sampler
        As of `surrogate.trees._ask.draw_rows`.
    jitter : float
    refit : bool
        Whether a node whose real rows differ from the reference gets draws of its own.
    """

    def __init__(
        self,
        domain: Domain,
        reference: FloatArray,
        *,
        sampler: Any,
        jitter: float,
        refit: bool,
    ) -> None:
        super().__init__(domain, reference, jitter=jitter, refit=refit and isinstance(sampler, str))
        self.sampler = sampler
        self.pool: list[tuple[FloatArray, BoolArray]] = []  # rows, and which are not used

    def _some(self, n: int, path: Path, seed: int) -> FloatArray:
        drawn = np.asfortranarray(self._drawn(max(POOL, n), seed))  # paths are tested by column
        self.pool.append((drawn, np.ones(len(drawn), dtype=np.bool_)))
        return _take(*self.pool[-1], n, path)

    def _ready(self, n: int, path: Path) -> list[FloatArray]:
        found = super()._ready(n, path)
        for rows, unused in self.pool:
            if n > 0:
                found.append(_take(rows, unused, n, path))
                n -= len(found[-1])
        return found

    def _drawn(self, n: int, seed: int) -> FloatArray:
        """Draw n rows, wherever they lie."""
        sampler = self.sampler
        if isinstance(sampler, str) and not self._vary:
            sampler = "gaussian"  # equal rows have none between them
        drawn = draw_rows(sampler, self.domain, self.reference, n=n, jitter=self.jitter, seed=seed)
        every = len(drawn) / (1.0 - drawn.rejected)
        self.tally += np.array([every, every - len(drawn)])
        return np.asarray(drawn.rows, dtype=np.float64)

    @cached_property
    def _vary(self) -> bool:
        """Whether the real rows are not all equal."""
        place = embed(self.domain, self.reference)
        return bool((place != place[0]).any())

    def _fitted(self, real: FloatArray) -> RowDraws:
        return RowDraws(
            self.domain, real, sampler=self.sampler, jitter=self.jitter, refit=self.refit
        )


class InterpolatedDraws(RowDraws):
    """Rows between near real rows, no farther from one than those are from each other.

    Parameters
    ----------
    domain : Domain
    reference : float array of shape (m, d)
        Real rows.
    jitter : float
        Noise, in standard deviations of the near rows.
    """

    def __init__(self, domain: Domain, reference: FloatArray, *, jitter: float) -> None:
        super().__init__(domain, reference, sampler="neighbours", jitter=jitter, refit=False)

    def _drawn(self, n: int, seed: int) -> FloatArray:
        drawn = super()._drawn(n, seed)
        some = self.reference[
            generator(seed, "candidates").permutation(len(self.reference))[:CANDIDATES]
        ]
        place = embed(self.domain, np.vstack([some, drawn]))
        real, new = place[: len(some)], place[len(some) :]
        kth = min(NEIGHBOURS, len(real) - 1)
        typical = float(np.median(np.partition(_distances(real, real), kth, axis=1)[:, kth]))
        near = _distances(new, real).min(axis=1) <= typical
        return np.asarray(drawn[near])


class MarginalDraws(_Draws):
    """Every column by itself, as in the paper: dependence between columns is lost.

    A continuous or integer column is a value of a real row and normal noise of the
    column's range over the root of the number of rows; others are values of real rows. To
    keep a path, columns are drawn given its conditions. Of a test that m conditions hold,
    conditions are picked one by one, with a chance in proportion to how often they hold,
    until m are forced (Craven and Shavlik 1996).

    Parameters
    ----------
    domain : Domain
    reference : float array of shape (m, d)
        Real rows.
    jitter : float
        Noise of rows that no draw put on a path.
    refit : bool
        Whether a node whose real rows differ from the reference gets draws of its own.
    """

    def _some(self, n: int, path: Path, seed: int) -> FloatArray:
        rng = generator(seed, "marginal")
        pool = self._pool(max(POOL, n), rng)
        literals, forced = self._forced(n, path, pool, rng)
        unit = unit_of(self.domain)
        rows = np.empty((n, pool.shape[1]))
        for number in range(int(unit.max()) + 1):
            columns = np.flatnonzero(unit == number)
            mine = [i for i, c in enumerate(literals) if c.columns & set(columns.tolist())]
            holds = np.array([literals[i].holds(pool) for i in mine]).reshape(len(mine), len(pool))
            donor = _donors(forced[:, mine], holds, rng)
            rows[:, columns] = pool[donor][:, columns]
        return self._fit_only(np.asarray(finish(self.domain, rows), dtype=np.float64), path)

    def _fitted(self, real: FloatArray) -> MarginalDraws:
        return MarginalDraws(self.domain, real, jitter=self.jitter, refit=self.refit)

    def _pool(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Values of every column, n of each; columns that move together from one row."""
        unit, reference = unit_of(self.domain), self.reference
        donor = rng.integers(len(reference), size=(n, int(unit.max()) + 1))[:, unit]
        pool = np.take_along_axis(reference, donor, axis=0)
        alone = np.bincount(unit)[unit] == 1
        for j, feature in enumerate(self.domain.features):
            x = reference[:, j]
            known = x[~np.isnan(x)]
            if alone[j] and feature.kind in ("continuous", "integer") and known.size:
                width = (known.max() - known.min()) / np.sqrt(known.size)
                pool[:, j] += width * rng.standard_normal(n)
        return np.asarray(finish(self.domain, pool), dtype=np.float64)

    def _forced(
        self, n: int, path: Path, pool: FloatArray, rng: np.random.Generator
    ) -> tuple[list[Condition], BoolArray]:
        """Conditions on single columns, and which of them each of n rows is to keep."""
        literals: list[Condition] = []
        forced: list[BoolArray] = []
        for condition in path:
            parts = condition.conditions if isinstance(condition, AtLeast) else (condition,)
            m = condition.m if isinstance(condition, AtLeast) else 1
            often = np.array([max(c.holds(pool).mean(), 1e-6) for c in parts])
            # The m greatest of log p + Gumbel noise are picked one by one in proportion to p.
            key = np.log(often) + rng.gumbel(size=(n, len(parts)))
            picked = np.argsort(np.argsort(-key, axis=1), axis=1) < m
            literals += parts
            forced += list(picked.T)
        return literals, np.array(forced, dtype=np.bool_).reshape(len(literals), n).T


def _take(rows: FloatArray, unused: BoolArray, n: int, path: Path) -> FloatArray:
    """Up to n unused rows on a path, which are used then."""
    at = np.flatnonzero(unused & all_hold(path, rows))[:n]
    unused[at] = False
    return rows[at]


def _distances(a: FloatArray, b: FloatArray) -> FloatArray:
    """Squared distances of places (n, p) and (m, p): (n, m)."""
    product = a @ b.T
    norms = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)
    return np.asarray(np.maximum(norms - 2.0 * product, 0.0))


def _donors(forced: BoolArray, holds: BoolArray, rng: np.random.Generator) -> IntArray:
    """For each row (n, c) a pool row (c, p) that holds what the row is to keep, if any does."""
    n, p = len(forced), holds.shape[1]
    donor = rng.integers(p, size=n)
    if not forced.shape[1]:
        return donor
    patterns, which = np.unique(forced, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        able = np.flatnonzero(holds[pattern].all(axis=0))
        rows = np.flatnonzero(which.ravel() == number)
        if len(able):
            donor[rows] = able[rng.integers(len(able), size=len(rows))]
    return donor


def unlike(domain: Domain, path: Path, real: FloatArray, reference: FloatArray) -> bool:
    """Whether a column that the path leaves free is distributed otherwise among real rows.

    Kolmogorov and Smirnov's test of two samples, chi-squared of nominal columns, at a level
    of 0.10 shared among the columns.
    """
    if len(real) < LEAST_FITTED:
        return False
    from scipy.stats import chi2_contingency, ks_2samp

    tested = frozenset[int]().union(*(c.columns for c in path))
    free = [j for j in range(real.shape[1]) if j not in tested]
    for j in free:
        a, b = (x[~np.isnan(x)] for x in (real[:, j], reference[:, j]))
        if not len(a) or not len(b):
            continue
        if domain.features[j].is_nominal:
            size = len(domain.features[j].categories)
            table = np.array([np.bincount(x.astype(np.intp), minlength=size) for x in (a, b)])
            table = table[:, table.sum(axis=0) > 0]
            p = chi2_contingency(table).pvalue if table.shape[1] > 1 else 1.0
        else:
            p = ks_2samp(a, b, method="asymp").pvalue
        if p < ALPHA / len(free):
            return True
    return False
