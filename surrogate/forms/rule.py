"""One rule: conditions, what it says where all of them hold, and what was counted of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from surrogate.errors import InputError
from surrogate.forms._plain import plain_pair, read_only, same_array, take
from surrogate.forms.conditions import Condition, condition_from_dict, literals
from surrogate.types import BoolArray, Feature, FloatArray

__all__ = ["Rule"]


@dataclass(frozen=True, eq=False)
class Rule:
    """If all conditions hold, this value.

    Parameters
    ----------
    conditions : tuple of Condition
        All must hold; none: the rule always does.
    value : float array of shape (k,)
        Class probabilities, or regression values.
    decision : int or None
        Code of the class decided; the greatest value's if it is not said. Always None
        for regression.
    weight : float
        Weight of the rule's vote in an unordered set, from 0 on.
    n_covered : int or None
        Support: how many of the measured rows the rule decides (in an ordered list) or
        holds for (in an unordered set). None: not measured.
    n_correct : int or None
        How many of these the black box decides alike. Precision is their share.
    precision_interval : pair of float or None
        Its interval, where it was measured (`surrogate.rules.measure`).

    Raises
    ------
    InputError
        If the weight is negative or not finite.

    Examples
    --------
    >>> from surrogate.forms import Interval, Rule
    >>> Rule((Interval(0, high=3.0),), value=(0.1, 0.9), decision=1).precision is None
    True
    """

    conditions: tuple[Condition, ...]
    value: FloatArray
    decision: int | None = None
    weight: float = 1.0
    n_covered: int | None = None
    n_correct: int | None = None
    precision_interval: tuple[float, float] | None = None

    __hash__ = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        object.__setattr__(self, "conditions", tuple(self.conditions))
        object.__setattr__(self, "value", read_only(np.ravel(self.value), np.float64))
        object.__setattr__(self, "weight", float(self.weight))
        if not (math.isfinite(self.weight) and self.weight >= 0):
            raise InputError(f"A Rule's weight must be finite and at least 0; got {self.weight}.")
        if self.precision_interval is not None:
            low, high = self.precision_interval
            object.__setattr__(self, "precision_interval", (float(low), float(high)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Rule):
            return NotImplemented
        names = (
            "conditions",
            "decision",
            "weight",
            "n_covered",
            "n_correct",
            "precision_interval",
        )
        mine, theirs = (tuple(getattr(rule, n) for n in names) for rule in (self, other))
        return mine == theirs and same_array(self.value, other.value)

    @property
    def n_conditions(self) -> int:
        """How many tests of one column it has; m of n conditions count as n."""
        return sum(literals(condition) for condition in self.conditions)

    @property
    def precision(self) -> float | None:
        """Share of the covered rows that the black box decides alike; None if there are none."""
        if not self.n_covered or self.n_correct is None:
            return None
        return self.n_correct / self.n_covered

    def holds(self, matrix: FloatArray) -> BoolArray:
        """For each row of a matrix (n, d), whether all conditions hold: (n,)."""
        result = np.ones(len(matrix), dtype=np.bool_)
        for condition in self.conditions:
            result &= condition.holds(matrix)
        return result

    def text(self, features: tuple[Feature, ...], *, limit: int | None = 8) -> str:
        """The conditions in words, joined by "and"."""
        said = [c.text(features, limit=limit) for c in self.conditions]
        return " and ".join(said) if said else "always"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "conditions": [c.to_dict() for c in self.conditions],
            "value": self.value.tolist(),
            "decision": self.decision,
            "weight": self.weight,
            "n_covered": self.n_covered,
            "n_correct": self.n_correct,
            "precision_interval": plain_pair(self.precision_interval),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Rule:
        """The rule that `to_dict` wrote."""
        data = {"precision_interval": None, **data}  # written without it until 0.1
        fields = {name: take(data, name, "rule") for name in cls.__dataclass_fields__}
        fields["conditions"] = tuple(condition_from_dict(c) for c in fields["conditions"])
        return cls(**fields)
