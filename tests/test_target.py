"""From what the user gave to an oracle, its rows and their split."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from surrogate._target import (
    check_said,
    encode_rows,
    fingerprint,
    open_oracle,
    provenance,
    refuse_equal,
    split_rows,
)
from surrogate.adapters import CallableBox
from surrogate.domain import Domain
from surrogate.errors import DataError, OptionError

from doors import numbers, people, probability


def test_rows_are_split_by_seed_without_overlap() -> None:
    X = numbers(100)
    domain = Domain.infer(X)
    split, again, other = (split_rows(domain, X, None, seed=seed) for seed in (3, 3, 4))
    assert len(split.fit) == 70
    assert split.test_index is not None
    both = np.concatenate([split.fit_index, split.test_index])
    assert sorted(both.tolist()) == list(range(100))
    np.testing.assert_array_equal(split.test, X[split.test_index])
    np.testing.assert_array_equal(split.fit_index, again.fit_index)
    assert not np.array_equal(split.fit_index, other.fit_index)


def test_test_rows_given_apart_are_the_held_out_ones() -> None:
    X = numbers(100)
    split = split_rows(Domain.infer(X), X[:60], X[60:], seed=0)
    np.testing.assert_array_equal(split.fit, X[:60])
    np.testing.assert_array_equal(split.test, X[60:])
    assert split.test_index is None


@pytest.mark.parametrize(
    ("data", "test", "said"),
    [
        (numbers(9), None, r"`data` holds 9 rows, too few .*give at least 10 rows, or held-out"),
        (numbers(9), numbers(1), r"`test` holds 1 row, too few to measure on; give at least 2"),
        (np.ones((20, 3)), None, r"All 20 rows of `data` are equal, .* give rows that do\."),
        (numbers(1), numbers(20), r"`data` has one row, .* give rows that do\."),
        (numbers(20), numbers(20)[:, :2], r"test has 2 features, but .* expecting 3 features"),
        (numbers(20) * 1e160, None, r"data column 'x0' row 0 holds .*to 1e\+150\); scale the col"),
    ],
)
def test_rows_that_cannot_be_split_are_refused(data: Any, test: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        split_rows(Domain.infer(numbers(20)), data, test, seed=0)


def test_missing_values_count_as_equal() -> None:
    rows = np.array([[np.nan, 1.0], [np.nan, 1.0]])
    with pytest.raises(DataError, match="All 2 held-out rows of `data` are equal"):
        refuse_equal(rows, "data", which="held-out row")
    refuse_equal(np.array([[np.nan, 1.0], [0.0, 1.0]]), "data")


def test_large_numbers_are_taken_up_to_what_can_be_squared() -> None:
    X = numbers(20) * 1e145
    np.testing.assert_array_equal(encode_rows(Domain.infer(X), X, where="X"), X)


def test_the_fingerprint_is_of_columns_and_rows() -> None:
    data = people(20)
    domain = Domain.infer(data)
    rows = domain.encode(data)
    found = fingerprint(domain, rows)
    assert found == fingerprint(Domain.infer(people(20)), rows.copy(order="F"))
    assert found != fingerprint(domain, rows[::-1])
    renamed = Domain.infer({("years" if k == "age" else k): v for k, v in data.items()})
    assert found != fingerprint(renamed, rows)


def test_provenance_names_versions_of_what_is_loaded() -> None:
    said = provenance(seed=3, options={"a": 1}, facts={"rows": 5})
    assert said["seed"] == 3
    assert said["options"] == {"a": 1}
    assert said["rows"] == 5
    assert said["versions"]["numpy"] == np.__version__


def test_a_black_box_is_taken_as_it_is() -> None:
    box = CallableBox(probability)
    with open_oracle(box, Domain.infer(numbers()), budget=None) as oracle:
        assert oracle.box is box


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("seed", -1, r"`seed` parameter of audit must be an int in \[0, inf\); got -1"),
        ("seed", 1.5, "got 1.5"),
        ("fidelity", 9, r"`fidelity` .* must be an int in \[10, inf\); got 9"),
        ("stability", -1, r"`stability` .* must be an int in \[0, inf\); got -1"),
        ("target_fidelity", 95, r"`target_fidelity` .* a float in \(0, 1\) or None; got 95"),
        ("options", 3, "`options` .* must be a mapping from names to values or None; got 3"),
        ("domain", "x", "`domain` .* must be a Domain or None; got 'x'"),
        ("on_progress", 3, "`on_progress` .* must be a callable, True for a bar, or None; got 3"),
    ],
)
def test_what_all_doors_take_is_checked_by_name(name: str, value: object, said: str) -> None:
    usual: dict[str, Any] = {"domain": None, "seed": 0, "options": None, "on_progress": None}
    check_said("audit", **usual)
    with pytest.raises(OptionError, match=said):
        check_said("audit", **{**usual, name: value})
