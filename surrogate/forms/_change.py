"""A row with some of its values changed, and what a form then decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from surrogate.forms._plain import plain_labels, threshold_text
from surrogate.types import Feature, FloatArray

__all__ = ["Change", "Otherwise", "cell_text"]


@dataclass(frozen=True)
class Change:
    """One column of a row with another value.

    Parameters
    ----------
    feature : int
    start, to : float
        Values of the internal matrix: codes of categories, NaN where missing.
    distance : float
        Between them, in the feature's scale.
    """

    feature: int
    start: float
    to: float
    distance: float

    def text(self, features: tuple[Feature, ...]) -> str:
        """The change in words: "age 38 years instead of 31 years"."""
        feature = features[self.feature]
        to, side = float(self.to), ""
        if not (feature.is_coded or np.isnan(to)):
            # Just beyond an open bound: the bound is what a person wants to read.
            beside = (("", to), ("more than ", _beside(to, -1)), ("less than ", _beside(to, 1)))
            side, to = min(beside, key=lambda one: len(threshold_text(one[1])))
        start = cell_text(self.start, feature)
        return f"{feature.name} {side}{cell_text(to, feature)} instead of {start}"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; None is a missing value."""
        start, to = (None if np.isnan(x) else float(x) for x in (self.start, self.to))
        return {"feature": self.feature, "start": start, "to": to, "distance": self.distance}


@dataclass(frozen=True, eq=False)
class Otherwise:
    """Changes after which the form decides otherwise; checked by asking the form.

    Parameters
    ----------
    changes : tuple of Change
    decision : int or None
        Code of the class then decided; None for regression.
    value : float array of shape (k,)
    row : float array of shape (d,)
        The changed row.
    """

    changes: tuple[Change, ...]
    decision: int | None
    value: FloatArray
    row: FloatArray

    @property
    def distance(self) -> float:
        """Sum of the distances of all changes."""
        return sum(change.distance for change in self.changes)


def cell_text(x: float, feature: Feature) -> str:
    """One value as a person writes it."""
    if np.isnan(x):
        return "missing"
    if feature.is_coded:
        labels = plain_labels(feature.categories)
        return str(labels[int(x)]) if 0 <= x < len(labels) else str(x)
    return threshold_text(x) + (f" {feature.unit}" if feature.unit else "")


def _beside(x: float, way: int) -> float:
    """The neighbouring number, upward or downward."""
    return float(np.nextafter(x, way * np.inf))
