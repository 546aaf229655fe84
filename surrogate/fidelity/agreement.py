"""Agreement of decisions: over all rows, balanced over classes, and in the worst class."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from surrogate.fidelity.intervals import Share, share, share_interval
from surrogate.fidelity.values import Interval
from surrogate.types import BoolArray, FloatArray, IntArray

__all__ = ["ClassShares", "balanced_interval", "class_shares", "worst_interval"]


@dataclass(frozen=True, eq=False)
class ClassShares:
    """Agreement within each class of the model.

    Parameters
    ----------
    codes : tuple of int
        Classes that the model decided for on these rows.
    shares : tuple of Share
        One a class.
    correlation : array of shape (K, K)
        Between the shares of two classes, by the sources that they have in common.
    weighted : bool
    """

    codes: tuple[int, ...]
    shares: tuple[Share, ...]
    correlation: FloatArray
    weighted: bool

    @property
    def rates(self) -> FloatArray:
        """Agreement of each class (K,)."""
        return np.array([found.rate for found in self.shares])

    def intervals(self, *, level: float, guarantee: bool) -> list[Interval]:
        """One interval a class; everything from 0 to 1 where a class has one source."""
        found = (
            share_interval(one, level=level, guarantee=guarantee, weighted=self.weighted)[0]
            for one in self.shares
        )
        return [Interval(0.0, 1.0, level, "none") if i is None else i for i in found]


def class_shares(
    agree: BoolArray,
    target: IntArray,
    index: IntArray,
    *,
    weights: FloatArray | None = None,
) -> ClassShares:
    """Agreement within each class that the model decided for.

    Parameters
    ----------
    agree : array of bool of shape (n,)
    target : array of int of shape (n,)
        The model's decisions.
    index : array of int of shape (n,)
        Source of each row.
    weights : array of shape (n,), or None

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.fidelity.agreement import class_shares
    >>> agree, target = np.array([True, True, False, True]), np.array([0, 0, 2, 2])
    >>> class_shares(agree, target, np.arange(4)).rates
    array([1. , 0.5])
    """
    codes = tuple(np.unique(target).tolist())
    rows = [np.flatnonzero(target == code) for code in codes]
    shares = tuple(
        share(agree[at], index[at], weights=None if weights is None else weights[at]) for at in rows
    )
    groups = int(index.max()) + 1
    excess = np.zeros((groups, len(codes)))  # (G, K)
    for column, (at, one) in enumerate(zip(rows, shares, strict=True)):
        weight = np.ones(len(at)) if weights is None else weights[at]
        excess[:, column] = np.bincount(index[at], weight * (agree[at] - one.rate), groups)
    return ClassShares(codes, shares, _correlation(excess), weights is not None)


def _correlation(excess: FloatArray) -> FloatArray:
    """Correlation of the columns of centred source sums (G, K); 0 where one is constant."""
    product = excess.T @ excess
    size = np.sqrt(np.diag(product))
    scale = np.outer(size, size)
    found = np.divide(product, scale, out=np.zeros_like(product), where=scale > 0)
    np.fill_diagonal(found, 1.0)
    return np.asarray(found)


def balanced_interval(
    found: ClassShares, *, level: float = 0.95, guarantee: bool = False
) -> Interval:
    """Interval of the mean over classes, recovered from the intervals of the classes.

    Each side is the square root of a sum of squared one-class half-widths, with the
    correlation between classes that share sources. A guarantee is claimed by Bonferroni.

    References
    ----------
    Zou & Donner (2008), Statistics in Medicine 27 (the MOVER method); Newcombe (1998).
    """
    count, rates = len(found.codes), found.rates
    value = float(rates.mean())
    each = 1 - (1 - level) / count if guarantee else level
    intervals = found.intervals(level=each, guarantee=guarantee)
    down = rates - [i.low for i in intervals]
    up = [i.high for i in intervals] - rates
    if guarantee:
        low, high = value - float(down.mean()), value + float(up.mean())
    else:
        low = value - math.sqrt(max(float(down @ found.correlation @ down), 0.0)) / count
        high = value + math.sqrt(max(float(up @ found.correlation @ up), 0.0)) / count
    method = f"{intervals[0].method}, {'Bonferroni' if guarantee else 'MOVER'} over classes"
    return Interval(max(low, 0.0), min(high, 1.0), level, method, guarantee)


def worst_interval(found: ClassShares, *, level: float = 0.95, guarantee: bool = False) -> Interval:
    """Interval of the least agreement over classes, corrected for being a minimum.

    The upper end fails if the upper end of ANY class falls below the true minimum, so each
    class gets only its part of that tail (Bonferroni). The lower end, the least of the
    lower ends, fails only if that of the truly worst class does, so it needs no correction.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.fidelity.agreement import class_shares, worst_interval
    >>> target = np.repeat([0, 1], 100)
    >>> agree = np.r_[np.ones(100, bool), np.arange(100) < 80]
    >>> print(worst_interval(class_shares(agree, target, np.arange(200))))
    95 % interval 0.711 to 0.875
    """
    count = len(found.codes)
    plain = found.intervals(level=level, guarantee=guarantee)
    wide = found.intervals(level=1 - (1 - level) / count, guarantee=guarantee)
    low, high = min(i.low for i in plain), min(i.high for i in wide)
    method = f"{plain[0].method}, corrected for a minimum over {count} classes"
    return Interval(low, high, level, method, guarantee)
