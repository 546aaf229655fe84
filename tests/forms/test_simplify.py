from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.errors import InputError
from surrogate.forms import CategorySet, Interval, Rule, RuleSet, ruleset_from_tree, simplify
from surrogate.types import Feature

from form_strategies import cuts_of, features_of, mixed_tree_of, rows_of, ruleset_of, tree_of

FEATURES = (Feature("x"), Feature("y"))
NO, YES = (0.9, 0.1), (0.2, 0.8)


@given(st.data())
def test_the_rules_of_a_tree_predict_the_same(data):
    features = data.draw(features_of())
    tree = data.draw(tree_of(features, n_classes=data.draw(st.sampled_from([0, 3]))))
    rows = data.draw(rows_of(features, cuts_of(tree)))
    rules = ruleset_from_tree(tree)
    np.testing.assert_array_equal(rules.predict(rows), tree.predict(rows))
    np.testing.assert_array_equal(rules.predict_values(rows), tree.predict_values(rows))
    assert rules == tree.rules()
    assert rules.is_disjoint


@given(st.data())
def test_the_rules_of_a_tree_with_any_tests_predict_the_same(data):
    features = data.draw(features_of())
    tree = data.draw(mixed_tree_of(features))
    rows = data.draw(rows_of(features, cuts_of(tree)))
    rules = ruleset_from_tree(tree)
    np.testing.assert_array_equal(rules.predict_values(rows), tree.predict_values(rows))
    assert rules.holds(rows).sum(axis=1).tolist() == [min(len(rules), 1)] * len(rows)
    np.testing.assert_array_equal(simplify(rules).predict(rows), tree.predict(rows))


@given(st.data(), st.booleans())
def test_simpler_rules_of_a_tree_decide_the_same(data, ordered):
    features = data.draw(features_of())
    tree = data.draw(tree_of(features, n_classes=data.draw(st.sampled_from([0, 2, 3]))))
    rows = data.draw(rows_of(features, cuts_of(tree)))
    rules = ruleset_from_tree(tree)
    simple = simplify(rules, ordered=ordered)
    np.testing.assert_array_equal(simple.predict(rows), tree.predict(rows))
    assert simple.n_conditions <= rules.n_conditions
    assert simple.n_rules <= rules.n_rules
    assert simple.ordered == ordered


@given(st.data())
def test_simpler_rules_of_any_kind_decide_the_same(data):
    features = data.draw(features_of())
    rules = data.draw(ruleset_of(features))
    rows = data.draw(rows_of(features, (0.0, 0.5, 1.0, 2.0, -1.0)))
    simple = simplify(rules)
    np.testing.assert_array_equal(simple.predict(rows), rules.predict(rows))
    assert simple.n_conditions <= rules.n_conditions


def box(*bounds: tuple[float, float]) -> tuple[Interval, ...]:
    return tuple(
        Interval(j, low, high)
        for j, (low, high) in enumerate(bounds)
        if np.isfinite(low) or np.isfinite(high)
    )


INF = np.inf


def test_adjacent_intervals_are_merged():
    rules = RuleSet(
        FEATURES,
        ("no", "yes"),
        (
            Rule(box((-INF, 1), (-INF, 5)), YES, weight=1.0, n_covered=10),
            Rule(box((1, 2), (-INF, 5)), YES, weight=3.0, n_covered=30),
        ),
        NO,
    )
    (rule,) = simplify(rules).rules
    assert rule.conditions == box((-INF, 2), (-INF, 5))
    assert (rule.weight, rule.n_covered) == (4.0, 40)


def test_category_sets_are_merged():
    features = (Feature("work", "categorical", categories=("A", "B", "C")),)
    rules = RuleSet(
        features,
        ("no", "yes"),
        tuple(Rule((CategorySet(0, frozenset({c})),), YES) for c in (0, 1)),
        NO,
    )
    (rule,) = simplify(rules).rules
    assert rule.text(features) == "work != C"


def test_conditions_on_one_column_become_one_and_contradictions_go():
    x = (Interval(0, low=1.0), Interval(0, low=2.0), Interval(0, high=3.0))
    rules = RuleSet(
        FEATURES,
        ("no", "yes"),
        (Rule(x, YES), Rule((Interval(0, low=5.0), Interval(0, high=4.0)), YES)),
        NO,
    )
    (rule,) = simplify(rules).rules
    assert rule.conditions == (Interval(0, 2.0, 3.0),)


def test_a_rule_behind_one_that_contains_it_goes():
    rules = RuleSet(
        FEATURES,
        ("no", "yes"),
        (Rule(box((0, 9), (-INF, INF)), YES), Rule(box((1, 2), (0, 1)), NO)),
        NO,
        ordered=True,
    )
    assert simplify(rules).n_rules == 1


def test_later_rules_lean_on_earlier_ones_and_the_default_takes_the_rest():
    # yes, if x <= 0; else by y: no, yes.
    rules = RuleSet(
        FEATURES,
        ("no", "yes"),
        (
            Rule(box((-INF, 0)), YES),
            Rule(box((0, INF), (-INF, 0)), NO),
            Rule(box((0, INF), (0, INF)), YES),
        ),
        NO,
    )
    listed = simplify(rules, ordered=True)
    assert [rule.text(FEATURES) for rule in listed.rules] == ["x > 0 and y <= 0"]
    assert listed.decision == 1
    apart = simplify(rules, ordered=False)
    assert sorted(rule.text(FEATURES) for rule in apart.rules) == [
        "x <= 0",
        "x > 0 and y <= 0",
        "y > 0",
    ]


def test_whole_numbers_close_gaps_that_no_row_can_be_in():
    features = (Feature("n", "integer"),)
    rules = RuleSet(
        features,
        ("no", "yes"),
        (Rule((Interval(0, high=2.0),), NO), Rule((Interval(0, low=2.5),), YES)),
        NO,
    )
    listed = simplify(rules, ordered=True)
    assert len(listed.rules) == 1
    assert listed.predict(np.array([[2.0], [3.0]])).tolist() == [0, 1]


def test_a_rule_for_missing_values_alone_stays_one():
    features = (Feature("x", missing=True),)
    known, missing = Interval(0), Interval(0, 0, 0, missing=True)
    rules = RuleSet(features, None, (Rule((known,), (1.0,)), Rule((missing,), (2.0,))), (0.0,))
    assert simplify(rules).rules[1].text(features) == "x is missing"


def test_what_cannot_be_done_without_loss_is_refused():
    overlap = (Rule(box((0, 9)), YES), Rule(box((5, 20)), NO))
    rules = RuleSet(FEATURES, ("no", "yes"), overlap, NO)
    with pytest.raises(InputError, match="Only rules that do not overlap"):
        simplify(rules, ordered=True)
    listed = RuleSet(FEATURES, ("no", "yes"), overlap, NO, ordered=True)
    with pytest.raises(InputError, match="cannot be simplified to an unordered set"):
        simplify(listed, ordered=False)
