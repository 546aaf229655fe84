"""What a row can be tested for: an interval, a set of categories, m of n conditions.

A condition speaks of columns of the internal matrix and prints itself with the features'
names, units and categories. Each says what it does with a missing value (NaN): it holds
for it if ``missing`` is true, and does not otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from surrogate.errors import InputError
from surrogate.forms._plain import LISTED, take
from surrogate.forms.category_set import CategorySet
from surrogate.forms.interval import Interval
from surrogate.types import BoolArray, Feature, FloatArray

__all__ = [
    "AtLeast",
    "CategorySet",
    "Condition",
    "Interval",
    "complement",
    "condition_from_dict",
    "literals",
    "meet",
]


@dataclass(frozen=True)
class AtLeast:
    """At least m of some conditions hold; each routes missing values its own way.

    Parameters
    ----------
    m : int
        How many must hold, from 1 to the number of conditions.
    conditions : tuple of Condition

    Examples
    --------
    >>> from surrogate.forms import AtLeast, Interval
    >>> from surrogate.types import Feature
    >>> features = (Feature("a"), Feature("b"), Feature("c"))
    >>> AtLeast(2, tuple(Interval(j, low=0.5) for j in range(3))).text(features)
    'at least 2 of (a > 0.5, b > 0.5, c > 0.5)'
    """

    m: int
    conditions: tuple[Condition, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "conditions", tuple(self.conditions))
        if not 1 <= self.m <= len(self.conditions):
            raise InputError(
                f"AtLeast needs m from 1 to its number of conditions; got m = {self.m} "
                f"with {len(self.conditions)} conditions."
            )

    @property
    def columns(self) -> frozenset[int]:
        """Columns that the condition looks at."""
        return frozenset().union(*(c.columns for c in self.conditions))

    @property
    def is_empty(self) -> bool:
        """Whether too few of the conditions can hold at all."""
        return sum(not c.is_empty for c in self.conditions) < self.m

    def is_certain(self, features: tuple[Feature, ...]) -> bool:
        """Whether enough of the conditions hold for every row."""
        return sum(c.is_certain(features) for c in self.conditions) >= self.m

    def holds(self, matrix: FloatArray) -> BoolArray:
        """For each row of a matrix (n, d), whether the condition holds: (n,)."""
        count = np.zeros(len(matrix), dtype=np.intp)
        for condition in self.conditions:
            count += condition.holds(matrix)
        return count >= self.m

    def text(self, features: tuple[Feature, ...], *, limit: int | None = LISTED) -> str:
        """The condition in words: "at least 2 of (a, b, c)"."""
        said = ", ".join(c.text(features, limit=limit) for c in self.conditions)
        return f"at least {self.m} of ({said})"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "condition": "at_least",
            "m": int(self.m),
            "conditions": [c.to_dict() for c in self.conditions],
        }


Condition: TypeAlias = Interval | CategorySet | AtLeast


def meet(a: Condition, b: Condition) -> Condition | None:
    """The condition where both hold, or None where no single condition says so.

    Examples
    --------
    >>> from surrogate.forms import Interval, meet
    >>> meet(Interval(0, low=1), Interval(0, high=4)) == Interval(0, 1, 4)
    True
    """
    if isinstance(a, Interval) and isinstance(b, Interval) and a.feature == b.feature:
        return a.meet(b)
    if isinstance(a, CategorySet) and isinstance(b, CategorySet) and a.feature == b.feature:
        return a.meet(b)
    return a if a == b else None


def complement(condition: Condition, features: tuple[Feature, ...]) -> Condition:
    """The condition that holds for exactly the rows that another does not hold for.

    Parameters
    ----------
    condition : Condition
    features : tuple of Feature, length d
        Their categories say what is outside of a set.

    Returns
    -------
    Condition
        Of an interval with two bounds, and of m conditions out of n, an AtLeast.

    Examples
    --------
    >>> from surrogate.forms import AtLeast, Interval, complement
    >>> from surrogate.types import Feature
    >>> features = (Feature("a"), Feature("b"), Feature("c"))
    >>> complement(Interval(0, high=2.0), features).text(features)
    'a > 2'
    >>> two = AtLeast(2, tuple(Interval(j, low=0.5) for j in range(3)))
    >>> complement(two, features).text(features)
    'at least 2 of (a <= 0.5, b <= 0.5, c <= 0.5)'
    """
    if isinstance(condition, AtLeast):
        others = tuple(complement(c, features) for c in condition.conditions)
        return AtLeast(len(others) - condition.m + 1, others)
    if isinstance(condition, CategorySet):
        rest = frozenset(range(len(features[condition.feature].categories))) - condition.codes
        return CategorySet(condition.feature, rest, not condition.missing)
    return _outside(condition)


def _outside(interval: Interval) -> Condition:
    """What lies below or above an interval, as one condition."""
    column, missing = interval.feature, not interval.missing
    if interval.is_void:
        return Interval(column, missing=missing)
    below = Interval(column, high=interval.low, high_closed=not interval.low_closed)
    above = Interval(column, low=interval.high, low_closed=not interval.high_closed)
    if interval.low == -math.inf:
        return replace(above, missing=missing)
    if interval.high == math.inf:
        return replace(below, missing=missing)
    return AtLeast(1, (replace(below, missing=missing), above))


def literals(condition: Condition) -> int:
    """How many tests of one column a condition is made of.

    Examples
    --------
    >>> from surrogate.forms import AtLeast, Interval, literals
    >>> literals(Interval(0, high=2.0)), literals(AtLeast(1, (Interval(0), Interval(1))))
    (1, 2)
    """
    if isinstance(condition, AtLeast):
        return sum(literals(inner) for inner in condition.conditions)
    return 1


def condition_from_dict(data: Mapping[str, Any]) -> Condition:
    """The condition that ``to_dict`` wrote.

    Raises
    ------
    InputError
        If the dict is not one of a condition.

    Examples
    --------
    >>> from surrogate.forms import Interval, condition_from_dict
    >>> condition_from_dict(Interval(2, high=0.25).to_dict()) == Interval(2, high=0.25)
    True
    """
    kind = take(data, "condition", "condition")
    if kind == "interval":
        low, high = take(data, "low", kind), take(data, "high", kind)
        return Interval(
            take(data, "feature", kind),
            -math.inf if low is None else low,
            math.inf if high is None else high,
            take(data, "low_closed", kind),
            take(data, "high_closed", kind),
            take(data, "missing", kind),
        )
    if kind == "categories":
        codes = frozenset(take(data, "codes", kind))
        return CategorySet(take(data, "feature", kind), codes, take(data, "missing", kind))
    if kind == "at_least":
        inner = tuple(condition_from_dict(c) for c in take(data, "conditions", kind))
        return AtLeast(take(data, "m", kind), inner)
    raise InputError(f"A condition must be 'interval', 'categories' or 'at_least'; got {kind!r}.")
