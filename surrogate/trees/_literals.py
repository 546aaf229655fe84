"""Single tests of a node: the best cuts and categories of every column, with what they part."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from surrogate.forms import CategorySet, Condition, Interval
from surrogate.trees._thresholds import shortest
from surrogate.types import BoolArray, Feature, FloatArray

__all__ = ["Literals", "find_literals", "impurity"]


@dataclass(frozen=True, eq=False)
class Literals:
    """Tests of single columns, and where they hold.

    Parameters
    ----------
    conditions : tuple of Condition
    holds : bool array of shape (tests, n)
    gain : float array of shape (tests,)
        What each takes off the impurity of the rows.
    """

    conditions: tuple[Condition, ...]
    holds: BoolArray
    gain: FloatArray

    def __len__(self) -> int:
        return len(self.conditions)


def impurity(sums: FloatArray, squares: FloatArray | None = None) -> FloatArray:
    """Weight times entropy of votes, or sum of squared errors: (..., k) -> (...).

    Parameters
    ----------
    sums : float array of shape (..., k) or (..., 1 + k)
        Weight of each class; with `squares` the weight first, then weighted sums of values.
    squares : float array of shape (...), optional
        Weighted sums of squares over all values.
    """
    if squares is not None:
        weight = np.maximum(sums[..., 0], np.finfo(float).tiny)
        explained = (sums[..., 1:] ** 2).sum(axis=-1) / weight
        return np.asarray(np.maximum(squares - explained, 0.0))
    sums = np.maximum(sums, 0.0)
    total = sums.sum(axis=-1)
    return np.asarray(_plogp(total) - _plogp(sums).sum(axis=-1))


@dataclass(frozen=True, eq=False)
class Target:
    """What tests are to part, in columns that are summed over rows.

    Parameters
    ----------
    columns : float array of shape (n, c)
        Votes for each class times weight; of values the weight, weighted values, and
        weighted squares.
    by_class : bool
    """

    columns: FloatArray
    by_class: bool

    @classmethod
    def of(cls, values: FloatArray, codes: object, weight: FloatArray) -> Target:
        """Of classes where there are codes, else of values (n, k)."""
        if codes is not None:
            votes = np.eye(values.shape[1])[np.asarray(codes)]
            return cls(votes * weight[:, None], True)
        centred = values - values.mean(axis=0)
        squares = (centred**2).sum(axis=1, keepdims=True)
        return cls(np.hstack([np.ones_like(squares), centred, squares]) * weight[:, None], False)

    def impurity(self, sums: FloatArray) -> FloatArray:
        """Impurity of rows whose columns sum to these: (..., c) -> (...)."""
        return impurity(sums) if self.by_class else impurity(sums[..., :-1], sums[..., -1])

    def weight(self, sums: FloatArray) -> FloatArray:
        """Weight of rows whose columns sum to these: (..., c) -> (...)."""
        return np.asarray(sums.sum(axis=-1) if self.by_class else sums[..., 0])


def find_literals(
    matrix: FloatArray,
    target: Target,
    features: tuple[Feature, ...],
    *,
    n_cuts: int,
    least: float,
) -> Literals:
    """The best tests of every column; a missing value goes where most rows go.

    Parameters
    ----------
    matrix : float array of shape (n, d)
    target : Target
    features : tuple of Feature, length d
    n_cuts : int
        Cuts kept of a column with an order: the best of as many stretches of its values.
    least : float
        Weight that both sides need.
    """
    found: list[tuple[Condition, BoolArray, float]] = []
    for j, feature in enumerate(features):
        x = matrix[:, j]
        known = ~np.isnan(x)
        if not known.any():
            continue
        conditions = (
            _sets(x, known, target, j)
            if feature.is_nominal
            else _cuts(x, known, target, column=j, n_cuts=n_cuts, least=least)
        )
        found += _judged(conditions, matrix, target, least=least, missing=not known.all())
    found.sort(key=lambda test: -test[2])
    holds = np.array([test[1] for test in found], dtype=np.bool_).reshape(len(found), len(matrix))
    return Literals(tuple(t[0] for t in found), holds, np.array([t[2] for t in found]))


def _cuts(
    x: FloatArray, known: BoolArray, target: Target, *, column: int, n_cuts: int, least: float
) -> list[Interval]:
    """Conditions "at most" for the best cut of each stretch of a column's values."""
    order = np.flatnonzero(known)[np.argsort(x[known], kind="stable")]
    values = x[order]
    below = np.cumsum(target.columns[order], axis=0)  # (n, c)
    all_known = below[-1]
    at = np.flatnonzero(values[:-1] < values[1:])
    weight = target.weight(below[at])
    at = at[(weight >= least) & (target.weight(all_known) - weight >= least)]
    if not len(at):
        return []
    left = target.impurity(below[at]) + target.impurity(all_known - below[at])
    blocks = np.array_split(np.arange(len(at)), min(n_cuts, len(at)))
    best = [int(at[block[left[block].argmin()]]) for block in blocks]
    return [
        Interval(column, high=shortest(float(values[i]), float(values[i + 1])), missing=True)
        for i in best
    ]


def _sets(x: FloatArray, known: BoolArray, target: Target, column: int) -> list[CategorySet]:
    """Each category, and each first part of the categories in the order of their answers."""
    codes = x[known].astype(np.intp)
    present = np.unique(codes)
    if len(present) < 2:
        return []
    sums = np.array([target.columns[known][codes == code].sum(axis=0) for code in present])
    weight = np.maximum(target.weight(sums), np.finfo(float).tiny)[:, None]
    means = (sums if target.by_class else sums[:, 1:-1]) / weight  # (codes, k)
    centred = np.sqrt(weight) * (means - (weight * means).sum(axis=0) / weight.sum())
    along = means @ np.linalg.svd(centred, full_matrices=False)[2][0]
    order = present[np.argsort(along, kind="stable")]
    single = [frozenset({int(code)}) for code in present]
    firsts = [frozenset(order[:size].tolist()) for size in range(2, len(order) - 1)]
    return [CategorySet(column, codes, missing=True) for codes in [*single, *firsts]]


def _judged(
    conditions: list[Interval] | list[CategorySet],
    matrix: FloatArray,
    target: Target,
    *,
    least: float,
    missing: bool,
) -> list[tuple[Condition, BoolArray, float]]:
    """Conditions with the rows that they hold for and their gain, missing values routed."""
    pairs = [(c, replace(c, missing=False)) for c in conditions]
    tried = [way for pair in pairs for way in (pair if missing else pair[:1])]
    if not tried:
        return []
    holds = np.array([way.holds(matrix) for way in tried])  # (ways, n)
    whole = target.columns.sum(axis=0)
    inside = holds @ target.columns  # (ways, c)
    weight, total = target.weight(inside), float(target.weight(whole))
    gain = target.impurity(whole) - target.impurity(inside) - target.impurity(whole - inside)
    gain = np.where(np.minimum(weight, total - weight) < least, -np.inf, gain)
    judged: list[tuple[Condition, BoolArray, float]] = []
    step = 2 if missing else 1
    for number, (_, without) in enumerate(pairs):
        at = step * number + int(gain[step * number : step * (number + 1)].argmax())
        # Where nothing is missing, a value that is goes the way that most rows go.
        way = tried[at] if missing or 2 * weight[at] >= total else without
        if gain[at] > -np.inf:
            judged.append((way, holds[at], float(gain[at])))
    return judged


def _plogp(x: FloatArray) -> FloatArray:
    """Each x times log2 x, 0 at 0."""
    return np.asarray(x * np.log2(np.where(x > 0, x, 1.0)))
