from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.errors import InputError
from surrogate.forms import (
    AtLeast,
    CategorySet,
    Interval,
    complement,
    condition_from_dict,
    meet,
)
from surrogate.types import Feature

from form_strategies import bounds_of, condition_of, features_of, rows_of, single_condition

AGE = Feature("age", unit="years", missing=True)
CHILDREN = Feature("children", "integer")
SIZE = Feature("size", "ordinal", categories=("small", "medium", "large"))
WORK = Feature("work", "categorical", categories=tuple("ABCDEFGHIJ"), missing=True)
SMOKER = Feature("smoker", "binary")
FEATURES = (AGE, CHILDREN, SIZE, WORK, SMOKER)


@given(st.data())
def test_conditions_come_back_equal_from_json(data):
    features = data.draw(features_of())
    condition = data.draw(condition_of(features))
    back = condition_from_dict(json.loads(json.dumps(condition.to_dict(), allow_nan=False)))
    assert back == condition
    assert hash(back) == hash(condition)


@given(st.data())
def test_meet_holds_where_both_hold_and_join_where_one_does(data):
    features = data.draw(features_of())
    a, b = data.draw(single_condition(features)), data.draw(single_condition(features))
    cuts = [x for c in (a, b) if isinstance(c, Interval) for x in (c.low, c.high)]
    rows = data.draw(rows_of(features, tuple(x for x in cuts if np.isfinite(x))))
    both = meet(a, b)
    if a.feature != b.feature:
        assert both is None
        return
    np.testing.assert_array_equal(both.holds(rows), a.holds(rows) & b.holds(rows))
    either = a.join(b)
    if either is not None:
        np.testing.assert_array_equal(either.holds(rows), a.holds(rows) | b.holds(rows))
    if a.is_empty:
        assert not a.holds(rows).any()
    if a.is_certain(features):
        assert a.holds(rows).all()


@given(st.data())
def test_a_complement_holds_for_exactly_the_other_rows(data):
    features = data.draw(features_of())
    condition = data.draw(condition_of(features))
    rows = data.draw(rows_of(features, bounds_of(condition)))
    other = complement(condition, features)
    np.testing.assert_array_equal(other.holds(rows), ~condition.holds(rows))


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (Interval(0, high=37.5), "age <= 37.5 years"),
        (Interval(0, high=37.5, missing=True), "age <= 37.5 years or missing"),
        (Interval(0, 25, 37.5), "25 < age <= 37.5 years"),
        (Interval(0, 25, 37.5, True, False), "25 <= age < 37.5 years"),
        (Interval(0, low=1e-7), "age > 1e-7 years"),
        (Interval(0, 5, 5, True, True), "age = 5 years"),
        (Interval(0, 5, 5, missing=True), "age is missing"),
        (Interval(0), "age is known"),
        (Interval(1, high=2.5), "children <= 2"),
        (Interval(1, low=2.0), "children >= 3"),
        (Interval(1, 1.5, 4), "2 <= children <= 4"),
        (Interval(1, 1.5, 2), "children = 2"),
        (Interval(2, high=0.5), "size = small"),
        (Interval(2, low=0.5), "size >= medium"),
        (Interval(4, low=0.5), "smoker = 1"),
        (CategorySet(3, {1}), "work = B"),
        (CategorySet(3, {1, 2}), "work in {B, C}"),
        (CategorySet(3, set(range(9))), "work != J"),
        (CategorySet(3, set(range(10))), "work is known"),
        (CategorySet(3, set(), missing=True), "work is missing"),
        (CategorySet(3, {0, 1}, missing=True), "work in {A, B} or missing"),
        (AtLeast(1, (Interval(1, low=2.0), CategorySet(3, {1}))),
         "at least 1 of (children >= 3, work = B)"),
    ],
)  # fmt: skip
def test_text_names_values_units_and_categories(condition, text):
    assert condition.text(FEATURES) == text


def test_long_sets_are_counted_unless_asked_for_whole():
    features = (Feature("work", "categorical", categories=tuple("ABCDEFGHIJKLMNOPQRST")),)
    condition = CategorySet(0, frozenset(range(10)))
    assert condition.text(features) == "work in {A, B, C, D, E, F, G, H, and 2 more}"
    assert condition.text(features, limit=None).count(",") == 9


def test_a_long_set_is_told_by_what_it_leaves_out_where_that_is_shorter():
    features = (Feature("work", "categorical", categories=tuple("ABCDEFGHIJKLMN")),)
    condition = CategorySet(0, frozenset(range(12)))
    assert condition.text(features) == "work not in {M, N}"


def test_a_threshold_prints_as_the_number_that_it_compares():
    threshold = 0.1 + 0.2
    text = Interval(0, high=threshold).text((Feature("x"),))
    assert float(text.rpartition(" ")[2]) == threshold


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: Interval(0, high=np.nan), "bounds of an Interval must be numbers"),
        (lambda: AtLeast(3, (Interval(0),)), "got m = 3 with 1 conditions"),
        (lambda: condition_from_dict({"condition": "x"}), "must be 'interval', 'categories'"),
        (lambda: condition_from_dict({"condition": "interval"}), "needs the entry 'low'"),
        (lambda: condition_from_dict({}), "needs the entry 'condition'"),
    ],
)
def test_bad_conditions_say_what_is_wrong(make, match):
    with pytest.raises(InputError, match=match):
        make()
