"""Every bad input is refused with a message that says what, where, and what to do."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse

from surrogate.domain import Domain
from surrogate.errors import DataError

NUMBERS = np.array([[1.5, 2.5], [3.5, 4.5]])
MIXED = {
    "age": np.array([31, 45, 52]),
    "income": np.array([1.5, 2.5, 3.5]),
    "job": np.array(["cook", "clerk", "nurse"]),
    "smoker": np.array([0, 1, 0]),
}


def mixed(**changes: Any) -> dict[str, Any]:
    return {name: changes.get(name, values) for name, values in MIXED.items()}


def refuses(domain: Domain, rows: Any, *words: str) -> None:
    with pytest.raises(DataError) as caught:
        domain.encode(rows)
    for word in words:
        assert word in str(caught.value), str(caught.value)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (np.zeros((2, 3)), ["X has 3 features, but Domain is expecting 2 features", "'x0', 'x1'"]),
        (np.array([1.0, 2.0]), ["Expected 2D array, got 1D array instead", "Reshape your data"]),
        (np.float64(1.0), ["Expected 2D array, got scalar array instead"]),
        ([1.0, 2.0], ["array.reshape(-1, 1)", "array.reshape(1, -1)"]),
        (pd.Series([1.0, 2.0]), ["Expected 2D array, got 1D array"]),
        (np.zeros((2, 2, 2)), ["must be 2-D", "(2, 2, 2)", "array.reshape(len(array), -1)"]),
        (np.zeros((0, 2)), ["X is empty", "0 sample(s) (shape=(0, 2))", "minimum of 1"]),
        (np.zeros((3, 0)), ["X is empty", "0 feature(s) (shape=(3, 0))", "minimum of 1"]),
        ([[1.0, 2.0], [3.0]], ["not a table", "rows of one length"]),
        ([[1.0, "a"], [3.0]], ["not a table", "rows of one length"]),
        ([{"x0": 1}, {"x0": 2}], ["list of mappings", "mapping from column names"]),
        (np.array([[1.5, np.nan]]), ["column 'x1' row 0 is missing (NaN)", "missing=['x1']"]),
        (np.array([[1.5, 2], [np.inf, 2]]), ["column 'x0' row 1 is infinite (inf)", "finite"]),
        (np.array([[1.5, "a"]], dtype=object), ["column 'x1' row 0 holds 'a'", "numbers only"]),
        (np.array([["1.5", "2"]]), ["column 'x0' row 0 holds '1.5'", "numbers only"]),
        (np.array([[1j, 2]]), ["Complex data not supported"]),
        (np.array([["2020-01-01", "2021-01-01"]], dtype="M8[D]"), ["dates or times", "days since"]),
        (np.array([[b"a", b"b"]]), ["dtype |S1", "numbers, truth values or strings"]),
        (np.array([[{"a": 1}, 2.0]], dtype=object), ["column 0 row 0 holds {'a': 1} of type dict"]),
        (np.array([[1j, 2.0]], dtype=object), ["Complex data not supported"]),
        (scipy.sparse.csr_array(NUMBERS), ["sparse", "X.toarray()"]),
        (scipy.sparse.csr_matrix(NUMBERS), ["sparse", "X.toarray()"]),
        (np.ma.masked_array(NUMBERS), ["masked array", "X.filled(numpy.nan)"]),
        (None, ["must be a 2-D array, a DataFrame, or a mapping", "None"]),
        ("data.csv", ["must be a 2-D array", "'data.csv'"]),
        (pl.LazyFrame({"x0": [1.5], "x1": [2.5]}), ["lazy frame", ".collect()"]),
        (np.array([[2**53 + 1, 1]]), ["row 0 holds 9007199254740993", "2**53", "identifier"]),
        (np.array([[2**60, 1.5]], dtype=object), ["row 0 holds 1152921504606846976", "2**53"]),
    ],
)
def test_arrays(rows: Any, words: list[str]) -> None:
    refuses(Domain.infer(NUMBERS), rows, *words)


@pytest.mark.parametrize("kind", [dict, pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            {name: MIXED[name] for name in ("age", "income", "job")},
            ["lacks the column 'smoker'", "It has: 'age', 'income', 'job'"],
        ),
        (
            {"Income" if k == "income" else k: v for k, v in MIXED.items()},
            ["lacks the column 'income'; is it what you call 'Income'?"],
        ),
        (
            {**MIXED, "target": np.array([0, 1, 0])},
            ["unknown column 'target'", "Drop what is not a feature", "The domain knows: 'age'"],
        ),
        (
            {**MIXED, "jobs": np.array([0, 1, 0])},
            ["unknown column 'jobs'; did you mean 'job'?"],
        ),
        (
            mixed(income=np.array([1.5, np.nan, np.nan])),
            ["column 'income' row 1 is missing (NaN), 2 in all", "missing=['income']"],
        ),
        (
            mixed(income=np.array([1.5, -np.inf, 2.5])),
            ["column 'income' row 1 is infinite"],
        ),
        (
            mixed(income=np.array(["1.5", "2", "abc"])),
            ["column 'income' row 0 holds '1.5', but the column is continuous", "numbers only"],
        ),
        (
            mixed(age=np.array([31, 40.5, 52])),
            ["column 'age' row 1 is 40.5", "integer: whole numbers", "kinds={'age': 'continuous'}"],
        ),
        (
            mixed(smoker=np.array([0, 1, 2])),
            ["column 'smoker' row 2 is 2.0", "binary: 0 or 1", "kinds={'smoker': 'integer'}"],
        ),
        (
            mixed(job=np.array(["cook", "cook", "clark"])),
            [
                "column 'job' row 2 holds the unknown category 'clark'; did you mean 'clerk'?",
                "Known: 'clerk', 'cook', 'nurse'",
                "categories={'job': [...]}",
            ],
        ),
        (
            mixed(job=np.array([1, 2, 3])),
            ["column 'job' row 0 holds the unknown category 1.", "Known: 'clerk'"],
        ),
        (
            mixed(job=np.array(["cook", None, "clerk"], dtype=object)),
            ["column 'job' row 1 is missing", "missing=['job']"],
        ),
        (
            mixed(age=np.array(["2020-01-01"] * 3, dtype="M8[ms]")),
            ["column 'age'", "dates or times", "days since a fixed day"],
        ),
        (
            {name: values[:0] for name, values in MIXED.items()},
            ["X is empty: it has 0 sample(s)"],
        ),
    ],
)
def test_frames_and_mappings(kind: Any, rows: dict[str, Any], words: list[str]) -> None:
    refuses(Domain.infer(MIXED), kind(rows), *words)


def test_first_bad_string_of_a_mostly_numeric_column() -> None:
    rows = mixed(income=np.array([1.5, "n/a", 2.5], dtype=object))
    refuses(Domain.infer(MIXED), rows, "column 'income' row 1 holds 'n/a'")


def test_duplicate_columns() -> None:
    frame = pd.DataFrame(np.zeros((2, 3)), columns=["a", "b", "a"])
    with pytest.raises(DataError, match=r"a column more than once: 'a'\. Rename or drop"):
        Domain.infer(frame)


def test_columns_of_several_levels() -> None:
    columns = pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")])
    with pytest.raises(DataError, match=r"several levels, such as \('a', 'x'\)"):
        Domain.infer(pd.DataFrame(np.zeros((2, 2)), columns=columns))


def test_other_columns_of_frames() -> None:
    when = pd.DataFrame({"when": pd.to_datetime(["2020-01-01", "2021-01-01"])})
    with pytest.raises(DataError, match="data column 'when' holds dates or times"):
        Domain.infer(when)
    with pytest.raises(DataError, match="data column 'when' row 0 holds a date or time"):
        Domain.infer({"when": np.array([datetime.date(2020, 1, 1)], dtype=object)})
    with pytest.raises(DataError, match=r"data column 'l' has dtype List\(Int64\)"):
        Domain.infer(pl.DataFrame({"l": [[1], [2]]}))
    with pytest.raises(DataError, match="data column 's' has dtype Sparse"):
        Domain.infer(pd.DataFrame({"s": pd.arrays.SparseArray([0.0, 1.0])}))


def test_frames_of_other_libraries() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    with pytest.raises(DataError, match=r"pyarrow.*pandas or polars"):
        Domain.infer(pyarrow.table({"a": [1.5]}))


def test_mappings_that_are_no_table() -> None:
    with pytest.raises(DataError, match=r"ragged: its columns have lengths \{'a': 1, 'b': 2\}"):
        Domain.infer({"a": [1.5], "b": [1.5, 2.5]})
    with pytest.raises(DataError, match=r"column 'a' must be a 1-D array; got shape \(1, 2\)"):
        Domain.infer({"a": [[1.5, 2.5]]})
    with pytest.raises(DataError, match="data is empty: it has 0 feature"):
        Domain.infer({})


def test_many_categories_are_listed_shortly() -> None:
    domain = Domain.infer({"c": [f"c{i:03}" for i in range(100)]})
    refuses(domain, {"c": ["zzz"]}, "'c007', ... (100 in all)")
    with pytest.raises(DataError) as caught:
        domain.encode({"c": ["zzz"]})
    assert len(str(caught.value)) < 300


def test_where_names_the_rows() -> None:
    with pytest.raises(DataError, match="test data column 'x0' row 0 is infinite"):
        Domain.infer(NUMBERS).encode(np.array([[np.inf, 1.0]]), where="test data")


def test_declared_bounds_hold() -> None:
    domain = Domain.infer(MIXED, bounds={"age": (18, 120), "income": (None, 9)})
    refuses(domain, mixed(age=np.array([31, 200, 5])), "column 'age' row 1 is 200.0", "[18, 120]")
    refuses(domain, mixed(income=np.array([1.5, 2.5, 9.5])), "row 2 is 9.5", "[-inf, 9]")
    with pytest.raises(DataError, match=r"data column 'age' row 0 is 31\.0, outside its bounds"):
        Domain.infer(MIXED, bounds={"age": (40, None)})


def test_binary_is_neither_negative_nor_larger() -> None:
    domain = Domain.infer(MIXED)
    refuses(
        domain,
        mixed(smoker=np.array([0, 1, -1])),
        "column 'smoker' row 2 is -1.0",
        "binary: 0 or 1",
    )


def test_undeclared_bounds_do_not() -> None:
    domain = Domain.infer(MIXED)
    assert domain.encode(mixed(age=np.array([-5, 200, 31])))[0, 0] == -5


def test_groups_have_exactly_one_one() -> None:
    X = np.array([[1, 0, 5], [0, 1, 6]])
    domain = Domain.infer(X, groups={"colour": [0, 1]})
    np.testing.assert_array_equal(domain.encode(X), X)
    refuses(domain, np.array([[0, 0, 5]]), "row 0 has 0 ones in the one-hot group 'colour'")
    refuses(domain, np.array([[1, 0, 5], [1, 1, 6]]), "row 1 has 2 ones", "'x0', 'x1'")
    with pytest.raises(
        DataError, match=r"data column 'x2' row 0 is 5\.0, but the column is binary"
    ):
        Domain.infer(X, groups={"colour": [0, 1, 2]})


def test_missing_values_where_the_data_have_them() -> None:
    X = np.array([[1.5, np.nan], [2.5, 3.5]])
    domain = Domain.infer(X)
    assert [feature.missing for feature in domain.features] == [False, True]
    np.testing.assert_array_equal(domain.encode(X), X)
    refuses(domain, np.array([[np.nan, 1.5]]), "column 'x0' row 0 is missing")
    declared = Domain.infer(NUMBERS, missing=["x0"])
    assert np.isnan(declared.encode(np.array([[np.nan, 1.5]]))[0, 0])


@pytest.mark.parametrize("gap", [None, np.nan, pd.NA, pd.NaT])
def test_every_way_to_write_missing(gap: Any) -> None:
    column = np.array(["a", gap], dtype=object)
    domain = Domain.infer({"c": column, "n": np.array([1.5, gap], dtype=object)})
    np.testing.assert_array_equal(
        domain.encode({"c": column, "n": [0.5, 1.0]}), [[0, 0.5], [np.nan, 1]]
    )
