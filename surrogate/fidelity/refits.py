"""Stability of many local linear forms at once: each row's refits compared pair by pair."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import special

from surrogate.errors import InputError
from surrogate.types import BoolArray, FloatArray

__all__ = ["RefitScores", "refit_scores", "shown_top"]

_ROWS = 2048  # rows compared at once, so that pairs of refits of many rows fit in memory
_EVEN = 1e-12  # a jackknife error below this comes from refits that are all alike


class RefitScores(NamedTuple):
    """How alike the refits of each row and class are; value, low and high along the last axis.

    Parameters
    ----------
    jaccard : array of shape (r, k, 3)
        Overlap of the largest coefficients, mean over pairs of fits.
    rank : array of shape (r, k, 3)
        Spearman correlation of the coefficients' sizes, mean over pairs of fits.
    signs : array of shape (r, k, 3)
        Share of the largest coefficients whose signs agree, mean over pairs of fits.
    spread : array of shape (r, k, 3)
        Length of the coefficients' standard deviations over that of their means.
    coef_spread : array of shape (r, k, d)
        Standard deviation of each coefficient over the fits, in its own unit.
    same_sign : array of shape (r, k, d)
        Share of the other fits in which a coefficient has the sign that it has in the first;
        NaN where it is 0 there.
    """

    jaccard: FloatArray
    rank: FloatArray
    signs: FloatArray
    spread: FloatArray
    coef_spread: FloatArray
    same_sign: FloatArray


def shown_top(d: int) -> int:
    """How many of d coefficients are compared as a set: 5, or half of fewer than 10.

    Examples
    --------
    >>> from surrogate.fidelity.refits import shown_top
    >>> [shown_top(d) for d in (1, 3, 8, 30)]
    [1, 1, 4, 5]
    """
    return min(5, max(1, d // 2))


def refit_scores(coef: FloatArray, *, top: int, level: float = 0.95) -> RefitScores:
    """Compare S fits of the same rows under other seeds, row by row and class by class.

    Intervals are the jackknife's over the fits, with Student's t on S - 1 degrees of freedom
    (Arvesen 1969), cut at the bounds of what they are of; NaN for two fits, and where every fit
    is as like the others.

    Parameters
    ----------
    coef : array of shape (S, r, k, d)
        Coefficients of S fits.
    top : int
        How many of the largest coefficients are compared as a set; zeros never count.
    level : float

    Returns
    -------
    RefitScores

    Raises
    ------
    InputError
        If there are fewer than two fits, or coefficients are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.fidelity.refits import refit_scores
    >>> fits = np.array([[3., 2., .1], [3., 1.9, -.2], [2.8, .1, 2.]])[:, None, None, :]
    >>> refit_scores(fits, top=2).jaccard[0, 0, 0].round(3)
    np.float64(0.556)
    """
    beta = np.asarray(coef, dtype=np.float64)
    if beta.ndim != 4 or len(beta) < 2 or not np.isfinite(beta).all():
        raise InputError(
            f"coef must be finite, of shape (fits, rows, classes, features) with at least 2 fits; "
            f"got {beta.shape}."
        )
    r = beta.shape[1]
    chunks = [_scores(beta[:, at : at + _ROWS], top, level) for at in range(0, max(r, 1), _ROWS)]
    return RefitScores(*(np.concatenate(parts) for parts in zip(*chunks, strict=True)))


def _scores(beta: FloatArray, top: int, level: float) -> RefitScores:
    """`refit_scores` of a few rows."""
    size = np.abs(beta)
    order = (-size).argsort(axis=-1, kind="stable").argsort(axis=-1, kind="stable")
    chosen = (order < top) & (size > 0)
    first, others = np.sign(beta[0]), np.sign(beta[1:])
    same = np.where(first == 0, np.nan, (others == first).mean(axis=0))
    return RefitScores(
        jaccard=_paired(_overlap(chosen), level, (0.0, 1.0)),
        rank=_paired(_rank_correlation(size), level, (-1.0, 1.0)),
        signs=_paired(_agreement(chosen, np.sign(beta)), level, (0.0, 1.0)),
        spread=_spread(beta, level),
        coef_spread=beta.std(axis=0, ddof=1),
        same_sign=same,
    )


Pair = Callable[[int, int], FloatArray]


def _overlap(chosen: BoolArray) -> tuple[Pair, int]:
    """Jaccard of the largest coefficients of two fits, (r, k); 1 where neither has any."""

    def alike(a: int, b: int) -> FloatArray:
        both = (chosen[a] & chosen[b]).sum(axis=-1)
        either = (chosen[a] | chosen[b]).sum(axis=-1)
        return np.where(either > 0, both / np.maximum(either, 1), 1.0)

    return alike, len(chosen)


def _agreement(chosen: BoolArray, sign: FloatArray) -> tuple[Pair, int]:
    """Share of the largest coefficients of either fit whose signs agree; NaN if there are none."""

    def alike(a: int, b: int) -> FloatArray:
        either = chosen[a] | chosen[b]
        count = either.sum(axis=-1)
        agree = (either & (sign[a] == sign[b])).sum(axis=-1)
        return np.where(count > 0, agree / np.maximum(count, 1), np.nan)

    return alike, len(chosen)


def _rank_correlation(size: FloatArray) -> tuple[Pair, int]:
    """Spearman correlation of sizes among features that any fit uses; NaN if undefined."""
    from scipy import stats  # slow to import, and seldom needed

    used = (size > 0).any(axis=0)  # (r, k, d)
    ranks = np.asarray(stats.rankdata(size, axis=-1))
    count = np.maximum(used.sum(axis=-1, keepdims=True), 1)
    ranks = np.where(used, ranks - (ranks * used).sum(axis=-1, keepdims=True) / count, 0.0)
    length = np.sqrt((ranks**2).sum(axis=-1))

    def alike(a: int, b: int) -> FloatArray:
        scale = length[a] * length[b]
        product = (ranks[a] * ranks[b]).sum(axis=-1)
        found: FloatArray = np.full(scale.shape, np.nan)
        np.divide(product, scale, out=found, where=scale > 0)
        return found

    return alike, len(size)


def _paired(pair: tuple[Pair, int], level: float, bounds: tuple[float, float]) -> FloatArray:
    """Mean over pairs of fits with the jackknife over fits: (r, k, 3)."""
    alike, fits = pair
    sums: list[FloatArray | float] = [0.0] * fits
    for a in range(fits):
        for b in range(a):
            found = alike(a, b)
            sums[a], sums[b] = sums[a] + found, sums[b] + found
    by_fit = np.stack([np.asarray(one) for one in sums])  # (S, r, k)
    total = by_fit.sum(axis=0)
    value = total / (fits * (fits - 1))
    if fits < 3:
        return _bounded(value, np.zeros_like(value), 1, level, bounds)
    without = (total - 2 * by_fit) / ((fits - 1) * (fits - 2))
    return _bounded(value, _jackknife(without), fits - 1, level, bounds)


def _spread(beta: FloatArray, level: float) -> FloatArray:
    """Spread of the coefficients over their size, with the jackknife over fits: (r, k, 3)."""
    fits = len(beta)

    def spread(total: FloatArray, square: FloatArray, n: int) -> FloatArray:
        variance = np.maximum(square - total**2 / n, 0.0).sum(axis=-1) / (n - 1)
        size = (np.abs(total) / n) ** 2
        length = np.sqrt(size.sum(axis=-1))
        found: FloatArray = np.full(length.shape, np.nan)
        np.divide(np.sqrt(variance), length, out=found, where=length > 0)
        return found

    total, square = beta.sum(axis=0), (beta**2).sum(axis=0)
    value = spread(total, square, fits)
    if fits < 3:
        return _bounded(value, np.zeros_like(value), 1, level, (0.0, np.inf))
    without = np.stack([spread(total - one, square - one**2, fits - 1) for one in beta])
    return _bounded(value, _jackknife(without), fits - 1, level, (0.0, np.inf))


def _jackknife(without: FloatArray) -> FloatArray:
    """Standard error from values with one fit left out: (S, r, k) -> (r, k)."""
    fits = len(without)
    error: FloatArray = np.sqrt((fits - 1) / fits * ((without - without.mean(axis=0)) ** 2).sum(0))
    return error


def _bounded(
    value: FloatArray, error: FloatArray, dof: int, level: float, bounds: tuple[float, float]
) -> FloatArray:
    """Value, low and high, no interval where the error is 0."""
    half = special.stdtrit(dof, (1 + level) / 2) * np.where(error > _EVEN, error, np.nan)
    low, high = np.maximum(value - half, bounds[0]), np.minimum(value + half, bounds[1])
    return np.stack([value, low, high], axis=-1)
