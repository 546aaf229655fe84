from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.errors import InputError
from surrogate.forms import CategorySet, Interval, Linear, Scaled, form_from_dict
from surrogate.types import Feature

from form_strategies import condition_of, features_of, rows_of

FEATURES = (
    Feature("age", unit="years"),
    Feature("work", "categorical", categories=("Local", "Private")),
)
TERMS = (Scaled(0, 40.0, 10.0), Interval(0, 25.0, 37.0), CategorySet(1, frozenset({1})))


def test_predicts_from_its_own_encoding():
    form = Linear(FEATURES, None, [[2.0, 1.0, -3.0]], [10.0], TERMS)
    rows = np.array([[30.0, 1.0], [50.0, 0.0]])
    np.testing.assert_array_equal(form.encode(rows), [[-1, 1, 1], [1, 0, 0]])
    assert form.predict(rows).tolist() == [10 - 2 + 1 - 3, 10 + 2]


def test_classes_are_decided_by_the_greatest_output():
    form = Linear(FEATURES, ("no", "yes"), [[1.0, 0, 0], [-1.0, 0, 0]], [0.0, 0.1], TERMS)
    assert form.predict(np.array([[30.0, 1.0], [50.0, 0.0]])).tolist() == [1, 0]
    assert "no" in str(form).splitlines()[0]


def test_missing_values_count_nothing():
    form = Linear(FEATURES, None, [[2.0, 1.0, -3.0]], [10.0], TERMS)
    assert form.predict(np.array([[np.nan, np.nan]])).tolist() == [10.0]


def test_terms_of_no_weight_are_not_listed():
    form = Linear(FEATURES, None, [[2.0, 0.0, -3.0]], [10.0], TERMS)
    assert form.size == {"terms": 2}
    assert [line.split("  ")[0] for line in str(form).splitlines()] == [
        "intercept",
        "work = Private",
        "age, per 10 years from 40 years",
    ]


@given(st.data())
def test_linear_forms_come_back_equal_from_json(data):
    features = data.draw(features_of())
    terms = data.draw(
        st.lists(
            condition_of(features)
            | st.builds(Scaled, st.just(0), st.floats(-9, 9), st.floats(1, 9)),
            max_size=4,
        )
    )
    number = st.floats(-1e9, 1e9, allow_nan=False) | st.just(np.nan)
    coef = data.draw(st.lists(number, min_size=len(terms), max_size=len(terms)))
    form = Linear(features, None, np.reshape(coef, (1, -1)), [data.draw(number)], tuple(terms))
    back = form_from_dict(json.loads(json.dumps(form.to_dict(), allow_nan=False)))
    assert back == form
    rows = data.draw(rows_of(features))
    np.testing.assert_array_equal(back.predict(rows), form.predict(rows))


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: Scaled(0, scale=0.0), "finite centre and scale, not 0"),
        (lambda: Linear(FEATURES, None, [[1.0]], [0.0], TERMS), r"`coef` of shape \(1, 3\)"),
    ],
)
def test_bad_linear_forms_say_what_is_wrong(make, match):
    with pytest.raises(InputError, match=match):
        make()
