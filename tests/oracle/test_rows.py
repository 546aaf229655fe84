from __future__ import annotations

import numpy as np
import pytest

from surrogate.domain import Domain
from surrogate.errors import DataError


def first(rows):
    return rows[:, :1] * 1.0


def ask(make_oracle, rows, domain=None):
    return make_oracle(first, domain=domain, task="regression").ask(rows)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.zeros((3, 3)), r"shape \(n, 2\), one column for each feature.*got \(3, 3\)"),
        (np.zeros(2), r"Expected 2D array, got 1D array instead, with 2 entries.*reshape\(1, -1\)"),
        (np.zeros((0, 2)), r"no rows to ask"),
        (np.zeros((1, 2, 2)), r"got \(1, 2, 2\)"),
        (np.array([["a", "b"]], dtype=object), r"array of object.*domain\.encode"),
        (np.array([["a", "b"]]), r"array of <U1.*domain\.encode"),
    ],
)
def test_rows_that_are_none(make_oracle, rows, message):
    with pytest.raises(DataError, match=message):
        ask(make_oracle, rows)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.nan, r"Row 7 holds nan in column 'x1'; 1 of 10 rows.*declare that 'x1' may be missing"),
        (np.inf, r"Row 7 holds inf in column 'x1'.*must be finite"),
        (-np.inf, r"Row 7 holds -inf in column 'x1'"),
    ],
)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_values_that_are_not_finite(make_oracle, rows, value, message, dtype):
    rows[7, 1] = value
    with pytest.raises(DataError, match=message):
        ask(make_oracle, rows.astype(dtype))


def test_both_infinities_do_not_cancel(make_oracle, rows):
    rows[3, 0], rows[4, 0] = np.inf, -np.inf
    with pytest.raises(DataError, match="Row 3 holds inf in column 'x0'; 2 of 10"):
        ask(make_oracle, rows)


def test_many_rows_are_screened_too(make_oracle):
    rows = np.zeros((20_000, 2))
    rows[12_345, 1], rows[12_346, 1] = np.inf, -np.inf
    with pytest.raises(DataError, match="Row 12,345 holds inf"):
        ask(make_oracle, rows)


def test_large_values_are_finite(make_oracle):
    rows = np.full((10_000, 2), 1e308)
    assert len(ask(make_oracle, rows)) == 10_000


def test_missing_values_go_where_they_may_be(make_oracle):
    domain = Domain.infer(np.array([[0.5, np.nan], [1.5, 2.5]]))
    assert len(ask(make_oracle, np.array([[0.5, np.nan]]), domain)) == 1
    with pytest.raises(DataError, match="Row 0 holds nan in column 'x0'"):
        ask(make_oracle, np.array([[np.nan, 0.5]]), domain)


@pytest.mark.parametrize(
    "change", [np.asfortranarray, lambda r: r[::-1], lambda r: np.repeat(r, 2, axis=1)[:, ::2]]
)
def test_rows_of_any_memory_order_are_answered_in_their_order(make_oracle, rows, change):
    changed = change(rows)
    np.testing.assert_array_equal(ask(make_oracle, changed).values[:, 0], changed[:, 0])


def test_whole_rows_become_floats(make_oracle):
    assert ask(make_oracle, np.array([[1, 2]])).values.tolist() == [[1.0]]


def test_the_users_rows_are_not_changed(make_oracle, rows):
    before = rows.copy()
    ask(make_oracle, rows)
    np.testing.assert_array_equal(rows, before)
