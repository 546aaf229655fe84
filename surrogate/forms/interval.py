"""A column lies between two bounds, each with or without its end."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from surrogate.errors import InputError
from surrogate.forms._plain import LISTED, finite_or_none, threshold_text
from surrogate.types import BoolArray, Feature, FloatArray

__all__ = ["Interval"]


@dataclass(frozen=True)
class Interval:
    """A column lies between two bounds.

    Every empty interval is stored as the one from 0 to 0 without its ends.

    Parameters
    ----------
    feature : int
        Column of the internal matrix.
    low, high : float
        Bounds in the feature's unit; infinite where there are none.
    low_closed, high_closed : bool
        Whether the bound itself belongs to the interval.
    missing : bool
        Whether the condition holds for a missing value.

    Examples
    --------
    >>> from surrogate.forms import Interval
    >>> from surrogate.types import Feature
    >>> age = Feature("age", unit="years")
    >>> Interval(0, 25, 37.5).text((age,))
    '25 < age <= 37.5 years'
    >>> import numpy as np
    >>> Interval(0, 25, 37.5).holds(np.array([[25.0], [37.5], [np.nan]]))
    array([False,  True, False])
    """

    feature: int
    low: float = -math.inf
    high: float = math.inf
    low_closed: bool = False
    high_closed: bool = True
    missing: bool = False

    def __post_init__(self) -> None:
        if math.isnan(self.low) or math.isnan(self.high):
            raise InputError(f"The bounds of an Interval must be numbers; got {self}.")
        low, high = float(self.low), float(self.high)
        low_closed = bool(self.low_closed) and low > -math.inf
        high_closed = bool(self.high_closed) or high == math.inf
        shut = low_closed and high_closed and high < math.inf
        if low > high or low == math.inf or high == -math.inf or (low == high and not shut):
            low, high, low_closed, high_closed = 0.0, 0.0, False, False
        fields = {"low": low, "high": high, "low_closed": low_closed, "high_closed": high_closed}
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    @property
    def columns(self) -> frozenset[int]:
        """Columns that the condition looks at."""
        return frozenset({self.feature})

    @property
    def is_void(self) -> bool:
        """Whether no known value lies inside (a missing one may still hold)."""
        return self.low == self.high and not self.low_closed

    @property
    def is_empty(self) -> bool:
        """Whether it holds for no row at all."""
        return self.is_void and not self.missing

    def is_certain(self, features: tuple[Feature, ...]) -> bool:
        """Whether it holds for every row."""
        return self.low == -math.inf and self.high == math.inf and self.missing

    def holds(self, matrix: FloatArray) -> BoolArray:
        """For each row of a matrix (n, d), whether the condition holds: (n,)."""
        x = matrix[:, self.feature]
        if self.is_void:
            inside = np.zeros(len(x), dtype=np.bool_)
        elif self.low == -math.inf and self.high == math.inf:
            inside = ~np.isnan(x)
        elif self.low == -math.inf:
            inside = x <= self.high if self.high_closed else x < self.high
        else:
            inside = x >= self.low if self.low_closed else x > self.low
            if self.high < math.inf:
                inside &= x <= self.high if self.high_closed else x < self.high
        return inside | np.isnan(x) if self.missing else inside

    def meet(self, other: Interval) -> Interval:
        """The interval where both hold."""
        low, low_open = max((self.low, not self.low_closed), (other.low, not other.low_closed))
        high, high_closed = min((self.high, self.high_closed), (other.high, other.high_closed))
        missing = self.missing and other.missing
        return Interval(self.feature, low, high, not low_open, high_closed, missing)

    def join(self, other: Interval) -> Interval | None:
        """The interval where one of both holds, or None where that is not an interval."""
        missing = self.missing or other.missing
        if self.is_void or other.is_void:
            known = other if self.is_void else self
            return _with_missing(known, missing)
        first, last = sorted((self, other), key=lambda c: (c.low, not c.low_closed))
        touching = first.high == last.low and (first.high_closed or last.low_closed)
        if not (first.high > last.low or touching):
            return None
        high, high_closed = max((first.high, first.high_closed), (last.high, last.high_closed))
        return Interval(self.feature, first.low, high, first.low_closed, high_closed, missing)

    def text(self, features: tuple[Feature, ...], *, limit: int | None = LISTED) -> str:
        """The condition in words: "25 < age <= 37.5 years"."""
        feature = features[self.feature]
        missing = self.missing and feature.missing
        if self.is_void:
            return f"{feature.name} is missing" if missing else f"{feature.name} is never so"
        if self.low == -math.inf and self.high == math.inf:
            partly = feature.missing and not missing
            return f"{feature.name} is known" if partly else f"{feature.name} is anything"
        whole = feature.is_coded or feature.kind in ("integer", "ordinal", "binary")
        said = _whole_text(self, feature) if whole else _real_text(self, feature)
        return f"{said} or missing" if missing else said

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; an infinite bound is None."""
        return {
            "condition": "interval",
            "feature": int(self.feature),
            "low": finite_or_none(self.low),
            "high": finite_or_none(self.high),
            "low_closed": self.low_closed,
            "high_closed": self.high_closed,
            "missing": self.missing,
        }


def _with_missing(interval: Interval, missing: bool) -> Interval:
    """The same interval with another routing of missing values."""
    return Interval(
        interval.feature,
        interval.low,
        interval.high,
        interval.low_closed,
        interval.high_closed,
        missing,
    )


def _real_text(interval: Interval, feature: Feature) -> str:
    """Bounds of a continuous column."""
    unit = f" {feature.unit}" if feature.unit else ""
    low, high = threshold_text(interval.low), threshold_text(interval.high)
    if interval.low == interval.high:
        return f"{feature.name} = {low}{unit}"
    if interval.low == -math.inf:
        return f"{feature.name} {'<=' if interval.high_closed else '<'} {high}{unit}"
    if interval.high == math.inf:
        return f"{feature.name} {'>=' if interval.low_closed else '>'} {low}{unit}"
    left = "<=" if interval.low_closed else "<"
    right = "<=" if interval.high_closed else "<"
    return f"{low} {left} {feature.name} {right} {high}{unit}"


def _whole_text(interval: Interval, feature: Feature) -> str:
    """Bounds of a column of whole numbers, by the first and last that lie inside."""
    least, most = _ends(feature)
    low, high = interval.low, interval.high
    first = low if math.isinf(low) else math.ceil(low)
    last = high if math.isinf(high) else math.floor(high)
    first += first == low and not interval.low_closed and not math.isinf(low)
    last -= last == high and not interval.high_closed and not math.isinf(high)
    first, last = max(first, least), min(last, most)
    if first > last:
        return f"{feature.name} is never so"
    unit = f" {feature.unit}" if feature.unit and not feature.is_coded else ""
    if first == last:
        return f"{feature.name} = {_whole(first, feature)}{unit}"
    if first == least and last == most:
        return f"{feature.name} is known" if feature.missing else f"{feature.name} is anything"
    if first == least:
        return f"{feature.name} <= {_whole(last, feature)}{unit}"
    if last == most:
        return f"{feature.name} >= {_whole(first, feature)}{unit}"
    return f"{_whole(first, feature)} <= {feature.name} <= {_whole(last, feature)}{unit}"


def _ends(feature: Feature) -> tuple[float, float]:
    """Least and greatest whole number that the column can hold."""
    if feature.is_coded:
        return 0, len(feature.categories) - 1
    return (0, 1) if feature.kind == "binary" else (-math.inf, math.inf)


def _whole(x: float, feature: Feature) -> str:
    """One whole number of the column, by its category's name where it has one."""
    return str(feature.categories[int(x)]) if feature.is_coded else threshold_text(float(x))
