"""The nearest rows that satisfy conditions: one value a column, changed as little as may be."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from surrogate.forms._boxes import clean
from surrogate.forms.conditions import AtLeast, CategorySet, Condition, Interval, meet
from surrogate.types import BoolArray, Feature, FloatArray

__all__ = ["Mover"]


@dataclass(frozen=True, eq=False)
class Mover:
    """What may change, and how far apart values are.

    Parameters
    ----------
    features : tuple of Feature, length d
    scale : float array of shape (d,)
        Units of a number's distance; another category, or a value instead of a missing
        one, is 1 away.
    fixed : bool array of shape (d,)
        Columns that must stay.
    """

    features: tuple[Feature, ...]
    scale: FloatArray
    fixed: BoolArray

    def distance(self, start: FloatArray, rows: FloatArray) -> FloatArray:
        """Distances of rows (n, d) from one row, column by column: (n, d)."""
        gap = np.abs(rows - start) / self.scale
        nominal = np.array([feature.is_nominal for feature in self.features])
        gap = np.where(nominal, (rows != start).astype(np.float64), gap)
        gone = np.isnan(rows) | np.isnan(start)
        return np.where(gone, (np.isnan(rows) != np.isnan(start)).astype(np.float64), gap)

    def gap(self, row: FloatArray, condition: Condition) -> float:
        """About how far a row is from a condition on one column; of m of n, from nothing."""
        if isinstance(condition, AtLeast) or condition.holds(row[None])[0]:
            return 0.0
        x = float(row[condition.feature])
        if isinstance(condition, CategorySet) or math.isnan(x) or condition.is_void:
            return 1.0
        return max(condition.low - x, x - condition.high, 0.0) / float(
            self.scale[condition.feature]
        )

    def satisfy(self, row: FloatArray, conditions: Sequence[Condition]) -> FloatArray | None:
        """The row moved so that all conditions hold, or None where it cannot be."""
        box = clean(conditions, self.features)
        if box is None:
            return None
        moved = row.copy()
        for condition in box:
            if not isinstance(condition, AtLeast) and not self._move(moved, condition):
                return None
        single = {c.feature: c for c in box if not isinstance(c, AtLeast)}
        for condition in box:
            if isinstance(condition, AtLeast):
                self._fulfil(moved, condition, single)
        held = all(bool(c.holds(moved[None])[0]) for c in box)
        return moved if held else None

    def _fulfil(self, row: FloatArray, some: AtLeast, beside: Mapping[int, Condition]) -> None:
        """Make the cheapest of some conditions hold, until they are enough."""
        options: list[tuple[float, int, FloatArray]] = []
        for condition in some.conditions:
            if condition.holds(row[None])[0]:
                continue
            other = row.copy()
            if isinstance(condition, AtLeast):
                self._fulfil(other, condition, beside)
            else:
                known = beside.get(condition.feature)
                both = condition if known is None else meet(condition, known)
                if both is None or isinstance(both, AtLeast) or not self._move(other, both):
                    continue
            if condition.holds(other[None])[0]:
                options.append((float(self.distance(row, other[None]).sum()), len(options), other))
        lacking = some.m - sum(bool(c.holds(row[None])[0]) for c in some.conditions)
        for _, _, other in sorted(options)[: max(0, lacking)]:
            changed = ~((other == row) | (np.isnan(other) & np.isnan(row)))
            row[changed] = other[changed]

    def _move(self, row: FloatArray, condition: Interval | CategorySet) -> bool:
        """Move a row's one column into a condition; False where that cannot be."""
        if condition.holds(row[None])[0]:
            return True
        column = condition.feature
        feature = self.features[column]
        if self.fixed[column]:
            return False
        to = _nearest(condition, float(row[column]), feature)
        if to is None and condition.missing and feature.missing:
            to = math.nan
        if to is None:
            return False
        row[column] = to
        return True


def _nearest(condition: Interval | CategorySet, x: float, feature: Feature) -> float | None:
    """The nearest known value for which a condition holds, if the feature can have it."""
    if isinstance(condition, CategorySet):
        most = len(feature.categories) or 2
        return next((float(code) for code in sorted(condition.codes) if 0 <= code < most), None)
    if condition.is_void:
        return None
    whole = feature.kind != "continuous" or feature.is_coded
    low, high = _ends(condition, feature, whole=whole)
    if low > high:
        return None
    if math.isnan(x):
        ends = [end for end in (low, high) if math.isfinite(end)] or [0.0]
        x = sum(end / len(ends) for end in ends)
    to = min(max(float(round(x)) if whole else x, low), high)
    return None if math.isinf(to) else to


def _ends(interval: Interval, feature: Feature, *, whole: bool) -> tuple[float, float]:
    """Least and greatest value inside, of those that the feature can have."""
    low, high = interval.low, interval.high
    if whole:
        if math.isfinite(low):
            low = math.ceil(low) + (math.ceil(low) == low and not interval.low_closed)
        if math.isfinite(high):
            high = math.floor(high) - (math.floor(high) == high and not interval.high_closed)
    else:
        low = low if interval.low_closed else float(np.nextafter(low, np.inf))
        high = high if interval.high_closed else float(np.nextafter(high, -np.inf))
    if math.isinf(interval.low):
        low = -math.inf
    if math.isinf(interval.high):
        high = math.inf
    least, most = feature.low, feature.high
    if feature.is_coded or feature.kind == "binary":
        least, most = 0.0, float(max(1, len(feature.categories) - 1))
    return max(low, least), min(high, most)
