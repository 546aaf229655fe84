"""Fewer rules: those that differ in one column become one while errors do not rise."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from surrogate.forms import CategorySet, Condition, Interval, Rule, RuleSet
from surrogate.rules._goals import Goals
from surrogate.trees._labelled import Labelled
from surrogate.types import BoolArray, FloatArray, IntArray

__all__ = ["joined_rules"]


@dataclass(frozen=True, eq=False)
class _Piece:
    """A rule in the making: conditions by column, what it decides, and its rows (n,)."""

    box: Mapping[Hashable, Condition]
    code: int
    holds: BoolArray
    weight: float


def joined_rules(rules: RuleSet, rows: Labelled, goals: Goals, *, min_support: int) -> RuleSet:
    """Join rules of one outcome that differ in one column only.

    Rules whose parts touch become one without a change. Two with a gap between them become
    one that covers the gap too, if on the rows fitted no more errors come of it.

    Parameters
    ----------
    rules : RuleSet
        Unordered, of which at most one holds for a row.
    rows : Labelled
        What they were made from.
    goals : Goals
        What they are to decide; rules of a regression stand for an interval of the output.
    min_support : int
        Rules that fewer of the rows are in are left out; such rows get the default.

    Returns
    -------
    joined : RuleSet
        Unordered; where several hold they vote by the share of the rows that each was made
        from. Larger rules first.
    """
    pieces = []
    for rule in rules.rules:
        holds = rule.holds(rows.matrix)
        if int(np.count_nonzero(holds)) >= min_support:
            code = _code(rule, holds, rows, goals)
            box: dict[Hashable, Condition] = {c.columns: c for c in rule.conditions}
            pieces.append(_Piece(box, code, holds, float(rows.weight[holds].sum())))
    state = _Votes(pieces, rows, goals)
    changed = True
    while changed:
        changed = any([_sweep(state, gaps=False), _sweep(state, gaps=True)])
    return _form(state, rules, rows, goals)


def _code(rule: Rule, holds: BoolArray, rows: Labelled, goals: Goals) -> int:
    """What a rule decides, as a code of the goals."""
    if rule.decision is not None:
        return rule.decision
    if holds.any():
        votes = np.bincount(goals.codes[holds], rows.weight[holds], minlength=goals.n)
        return int(votes.argmax())
    return int(np.abs(goals.values[:, 0] - rule.value[0]).argmin())


class _Votes:
    """The rules as they stand, and how they vote on the rows fitted."""

    def __init__(self, pieces: Sequence[_Piece], rows: Labelled, goals: Goals) -> None:
        self.pieces = dict(enumerate(pieces))
        self._next = len(pieces)
        self.matrix = rows.matrix
        self._weight, self._codes = rows.weight, goals.codes
        self._votes = np.zeros((len(goals.codes), goals.n))  # (n, codes)
        for piece in pieces:
            self._votes[piece.holds, piece.code] += piece.weight
        self.default = self._left_over(goals)

    def _left_over(self, goals: Goals) -> int:
        """What most rows decide that no rule holds for, else most rows."""
        rest = ~self._votes.any(axis=1)
        some = rest if rest.any() else np.ones_like(rest)
        votes = np.bincount(goals.codes[some], self._weight[some], minlength=goals.n)
        return int(votes.argmax())

    def replaced(self, a: int, b: int, new: _Piece) -> bool:
        """Put one rule in the place of two, unless more errors come of it."""
        old = [self.pieces[a], self.pieces[b]]
        here = np.flatnonzero(new.holds)
        before = self._votes[here]
        after = before.copy()
        for piece in old:
            after[piece.holds[here], piece.code] -= piece.weight
        after[:, new.code] += new.weight
        if self._errors(after, here) > self._errors(before, here) + 1e-9:
            return False
        self._votes[here] = np.where(after > 1e-12, after, 0.0)
        del self.pieces[a], self.pieces[b]
        self.pieces[self._next] = new
        self._next += 1
        return True

    def _errors(self, votes: FloatArray, here: IntArray) -> float:
        """Weight of some rows that votes (m, codes) decide wrongly."""
        said = np.where(votes.any(axis=1), votes.argmax(axis=1), self.default)
        return float(self._weight[here][said != self._codes[here]].sum())


def _sweep(state: _Votes, *, gaps: bool) -> bool:
    """Join neighbours column by column; whether anything was joined."""
    changed = False
    columns = sorted({key for piece in state.pieces.values() for key in piece.box}, key=repr)
    for column in columns:
        for group in _alike(state.pieces, column):
            at = 0
            while at + 1 < len(group):
                a, b = group[at], group[at + 1]
                new = _one(state, a, b, column=column, gaps=gaps)
                if new is None or not state.replaced(a, b, new):
                    at += 1
                    continue
                group[at : at + 2] = [max(state.pieces)]
                changed = True
    return changed


def _alike(pieces: Mapping[int, _Piece], column: Hashable) -> Iterator[list[int]]:
    """Groups of rules that differ in one column only, in its order."""
    groups: dict[Hashable, list[int]] = {}
    for number, piece in pieces.items():
        if column in piece.box:
            rest = frozenset((key, c) for key, c in piece.box.items() if key != column)
            groups.setdefault((piece.code, rest), []).append(number)
    for group in groups.values():
        if len(group) > 1:
            yield sorted(group, key=lambda number: _place(pieces[number].box[column]))


def _place(condition: Condition) -> tuple[float, float]:
    """Where a condition lies in its column."""
    if isinstance(condition, Interval):
        return condition.low, condition.high
    return (0.0, 0.0)


def _one(state: _Votes, a: int, b: int, *, column: Hashable, gaps: bool) -> _Piece | None:
    """One rule for two; None where their parts do not touch, unless gaps may be closed."""
    first, second = state.pieces[a], state.pieces[b]
    mine, theirs = first.box[column], second.box[column]
    both: Condition | None = None
    holds = first.holds | second.holds
    if isinstance(mine, CategorySet) and isinstance(theirs, CategorySet):
        both = mine.join(theirs)
    elif isinstance(mine, Interval) and isinstance(theirs, Interval):
        both = mine.join(theirs)
        if both is None and gaps:
            both = _hull(mine, theirs)
            rest = (c for key, c in first.box.items() if key != column)
            holds = np.logical_and.reduce(
                [both.holds(state.matrix), *(c.holds(state.matrix) for c in rest)]
            )
    if both is None:
        return None
    return _Piece({**first.box, column: both}, first.code, holds, first.weight + second.weight)


def _hull(a: Interval, b: Interval) -> Interval:
    """The interval from the first of two to the last, with what lies between."""
    low, low_open = min((c.low, not c.low_closed) for c in (a, b))
    high, high_closed = max((c.high, c.high_closed) for c in (a, b))
    return Interval(a.feature, low, high, not low_open, high_closed, a.missing or b.missing)


def _form(state: _Votes, rules: RuleSet, rows: Labelled, goals: Goals) -> RuleSet:
    """The rules as a form, the heaviest first, with their support."""
    total = float(rows.weight.sum())
    made = []
    rest = np.ones(len(rows.matrix), dtype=np.bool_)
    for piece in sorted(state.pieces.values(), key=lambda p: -p.weight):
        conditions = tuple(c for c in piece.box.values() if not c.is_certain(rows.features))
        holds = Rule(conditions, np.zeros(1)).holds(rows.matrix)
        rest &= ~holds
        decision = None if rows.decision is None else piece.code
        value = mean_of(goals, rows.weight, holds, piece.code)
        made.append(Rule(conditions, value, decision, max(piece.weight / total, 1e-12)))
    decision = None if rows.decision is None else state.default
    value = mean_of(goals, rows.weight, rest, state.default)
    form = RuleSet(rules.features, rules.classes, tuple(made), value, decision)
    return form.measured(rows.matrix, rows.decision)


def mean_of(goals: Goals, weight: FloatArray, holds: BoolArray, code: int) -> FloatArray:
    """Mean value of some rows, else of the rows of a code: (k,)."""
    some = holds if holds.any() else goals.codes == code
    if not some.any():
        some = np.ones_like(holds)
    return np.asarray(np.average(goals.values[some], axis=0, weights=weight[some]))
