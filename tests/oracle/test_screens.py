from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from surrogate.oracle.screens import is_finite, sums_to_one

FLOATS = hnp.arrays(
    st.sampled_from([np.float64, np.float32]),
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=9),
    elements=st.one_of(
        st.floats(-(2.0**100), 2.0**100, width=32), st.sampled_from([np.nan, np.inf, -np.inf])
    ),
)


@given(FLOATS)
def test_what_is_shown_finite_is(values):
    assert is_finite(values) == np.isfinite(values).all() or np.abs(values).max() > 1e18


@given(FLOATS)
def test_what_is_shown_to_sum_to_one_does(values):
    if sums_to_one(values, 1e-3):
        sums = values.sum(axis=1)
        assert (values >= 0).all()
        assert (np.abs(sums - 1) <= 1.1e-3).all() or values.shape[1] == 1


@given(
    hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=30),
        elements=st.floats(0.01, 1),
    ),
    st.sampled_from(["C", "F"]),
)
def test_probabilities_pass_in_any_memory_order(weights, order):
    values = np.asarray(weights / weights.sum(axis=1, keepdims=True), order=order)
    assert sums_to_one(values, 1e-3)
    values[0, 0] += 0.01
    assert not sums_to_one(values, 1e-3)


@pytest.mark.parametrize("n", [10, 5_000, 50_000])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_value_among_many(n, value):
    values = np.random.default_rng(0).normal(size=(n, 3))
    assert is_finite(values)
    values[n // 2, 1] = value
    assert not is_finite(values)
