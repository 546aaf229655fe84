"""Where models disagree: one tree over the joint answers of several models, as rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

from surrogate._array import to_numpy
from surrogate._validate import Real, Whole, check
from surrogate.domain import Domain
from surrogate.errors import InputError
from surrogate.explanation import Disagreement
from surrogate.fidelity import Score, assess
from surrogate.fidelity.intervals import share, share_interval
from surrogate.forms import RuleSet, Tree, ruleset_from_tree, simplify
from surrogate.render.features import class_name
from surrogate.render.numbers import count
from surrogate.rules import measure
from surrogate.trees._grow import MANY_ROWS, grow
from surrogate.trees._labelled import Labelled
from surrogate.trees._tao import Improver
from surrogate.types import Array, BoolArray, FloatArray, IntArray, Label

__all__ = ["find_disagreement"]

FEW_CLASSES = 3
"""Up to so many classes it is said on what models agree; beyond, only that they do."""
LEAST_ROWS = 20
"""Rows that a leaf, and a pattern of its own, needs."""
LEAST_SHARE = 0.005
"""Share of the rows that a leaf needs."""
NAMED = 0.5
"""Share of the disagreements that named patterns must hold; else all are one pattern."""
WEIGHTS = (1.0, 3.0, 10.0, 30.0)
"""What a row of disagreement may count for; the first is taken whose rules hold for enough."""
FOUND = 0.25
"""Share of the disagreements that the rules of disagreement must hold for."""


def find_disagreement(
    rows: Array,
    decisions: Mapping[str, Array],
    *,
    held_rows: Array,
    held_decisions: Mapping[str, Array],
    domain: Domain,
    classes: Sequence[Label],
    held_sources: npt.ArrayLike | None = None,
    max_leaves: int = 8,
    max_patterns: int = 6,
    level: float = 0.95,
    seed: int = 0,
) -> Disagreement:
    """Describe where models decide differently, by rules measured on held-out rows.

    A tree is grown on the patterns of the models' answers. Where places in which a difference
    is the commonest pattern hold less than a quarter of the differences, rows of disagreement
    count for more; the result says so, and its precision is measured without these weights.

    Parameters
    ----------
    rows : array of shape (n, d)
        Rows of the internal matrix that the tree is fitted on.
    decisions : mapping from model to int array of shape (n,)
        Class codes that each model decides; at least two models.
    held_rows, held_decisions
        The same of rows that take no part in fitting.
    domain : Domain
    classes : sequence
        Names of the classes by code.
    held_sources : array of int, optional
        The real row that each held-out row was made from.
    max_leaves : int
    max_patterns : int
        Patterns of disagreement that are named; the rest are "another disagreement". Where
        named ones hold less than half of the disagreements, as with many classes, all are
        one pattern.
    level : float
        Of every interval, each by itself.
    seed : int

    Returns
    -------
    Disagreement

    Raises
    ------
    InputError
        If there are fewer than two models, or decisions and rows do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.domain import Domain
    >>> from surrogate.robust.disagreement import find_disagreement
    >>> X = np.random.default_rng(0).uniform(0, 10, size=(2000, 2))
    >>> said = {"old": (X[:, 0] > 5).astype(int), "new": (X[:, 0] > 7).astype(int)}
    >>> found = find_disagreement(
    ...     X[:1000], {name: codes[:1000] for name, codes in said.items()},
    ...     held_rows=X[1000:], held_decisions={name: codes[1000:] for name, codes in said.items()},
    ...     domain=Domain.infer(X), classes=("no", "yes"))
    >>> ((rule, pattern, coverage, precision),) = found.differing()
    >>> pattern, coverage.value, precision.value
    ('old: yes, new: no', 0.199, 1.0)
    """
    check(
        "find_disagreement",
        {"max_leaves": Whole(1), "max_patterns": Whole(1), "level": Real(0, 1, closed="neither")},
        {"max_leaves": max_leaves, "max_patterns": max_patterns, "level": level},
    )
    fit, held = _stacked(rows, decisions), _stacked(held_rows, held_decisions)
    if list(decisions) != list(held_decisions):
        raise InputError(
            f"The models of the held-out rows are {list(held_decisions)}, and those of the others "
            f"{list(decisions)}; they must be the same, in one order."
        )
    patterns = _Patterns.of(fit[1], tuple(decisions), tuple(classes), most=max_patterns)
    codes, held_codes = patterns.codes(fit[1]), patterns.codes(held[1])
    tree, weight = _tree(fit[0], codes, patterns, domain, max_leaves=max_leaves, seed=seed)
    origin = None if held_sources is None else np.asarray(held_sources)
    rules = measure(_rules(tree, patterns), held[0], held_codes, sources=origin, level=level).rules
    coverage, precision = _scores(rules, held[0], held_codes, origin, level=level)
    found = Disagreement(
        models=tuple(decisions),
        names=patterns.names,
        disagreeing=patterns.differ,
        tree=tree,
        rules=rules,
        coverage=coverage,
        precision=precision,
        rate=_share("different decisions", _differ(held[1]), origin, level=level),
        fidelity=assess(
            None,
            tree.predict(held[0]),
            SimpleNamespace(values=np.eye(len(patterns.names))[held_codes], decision=held_codes),
            task="classification",
            distribution="held-out rows",
            seed=seed,
            classes=patterns.names,
            sources=origin,
            level=level,
            trivial_decision=int(np.bincount(codes).argmax()),
            output="labels",
        ),
    )
    commonest = _commonest(held[1], tuple(decisions), tuple(classes))
    return replace(found, notes=_notes(found, weight, held_codes, commonest))


@dataclass(frozen=True, eq=False)
class _Patterns:
    """Patterns of answers that are told apart: row i of `known` is pattern i.

    Rows that agree are one pattern a class, or one in all; -1 in `known` stands for any.
    """

    names: tuple[str, ...]
    differ: tuple[bool, ...]
    known: dict[tuple[int, ...], int]

    @classmethod
    def of(
        cls, said: IntArray, models: tuple[str, ...], classes: tuple[Label, ...], *, most: int
    ) -> _Patterns:
        """The patterns of some rows (n, models), the commonest disagreements by name."""
        found, counts = np.unique(said, axis=0, return_counts=True)
        agree = found.min(axis=1) == found.max(axis=1)
        names: list[str] = []
        known: dict[tuple[int, ...], int] = {}
        both = "both" if len(models) == 2 else "all"
        if len(classes) <= FEW_CLASSES:
            for code in range(len(classes)):
                known[(code,) * len(models)] = len(names)
                names.append(f"{both} {class_name(classes, code)}")
        else:
            names.append(f"{both} agree")
        n_agree = len(names)
        order = np.flatnonzero(~agree)[np.argsort(-counts[~agree], kind="stable")]
        common = [i for i in order[:most] if counts[i] >= LEAST_ROWS]
        if counts[common].sum() >= NAMED * counts[~agree].sum():
            for i in common:
                known[tuple(found[i].tolist())] = len(names)
                names.append(_said(found[i], models, classes))
        names.append("another disagreement" if len(names) > n_agree else "disagreement")
        differ = tuple(i >= n_agree for i in range(len(names)))
        return cls(tuple(names), differ, known)

    def codes(self, said: IntArray) -> IntArray:
        """The pattern of each row (n, models) -> (n,)."""
        agree = said.min(axis=1) == said.max(axis=1)
        codes = np.where(agree, 0, len(self.names) - 1)
        for pattern, code in self.known.items():
            codes[(said == np.asarray(pattern)).all(axis=1)] = code
        return codes.astype(np.intp)


def _said(pattern: IntArray, models: Sequence[str], classes: tuple[Label, ...]) -> str:
    """Who says what, models of one answer together: "natural: 3, robust: 8"."""
    by_answer: dict[int, list[str]] = {}
    for model, code in zip(models, pattern.tolist(), strict=True):
        by_answer.setdefault(code, []).append(model)
    return ", ".join(
        f"{' and '.join(who)}: {class_name(classes, code)}" for code, who in by_answer.items()
    )


def _stacked(rows: Array, decisions: Mapping[str, Array]) -> tuple[FloatArray, IntArray]:
    """Rows (n, d) and the decisions of all models (n, models)."""
    matrix = np.asarray(to_numpy(rows), dtype=np.float64)
    if len(decisions) < 2:
        raise InputError(f"Disagreement needs at least two models; got {list(decisions)}.")
    said = [np.asarray(to_numpy(codes)) for codes in decisions.values()]
    for name, codes in zip(decisions, said, strict=True):
        if codes.shape != (len(matrix),) or not np.issubdtype(codes.dtype, np.integer):
            raise InputError(
                f"Decisions of {name!r} must be {len(matrix)} whole numbers, one a row; got "
                f"{codes.dtype} of shape {codes.shape}."
            )
    if not len(matrix):
        raise InputError("There are no rows to describe the disagreement on.")
    return matrix, np.stack(said, axis=1).astype(np.intp)


def _tree(
    matrix: FloatArray,
    codes: IntArray,
    patterns: _Patterns,
    domain: Domain,
    *,
    max_leaves: int,
    seed: int,
) -> tuple[Tree, float]:
    """A tree over patterns, and what a row of disagreement counted for in it."""
    differ = np.asarray(patterns.differ)
    rows = differ[codes]
    tree = None
    for weight in WEIGHTS:
        counted = np.where(rows, weight, 1.0)
        tree = _grown(matrix, codes, patterns, domain, counted, max_leaves=max_leaves, seed=seed)
        found = differ[tree.predict(matrix)] & rows
        if found.sum() >= FOUND * rows.sum():
            return tree, weight
    assert tree is not None
    return tree, WEIGHTS[-1]


def _grown(
    matrix: FloatArray,
    codes: IntArray,
    patterns: _Patterns,
    domain: Domain,
    weight: FloatArray,
    *,
    max_leaves: int,
    seed: int,
) -> Tree:
    """CART on weighted patterns, its tests improved."""
    k = len(patterns.names)
    labelled = Labelled(
        tuple(domain.features), patterns.names, matrix, np.eye(k)[codes], codes, weight
    )
    least = LEAST_ROWS * weight.max() / weight.sum()  # so that weights make no smaller leaves
    reach = min(0.5, max(LEAST_SHARE, float(least)))
    grown = grow(
        labelled, max_leaves=max_leaves, max_depth=None, min_reach=reach, soft=False, seed=seed
    )
    tree = grown.tree(max_leaves)
    if tree.n_leaves == 1:
        return tree
    return Improver(labelled, min_reach=reach, most=MANY_ROWS, seed=seed).improve(tree)


def _rules(tree: Tree, patterns: _Patterns) -> RuleSet:
    """Leaves as rules that are true by themselves, those of disagreement first."""
    rules = simplify(ruleset_from_tree(tree), ordered=False)
    order = sorted(
        rules.rules,
        key=lambda rule: (not patterns.differ[_decided(rule.decision)], -rule.weight),
    )
    return replace(rules, rules=tuple(order))


def _decided(decision: int | None) -> int:
    assert decision is not None
    return decision


def _scores(
    rules: RuleSet,
    matrix: FloatArray,
    codes: IntArray,
    sources: Any,
    *,
    level: float,
) -> tuple[tuple[Score, ...], tuple[Score, ...]]:
    """Coverage and precision of every rule."""
    coverage, precision = [], []
    for rule, held in zip(rules.rules, rules.holds(matrix).T, strict=True):
        coverage.append(_share("coverage", held, sources, level=level))
        origin = None if sources is None else sources[held]
        right = codes[held] == _decided(rule.decision)
        precision.append(_share("precision", right, origin, level=level))
    return tuple(coverage), tuple(precision)


def _differ(said: IntArray) -> BoolArray:
    return np.asarray(said.min(axis=1) != said.max(axis=1))


def _share(metric: str, hit: BoolArray, sources: Any, *, level: float) -> Score:
    """A share of rows as a score."""
    if not len(hit):
        return Score(metric, None, None, 0, 0, reason="the rule holds for no held-out row")
    found = share(hit, sources)
    interval, reason = share_interval(found, level=level)
    return Score(metric, found.rate, interval, found.n, found.n_sources, reason=reason)


def _commonest(said: IntArray, models: Sequence[str], classes: tuple[Label, ...]) -> str:
    """The three commonest disagreements of some rows (n, models), in words."""
    differ = said[_differ(said)]
    if not len(differ):
        return ""
    found, counts = np.unique(differ, axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:3]
    parts = [f"{_said(found[i], models, classes)} ({count(int(counts[i]), 'row')})" for i in order]
    return f"Of {count(len(differ), 'held-out row')} of disagreement: {'; '.join(parts)}."


def _notes(found: Disagreement, weight: float, codes: IntArray, commonest: str) -> tuple[str, ...]:
    """What a reader must know of the tree and its rules."""
    notes = [commonest] if commonest else []
    differing = list(found.differing())
    if not differing:
        notes.append("The models differ in no place that so small a tree can tell apart.")
    if weight > 1:
        notes.append(
            "Places in which a disagreement is the commonest pattern hold few of them, so that "
            f"rows of disagreement counted {weight:g} times when the tree was grown: its rules "
            "say where models differ more often than elsewhere."
        )
    idle = sum(
        precision.interval is None
        or precision.interval.low <= float((codes == _decided(rule.decision)).mean())
        for rule, _, _, precision in differing
    )
    if idle:
        notes.append(
            f"Of {count(len(differing), 'rule')} of disagreement, {idle} "
            f"{'is' if idle == 1 else 'are'} not shown to be right more often than on all rows."
        )
    return tuple(notes)
