"""Shorter rules at a measured price: conditions go while agreement on given rows holds."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from surrogate._array import to_numpy
from surrogate._validate import Real, check
from surrogate.errors import InputError
from surrogate.forms import Rule, RuleSet
from surrogate.types import Array, BoolArray, FloatArray, IntArray

__all__ = ["Pruned", "prune"]


@dataclass(frozen=True, eq=False)
class Pruned:
    """Rules made shorter, and what that cost on the rows that it was decided on.

    These counts chose the rules, so they are no fidelity: that takes fresh rows.

    Parameters
    ----------
    rules : RuleSet
        With support counted on these rows.
    n : int
        Rows that the rules were pruned on.
    agreed_before, agreed_after : int
        How many of them the rules decided as the black box, before and after.
    """

    rules: RuleSet
    n: int
    agreed_before: int
    agreed_after: int

    def __str__(self) -> str:
        return (
            f"On the {self.n:,} rows that chose the rules, {self.agreed_before:,} agreed before "
            f"and {self.agreed_after:,} after; fresh rows tell the fidelity."
        )


def prune(rules: RuleSet, matrix: Array, decision: Array, *, tolerance: float = 0.0) -> Pruned:
    """Drop conditions and rules while agreement on given rows stays.

    In each step the edit is made that leaves most rows agreed with; of equal ones, the
    one that drops most conditions.

    Parameters
    ----------
    rules : RuleSet
        Of a classification, with at least one output class.
    matrix : array of shape (n, d)
        Rows of the internal matrix; fidelity must be measured on others.
    decision : int array of shape (n,)
        The black box's class codes for them.
    tolerance : float
        Share of the n rows whose agreement may be lost, in all. 0 still drops what these
        rows do not need, though other rows may.

    Returns
    -------
    pruned : Pruned

    Raises
    ------
    InputError
        If the rules are of a regression, or there are no rows to measure on.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.forms import Interval, Rule, RuleSet
    >>> from surrogate.rules import prune
    >>> from surrogate.types import Feature
    >>> rule = Rule((Interval(0, low=0.5), Interval(1, low=0.1)), (0.1, 0.9))
    >>> features = (Feature("a"), Feature("b"))
    >>> rules = RuleSet(features, ("no", "yes"), (rule,), (0.9, 0.1), ordered=True)
    >>> matrix = np.array([[0.0, 0.0], [0.2, 1.0], [0.8, 1.0], [0.9, 0.4]])
    >>> pruned = prune(rules, matrix, np.array([0, 0, 1, 1]))
    >>> print(pruned.rules)
    Rules in order; the first that holds decides.
    1. if a > 0.5
       then yes (p 0.9, 2 rows of which 2 agree)
    otherwise no (p 0.9, 2 rows of which 2 agree)
    """
    check("prune", {"tolerance": Real(0, 1)}, {"tolerance": tolerance})
    if rules.classes is None:
        raise InputError("Only rules that decide for classes can be pruned; these give values.")
    x, codes = np.asarray(to_numpy(matrix), dtype=np.float64), to_numpy(decision).astype(np.intp)
    if len(x) == 0 or len(x) != len(codes):
        raise InputError(
            f"Pruning needs as many decisions as rows, and at least one; got {len(x)} rows and "
            f"{len(codes)} decisions."
        )
    before = int((rules.predict(x) == codes).sum())
    floor = before - tolerance * len(x)
    search = _Search(rules, x, codes)
    agreed = before
    while (edit := search.best()) is not None and edit[0] >= floor:
        agreed = edit[0]
        search.apply(edit[1], edit[2])
    return Pruned(search.form().measured(x, codes), len(x), before, agreed)


class _Search:
    """Greedy search over edits, with the rows that each rule holds for at hand."""

    def __init__(self, form: RuleSet, x: FloatArray, codes: IntArray) -> None:
        self.start, self.x, self.codes = form, x, codes
        self.rules: list[Rule] = list(form.rules)
        self.held: list[BoolArray] = [rule.holds(x) for rule in self.rules]

    def form(self) -> RuleSet:
        """The rules as they stand."""
        return replace(self.start, rules=tuple(self.rules))

    def best(self) -> tuple[int, int, Rule | None] | None:
        """Rows agreed with, place and new rule (None: dropped) of the best edit."""
        edits: list[tuple[tuple[int, int], int, Rule | None]] = []
        for at, rule in enumerate(self.rules):
            shorter = [None, *_shorter(rule)] if len(rule.conditions) > 1 else [None]
            for new in shorter:
                dropped = len(rule.conditions) - (len(new.conditions) if new else -1)
                edits.append(((self._agreed(at, new), dropped), at, new))
        if not edits:
            return None
        (agreed, _), at, new = max(edits, key=lambda edit: edit[0])
        return agreed, at, new

    def apply(self, at: int, new: Rule | None) -> None:
        """Make an edit."""
        if new is None:
            del self.rules[at], self.held[at]
        else:
            self.rules[at], self.held[at] = new, new.holds(self.x)

    def _agreed(self, at: int, new: Rule | None) -> int:
        """How many rows agree after an edit."""
        rules, held = self.rules.copy(), self.held.copy()
        if new is None:
            del rules[at], held[at]
        else:
            rules[at], held[at] = new, new.holds(self.x)
        return int((_decide(self.start, rules, held, len(self.x)) == self.codes).sum())


def _shorter(rule: Rule) -> list[Rule]:
    """The rule without each of its conditions."""
    boxes = [rule.conditions[:at] + rule.conditions[at + 1 :] for at in range(len(rule.conditions))]
    return [replace(rule, conditions=box, n_covered=None, n_correct=None) for box in boxes]


def _decide(form: RuleSet, rules: list[Rule], held: list[BoolArray], n: int) -> IntArray:
    """Class codes (n,) of rules whose rows are known."""
    return replace(form, rules=tuple(rules)).decide(held, n)
