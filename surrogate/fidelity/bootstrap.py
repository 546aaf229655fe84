"""Intervals of smooth functions of totals: the jackknife, and BCa from 100 effective sources.

A statistic maps totals over sources (..., m) to values (..., q): a mean is a ratio of two
totals, R² a function of three. So a resample is one matrix product, for all metrics at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from scipy import special

from surrogate.fidelity.intervals import effective_freedom
from surrogate.fidelity.values import Interval
from surrogate.sampling import generator
from surrogate.types import BoolArray, FloatArray, IntArray

__all__ = [
    "MIN_SOURCES",
    "Scale",
    "Statistic",
    "bca",
    "jackknife",
    "smooth_intervals",
    "source_totals",
]

Statistic = Callable[[FloatArray], FloatArray]
"""Totals (..., m) to values (..., q); undefined values are NaN."""

Scale = Literal["plain", "log", "log rest"]
_TO: dict[Scale, Statistic] = {
    "plain": lambda value: value,
    "log": np.log,
    "log rest": lambda value: np.log(1 - value),
}
_FROM: dict[Scale, Statistic] = {
    "plain": lambda value: value,
    "log": np.exp,
    "log rest": lambda value: 1 - np.exp(value),
}

MIN_SOURCES = 100
"""Effective sources from which the bootstrap is used, see `effective_freedom`.

With fewer, or where few sources make up the error, BCa covers less than the jackknife with a
t quantile on the effective freedom: benchmarks/interval_coverage.py.
"""
MAX_BINS = 1000
"""More sources than this are first added up in as many random bins."""
RESAMPLES = 2000
_BATCH = 250


def source_totals(columns: FloatArray, index: IntArray, groups: int) -> FloatArray:
    """Sums over the rows of each source: (n, m) -> (G, m)."""
    if groups == len(columns):
        return columns[np.argsort(index)]
    return np.stack([np.bincount(index, column, groups) for column in columns.T], axis=1)


def smooth_intervals(
    totals: FloatArray,
    statistic: Statistic,
    *,
    scales: Sequence[Scale],
    level: float = 0.95,
    seed: int = 0,
) -> list[tuple[Interval | None, str]]:
    """BCa intervals from 100 effective sources, jackknife intervals below.

    Parameters
    ----------
    totals : array of shape (G, m)
        One row a source.
    statistic : callable
        Totals (..., m) to values (..., q).
    scales : sequence of q {"plain", "log", "log rest"}
        Where the jackknife works: on the value, its logarithm, or that of 1 minus it.
    level : float
    seed : int

    Returns
    -------
    list of (Interval or None, reason)
        One a value.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.fidelity.bootstrap import smooth_intervals
    >>> x = np.random.Generator(np.random.Philox(key=1)).normal(size=(50, 1))
    >>> totals = np.concatenate([np.ones_like(x), x], axis=1)
    >>> mean = lambda total: total[..., 1:] / total[..., :1]
    >>> smooth_intervals(totals, mean, scales=["plain"])[0][0].method
    'jackknife t'
    """
    if len(totals) < 2:
        q = np.asarray(statistic(totals.sum(0))).size
        return [(None, "all rows come from one source row")] * q
    found = jackknife(totals, statistic, scales=scales, level=level)
    if len(totals) <= MIN_SOURCES:
        return found
    with np.errstate(divide="ignore", invalid="ignore"):
        without = _leave_one_out(totals, statistic)
        many = effective_freedom(without - without.mean(axis=0)) >= MIN_SOURCES
    if not many.any():
        return found
    drawn = bca(totals, statistic, level=level, seed=seed)
    return [b if use else a for a, b, use in zip(found, drawn, many.tolist(), strict=True)]


def _leave_one_out(totals: FloatArray, statistic: Statistic) -> FloatArray:
    """The statistic without each source in turn: (G, q)."""
    return statistic(totals.sum(axis=0) - totals)


def jackknife(
    totals: FloatArray, statistic: Statistic, *, scales: Sequence[Scale], level: float = 0.95
) -> list[tuple[Interval | None, str]]:
    """Delete-one-source intervals with a t quantile on the effective freedom.

    References
    ----------
    Efron & Tibshirani (1993), chapter 11; logarithms after Zou & Donner (2008), section 2.
    """
    groups = len(totals)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = statistic(totals.sum(axis=0))  # (q,)
        without = _leave_one_out(totals, statistic)  # (G, q)
        flat = _flat(without)
        value, without = _onto(value, scales), _onto(without, scales)
        spread = without - without.mean(axis=0)
        error = np.sqrt((groups - 1) / groups * (spread**2).sum(axis=0))
        half = special.stdtrit(effective_freedom(spread), (1 + level) / 2) * error
        low, high = _back(value - half, scales), _back(value + half, scales)
    return _intervals(low, high, flat, level=level, method="jackknife t")


def _onto(value: FloatArray, scales: Sequence[Scale]) -> FloatArray:
    """Each column on its scale."""
    columns = (_TO[scale](value[..., i]) for i, scale in enumerate(scales))
    return np.stack(list(columns), axis=-1)


def _back(value: FloatArray, scales: Sequence[Scale]) -> FloatArray:
    """Each column from its scale."""
    columns = (_FROM[scale](value[..., i]) for i, scale in enumerate(scales))
    return np.stack(list(columns), axis=-1)


def bca(
    totals: FloatArray,
    statistic: Statistic,
    *,
    level: float = 0.95,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> list[tuple[Interval | None, str]]:
    """Bias-corrected and accelerated bootstrap over sources.

    Parameters
    ----------
    totals : array of shape (G, m)
        One row a source.
    statistic : callable
        Totals (..., m) to values (..., q).
    level : float
    seed : int
    resamples : int

    Returns
    -------
    list of (Interval or None, reason)

    References
    ----------
    Efron (1987), JASA 82, section 4; Davison & Hinkley (1997), section 5.3.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.fidelity.bootstrap import bca
    >>> x = np.random.Generator(np.random.Philox(key=1)).normal(size=(400, 1))
    >>> totals = np.concatenate([np.ones_like(x), x], axis=1)
    >>> interval, reason = bca(totals, lambda t: t[..., 1:] / t[..., :1])[0]
    >>> bool(interval.low < x.mean() < interval.high), reason
    (True, '')
    """
    rng = generator(seed, "bootstrap")
    totals = _binned(totals, rng)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = statistic(totals.sum(axis=0))  # (q,)
        without = _leave_one_out(totals, statistic)  # (G, q)
        drawn = np.concatenate(
            [
                statistic(_resampled(totals, min(_BATCH, resamples - done), rng))
                for done in range(0, resamples, _BATCH)
            ]
        )  # (B, q)
        spread = without.mean(axis=0) - without
        power = (spread**2).sum(axis=0) ** 1.5
        curve = (spread**3).sum(axis=0) / np.where(power > 0, 6 * power, np.inf)
        below = (drawn < value).mean(axis=0) + 0.5 * (drawn == value).mean(axis=0)
        edge = 0.5 / resamples
        bias = special.ndtri(np.clip(below, edge, 1 - edge))
        low, high = (_accelerated(drawn, bias, curve, side) for side in _tails(level))
    low = np.where(np.isfinite(drawn).all(axis=0), low, np.nan)
    flat = _flat(without)
    return _intervals(low, high, flat, level=level, method="BCa bootstrap over sources")


def _tails(level: float) -> tuple[float, float]:
    return (1 - level) / 2, (1 + level) / 2


def _binned(totals: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Sources added up in at most `MAX_BINS` random bins of nearly equal numbers.

    Sums of independent sources are independent, so the bootstrap over bins stays valid;
    mean and skewness of the statistic, which BCa uses, stay the same.
    """
    groups = len(totals)
    if groups <= MAX_BINS:
        return totals
    index = rng.permutation(groups) % MAX_BINS
    return source_totals(totals, index, MAX_BINS)


def _resampled(totals: FloatArray, size: int, rng: np.random.Generator) -> FloatArray:
    """Totals of `size` resamples of the sources: (size, m)."""
    groups = len(totals)
    picks = rng.integers(groups, size=(size, groups), dtype=np.int32)
    picks += (np.arange(size, dtype=np.int32) * groups)[:, None]
    counts = np.bincount(picks.ravel(), minlength=size * groups).reshape(size, groups)
    return np.asarray(counts.astype(np.float64) @ totals)


def _accelerated(drawn: FloatArray, bias: FloatArray, curve: FloatArray, side: float) -> FloatArray:
    """BCa's quantile of each column of the resampled values (B, q)."""
    shift = bias + special.ndtri(side)
    place = special.ndtr(bias + shift / np.maximum(1 - curve * shift, 1e-3))
    ordered = np.sort(drawn, axis=0)
    spot = np.clip(np.nan_to_num(place, nan=0.5) * (len(drawn) + 1) - 1, 0, len(drawn) - 1)
    low = np.floor(spot).astype(np.intp)
    high = np.minimum(low + 1, len(drawn) - 1)
    column = np.arange(drawn.shape[1])
    part = spot - low
    return np.asarray(ordered[low, column] * (1 - part) + ordered[high, column] * part)


def _flat(without: FloatArray) -> BoolArray:
    """Values that leaving out no source changes."""
    with np.errstate(invalid="ignore"):
        reach = np.ptp(without, axis=0)
        return np.asarray(reach <= 1e-12 * np.abs(without).max(axis=0))


def _intervals(
    low: FloatArray, high: FloatArray, flat: BoolArray, *, level: float, method: str
) -> list[tuple[Interval | None, str]]:
    """One interval a value, or why there is none."""
    found: list[tuple[Interval | None, str]] = []
    for a, b, no in zip(low.tolist(), high.tolist(), flat.tolist(), strict=True):
        if not no and not (np.isfinite(a) and np.isfinite(b)):
            found.append((None, "so few sources hold the error that it has no bound"))
        elif no:
            found.append(
                (None, "every source gives the same figure, so nothing shows how far it varies")
            )
        else:
            found.append((Interval(min(a, b), max(a, b), level, method), ""))
    return found
