"""Rules that become one: for free where they touch, across a gap where no error comes of it."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.forms import CategorySet, Interval, Rule, RuleSet, ruleset_from_tree
from surrogate.rules._goals import Goals, goals_of
from surrogate.rules._join import joined_rules
from surrogate.trees._labelled import Labelled
from surrogate.types import Feature

from form_strategies import features_of, rows_of, tree_of

X, C = Feature("x"), Feature("c", "categorical", categories=("a", "b", "d"))


def labelled(matrix: np.ndarray, codes, features=(X,), n: int = 2) -> Labelled:
    codes = np.asarray(codes)
    classes = tuple(f"k{code}" for code in range(n))
    return Labelled(features, classes, matrix, np.eye(n)[codes], codes, np.ones(len(codes)))


def rule(code: int, *conditions) -> Rule:
    return Rule(conditions, np.eye(2)[code], code)


def joined(rules: list[Rule], rows: Labelled, min_support: int = 1) -> RuleSet:
    form = RuleSet(rows.features, rows.classes, tuple(rules), (0.5, 0.5))
    return joined_rules(form, rows, goals_of(rows, n_intervals=2), min_support=min_support)


def test_neighbours_become_one():
    rows = labelled(np.arange(9.0)[:, None], [0, 0, 0, 1, 1, 1, 1, 1, 1])
    found = joined(
        [
            rule(0, Interval(0, high=2.5)),
            rule(1, Interval(0, 2.5, 5.5)),
            rule(1, Interval(0, 5.5)),
        ],
        rows,
    )
    assert [r.conditions for r in found.rules] == [(Interval(0, 2.5),), (Interval(0, high=2.5),)]
    assert [r.n_covered for r in found.rules] == [6, 3]


def test_categories_become_one():
    rows = labelled(np.array([[0.0], [1.0], [2.0]] * 3), [0, 0, 1] * 3, features=(C,))
    sets = [rule(code, CategorySet(0, frozenset({c}))) for c, code in enumerate((0, 0, 1))]
    found = joined(sets, rows)
    assert found.rules[0].conditions == (CategorySet(0, frozenset({0, 1})),)


def test_a_gap_is_closed_only_where_no_error_comes_of_it():
    x = np.arange(9.0)[:, None]
    halves = [rule(1, Interval(0, high=2.5)), rule(1, Interval(0, 5.5))]
    middle = rule(0, Interval(0, 2.5, 5.5))
    busy = joined([*halves, middle], labelled(x, [1, 1, 1, 0, 0, 0, 1, 1, 1]))
    assert busy.n_rules == 3
    empty = x[[0, 1, 2, 6, 7, 8]]
    free = joined(halves, labelled(empty, [1] * 6))
    assert free.n_rules == 1


def test_rules_without_rows_are_left_out():
    rows = labelled(np.arange(4.0)[:, None], [0, 0, 1, 1])
    some = [
        rule(0, Interval(0, high=1.5)),
        rule(1, Interval(0, 1.5, 9.0)),
        rule(0, Interval(0, 9.0, 10.0)),
    ]
    assert joined(some, rows).n_rules == 2
    assert joined(some, rows, min_support=0).n_rules == 3


@settings(max_examples=50)
@given(st.data())
def test_errors_do_not_rise_on_the_rows_fitted(data):
    features = data.draw(features_of())
    tree = data.draw(tree_of(features))
    matrix = data.draw(rows_of(features))
    noise = np.random.default_rng(0).random(len(matrix)) < 0.1
    codes = np.where(noise, 0, tree.predict(matrix))
    rows = labelled(matrix, codes, features, n=3)
    rules = ruleset_from_tree(tree)
    goals = Goals(codes, rows.values, 3)
    found = joined_rules(rules, rows, goals, min_support=0)
    assert found.n_rules <= rules.n_rules
    assert (found.predict(matrix) != codes).sum() <= (rules.predict(matrix) != codes).sum()
