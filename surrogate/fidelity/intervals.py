"""Intervals for shares: of independent rows, and of rows that share source rows.

Which kind is used where is the table `KINDS`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from scipy import special

from surrogate.errors import InputError
from surrogate.fidelity.values import Interval
from surrogate.types import FloatArray, IntArray

__all__ = [
    "KINDS",
    "Share",
    "clopper_pearson",
    "korn_graubard",
    "share",
    "share_interval",
    "source_index",
    "wilson",
    "wilson_deff",
]


def source_index(sources: npt.ArrayLike | None, n: int) -> tuple[IntArray, int]:
    """Number the sources 0..G-1; a negative source is a row without one, alone.

    Examples
    --------
    >>> from surrogate.fidelity.intervals import source_index
    >>> index, count = source_index([7, 7, 3, -1, -1], 5)
    >>> index.tolist(), count
    ([3, 3, 2, 1, 0], 4)
    """
    if sources is None:
        return np.arange(n), n
    given = np.asarray(sources)
    if given.shape != (n,) or not np.issubdtype(given.dtype, np.integer):
        raise InputError(
            f"sources must be {n} whole numbers, the source row of each row; got "
            f"{given.dtype} of shape {given.shape}."
        )
    lone = given < 0
    if lone.any():
        given = np.where(lone, -1 - np.arange(n), given)
    _, index = np.unique(given, return_inverse=True)
    return index.astype(np.intp, copy=False), int(index.max()) + 1 if n else 0


@dataclass(frozen=True)
class Share:
    """A share of rows, and how much the rows are worth.

    Parameters
    ----------
    rate : float
        Weighted share, in [0, 1].
    n : int
        Rows.
    n_sources : int
        Different source rows.
    n_effective : float
        Independent rows that would be worth as much: n over the design effect. Where all
        rows agree the design effect cannot be estimated, and is the cluster size.
    freedom : float
        Degrees of freedom of the design effect: G-1, or fewer where few sources hold most
        of the disagreement.
    """

    rate: float
    n: int
    n_sources: int
    n_effective: float
    freedom: float


def effective_freedom(influence: FloatArray) -> FloatArray:
    """Degrees of freedom of a sum of squares over sources (axis 0), at most G-1.

    Satterthwaite's 2 E² / V of the variance estimate, with the fourth moments of the
    influences themselves: G for normal ones, fewer where few sources make up the sum.

    References
    ----------
    Bell & McCaffrey (2002), Survey Methodology 28; Satterthwaite (1946).

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.fidelity.intervals import effective_freedom
    >>> few = np.zeros(100)
    >>> few[:2] = 1.0, -1.0
    >>> float(effective_freedom(few).round(2)), float(effective_freedom(np.ones(9)))
    (4.08, 8.0)
    """
    groups = len(influence)
    second, fourth = (influence**2).sum(axis=0), (influence**4).sum(axis=0)
    excess = fourth - second**2 / groups
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(excess > 0, 2 * second**2 / excess, np.inf)
    return np.asarray(np.clip(found, 1.0, max(groups - 1, 1)))


def share(
    agree: npt.ArrayLike,
    sources: npt.ArrayLike | None = None,
    *,
    weights: npt.ArrayLike | None = None,
) -> Share:
    """Share of rows that agree, with its design effect from the sources.

    Parameters
    ----------
    agree : array of shape (n,)
        0 or 1, or bool.
    sources : array of int of shape (n,), or None
        Source row of each row; None where every row is its own.
    weights : array of shape (n,), or None
        Non-negative; None for equal ones.

    Examples
    --------
    >>> from surrogate.fidelity.intervals import share
    >>> share([1, 1, 0, 0], [0, 0, 1, 1]).n_effective
    1.0
    """
    hit = np.asarray(agree, dtype=np.float64)
    n = len(hit)
    if n == 0:
        raise InputError("There are no rows to measure on.")
    weight = np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64)
    if weight.shape != (n,) or not np.isfinite(weight).all() or weight.min() < 0:
        raise InputError(f"weights must be {n} finite numbers of at least 0.")
    total = float(weight.sum())
    if total <= 0:
        raise InputError("The weights sum to 0: no row counts.")
    index, groups = source_index(sources, n)
    rate = min(max(float(weight @ hit) / total, 0.0), 1.0)
    kish = total * total / float(weight @ weight)
    size = np.bincount(index, weight, groups)  # (G,)
    if rate in (0.0, 1.0):
        return Share(rate, n, groups, total * total / float(size @ size), groups - 1)
    excess = np.asarray(np.bincount(index, weight * (hit - rate), groups), np.float64)  # (G,)
    variance = float(excess @ excess) / total**2 * groups / max(groups - 1, 1)
    effective = rate * (1 - rate) / variance if variance > 0 else kish
    freedom = float(effective_freedom(excess)) if groups > 1 else 0.0
    return Share(rate, n, groups, min(effective, kish), freedom)


def wilson(rate: float, n: float, *, level: float = 0.95, df: float = math.inf) -> Interval:
    """Wilson's score interval, with a t quantile where `df` is finite.

    Parameters
    ----------
    rate : float
        Observed share.
    n : float
        Rows, or effective rows.
    level : float
        Nominal coverage.
    df : float
        Degrees of freedom of the variance behind `n`.

    References
    ----------
    Wilson (1927), JASA 22; Brown, Cai & DasGupta (2001), section 3.1.1.

    Examples
    --------
    >>> from surrogate.fidelity import wilson
    >>> print(wilson(.9, 100))
    95 % interval 0.825 to 0.945
    """
    z2 = _t_quantile(level, df) ** 2
    centre = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 / n * (rate * (1 - rate) + z2 / (4 * n))) / (1 + z2 / n)
    low = 0.0 if rate == 0 else max(0.0, centre - half)
    high = 1.0 if rate == 1 else min(1.0, centre + half)
    return Interval(low, high, level, "Wilson")


def clopper_pearson(rate: float, n: float, *, level: float = 0.95) -> Interval:
    """Clopper and Pearson's interval: covers at least `level` for independent rows.

    Parameters
    ----------
    rate : float
        Observed share.
    n : float
        Rows, or effective rows; need not be whole.
    level : float
        Coverage.

    References
    ----------
    Clopper & Pearson (1934), Biometrika 26.

    Examples
    --------
    >>> from surrogate.fidelity import clopper_pearson
    >>> print(clopper_pearson(.9, 100))
    95 % interval 0.823 to 0.951
    """
    tail, hits = (1 - level) / 2, rate * n
    low = 0.0 if rate == 0 else float(special.betaincinv(hits, n - hits + 1, tail))
    high = 1.0 if rate == 1 else float(special.betaincinv(hits + 1, n - hits, 1 - tail))
    return Interval(low, high, level, "Clopper-Pearson", guaranteed=True)


def wilson_deff(measured: Share, *, level: float = 0.95) -> Interval:
    """Wilson at n over the design effect, with a t quantile on G-1 sources.

    Examples
    --------
    >>> from surrogate.fidelity.intervals import share, wilson_deff
    >>> print(wilson_deff(share([1, 1, 0, 0] * 20, [i // 2 for i in range(80)])))
    95 % interval 0.345 to 0.655
    """
    df = _freedom(measured)
    found = wilson(measured.rate, measured.n_effective, level=level, df=df)
    return Interval(found.low, found.high, level, "Wilson at n/deff")


def korn_graubard(measured: Share, *, level: float = 0.95) -> Interval:
    """Clopper-Pearson at the effective size: the conservative kind for clustered rows.

    References
    ----------
    Korn & Graubard (1998), Survey Methodology 24.

    Examples
    --------
    >>> from surrogate.fidelity.intervals import korn_graubard, share
    >>> print(korn_graubard(share([1, 1, 0, 0] * 20, [i // 2 for i in range(80)])))
    95 % interval 0.333 to 0.667
    """
    shrink = _t_quantile(level, measured.n - 1) / _t_quantile(level, _freedom(measured))
    n = min(measured.n_effective * shrink**2, measured.n)
    found = clopper_pearson(measured.rate, n, level=level)
    return Interval(found.low, found.high, level, "Korn-Graubard", guaranteed=True)


def _plain_wilson(measured: Share, *, level: float) -> Interval:
    return wilson(measured.rate, measured.n, level=level)


def _plain_clopper(measured: Share, *, level: float) -> Interval:
    return clopper_pearson(measured.rate, measured.n, level=level)


KINDS: Mapping[tuple[str, str], Callable[..., Interval]] = MappingProxyType(
    {
        ("independent", "page"): _plain_wilson,
        ("independent", "guarantee"): _plain_clopper,
        ("clustered", "page"): wilson_deff,
        ("clustered", "guarantee"): korn_graubard,
    }
)
"""Which interval a share gets: by how its rows came about, and by what is claimed."""


def share_interval(
    measured: Share, *, level: float = 0.95, guarantee: bool = False, weighted: bool = False
) -> tuple[Interval | None, str]:
    """Interval of a share by the table `KINDS`, or None and why there is none.

    Parameters
    ----------
    measured : Share
    level : float
        Nominal coverage.
    guarantee : bool
        Whether a guarantee is claimed, so that coverage must not fall below `level`.
    weighted : bool
        Whether rows have unequal weights, so that they are worth less than their number.

    Returns
    -------
    interval : Interval or None
    reason : str
        Empty where there is an interval.

    Examples
    --------
    >>> from surrogate.fidelity.intervals import share, share_interval
    >>> share_interval(share([1, 0, 1], [4, 4, 4]))
    (None, 'all rows come from one source row')
    """
    clustered = weighted or measured.n_sources < measured.n
    if clustered and measured.n_sources < 2:
        return None, "all rows come from one source row"
    kind = KINDS["clustered" if clustered else "independent", "guarantee" if guarantee else "page"]
    return kind(measured, level=level), ""


def _freedom(measured: Share) -> float:
    """Degrees of freedom of the between-source variance."""
    if measured.n_sources < 2:
        raise InputError("An interval over sources needs at least 2 sources.")
    return measured.freedom


def _t_quantile(level: float, df: float) -> float:
    """Two-sided quantile of Student's t, the normal one where df is infinite."""
    if not 0 < level < 1:
        raise InputError(f"The level of an interval lies between 0 and 1; got {level}.")
    upper = (1 + level) / 2
    return float(special.ndtri(upper) if math.isinf(df) else special.stdtrit(df, upper))
