from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.errors import InputError
from surrogate.forms import AtLeast, CategorySet, DecisionGraph, Interval, Rule, RuleSet, Tree, why
from surrogate.types import Feature

from form_strategies import (
    cuts_of,
    cuts_of_rules,
    features_of,
    mixed_tree_of,
    rows_of,
    ruleset_of,
    tree_of,
)

FEATURES = (
    Feature("age", "integer", unit="years", missing=True),
    Feature("debt"),
    Feature("job", "categorical", categories=("clerk", "cook", "none"), protected=True),
)
POOR = Rule((Interval(0, high=37.0), Interval(1, low=2.5)), (0.9, 0.1))
IDLE = Rule((CategorySet(2, {2}),), (0.7, 0.3), weight=2.0)
FORM = RuleSet(FEATURES, ("deny", "grant"), (POOR, IDLE), (0.2, 0.8), ordered=True)
ROW = np.array([31.0, 4.0, 0.0])
SCALE = [10.0, 1.0, 1.0]


def test_says_the_rule_its_conditions_and_the_nearest_change():
    found = why(FORM, ROW, scale=SCALE)
    assert found.fired == (0,)
    assert found.conditions == POOR.conditions
    assert str(found) == (
        "deny (p 0.9): rule 1, since age <= 37 years (here 31 years) and debt > 2.5 (here 4).\n"
        "It would be grant (p 0.8) with age 38 years instead of 31 years (distance 0.7)."
    )


def test_more_changes_are_told_only_where_they_are_nearer():
    both = Rule((AtLeast(1, (Interval(1, low=2.5), CategorySet(2, {2}))),), (0.9, 0.1))
    form = replace(FORM, rules=(both, IDLE))
    found = why(form, np.array([31.0, 4.0, 2.0]), scale=[10.0, 1.0, 1.0])
    (only,) = found.otherwise
    assert {change.feature for change in only.changes} == {1, 2}
    assert "debt 2.5 instead of 4 and job clerk instead of none" in str(found)


def test_the_default_decides_where_no_rule_holds():
    found = why(FORM, np.array([50.0, 0.0, 0.0]), scale=SCALE, to="deny")
    assert found.fired == ()
    assert str(found) == (
        "grant (p 0.8): no rule holds, so the default decides.\n"
        "It would be deny (p 0.7) with job none instead of clerk (distance 1)."
    )


def test_what_is_fixed_or_protected_stays():
    kept = why(FORM, ROW, scale=SCALE, fixed=["age"])
    assert [change.feature for change in kept.otherwise[0].changes] == [1]
    assert "debt 2.5 instead of 4" in str(kept)
    none = why(FORM, np.array([50.0, 0.0, 2.0]), fixed=["age", "debt"], keep_protected=True)
    assert none.otherwise == ()
    assert "No change of what may change was found" in str(none)


def test_rows_that_cannot_be_are_left_out():
    found = why(FORM, ROW, scale=SCALE, allowed=lambda rows: rows[:, 0] == 31.0)
    assert found.otherwise[0].row[0] == 31.0


def test_missing_values_are_told_and_changed():
    found = why(replace(FORM, rules=(Rule((Interval(0, 0, 0, missing=True),), (0.9, 0.1)),)),
                np.array([np.nan, 0.0, 0.0]))  # fmt: skip
    assert "rule 1, since age is missing." in str(found)
    assert "instead of missing" in str(found)
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["row"][0] is None


def test_open_bounds_are_read_as_bounds():
    form = RuleSet(FEATURES[1:2], ("no", "yes"), (Rule((Interval(0, low=2.5),), (0, 1)),), (1, 0))
    assert "debt more than 2.5 instead of 1" in str(why(form, np.array([1.0])))


def test_rules_that_vote_are_all_named():
    form = replace(FORM, ordered=False)
    found = why(form, np.array([31.0, 4.0, 2.0]), scale=SCALE)
    assert found.fired == (0, 1)
    assert "rules 1, 2; of rule 1, age <= 37 years" in str(found)


def test_graphs_name_the_leaf_and_their_way():
    a, b = Interval(0, low=0.5), Interval(1, low=0.5)
    xor = DecisionGraph(
        (Feature("a"), Feature("b")), ("equal", "different"), (a, b, b, None, None),
        [1, 3, 4, -1, -1], [2, 4, 3, -1, -1],
        [[0.5, 0.5], [0.5, 0.5], [0.5, 0.5], [1, 0], [0, 1]], np.ones(5),
    )  # fmt: skip
    found = why(xor, np.array([0.0, 1.0]))
    assert found.conditions == (Interval(0, high=0.5, missing=True), b)
    assert "leaf 4, since a <= 0.5 (here 0) and b > 0.5 (here 1)" in str(found)
    assert found.otherwise[0].decision == 0


def test_regressions_say_what_changes_the_value():
    tree = Tree.of_tests(
        FEATURES[1:2], None, (Interval(0, high=1.0), None, None), left=[1, -1, -1],
        right=[2, -1, -1], value=[[0.0], [5.0], [7.0]], weight=[2.0, 1.0, 1.0],
    )  # fmt: skip
    assert "It would be 7 with debt more than 1 instead of 0" in str(why(tree, np.array([0.0])))


def distance(features, scale, a, b):
    gap = np.abs(a - b) / scale
    nominal = np.array([f.is_nominal for f in features])
    gap = np.where(nominal, (a != b).astype(float), gap)
    gone = np.isnan(a) | np.isnan(b)
    return np.where(gone, (np.isnan(a) != np.isnan(b)).astype(float), gap)


@given(st.data())
def test_every_change_is_decided_otherwise_and_is_as_told(data):
    features = data.draw(features_of())
    grown = mixed_tree_of(features, n_classes=data.draw(st.sampled_from([0, 3])))
    form = data.draw(grown | ruleset_of(features))
    cuts = cuts_of_rules(form) if isinstance(form, RuleSet) else cuts_of(form)
    rows = data.draw(rows_of(features, cuts))
    fixed = [features[0].name] if data.draw(st.booleans()) else []
    found = why(form, rows[0], fixed=fixed, max_changes=2)
    counts = [len(other.changes) for other in found.otherwise]
    assert counts == sorted(set(counts))
    assert set(counts) <= {1, 2}
    for other in found.otherwise:
        told = rows[0].copy()
        for change in other.changes:
            told[change.feature] = change.to
            assert features[change.feature].name not in fixed
            assert features[change.feature].missing or not np.isnan(change.to)
        np.testing.assert_array_equal(told, other.row)
        before, after = form.predict_values(rows[:1])[0], form.predict_values(told[None])[0]
        if form.classes is None:
            assert (before != after).any()
        else:
            assert form.predict(told[None])[0] == other.decision != found.decision
    assert str(found)


@given(st.data())
def test_no_row_near_the_cuts_is_nearer_than_what_a_tree_tells(data):
    features = data.draw(features_of())
    tree = data.draw(tree_of(features))
    rows = data.draw(rows_of(features, cuts_of(tree)))
    scale = np.full(len(features), 2.0)
    found = why(tree, rows[0], scale=scale, max_changes=len(features))
    rng = np.random.default_rng(0)
    rows[1:] = np.where(rng.random(rows[1:].shape) < 0.5, rows[1:], rows[0])
    # A value that is known is made another known one where that is possible.
    gone = (np.isnan(rows) & ~np.isnan(rows[0])).any(axis=1)
    other = rows[(tree.predict(rows) != tree.predict(rows[:1])[0]) & ~gone]
    apart = distance(features, scale, rows[0], other).sum(axis=1)
    if len(other):
        assert found.otherwise
        assert found.otherwise[-1].distance <= apart.min() + 1e-9


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"fixed": ["size"]}, "must list names of features; got 'size'"),
        ({"fixed": "age"}, "must list names of features; got 'age'"),
        ({"to": "maybe"}, "one of 'deny', 'grant'; got 'maybe'"),
        ({"scale": [1.0]}, r"needs 3 entries; got \(1,\)"),
        ({"max_changes": 0}, "`max_changes` parameter of why"),
    ],
)
def test_what_is_asked_wrongly_is_refused(given, match):
    with pytest.raises(InputError, match=match):
        why(FORM, ROW, **given)


def test_one_row_at_a_time():
    with pytest.raises(InputError, match="one row at a time; got 2"):
        why(FORM, np.stack([ROW, ROW]))
