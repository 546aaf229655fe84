"""The nearest rows around one row that a form decides otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from surrogate.forms._boxes import clean
from surrogate.forms._change import Change, Otherwise
from surrogate.forms._move import Mover
from surrogate.forms.conditions import Condition, complement
from surrogate.forms.graph import DecisionGraph
from surrogate.forms.ruleset import RuleSet
from surrogate.forms.tree import Tree
from surrogate.types import BoolArray, FloatArray

__all__ = ["Allowed", "Search", "boxes_of", "holding", "said_of"]

Allowed: TypeAlias = Callable[[FloatArray], BoolArray]

_KEPT = 4
"""Rows from which the search among rules goes on in each round."""
_TRIED = 40
"""Rules, and conditions to be broken, that are tried from each of these."""
_SHORTENED = 12
"""Rows found, the nearest of all and of few changes, that are made shorter yet."""
_WAYS = 1000
"""Ways of a graph that are looked at."""


class Search:
    """Rows around one row that the form decides otherwise."""

    def __init__(
        self,
        form: Tree | RuleSet | DecisionGraph,
        x: FloatArray,
        mover: Mover,
        *,
        max_changes: int,
        wanted: int | None,
        allowed: Allowed | None,
    ) -> None:
        self.form, self.x, self.mover, self.allowed = form, x, mover, allowed
        self.most, self.wanted = max_changes, wanted
        self.decision, self.values = said_of(form, x[None])
        self.boxes = [] if form.classes is not None and len(form.classes) < 2 else self._aims()

    def _aims(self) -> list[tuple[Condition, ...]]:
        """Conditions of what decides otherwise, each column's met into one."""
        here = None if self.decision is None else int(self.decision[0])
        boxes = (
            clean(box, self.form.features)
            for box, decision in boxes_of(self.form)
            if decision is None or decision != here
        )
        return [box for box in boxes if box is not None]

    def found(self) -> tuple[Otherwise, ...]:
        """The nearest with one change, then those with more that are nearer."""
        tried: set[bytes] = {self.x.tobytes()}
        front, hits = [self.x], [np.empty((0, len(self.x)))]
        for _ in range(self.most if isinstance(self.form, RuleSet) else 1):
            rows = self._next(front, tried)
            if not len(rows):
                break
            good = self._is_other(rows)
            hits.append(rows[good])
            rest = rows[~good]
            near = np.argsort(self._distance(rest), kind="stable")[:_KEPT]
            front = list(rest[near])
        return self._best(self._shortened(np.concatenate(hits)))

    def _next(self, front: list[FloatArray], tried: set[bytes]) -> FloatArray:
        """Rows that one more rule holds for, or that one less does."""
        rows = []
        for row in front:
            for box in (*self._nearest(self.boxes, row), *self._nearest(self._breaks(row), row)):
                moved = self.mover.satisfy(row, box)
                if moved is not None and moved.tobytes() not in tried:
                    tried.add(moved.tobytes())
                    rows.append(moved)
        return np.array(rows).reshape(-1, len(self.x))

    def _nearest(
        self, boxes: list[tuple[Condition, ...]], row: FloatArray
    ) -> list[tuple[Condition, ...]]:
        """All boxes of a tree; of rules those with the fewest bounds to cross, the nearest."""
        if not isinstance(self.form, RuleSet) or len(boxes) <= _TRIED:
            return boxes
        broken = [sum(not c.holds(row[None])[0] for c in box) for box in boxes]
        far = [sum(self.mover.gap(row, c) for c in box) for box in boxes]
        order = sorted(range(len(boxes)), key=lambda at: (broken[at] > self.most, far[at]))
        return [boxes[at] for at in order[:_TRIED]]

    def _breaks(self, row: FloatArray) -> list[tuple[Condition, ...]]:
        """For each rule that decides for a row, each of its conditions turned round."""
        if not isinstance(self.form, RuleSet):
            return []
        here = None if self.decision is None else int(self.decision[0])
        rules = [self.form.rules[place] for place in holding(self.form, row)]
        features = self.form.features
        against = (rule for rule in rules if here is None or rule.decision == here)
        return [(complement(c, features),) for rule in against for c in rule.conditions]

    def _is_other(self, rows: FloatArray) -> BoolArray:
        """Which rows are decided otherwise, can be, and keep what is fixed."""
        decision, values = said_of(self.form, rows)
        if decision is None or self.decision is None:
            other = (values != self.values).any(axis=1)
        elif self.wanted is None:
            other = decision != self.decision[0]
        else:
            other = (decision == self.wanted) & (decision != self.decision[0])
        if self.allowed is not None and other.any():
            other[other] = self.allowed(rows[other])
        return np.asarray(other)

    def _shortened(self, rows: FloatArray) -> FloatArray:
        """The nearest rows, and those with few changes, without changes that are not needed."""
        far, count = self._distance(rows), self._changed(rows).sum(axis=1)
        by_both = (np.argsort(far, kind="stable"), np.lexsort((far, count)))
        chosen = np.unique(np.concatenate([order[:_SHORTENED] for order in by_both]))
        return np.array([self._shorter(rows[at]) for at in chosen]).reshape(-1, len(self.x))

    def _shorter(self, row: FloatArray) -> FloatArray:
        """The row with as many of the first values again as go without a change of answer."""
        apart = self.mover.distance(self.x, row[None])[0]
        changed = np.flatnonzero(self._changed(row))
        for column in (
            changed[np.argsort(-apart[changed], kind="stable")] if len(changed) > 1 else ()
        ):
            back = row.copy()
            back[column] = self.x[column]
            if self._is_other(back[None])[0]:
                row = back
        return row

    def _best(self, rows: FloatArray) -> tuple[Otherwise, ...]:
        """For each number of changes the nearest, if nearer than those with fewer."""
        apart = self.mover.distance(self.x, rows)
        count, total = self._changed(rows).sum(axis=1), apart.sum(axis=1)
        found: list[Otherwise] = []
        for n in range(1, self.most + 1):
            here = np.flatnonzero(count == n)
            if not here.size:
                continue
            at = here[np.argmin(total[here])]
            if not found or total[at] < found[-1].distance:
                found.append(self._otherwise(rows[at], apart[at]))
        return tuple(found)

    def _otherwise(self, row: FloatArray, apart: FloatArray) -> Otherwise:
        decision, values = said_of(self.form, row[None])
        changes = tuple(
            Change(int(j), float(self.x[j]), float(row[j]), float(apart[j]))
            for j in np.flatnonzero(self._changed(row))
        )
        code = None if decision is None else int(decision[0])
        return Otherwise(changes, code, values[0], row)

    def _changed(self, rows: FloatArray) -> BoolArray:
        """Which columns of rows are no longer the row's own; a distance may round to 0."""
        return np.asarray((rows != self.x) & ~(np.isnan(rows) & np.isnan(self.x)))

    def _distance(self, rows: FloatArray) -> FloatArray:
        return np.asarray(self.mover.distance(self.x, rows).sum(axis=1))


def said_of(form: Tree | RuleSet | DecisionGraph, rows: FloatArray) -> tuple[Any, FloatArray]:
    """Class codes of rows (None for regression), and their values."""
    values = form.predict_values(rows)
    return (None if form.classes is None else form.predict(rows)), values


def boxes_of(
    form: Tree | RuleSet | DecisionGraph,
) -> list[tuple[tuple[Condition, ...], int | None]]:
    """The conditions of every rule, or of the way to every leaf, and what is decided there."""
    if isinstance(form, Tree):
        said = form.decision
        paths = form.paths().items()
        return [(path, None if said is None else int(said[leaf])) for leaf, path in paths]
    rules = form.expand(max_rules=_WAYS).rules if isinstance(form, DecisionGraph) else form
    return [(rule.conditions, rule.decision) for rule in rules.rules]


def holding(form: RuleSet, row: FloatArray) -> list[int]:
    """Places of the rules that decide for a row."""
    if form.priority is None:
        return [int(place) for place in np.flatnonzero(form.holds(row[None])[0])]
    return [int(place) for place in form.apply(row[None]) if place >= 0]
