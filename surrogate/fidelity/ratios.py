"""Two groups compared: the ratio of two shares, and the difference of two means.

Each gives its two ends for tails of their own, so that who compares with the best of several
groups can correct the one end that choosing the best bends.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from surrogate.errors import InputError
from surrogate.fidelity.values import Interval
from surrogate.types import BoolArray, FloatArray

__all__ = [
    "Ends",
    "as_interval",
    "mean_difference",
    "ratio_ends",
    "ratio_interval",
]

_STEPS = 56  # halvings of the logarithm of the ratio, from 1e-12 to 1e12


class Ends(NamedTuple):
    """A comparison of two groups: its value, and its ends at two tails of their own.

    `value` is None, and an end infinite, where the rows do not say.
    """

    value: float | None
    low: float
    high: float


def ratio_interval(hits: int, n: int, base_hits: int, base_n: int, *, level: float = 0.95) -> Ends:
    """Ratio of two shares of independent rows, with Koopman's score interval.

    Parameters
    ----------
    hits, n : int
        Rows that count, and rows, of the group above the line.
    base_hits, base_n : int
        Of the group below it.
    level : float
        Nominal coverage.

    Returns
    -------
    Ends
        Infinite above where no row of the group below counts; without a value where none of
        either does.

    References
    ----------
    Koopman (1984), Biometrics 40; Miettinen & Nurminen (1985), Statistics in Medicine 4, for
    the restricted estimates; recommended by Fagerland, Lydersen & Laake (2015), Statistical
    Methods in Medical Research 24.

    Examples
    --------
    >>> from surrogate.fidelity.ratios import ratio_interval
    >>> found = ratio_interval(36, 40, 16, 80)
    >>> round(found.value, 3), round(found.low, 3), round(found.high, 3)
    (4.5, 2.94, 7.152)
    """
    tail = (1 - level) / 2
    low, high = ratio_ends([hits], [n], [base_hits], [base_n], below=tail, above=tail)
    value = hits * base_n / (n * base_hits) if base_hits else math.inf if hits else None
    return Ends(value, float(low[0]), float(high[0]))


def ratio_ends(
    hits: npt.ArrayLike,
    n: npt.ArrayLike,
    base_hits: npt.ArrayLike,
    base_n: npt.ArrayLike,
    *,
    below: float,
    above: float,
) -> tuple[FloatArray, FloatArray]:
    """Koopman's lower and upper ends of many ratios at once: (q,) each.

    Parameters
    ----------
    hits, n, base_hits, base_n : arrays of shape (q,)
    below, above : float
        Nominal probability that the ratio lies below the lower, above the upper end.

    Raises
    ------
    InputError
        If counts are no counts, or the tails no tails.

    Examples
    --------
    >>> from surrogate.fidelity.ratios import ratio_ends
    >>> low, high = ratio_ends([0, 5], [10, 10], [5, 5], [10, 10], below=0.025, above=0.025)
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([0.0, 0.41], [0.61, 2.45])
    """
    x, m, y, k = (np.asarray(a, dtype=np.float64) for a in (hits, n, base_hits, base_n))
    if not ((x >= 0) & (x <= m) & (y >= 0) & (y <= k) & (m > 0) & (k > 0)).all():
        raise InputError("A share needs at least one row, and no more hits than rows.")
    if not (0 < below < 0.5 and 0 < above < 0.5):
        raise InputError(f"Tails lie between 0 and .5; got {below} and {above}.")
    low = _crossing(x, m, y, k, wanted=-float(special.ndtri(below)))
    high = _crossing(x, m, y, k, wanted=float(special.ndtri(above)))
    return np.where(x == 0, 0.0, low), np.where(y == 0, np.inf, high)


def _crossing(
    x: FloatArray, m: FloatArray, y: FloatArray, k: FloatArray, *, wanted: float
) -> FloatArray:
    """The ratio at which the falling score is what is wanted, by halving its logarithm."""
    low, high = np.full(x.shape, math.log(1e-12)), np.full(x.shape, math.log(1e12))
    for _ in range(_STEPS):
        middle = (low + high) / 2
        over: BoolArray = _score(np.exp(middle), x, m, y, k) > wanted
        low, high = np.where(over, middle, low), np.where(over, high, middle)
    return np.asarray(np.exp((low + high) / 2))


def _score(
    ratio: FloatArray, x: FloatArray, m: FloatArray, y: FloatArray, k: FloatArray
) -> FloatArray:
    """Score of a ratio: p1 - ratio p0 over its error, at the likeliest shares of that ratio."""
    total = (m + k) * ratio
    line = m * ratio + x + k + y * ratio
    hits = x + y
    root = np.sqrt(np.maximum(line * line - 4 * total * hits, 0.0))
    base = np.clip(2 * hits / (line + root), 0.0, 1.0)  # the smaller root, without cancelling
    share = np.clip(ratio * base, 0.0, 1.0)
    variance = share * (1 - share) / m + ratio**2 * base * (1 - base) / k
    away = x / m - ratio * y / k
    with np.errstate(divide="ignore", invalid="ignore"):
        found = away / np.sqrt(variance)  # infinite where nothing varies, but for 0 over 0
    return np.where(away == 0, 0.0, found)


def mean_difference(group: FloatArray, base: FloatArray, *, below: float, above: float) -> Ends:
    """Difference of two means of independent rows, with Welch's interval.

    Parameters
    ----------
    group, base : arrays of shapes (n,) and (m,)
    below, above : float
        Nominal probability that the difference lies below the lower, above the upper end.

    Returns
    -------
    Ends
        Infinite where a group has one row.

    References
    ----------
    Welch (1947), Biometrika 34.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.fidelity.ratios import mean_difference
    >>> x = np.arange(10.0)
    >>> found = mean_difference(x + 3, x, below=0.025, above=0.025)
    >>> found.value, round(found.low, 3), round(found.high, 3)
    (3.0, 0.155, 5.845)
    """
    value = float(group.mean() - base.mean())
    if min(len(group), len(base)) < 2:
        return Ends(value, -math.inf, math.inf)
    one, other = (float(part.var(ddof=1)) / len(part) for part in (group, base))
    error = math.sqrt(one + other)
    if error == 0:
        return Ends(value, value, value)
    freedom = (one + other) ** 2 / (one**2 / (len(group) - 1) + other**2 / (len(base) - 1))
    down, up = (float(special.stdtrit(freedom, 1 - tail)) * error for tail in (below, above))
    return Ends(value, value - down, value + up)


def as_interval(ends: Ends, *, level: float, method: str) -> Interval | None:
    """The interval of a comparison, or None where an end is infinite."""
    if not (math.isfinite(ends.low) and math.isfinite(ends.high)):
        return None
    return Interval(ends.low, ends.high, level, method)
