"""C4.5rules: paths of an unpruned tree, shortened, sifted for each class, and put in order.

Quinlan, "C4.5: Programs for Machine Learning" (1993), chapter 5. Where C4.5rules anneals
to find the subset of a class's rules, this climbs from no rule and from all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from surrogate.forms import CategorySet, Condition, Interval, Rule, RuleSet
from surrogate.forms._boxes import clean
from surrogate.trees._c45_grow import TINY, Node
from surrogate.trees._c45_prune import extra_errors
from surrogate.trees._labelled import Labelled
from surrogate.types import BoolArray, Feature, FloatArray, IntArray

__all__ = ["RuleList", "rules_of"]

THEORY = 0.5
"""What a bit of the rules weighs against a bit of their exceptions."""


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A rule with the rows (n,) that it holds for."""

    conditions: tuple[Condition, ...]
    decision: int
    holds: BoolArray


@dataclass(frozen=True, eq=False)
class RuleList:
    """Rules in order with their default, and what is needed to cut shorter lists out of them."""

    rows: Labelled
    rules: tuple[_Candidate, ...]
    default: int

    def form(self, max_rules: int | None) -> RuleSet:
        """The best list of at most so many rules that dropping rules one by one gives."""
        rules = self._polished(len(self.rules) if max_rules is None else max_rules)
        decided = _decided(rules, len(self.rows.matrix))
        shown = [
            Rule(rule.conditions, self._value(decided == at, rule.decision), rule.decision)
            for at, rule in enumerate(rules)
        ]
        form = RuleSet(
            self.rows.features,
            self.rows.classes,
            tuple(shown),
            self._value(decided < 0, self.default),
            self.default,
            ordered=True,
        )
        return form.measured(self.rows.matrix, self.rows.decision)

    def _polished(self, most: int) -> list[_Candidate]:
        """Drop the rule that costs least while that costs nothing, or there are too many."""
        rules = list(self.rules)
        while rules:
            cost = self._costs(rules)
            at = int(cost.argmin())
            if cost[at] > TINY and len(rules) <= most:
                break
            del rules[at]
        return rules

    def _costs(self, rules: list[_Candidate]) -> FloatArray:
        """Weight of the rows decided right less without each rule: (rules,)."""
        table = np.stack([rule.holds for rule in rules], axis=1)  # (n, rules)
        first = np.where(table.any(axis=1), table.argmax(axis=1), -1)
        decided = first >= 0
        table[decided, first[decided]] = False
        second = np.where(table.any(axis=1), table.argmax(axis=1), -1)
        codes = np.array([*(rule.decision for rule in rules), self.default])
        assert self.rows.decision is not None
        right = codes[first] == self.rows.decision
        without = codes[second] == self.rows.decision
        change = self.rows.weight * (right.astype(float) - without)
        costs = np.bincount(first[decided], change[decided], minlength=len(rules))
        return costs.astype(np.float64)

    def _value(self, here: BoolArray, decision: int) -> FloatArray:
        """Mean answer to some rows, or certainty of the decision if there are none."""
        w = self.rows.weight[here]
        if not w.sum() > 0:
            return np.asarray(np.eye(self.rows.values.shape[1])[decision])
        return np.asarray(w @ self.rows.values[here] / w.sum(), dtype=np.float64)


def rules_of(root: Node, rows: Labelled, *, confidence: float) -> RuleList:
    """The rules of an unpruned tree of C4.5.

    Parameters
    ----------
    root : Node
    rows : Labelled
        Classified rows that it was grown on.
    confidence : float
        Of the pessimistic error by which conditions are dropped.

    Returns
    -------
    rules : RuleList
    """
    found = _candidates(root, rows, confidence)
    bits = _Bits(rows)
    by_class = {
        code: bits.subset([rule for rule in found if rule.decision == code], code)
        for code in sorted({rule.decision for rule in found})
    }
    ordered = _in_order(by_class, rows, confidence)
    return RuleList(rows, tuple(ordered), _default(ordered, rows))


def _candidates(root: Node, rows: Labelled, confidence: float) -> list[_Candidate]:
    """Shortened paths, each once."""
    held: dict[Condition, BoolArray] = {}
    found: dict[tuple[frozenset[Condition], int], _Candidate] = {}
    for path, decision in _paths(root):
        for condition in path:
            if condition not in held:
                held[condition] = condition.holds(rows.matrix)
        short = _shortened(path, decision, held, rows=rows, confidence=confidence)
        conditions = clean(short, rows.features)
        if not conditions:  # it contradicts itself, or says what the default says
            continue
        holds = np.logical_and.reduce([held[condition] for condition in short])
        found.setdefault((frozenset(conditions), decision), _Candidate(conditions, decision, holds))
    return list(found.values())


def _paths(root: Node) -> list[tuple[tuple[Condition, ...], int]]:
    """Conditions and class of each leaf; none holds for a missing value, as in C4.5rules."""
    paths = []
    waiting: list[tuple[Node, tuple[Condition, ...]]] = [(root, ())]
    while waiting:
        node, path = waiting.pop()
        if node.is_leaf:
            paths.append((path, node.best))
            continue
        tests: Sequence[Condition] = (
            (Interval(node.feature, high=node.cut), Interval(node.feature, low=node.cut))
            if np.isfinite(node.cut)
            else [CategorySet(node.feature, frozenset({i})) for i in range(len(node.children))]
        )
        kept = [(c, (*path, test)) for c, test in zip(node.children, tests) if c.votes.sum() > 0]
        waiting += reversed(kept)
    return paths


def _shortened(
    path: tuple[Condition, ...],
    decision: int,
    held: dict[Condition, BoolArray],
    *,
    rows: Labelled,
    confidence: float,
) -> tuple[Condition, ...]:
    """The path without the conditions whose loss does not raise the pessimistic error."""
    if not path:
        return path
    fails = ~np.stack([held[condition] for condition in path])  # (c, n)
    wrong = rows.weight * (rows.decision != decision)
    kept = list(range(len(path)))
    count = fails.sum(axis=0)
    while kept:
        inside, once = count == 0, count == 1
        n, e = float(rows.weight[inside].sum()), float(wrong[inside].sum())
        which = fails[kept][:, once].argmax(axis=0)  # the one that fails
        more = np.bincount(which, rows.weight[once], minlength=len(kept))
        worse = np.bincount(which, wrong[once], minlength=len(kept))
        rates = [_rate(n + a, e + b, confidence) for a, b in zip(more, worse)]
        at = int(np.argmin(rates))
        if rates[at] > _rate(n, e, confidence):
            break
        count = count - fails[kept[at]]
        del kept[at]
    return tuple(path[at] for at in kept)


def _rate(n: float, errors: float, confidence: float) -> float:
    """Pessimistic share of errors; 1 of no rows."""
    return (errors + extra_errors(n, errors, confidence=confidence)) / n if n > TINY else 1.0


class _Bits:
    """Description lengths of rules and of their exceptions."""

    def __init__(self, rows: Labelled) -> None:
        assert rows.decision is not None
        self.codes, self.weight = rows.decision, rows.weight
        self.column = float(np.log2(max(len(rows.features), 1)))
        self.tests = [_test_bits(f, rows.matrix[:, j]) for j, f in enumerate(rows.features)]

    def subset(self, rules: list[_Candidate], code: int) -> list[_Candidate]:
        """The rules of a class that are described, with their exceptions, in the fewest bits."""
        if not rules:
            return []
        table = np.stack([rule.holds for rule in rules]).astype(np.float64)  # (rules, n)
        bits = np.array([self._rule(rule) for rule in rules])
        own = self.codes == code
        ends = [self._climb(np.full(len(rules), s), table, bits=bits, own=own) for s in (0, 1)]
        _, chosen = min(ends, key=lambda end: end[0])
        return [rule for rule, is_in in zip(rules, chosen) if is_in]

    def _climb(
        self, chosen: IntArray, table: FloatArray, *, bits: FloatArray, own: BoolArray
    ) -> tuple[float, IntArray]:
        """Put in or take out one rule after the other while the bits fall."""
        w = self.weight
        count = chosen @ table
        current = np.inf
        while True:
            inside = count > 0
            n, right = w[inside].sum(), w[inside & own].sum()
            # What each rule alone covers, if it is in, or would add, if it is not.
            alone = table @ np.stack([w * (count == 0), w * own * (count == 0)], axis=1)
            lost = table @ np.stack([w * (count == 1), w * own * (count == 1)], axis=1)
            step = np.where(chosen[:, None] > 0, -lost, alone)  # (rules, 2)
            sign = 1 - 2 * chosen
            r, theory = chosen.sum(), bits @ chosen
            now = float(self._total(n, right, own=own, theory=theory, r=r))
            new = self._total(
                n + step[:, 0], right + step[:, 1], own=own, theory=theory + sign * bits, r=r + sign
            )
            at = int(np.argmin(new))
            current = now
            if not new[at] < current - TINY:
                return current, chosen
            count = count + sign[at] * table[at]
            chosen = chosen.copy()
            chosen[at] += sign[at]

    def _total(
        self,
        n: FloatArray,
        right: FloatArray,
        *,
        own: BoolArray,
        theory: FloatArray,
        r: IntArray,
    ) -> FloatArray:
        """Bits of covering weight n, of which `right` is of the class, with r rules."""
        every, of_class = self.weight.sum(), self.weight[own].sum()
        exceptions = _choose(n, n - right) + _choose(every - n, of_class - right)
        order = gammaln(r + 1.0) / np.log(2)  # the rules of a class may come in any order
        return np.asarray(exceptions + THEORY * np.maximum(theory - order, 0.0))

    def _rule(self, rule: _Candidate) -> float:
        """Bits of the conditions, which may come in any order."""
        said = sum(
            self.column + max(self.tests[j] for j in condition.columns)
            for condition in rule.conditions
        )
        return max(said - float(gammaln(len(rule.conditions) + 1.0)) / float(np.log(2)), 0.0)


def _test_bits(feature: Feature, x: FloatArray) -> float:
    """Bits that say which value or cut of a column is meant, and which side of it."""
    if feature.is_nominal:
        return float(np.log2(max(len(feature.categories), 1)))
    return 1.0 + float(np.log2(max(len(np.unique(x[~np.isnan(x)])) - 1, 1)))


def _choose(n: FloatArray, k: FloatArray) -> FloatArray:
    """Bits that say which k of n, also of weights."""
    n = np.maximum(n, 0.0)
    k = np.clip(k, 0.0, n)
    said = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return np.asarray(np.maximum(said, 0.0) / np.log(2))


def _in_order(
    by_class: dict[int, list[_Candidate]], rows: Labelled, confidence: float
) -> list[_Candidate]:
    """Classes by fewest false positives among what is left; in a class the surest rule first."""
    left = np.ones(len(rows.matrix), dtype=np.bool_)
    waiting = {code: rules for code, rules in by_class.items() if rules}
    ordered: list[_Candidate] = []
    while waiting:
        covers = {
            code: left & np.logical_or.reduce([rule.holds for rule in rules])
            for code, rules in waiting.items()
        }
        false = {c: _weights(rows, here, c) for c, here in covers.items()}
        code = min(waiting, key=false.__getitem__)
        ordered += sorted(waiting.pop(code), key=lambda rule: _of_rows(rule, rows, confidence))
        left &= ~covers[code]
    return ordered


def _weights(rows: Labelled, here: BoolArray, code: int) -> tuple[float, float]:
    """Weight of the rows of other classes, and minus that of the rows of this class."""
    right = here & (rows.decision == code)
    return float(rows.weight[here & ~right].sum()), -float(rows.weight[right].sum())


def _of_rows(rule: _Candidate, rows: Labelled, confidence: float) -> float:
    """The pessimistic share of errors of a rule."""
    w = rows.weight[rule.holds]
    wrong = w[rows.decision[rule.holds] != rule.decision] if rows.decision is not None else w
    return _rate(float(w.sum()), float(wrong.sum()), confidence)


def _decided(rules: Sequence[_Candidate], n: int) -> IntArray:
    """The first rule that holds for each row, -1 where none does: (n,)."""
    decided = np.full(n, -1, dtype=np.intp)
    for at in reversed(range(len(rules))):
        decided[rules[at].holds] = at
    return decided


def _default(rules: Sequence[_Candidate], rows: Labelled) -> int:
    """The class with the most weight that no rule covers; of all, where they tie."""
    assert rows.decision is not None
    k = len(rows.classes or ())
    rest = _decided(rules, len(rows.matrix)) < 0
    every = np.bincount(rows.decision, rows.weight, minlength=k)
    uncovered = np.bincount(rows.decision[rest], rows.weight[rest], minlength=k)
    return int(max(range(k), key=lambda code: (uncovered[code], every[code])))
