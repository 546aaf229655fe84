"""Fidelity by region: in each part of the table that the surrogate itself tells apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from surrogate.errors import InputError
from surrogate.fidelity.bootstrap import Scale, smooth_intervals
from surrogate.fidelity.groups import SMALL
from surrogate.fidelity.intervals import clopper_pearson
from surrogate.fidelity.score import Score
from surrogate.fidelity.values import Interval
from surrogate.types import FloatArray

__all__ = ["RegionScore", "region_scores"]


@dataclass(frozen=True)
class RegionScore:
    """The score of one region.

    Parameters
    ----------
    region : str
        What its rows have in common, in words: "age > 37 and hours <= 40".
    says : str
        What the surrogate says there; empty where it is no surrogate's region.
    score : Score
        Its interval holds for all regions at once, so that it holds for the worst of them.
    small : bool
        Whether there are too few rows to say.
    """

    region: str
    says: str
    score: Score
    small: bool

    def __str__(self) -> str:
        says = f" -> {self.says}" if self.says else ""
        return f"{self.region}{says}: {self.score}{' [small region]' if self.small else ''}"

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return {
            "region": self.region,
            "says": self.says,
            "score": self.score.to_dict(),
            "small": self.small,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RegionScore:
        """Rebuild what `to_dict` gave."""
        return cls(data["region"], data["says"], Score.from_dict(data["score"]), data["small"])


def region_scores(
    parts: npt.ArrayLike,
    quantity: npt.ArrayLike,
    *,
    metric: str,
    names: Mapping[int, tuple[str, str]],
    low_is_worst: bool = True,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[RegionScore, ...]:
    """A share, or a mean, in each region, with intervals that hold for all regions at once.

    Whoever looks at the worst of K regions has chosen it; so each interval is Clopper and
    Pearson's at a level of 1 - (1 - level) / K (Bonferroni), or the bootstrap's for means. All
    of it is a function of these arguments.

    Parameters
    ----------
    parts : int array of shape (n,)
        The region of each row, of independent rows.
    quantity : bool array of shape (n,), or float array of shape (n,)
        Whether a row counts, or its error.
    metric : str
        What the share or the mean is called.
    names : mapping from int to (str, str)
        Of each region, what its rows have in common, and what is said of them.
    low_is_worst : bool
        Whether regions of low values come first.
    level : float
        Nominal coverage of all intervals together.
    seed : int
        Of the bootstrap.

    Returns
    -------
    tuple of RegionScore
        The worst first, then those of fewer than 30 rows.

    Raises
    ------
    InputError
        If there is not one region a row, or no row.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.fidelity.regions import region_scores
    >>> parts = np.arange(100) // 50
    >>> for one in region_scores(parts, np.arange(100) >= 10, metric="agreement",
    ...                          names={0: ("age <= 40", "no"), 1: ("age > 40", "yes")}):
    ...     print(one)
    age <= 40 -> no: agreement 80.0 % (95 % interval 64.3 to 91.1; n = 50)
    age > 40 -> yes: agreement 100.0 % (95 % interval 91.6 to 100.0; n = 50)
    """
    region, x = np.asarray(parts), np.asarray(quantity)
    if region.ndim != 1 or x.shape != region.shape or not len(x):
        raise InputError(f"parts and quantity need one entry a row; got {region.shape}, {x.shape}.")
    there = np.unique(region).tolist()
    each = 1 - (1 - level) / len(there)
    found = []
    for code in there:
        own = x[region == code]
        score = _score(metric, own, each, level, len(there), seed)
        found.append(RegionScore(*names[code], score, len(own) < SMALL))
    sign = 1.0 if low_is_worst else -1.0
    return tuple(sorted(found, key=lambda one: (one.small, sign * (one.score.value or 0.0))))


def _score(
    metric: str, x: npt.NDArray[Any], each: float, level: float, count: int, seed: int
) -> Score:
    """A share or a mean of one region, its interval said to be of the level of all."""
    n, value = len(x), float(x.mean())
    reason, interval = "", None
    if x.dtype == bool:
        interval = clopper_pearson(value, n, level=each)
    else:
        totals = np.stack([np.ones(n), x.astype(np.float64)], axis=1)
        scale: Scale = "log" if (x > 0).any() else "plain"
        (interval, reason), *_ = smooth_intervals(
            totals, _mean, scales=[scale], level=each, seed=seed
        )
    if interval is not None:
        how = f"{interval.method}, Bonferroni over {count} regions"
        interval = Interval(interval.low, interval.high, level, how, interval.guaranteed)
    return Score(metric, value, interval, n, n, reason=reason)


def _mean(totals: FloatArray) -> FloatArray:
    return np.asarray(totals[..., 1:] / totals[..., :1])
