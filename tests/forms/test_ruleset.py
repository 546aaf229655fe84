from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.forms import Interval, Rule, RuleSet, form_from_dict
from surrogate.types import Feature

from form_strategies import features_of, rows_of, ruleset_of

FEATURES = (Feature("x"), Feature("y"))
X_HIGH = Rule((Interval(0, low=0.0),), (0.1, 0.9), weight=1.0)
Y_HIGH = Rule((Interval(1, low=0.0),), (0.8, 0.2), weight=3.0)
ROWS = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])


def rules(*, ordered: bool, **fields) -> RuleSet:
    return RuleSet(FEATURES, ("no", "yes"), (X_HIGH, Y_HIGH), (0.6, 0.4), ordered=ordered, **fields)


def test_ordered_rules_are_decided_by_the_first_that_holds():
    form = rules(ordered=True)
    assert form.predict(ROWS).tolist() == [1, 1, 0, 0]
    assert form.apply(ROWS).tolist() == [0, 0, 1, -1]
    assert form.predict_values(ROWS)[:, 1].tolist() == [0.9, 0.9, 0.2, 0.4]


def test_unordered_rules_vote_by_weight():
    form = rules(ordered=False)
    assert form.predict(ROWS).tolist() == [0, 1, 0, 0]
    np.testing.assert_allclose(
        form.predict_values(ROWS)[:, 1], [(0.9 + 3 * 0.2) / 4, 0.9, 0.2, 0.4]
    )


def test_no_rules_give_the_default():
    form = RuleSet(FEATURES, ("no", "yes"), (), (0.3, 0.7))
    assert form.predict(ROWS).tolist() == [1] * 4
    assert form.apply(ROWS).tolist() == [-1] * 4
    assert "always yes" in str(form)


def test_regression_rules_give_values():
    rule = Rule((Interval(0, low=0.0),), (5.0,))
    form = RuleSet(FEATURES, None, (rule,), (2.0,), ordered=True)
    assert form.predict(ROWS).tolist() == [5, 5, 2, 2]
    assert "then 5" in str(form)


def test_support_and_precision_are_charged_as_the_rules_are_read():
    decision = np.array([1, 0, 0, 0])
    listed = rules(ordered=True).measured(ROWS, decision)
    assert [(r.n_covered, r.n_correct, r.precision) for r in listed.rules] == [
        (2, 1, 0.5),
        (1, 1, 1.0),
    ]
    assert (listed.n_covered, listed.n_correct) == (1, 1)
    each = rules(ordered=False).measured(ROWS, decision)
    assert [(r.n_covered, r.n_correct) for r in each.rules] == [(2, 1), (2, 1)]


def test_support_is_counted_without_decisions():
    form = rules(ordered=True).measured(ROWS)
    assert [(r.n_covered, r.n_correct) for r in form.rules] == [(2, None), (1, None)]


def test_the_text_says_how_the_rules_are_read():
    assert "first that holds decides" in str(rules(ordered=True))
    assert "vote by their weights" in str(rules(ordered=False))
    apart = (
        Rule((Interval(0, low=0.0),), (0.1, 0.9)),
        Rule((Interval(0, high=0.0),), (0.9, 0.1)),
    )
    assert "at most one holds" in str(RuleSet(FEATURES, ("no", "yes"), apart, (0.6, 0.4)))


def test_measured_counts_are_printed():
    text = str(rules(ordered=True).measured(ROWS, np.array([1, 0, 0, 0])))
    assert "then yes (p 0.9, 2 rows of which 1 agree)" in text


@given(st.data())
def test_rules_come_back_equal_from_json_and_predict_the_same(data):
    features = data.draw(features_of())
    form = data.draw(ruleset_of(features))
    back = form_from_dict(json.loads(json.dumps(form.to_dict(), allow_nan=False)))
    assert back == form
    rows = data.draw(rows_of(features))
    np.testing.assert_array_equal(back.predict(rows), form.predict(rows))
    assert form.predict(rows).shape == (len(rows),)
    assert str(back) == str(form)


def test_equality_looks_at_rules_and_order():
    assert rules(ordered=True) == rules(ordered=True)
    assert rules(ordered=True) != rules(ordered=False)
    with pytest.raises(TypeError, match="unhashable"):
        hash(X_HIGH)
