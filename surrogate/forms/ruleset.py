"""Rules with a default, as an ordered list or an unordered set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

import numpy as np

from surrogate._array import to_numpy
from surrogate.errors import InputError
from surrogate.forms._boxes import disjoint
from surrogate.forms._fire import fires, first_of, mean_of, votes_of
from surrogate.forms._plain import (
    as_matrix,
    feature_from_dict,
    feature_to_dict,
    plain_labels,
    plain_pair,
    read_only,
    same_array,
    take,
)
from surrogate.forms._rules_text import CONFLICTS, rules_text
from surrogate.forms.rule import Rule
from surrogate.types import Array, BoolArray, Feature, FloatArray, IntArray, Label

__all__ = ["Rule", "RuleSet"]

Conflict: TypeAlias = Literal["vote", "heaviest", "specific"]

_UNSAID = {"conflict": "vote", "n_rows": None, "precision_interval": None, "level": None}
"""What dicts written until 0.1 do not hold."""
_SAID = ("ordered", "n_covered", "n_correct", *_UNSAID)


@dataclass(frozen=True, eq=False)
class RuleSet:
    """Rules with a default, as one ordered list or one unordered set.

    Ordered: the first rule that holds decides. Unordered: `conflict` says what becomes of
    a row that several rules hold for. No rule holds: the default.

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
    conflict : {"vote", "heaviest", "specific"}
        In an unordered set: all rules that hold vote by their weights (the value is the
        weighted mean of theirs, the decision the class with the most weight, the first of
        these on a tie; a rule of weight 0 has no vote); or the rule with the greatest
        weight decides; or the one with most conditions, of equal ones the heavier; then
        the first. Nothing that is measured later changes what is decided: to let precision
        decide, `weighed` makes it the weight.
    n_covered, n_correct : int or None
        Measured rows that the default decides, and how many of these the black box
        decides alike. None: not measured.
    n_rows : int or None
        Rows that were measured on in all.
    precision_interval : pair of float or None
        Of the default's precision.
    level : float or None
        Confidence level of the intervals of precision, where there are any.

    Raises
    ------
    InputError
        If `conflict` is another word.

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
    conflict: Conflict = field(default="vote", kw_only=True)
    n_rows: int | None = field(default=None, kw_only=True)
    precision_interval: tuple[float, float] | None = field(default=None, kw_only=True)
    level: float | None = field(default=None, kw_only=True)

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
        if self.conflict not in CONFLICTS:
            raise InputError(
                f"The conflict of a RuleSet must be one of {', '.join(CONFLICTS)}; "
                f"got {self.conflict!r}."
            )
        if self.precision_interval is not None:
            low, high = self.precision_interval
            object.__setattr__(self, "precision_interval", (float(low), float(high)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RuleSet):
            return NotImplemented
        names = ("features", "classes", "rules", "decision", *_SAID)
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
        """Whether no row can be in two rules, as far as it can be told from the conditions."""
        return disjoint([rule.conditions for rule in self.rules], self.features)

    @property
    def priority(self) -> IntArray | None:
        """Places of the rules from the first that decides to the last; None where they vote."""
        if self.ordered:
            return np.arange(len(self.rules))
        if self.conflict == "vote":
            return None
        weight = np.array([rule.weight for rule in self.rules])
        if self.conflict == "heaviest":
            return np.argsort(-weight, kind="stable")
        length = np.array([rule.n_conditions for rule in self.rules])
        return np.lexsort((-weight, -length))

    def listed(self) -> RuleSet:
        """The same decisions as an ordered list.

        Raises
        ------
        InputError
            If rules that overlap vote, which no list can say.
        """
        if self.priority is None and not self.is_disjoint:
            raise InputError(
                "Rules that overlap and vote cannot become an ordered list; set conflict= to "
                "'heaviest' or 'specific' if one of them may decide."
            )
        order = np.arange(len(self.rules)) if self.priority is None else self.priority
        return replace(self, rules=tuple(self.rules[place] for place in order), ordered=True)

    # Prediction -------------------------------------------------------------------------

    def holds(self, matrix: Array) -> BoolArray:
        """Which rules hold for which rows (n, d): (n, rules), whatever their order."""
        x = as_matrix(matrix, self.features)
        table = np.empty((len(x), len(self.rules)), dtype=np.bool_, order="F")
        for rows, _, held in fires(self.rules, x):
            for place, one in enumerate(held):
                table[rows, place] = one
        return table

    def apply(self, matrix: Array) -> IntArray:
        """The rule that decides for each row (n, d): (n,), -1 for the default.

        Where rules vote, the first of those that hold.
        """
        x = as_matrix(matrix, self.features)
        order = np.arange(len(self.rules)) if self.priority is None else self.priority
        rules = [self.rules[place] for place in order]
        found = np.full(len(x), -1, dtype=np.intp)
        for rows, n, held in fires(rules, x):
            first = first_of(held, n)
            found[rows] = np.where(first < 0, -1, np.append(order, -1)[first])
        return found

    def predict_values(self, matrix: Array) -> FloatArray:
        """Class probabilities or regression values of rows (n, d): (n, k)."""
        if self.priority is not None:
            values = np.array([*(rule.value for rule in self.rules), self.value])
            return np.asarray(values[self.apply(matrix)])
        x = as_matrix(matrix, self.features)
        mean = np.empty((len(x), len(self.value)))
        for rows, n, held in fires(self.rules, x):
            mean[rows] = mean_of(self.rules, held, n, default=self.value)
        return mean

    def predict(self, matrix: Array) -> IntArray | FloatArray:
        """Class codes (n,) of rows (n, d), or regression values (n,) or (n, k)."""
        if self.classes is None:
            values = self.predict_values(matrix)
            return values[:, 0] if values.shape[1] == 1 else values
        codes = np.array([*(rule.decision for rule in self.rules), self.decision], dtype=np.intp)
        if self.priority is not None:
            return np.asarray(codes[self.apply(matrix)])
        x = as_matrix(matrix, self.features)
        decided = np.empty(len(x), dtype=np.intp)
        for rows, n, held in fires(self.rules, x):
            decided[rows] = self._voted(held, n)
        return decided

    def decide(self, held: Sequence[BoolArray], n: int) -> IntArray:
        """Class codes of n rows, from the rows (n,) that each rule is known to hold for."""
        if self.priority is None:
            return self._voted(held, n)
        codes = np.array([*(self.rules[p].decision for p in self.priority), self.decision])
        return np.asarray(codes[first_of((held[p] for p in self.priority), n)], dtype=np.intp)

    def _voted(self, held: Iterable[BoolArray], n: int) -> IntArray:
        """Class codes of n rows by the votes of the rules that hold."""
        votes, spoken = votes_of(self.rules, held, n, len(self.classes or ()))
        return np.asarray(np.where(spoken, votes.argmax(axis=1), self.decision))

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
        x = as_matrix(matrix, self.features)
        codes = None if decision is None else to_numpy(decision)
        counts = np.zeros((2, len(self.rules) + 1), dtype=np.intp)
        for rows, n, held in fires(self.rules, x):
            free = np.ones(n, dtype=np.bool_)
            for place, holds in enumerate(held):
                _count(counts, place, holds & free if self.ordered else holds, self, codes, rows)
                free &= ~holds
            _count(counts, -1, free, self, codes, rows)
        known = codes is not None and self.classes is not None
        found = [(int(n), int(right) if known else None) for n, right in counts.T]
        rules = tuple(
            replace(rule, n_covered=n, n_correct=right, precision_interval=None)
            for rule, (n, right) in zip(self.rules, found)
        )
        covered, correct = found[-1]
        return replace(
            self,
            rules=rules,
            n_covered=covered,
            n_correct=correct,
            n_rows=len(x),
            precision_interval=None,
            level=None,
        )

    @property
    def precision(self) -> float | None:
        """Share of the default's rows that the black box decides alike."""
        if not self.n_covered or self.n_correct is None:
            return None
        return self.n_correct / self.n_covered

    def weighed(self) -> RuleSet:
        """The same rules, each with its measured precision as its weight.

        Precision is estimated with one row more on either side, (correct + 1) / (covered + 2),
        so that a rule that was right once does not outweigh one that was right often.

        Raises
        ------
        InputError
            If the rules were not measured, or are of a regression.
        """
        if any(rule.n_covered is None or rule.n_correct is None for rule in self.rules):
            raise InputError(
                "Only measured rules of a classification can be weighed; see measured."
            )
        rules = tuple(
            replace(rule, weight=((rule.n_correct or 0) + 1) / ((rule.n_covered or 0) + 2))
            for rule in self.rules
        )
        return replace(self, rules=rules)

    # Reading ----------------------------------------------------------------------------

    def to_text(self, *, limit: int | None = 8) -> str:
        """The rules in words, with names, units and categories.

        Parameters
        ----------
        limit : int or None
            How many categories a condition lists before it counts the rest.
        """
        return rules_text(self, limit)

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
            "conflict": self.conflict,
            "n_rows": self.n_rows,
            "precision_interval": plain_pair(self.precision_interval),
            "level": self.level,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RuleSet:
        """The rules that `to_dict` wrote.

        Raises
        ------
        InputError
            If an entry is missing.
        """
        data = {**_UNSAID, **data}
        fields = {name: take(data, name, "ruleset") for name in cls.__dataclass_fields__}
        fields["features"] = tuple(feature_from_dict(f) for f in fields["features"])
        fields["rules"] = tuple(Rule.from_dict(rule) for rule in fields["rules"])
        fields["classes"] = None if fields["classes"] is None else tuple(fields["classes"])
        return cls(**fields)


def _count(
    counts: IntArray, place: int, covered: BoolArray, form: RuleSet, codes: Array, rows: slice
) -> None:
    """Add the rows of a block that a rule is charged with, and those decided alike."""
    decision = form.decision if place < 0 else form.rules[place].decision
    counts[0, place] += covered.sum()
    if codes is not None:
        counts[1, place] += (codes[rows][covered] == decision).sum()


def _greatest(rule: Rule) -> int:
    """Code of the class with the greatest value."""
    return int(rule.value.argmax())
