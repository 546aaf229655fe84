"""Simpler decision graphs: tests whose answer is known on the way are passed by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from surrogate.forms import CategorySet, Condition, Interval, complement, meet
from surrogate.rules._plan import Plan
from surrogate.types import BoolArray, Feature, FloatArray, IntArray

__all__ = ["by_logic", "by_rows"]

Box: TypeAlias = Mapping[int, Condition]
"""What is known of single columns."""


def by_logic(plan: Plan, root: int, features: tuple[Feature, ...]) -> tuple[Plan, int]:
    """Pass by tests that what was tested before decides; every row ends where it did.

    What is known at a node is what all ways to it have in common, so that the work grows
    with the nodes and not with the ways.
    """
    no: dict[int, Condition] = {}
    known: dict[int, Box] = {}
    to: dict[int, tuple[int, int]] = {}

    def onward(node: int, box: Box) -> int:
        while (test := plan.tests[node]) is not None:
            if _narrowed(box, test) is None:
                node = plan.ways[node][1]
            elif _narrowed(box, no[node]) is None:
                node = plan.ways[node][0]
            else:
                break
        return node

    order = plan.below(root)
    for node in order:
        test = plan.tests[node]
        if test is not None:
            no[node] = complement(test, features)
    root = onward(root, {})
    known[root] = {}
    for node in order:
        test = plan.tests[node]
        if node not in known or test is None:
            continue
        ends = []
        for condition, way in zip((test, no[node]), plan.ways[node]):
            box = _narrowed(known[node], condition)
            assert box is not None  # else the node had been passed by
            end = onward(way, box)
            known[end] = _common(known[end], box) if end in known else box
            ends.append(end)
        to[node] = (ends[0], ends[1])
    return _rebuilt(plan, root, to)


def by_rows(plan: Plan, root: int, matrix: FloatArray, *, least: int = 1) -> tuple[Plan, int]:
    """Pass by tests that hardly any given row, coming that way, is parted by.

    Parameters
    ----------
    plan, root
        The graph.
    matrix : float array of shape (n, d)
    least : int
        Rows that must go either way. With 1 every given row ends where it did.
    """
    answers: dict[Condition, BoolArray] = {}

    def holds(test: Condition) -> BoolArray:
        if test not in answers:
            answers[test] = test.holds(matrix)
        return answers[test]

    def onward(node: int, rows: IntArray) -> int:
        while (test := plan.tests[node]) is not None:
            yes = int(np.count_nonzero(holds(test)[rows]))
            if min(yes, len(rows) - yes) >= least:
                break
            node = plan.ways[node][0 if 2 * yes > len(rows) else 1]
        return node

    everything = np.arange(len(matrix))
    start = onward(root, everything)
    coming: dict[int, list[IntArray]] = {start: [everything]}
    to: dict[int, tuple[int, int]] = {}
    for node in plan.below(start):
        test = plan.tests[node]
        if node not in coming or test is None:
            continue
        here = np.concatenate(coming.pop(node))
        yes = holds(test)[here]
        ends = []
        for rows, way in zip((here[yes], here[~yes]), plan.ways[node]):
            end = onward(way, rows)
            coming.setdefault(end, []).append(rows)
            ends.append(end)
        to[node] = (ends[0], ends[1])
    return _rebuilt(plan, start, to)


def _rebuilt(plan: Plan, root: int, to: Mapping[int, tuple[int, int]]) -> tuple[Plan, int]:
    """The graph with other ways, equal parts made once."""
    new = Plan(len(plan) + 1)
    number: dict[int, int] = {}
    for node in reversed(plan.below(root)):
        test = plan.tests[node]
        if test is None:
            number[node] = new.leaf(plan.outcome[node])
        elif node in to:
            yes, no = to[node]
            number[node] = new.test(test, number[yes], number[no])
    return new, number[root]


def repeated(
    step: Callable[[Plan, int], tuple[Plan, int]], plan: Plan, root: int
) -> tuple[Plan, int]:
    """A step again and again, until the graph stays as large as it is."""
    while True:
        size = len(plan.below(root))
        plan, root = step(plan, root)
        if len(plan.below(root)) >= size:
            return plan, root


def _narrowed(box: Box, condition: Condition) -> Box | None:
    """What is known where a condition holds too; None where no row is left."""
    if not isinstance(condition, Interval | CategorySet):
        return box
    column = condition.feature
    both = meet(box[column], condition) if column in box else condition
    if both is None:
        return box
    return None if both.is_empty else {**box, column: both}


def _common(a: Box, b: Box) -> Box:
    """What holds in both boxes."""
    joined = {column: _hull(a[column], b[column]) for column in a.keys() & b.keys()}
    return {column: hull for column, hull in joined.items() if hull is not None}


def _hull(a: Condition, b: Condition) -> Condition | None:
    """The least single condition that holds where one of both does."""
    if isinstance(a, CategorySet) and isinstance(b, CategorySet):
        return a.join(b)
    if not isinstance(a, Interval) or not isinstance(b, Interval):
        return None
    if a.is_void or b.is_void:
        return a.join(b)
    low, low_open = min((c.low, not c.low_closed) for c in (a, b))
    high, high_closed = max((c.high, c.high_closed) for c in (a, b))
    missing = a.missing or b.missing
    return Interval(a.feature, low, high, not low_open, high_closed, missing)
