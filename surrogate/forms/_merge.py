"""Rules that become one, and rules that are looser: the edits of simplifying."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from surrogate.forms.conditions import AtLeast, CategorySet, Condition, Interval
from surrogate.forms.rule import Rule
from surrogate.types import Feature

__all__ = ["is_full", "joined", "merged", "outcome", "relaxations"]


def merged(rules: list[Rule], features: tuple[Feature, ...]) -> list[Rule]:
    """Join rules of one outcome that differ in one column, until none is left."""
    rules = list(rules)
    i = 0
    while i < len(rules):
        for j in range(i + 1, len(rules)):
            both = joined(rules[i], rules[j], features)
            if both is not None:
                rules[i : j + 1] = [both, *rules[i + 1 : j]]
                i = -1
                break
        i += 1
    return rules


def joined(a: Rule, b: Rule, features: tuple[Feature, ...]) -> Rule | None:
    """One rule for two, or None where a single rule cannot say it."""
    if outcome(a) != outcome(b):
        return None
    mine = {c.columns: c for c in a.conditions}
    theirs = {c.columns: c for c in b.conditions}
    if mine.keys() != theirs.keys():
        return None
    differing = [key for key in mine if mine[key] != theirs[key]]
    if len(differing) > 1:
        return None
    if differing:
        union = _union(mine[differing[0]], theirs[differing[0]])
        if union is None:
            return None
        mine[differing[0]] = union
    conditions = tuple(c for c in mine.values() if not is_full(c, features))
    weight = a.weight + b.weight
    mean = a.decision is not None and weight > 0
    value = (a.weight * a.value + b.weight * b.value) / weight if mean else a.value
    covered, correct = (
        None if x is None or y is None else x + y
        for x, y in ((a.n_covered, b.n_covered), (a.n_correct, b.n_correct))
    )
    return Rule(conditions, value, a.decision, weight, covered, correct)


def _union(a: Condition, b: Condition) -> Condition | None:
    """The single condition that one of both holds, if there is one."""
    if isinstance(a, Interval) and isinstance(b, Interval):
        return a.join(b)
    if isinstance(a, CategorySet) and isinstance(b, CategorySet):
        return a.join(b)
    return None


def is_full(condition: Condition, features: tuple[Feature, ...]) -> bool:
    """Whether the condition holds for every row that the features allow."""
    if condition.is_certain(features):
        return True
    if isinstance(condition, AtLeast) or features[condition.feature].missing:
        return False
    return replace(condition, missing=True).is_certain(features)


def outcome(rule: Rule) -> object:
    """What must stay the same: the class decided, or the values."""
    return rule.value.tobytes() if rule.decision is None else rule.decision


def relaxations(rule: Rule) -> list[Rule]:
    """The rule without one condition, or without one bound of one."""
    found = []
    for at, condition in enumerate(rule.conditions):
        before, after = rule.conditions[:at], rule.conditions[at + 1 :]
        found.append((*before, *after))
        if isinstance(condition, Interval) and _is_bounded(condition):
            unbounded = (
                replace(condition, low=-np.inf, low_closed=False),
                replace(condition, high=np.inf),
            )
            found += [(*before, looser, *after) for looser in unbounded]
    # Whole conditions first: they shorten the rule.
    found.sort(key=len)
    return [replace(rule, conditions=box, n_covered=None, n_correct=None) for box in found]


def _is_bounded(interval: Interval) -> bool:
    """Whether it has two bounds, one of which could go."""
    return not interval.is_void and bool(np.isfinite([interval.low, interval.high]).all())
