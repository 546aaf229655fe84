"""Rules: conditions and what they decide, as an ordered list or an unordered set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any, TypeVar

import numpy as np

from surrogate._array import to_numpy
from surrogate.forms._boxes import possible
from surrogate.forms._plain import (
    as_matrix,
    class_text,
    feature_from_dict,
    feature_to_dict,
    plain_labels,
    read_only,
    same_array,
    take,
    value_text,
)
from surrogate.forms.conditions import Condition, condition_from_dict, literals
from surrogate.types import Array, BoolArray, Feature, FloatArray, IntArray, Label

__all__ = ["Rule", "RuleSet"]


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
        Weight of the rule's vote in an unordered set.
    n_covered : int or None
        Support: how many of the measured rows the rule decides (in an ordered list) or
        holds for (in an unordered set). None: not measured.
    n_correct : int or None
        How many of these the black box decides alike. Precision is their share.

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

    __hash__ = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        object.__setattr__(self, "conditions", tuple(self.conditions))
        object.__setattr__(self, "value", read_only(np.ravel(self.value), np.float64))
        object.__setattr__(self, "weight", float(self.weight))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Rule):
            return NotImplemented
        names = ("conditions", "decision", "weight", "n_covered", "n_correct")
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
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Rule:
        """The rule that `to_dict` wrote."""
        fields = {name: take(data, name, "rule") for name in cls.__dataclass_fields__}
        fields["conditions"] = tuple(condition_from_dict(c) for c in fields["conditions"])
        return cls(**fields)


@dataclass(frozen=True, eq=False)
class RuleSet:
    """Rules with a default, as one ordered list or one unordered set.

    Ordered: the first rule that holds decides. Unordered: all rules that hold vote by
    their weights; the value is the weighted mean of theirs, the decision the class with
    the most weight, the first of these on a tie. No rule holds: the default.

    Parameters
    ----------
    features : tuple of Feature, length d
    classes : tuple or None
        Classes in the order of their codes; None for regression.
    rules : tuple of Rule
    value : float array of shape (k,)
        The default's value.
    decision : int or None
        The default's class; the greatest value's if it is not said. None for regression.
    ordered : bool
        Whether the rules are read in order.
    n_covered, n_correct : int or None
        Measured rows that the default decides, and how many of these the black box
        decides alike. None: not measured.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.forms import Interval, Rule, RuleSet
    >>> from surrogate.types import Feature
    >>> rules = RuleSet(
    ...     features=(Feature("age", unit="years"),),
    ...     classes=("no", "yes"),
    ...     rules=(Rule((Interval(0, low=37.5),), value=(0.2, 0.8)),),
    ...     value=(0.9, 0.1),
    ...     ordered=True,
    ... )
    >>> rules.predict(np.array([[37.5], [38.0]]))
    array([0, 1])
    >>> print(rules)
    Rules in order; the first that holds decides.
    1. if age > 37.5 years
       then yes (p 0.8)
    otherwise no (p 0.9)
    """

    features: tuple[Feature, ...]
    classes: tuple[Label, ...] | None
    rules: tuple[Rule, ...]
    value: FloatArray
    decision: int | None = None
    ordered: bool = field(default=False, kw_only=True)
    n_covered: int | None = field(default=None, kw_only=True)
    n_correct: int | None = field(default=None, kw_only=True)

    __hash__ = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        value = read_only(np.ravel(self.value), np.float64)
        decision = self.decision
        rules = tuple(self.rules)
        if self.classes is not None:
            decision = int(value.argmax()) if decision is None else int(decision)
            rules = tuple(
                rule if rule.decision is not None else replace(rule, decision=_greatest(rule))
                for rule in rules
            )
        fields = {
            "features": tuple(self.features),
            "classes": None if self.classes is None else plain_labels(self.classes),
            "rules": rules,
            "value": value,
            "decision": decision,
        }
        for name, entry in fields.items():
            object.__setattr__(self, name, entry)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RuleSet):
            return NotImplemented
        names = ("features", "classes", "rules", "decision", "ordered", "n_covered", "n_correct")
        mine, theirs = (tuple(getattr(form, n) for n in names) for form in (self, other))
        return mine == theirs and same_array(self.value, other.value)

    # Size -------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.rules)

    @property
    def n_rules(self) -> int:
        """How many rules there are, the default not counted."""
        return len(self.rules)

    @property
    def n_conditions(self) -> int:
        """How many conditions all rules have together; m of n count as n."""
        return sum(rule.n_conditions for rule in self.rules)

    @property
    def columns(self) -> frozenset[int]:
        """Columns that any rule looks at."""
        return frozenset().union(*(c.columns for rule in self.rules for c in rule.conditions))

    @property
    def size(self) -> dict[str, float]:
        """How large the form is, by the names that reports use."""
        longest = max((rule.n_conditions for rule in self.rules), default=0)
        return {"rules": self.n_rules, "conditions": self.n_conditions, "longest rule": longest}

    @property
    def is_disjoint(self) -> bool:
        """Whether no row can be in two rules, as far as single columns tell."""
        pairs = combinations(self.rules, 2)
        return not any(possible((*a.conditions, *b.conditions)) for a, b in pairs)

    # Prediction -------------------------------------------------------------------------

    def holds(self, matrix: Array) -> BoolArray:
        """Which rules hold for which rows (n, d): (n, rules), whatever their order."""
        x = as_matrix(matrix, self.features)
        table = np.empty((len(x), len(self.rules)), dtype=np.bool_)
        for column, rule in enumerate(self.rules):
            table[:, column] = rule.holds(x)
        return table

    def apply(self, matrix: Array) -> IntArray:
        """The first rule that holds for each row (n, d): (n,), -1 for the default."""
        table = self.holds(matrix)
        if not self.rules:
            return np.full(len(table), -1, dtype=np.intp)
        return np.where(table.any(axis=1), table.argmax(axis=1), -1)

    def predict_values(self, matrix: Array) -> FloatArray:
        """Class probabilities or regression values of rows (n, d): (n, k)."""
        values = np.stack([*(rule.value for rule in self.rules), self.value])  # (rules + 1, k)
        if self.ordered:
            return values[self.apply(matrix)]
        return self._votes(matrix, values)

    def predict(self, matrix: Array) -> IntArray | FloatArray:
        """Class codes (n,) of rows (n, d), or regression values (n,) or (n, k)."""
        if self.classes is None:
            values = self.predict_values(matrix)
            return values[:, 0] if values.shape[1] == 1 else values
        codes = np.array([*(rule.decision for rule in self.rules), self.decision], dtype=np.intp)
        if self.ordered:
            return np.asarray(codes[self.apply(matrix)])
        return np.asarray(self._votes(matrix, np.eye(len(self.classes))[codes]).argmax(axis=1))

    def _votes(self, matrix: Array, values: FloatArray) -> FloatArray:
        """Weighted mean of the values (rules + 1, k) that hold, the last as default: (n, k)."""
        held = self.holds(matrix)  # (n, rules)
        weight = held * np.array([rule.weight for rule in self.rules])
        total = weight.sum(axis=1, keepdims=True)
        mean = weight @ values[:-1] / np.where(total > 0, total, 1.0)
        low, high = np.full_like(mean, np.inf), np.full_like(mean, -np.inf)
        for rows, value in zip((weight > 0).T, values):
            low[rows] = np.minimum(low[rows], value)
            high[rows] = np.maximum(high[rows], value)
        mean = np.clip(mean, low, high)  # exact where all that vote say the same
        return np.asarray(np.where(total > 0, mean, values[-1]))

    def measured(self, matrix: Array, decision: Array | None = None) -> RuleSet:
        """The same rules with support and correct rows counted on given rows.

        Parameters
        ----------
        matrix : array of shape (n, d)
        decision : int array of shape (n,), optional
            The black box's class codes for these rows; without them, and for regression,
            only support is counted.

        Returns
        -------
        rules : RuleSet
            In an ordered list a rule is charged with the rows that it decides, in an
            unordered set with all rows that it holds for.
        """
        table = self.holds(matrix)
        if self.ordered:
            first = np.cumsum(table, axis=1) == 1
            table &= first
        rest = np.asarray(~table.any(axis=1))
        rules = tuple(_counted(rule, table[:, j], decision) for j, rule in enumerate(self.rules))
        return _counted(replace(self, rules=rules), rest, decision)

    # Reading ----------------------------------------------------------------------------

    def to_text(self, *, limit: int | None = 8) -> str:
        """The rules in words, with names, units and categories.

        Parameters
        ----------
        limit : int or None
            How many categories a condition lists before it counts the rest.
        """
        lines = [self._heading()]
        for number, rule in enumerate(self.rules, start=1):
            lead = f"{number}. "
            lines.append(f"{lead}if {rule.text(self.features, limit=limit)}")
            lines.append(f"{' ' * len(lead)}then {self._outcome(rule)}")
        lines.append(f"{'otherwise' if self.rules else 'always'} {self._outcome(self)}")
        return "\n".join(lines)

    def _heading(self) -> str:
        """How the rules are read."""
        if self.ordered:
            return "Rules in order; the first that holds decides."
        if self.is_disjoint:
            return "Rules in no order; at most one holds for a row."
        return "Rules in no order; those that hold vote by their weights."

    def _outcome(self, rule: Rule | RuleSet) -> str:
        """What a rule says, and the rows that it was measured on."""
        counted = f", {rule.n_covered:,} rows" if rule.n_covered is not None else ""
        if counted and rule.n_correct is not None and self.classes is not None:
            counted += f" of which {rule.n_correct:,} agree"
        if self.classes is None or rule.decision is None:
            return ", ".join(value_text(v) for v in rule.value) + counted
        probability = f"{rule.value[rule.decision]:.3g}"
        return f"{class_text(self.classes, rule.decision)} (p {probability}{counted})"

    def __str__(self) -> str:
        return self.to_text()

    # JSON -------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "form": "rules",
            "features": [feature_to_dict(f) for f in self.features],
            "classes": None if self.classes is None else list(self.classes),
            "rules": [rule.to_dict() for rule in self.rules],
            "value": self.value.tolist(),
            "decision": self.decision,
            "ordered": self.ordered,
            "n_covered": self.n_covered,
            "n_correct": self.n_correct,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RuleSet:
        """The rules that `to_dict` wrote.

        Raises
        ------
        InputError
            If an entry is missing.
        """
        fields = {name: take(data, name, "ruleset") for name in cls.__dataclass_fields__}
        fields["features"] = tuple(feature_from_dict(f) for f in fields["features"])
        fields["rules"] = tuple(Rule.from_dict(rule) for rule in fields["rules"])
        fields["classes"] = None if fields["classes"] is None else tuple(fields["classes"])
        return cls(**fields)


Counted = TypeVar("Counted", Rule, RuleSet)


def _counted(rule: Counted, covered: BoolArray, decision: Array | None) -> Counted:
    """The rule with its support, and how many of its rows the black box decides as it does."""
    known = rule.decision is not None and decision is not None
    correct = int((to_numpy(decision)[covered] == rule.decision).sum()) if known else None
    return replace(rule, n_covered=int(covered.sum()), n_correct=correct)


def _greatest(rule: Rule) -> int:
    """Code of the class with the greatest value."""
    return int(rule.value.argmax())
