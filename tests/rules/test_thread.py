"""Tests that are passed by: where rows end stays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.forms import Interval
from surrogate.rules._plan import Full, Plan
from surrogate.rules._thread import by_logic, by_rows, repeated

from form_strategies import features_of, rows_of, single_condition


def ends(plan: Plan, root: int, rows: np.ndarray) -> list[int]:
    """What each row is told."""
    told = []
    for row in rows:
        node = root
        while (test := plan.tests[node]) is not None:
            node = plan.ways[node][0 if test.holds(row[None])[0] else 1]
        told.append(plan.outcome[node])
    return told


@st.composite
def plan_of(draw: st.DrawFn, features) -> tuple[Plan, int]:
    plan = Plan(100)
    nodes = [plan.leaf(code) for code in range(3)]
    for _ in range(draw(st.integers(1, 12))):
        condition = draw(single_condition(features))
        yes, no = (draw(st.sampled_from(nodes[-6:])) for _ in range(2))
        nodes.append(plan.test(condition, yes, no))
    return plan, nodes[-1]


@settings(max_examples=60)
@given(st.data())
def test_logic_changes_no_row(data):
    features = data.draw(features_of())
    plan, root = data.draw(plan_of(features))
    rows = data.draw(rows_of(features))[:60]
    shorter, start = repeated(lambda p, r: by_logic(p, r, features), plan, root)
    assert ends(shorter, start, rows) == ends(plan, root, rows)
    assert len(shorter.below(start)) <= len(plan.below(root))


@settings(max_examples=60)
@given(st.data())
def test_rows_that_decide_end_where_they_did(data):
    features = data.draw(features_of())
    plan, root = data.draw(plan_of(features))
    rows = data.draw(rows_of(features))[:60]
    shorter, start = repeated(lambda p, r: by_rows(p, r, rows), plan, root)
    assert ends(shorter, start, rows) == ends(plan, root, rows)
    for node in shorter.below(start):  # every test that is left parts some row
        if (test := shorter.tests[node]) is not None:
            assert 0 < test.holds(rows).sum() < len(rows)


def test_logic_passes_by_what_was_asked_before():
    low, high = Interval(0, low=1.0), Interval(0, low=2.0)
    plan = Plan(10)
    no, yes = plan.leaf(0), plan.leaf(1)
    again = plan.test(low, yes, no)  # behind x > 2 it is known
    root = plan.test(high, again, no)
    shorter, start = by_logic(plan, root, (None,))
    assert [t for t in shorter.tests if t is not None] == [high]
    assert ends(shorter, start, np.array([[0.0], [1.5], [3.0]])) == [0, 0, 1]


def test_few_rows_can_be_outvoted():
    plan = Plan(10)
    root = plan.test(Interval(0, low=8.5), plan.leaf(1), plan.leaf(0))
    rows = np.arange(10.0)[:, None]
    kept, start = by_rows(plan, root, rows, least=1)
    assert kept.tests[start] is not None
    kept, start = by_rows(plan, root, rows, least=2)
    assert kept.outcome[start] == 0


def test_equal_parts_are_made_once_and_there_is_a_bound():
    plan = Plan(2)
    no, yes = plan.leaf(0), plan.leaf(1)
    first = plan.test(Interval(0, low=1.0), yes, no)
    assert plan.test(Interval(0, low=1.0), yes, no) == first
    assert plan.test(Interval(0, low=2.0), first, first) == first
    plan.test(Interval(0, low=2.0), yes, no)
    with pytest.raises(Full):
        plan.test(Interval(0, low=3.0), yes, no)
