from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.errors import InputError
from surrogate.forms import Interval, Rule, RuleSet, form_from_dict
from surrogate.types import Feature

from form_strategies import cuts_of_rules, features_of, rows_of, ruleset_of

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


@pytest.mark.parametrize(
    ("conflict", "decided"), [("heaviest", [0, 1, 0, 0]), ("specific", [1, 1, 0, 0])]
)
def test_one_of_several_unordered_rules_may_decide(conflict, decided):
    long = Rule((Interval(0, low=0.0), Interval(1, high=9.0)), (0.1, 0.9))
    form = RuleSet(FEATURES, ("no", "yes"), (Y_HIGH, long), (0.6, 0.4), conflict=conflict)
    assert form.predict(ROWS).tolist() == decided
    assert form.listed().predict(ROWS).tolist() == decided
    np.testing.assert_array_equal(form.listed().predict_values(ROWS), form.predict_values(ROWS))
    reading = {"heaviest": "greatest weight decides", "specific": "most conditions decides"}
    assert reading[conflict] in str(form)


def slow_vote(form: RuleSet, row: np.ndarray) -> tuple[int, np.ndarray]:
    """One row, one rule at a time."""
    votes, total, values = np.zeros(3), 0.0, np.zeros(3)
    for rule in form.rules:
        if all(c.holds(row[None])[0] for c in rule.conditions):
            votes[rule.decision] += rule.weight
            total += rule.weight
            values += rule.weight * rule.value
    return (int(votes.argmax()), values / total) if total else (form.decision, form.value)


@given(st.data())
def test_votes_are_those_of_each_row_alone(data):
    features = data.draw(features_of())
    form = replace(data.draw(ruleset_of(features)), ordered=False, conflict="vote")
    rows = data.draw(rows_of(features, cuts_of_rules(form)))[:40]
    slow = [slow_vote(form, row) for row in rows]
    assert form.predict(rows).tolist() == [code for code, _ in slow]
    np.testing.assert_allclose(form.predict_values(rows), [v for _, v in slow], rtol=1e-12)


@given(st.data())
def test_a_priority_is_a_list_that_decides_the_same(data):
    features = data.draw(features_of())
    form = replace(data.draw(ruleset_of(features)), ordered=False, conflict="specific")
    rows = data.draw(rows_of(features, cuts_of_rules(form)))
    np.testing.assert_array_equal(form.listed().predict(rows), form.predict(rows))
    table, place = form.holds(rows), form.apply(rows)
    np.testing.assert_array_equal(place >= 0, table.any(axis=1))
    assert table[place >= 0, place[place >= 0]].all()


def test_many_rows_are_decided_block_by_block():
    rows = np.tile(ROWS, (10_000, 1))
    for ordered in (True, False):
        form = rules(ordered=ordered)
        np.testing.assert_array_equal(form.predict(rows), np.tile(form.predict(ROWS), 10_000))
        counts = [rule.n_covered for rule in form.measured(rows).rules]
        assert counts == [10_000 * rule.n_covered for rule in form.measured(ROWS).rules]


def test_rules_that_are_equally_sure_say_exactly_that():
    third = tuple(
        Rule((Interval(j, low=0.0),), (1 / 3,), weight=w) for j, w in ((0, 0.1), (1, 0.7))
    )
    form = RuleSet(FEATURES, None, third, (0.0,))
    assert form.predict(ROWS).tolist() == [1 / 3, 1 / 3, 1 / 3, 0.0]


def test_precision_becomes_the_weight_only_when_asked():
    form = rules(ordered=False)
    measured = form.measured(ROWS, np.array([0, 0, 0, 1]))
    np.testing.assert_array_equal(measured.predict(ROWS), form.predict(ROWS))
    assert [rule.weight for rule in measured.weighed().rules] == [
        (0 + 1) / (2 + 2),
        (2 + 1) / (2 + 2),
    ]
    with pytest.raises(InputError, match="Only measured rules of a classification"):
        form.weighed()


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: Rule((), (1.0,), weight=-1.0), "weight must be finite and at least 0; got -1.0"),
        (lambda: Rule((), (1.0,), weight=np.nan), "weight must be finite"),
        (lambda: rules(ordered=False, conflict="last"), "must be one of vote, heaviest, specific"),
        (lambda: rules(ordered=False).listed(), "cannot become an ordered list"),
    ],
)
def test_rules_that_make_no_sense_are_refused(make, match):
    with pytest.raises(InputError, match=match):
        make()


def test_dicts_of_older_versions_are_read():
    form = rules(ordered=False)
    old = form.to_dict()
    for name in ("conflict", "n_rows", "precision_interval", "level"):
        del old[name]
    for rule in old["rules"]:
        del rule["precision_interval"]
    assert form_from_dict(old) == form


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
