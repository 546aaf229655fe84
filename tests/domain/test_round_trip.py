"""encode, decode and round agree for every kind of rows that a user may have."""

from __future__ import annotations

import json
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import pandas as pd
import polars as pl
import polars.testing
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.domain import Domain

NUMBER = st.floats(-1e6, 1e6, allow_nan=False, width=32)
WORD = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
QUICK = settings(max_examples=25, deadline=None)


def columns_of(n: int, missing: bool) -> dict[str, st.SearchStrategy[list[Any]]]:
    """Columns of Python values, one strategy for each kind of column."""

    def cells(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
        some = st.one_of(st.none(), values) if missing else values
        return st.lists(some, min_size=n, max_size=n).filter(
            lambda column: any(cell is not None for cell in column)
        )

    return {
        "amount": cells(NUMBER),
        "count": cells(st.integers(-(2**53), 2**53)),
        "word": cells(WORD),
        "truth": cells(st.booleans()),
        "level": cells(st.sampled_from(["low", "mid", "high"])),
    }


@st.composite
def tables(draw: st.DrawFn, missing: bool = True) -> dict[str, list[Any]]:
    n = draw(st.integers(1, 8))
    return {name: draw(column) for name, column in columns_of(n, missing).items()}


def back(data: Any) -> Any:
    domain = Domain.infer(data)
    again = Domain.from_dict(json.loads(json.dumps(domain.to_dict(), allow_nan=False)))
    assert again == domain
    matrix = domain.encode(data)
    np.testing.assert_array_equal(domain.round(matrix), matrix)
    np.testing.assert_array_equal(domain.encode(domain.decode(matrix)), matrix)
    return again.decode(matrix)


def to_pandas(table: dict[str, list[Any]], dtypes: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.array(table[name], dtype=dtypes[name]) for name in table})


LEVELS = pd.CategoricalDtype(["high", "low", "mid"])
ORDERED = pd.CategoricalDtype(["low", "mid", "high"], ordered=True)
NULLABLE = {"amount": "Float64", "count": "Int64", "word": "string", "truth": "boolean"}
ARROW = {"amount": "double[pyarrow]", "count": "int64[pyarrow]", "truth": "bool[pyarrow]"}


@QUICK
@given(table=tables())
@pytest.mark.parametrize(
    "dtypes",
    [
        NULLABLE | {"level": LEVELS},
        NULLABLE | ARROW | {"level": ORDERED},
        NULLABLE | {"amount": "float64", "word": "str", "level": "str"},
    ],
    ids=["nullable", "arrow", "plain"],
)
def test_pandas(table: dict[str, list[Any]], dtypes: dict[str, Any]) -> None:
    frame = to_pandas(table, dtypes)
    pd.testing.assert_frame_equal(back(frame), frame)


@QUICK
@given(table=tables(missing=False))
def test_pandas_complete_numpy_dtypes(table: dict[str, list[Any]]) -> None:
    dtypes = {"amount": "float32", "count": "int64", "word": "object", "truth": "bool"}
    frame = to_pandas(table, dtypes | {"level": "category"})
    pd.testing.assert_frame_equal(back(frame), frame)


@QUICK
@given(table=tables())
@pytest.mark.parametrize("level", [pl.String, pl.Categorical, pl.Enum(["low", "mid", "high"])])
def test_polars(table: dict[str, list[Any]], level: Any) -> None:
    schema = {
        "amount": pl.Float64,
        "count": pl.Int64,
        "word": pl.String,
        "truth": pl.Boolean,
        "level": level,
    }
    frame = pl.DataFrame(table, schema=schema)
    polars.testing.assert_frame_equal(back(frame), frame)


@QUICK
@given(table=tables())
def test_mapping_of_object_arrays(table: dict[str, list[Any]]) -> None:
    columns = {}
    for name, cells in table.items():
        columns[name] = np.empty(len(cells), dtype=object)
        columns[name][:] = cells
    answer = back(columns)
    assert list(answer) == list(columns)
    for name, cells in table.items():
        assert answer[name].tolist() == cells
        assert list(map(type, answer[name])) == list(map(type, cells))


@QUICK
@given(table=tables(missing=False))
def test_mapping_of_typed_arrays(table: dict[str, list[Any]]) -> None:
    columns = {name: np.array(cells) for name, cells in table.items()}
    answer = back(columns)
    for name, values in columns.items():
        assert answer[name].dtype == values.dtype
        np.testing.assert_array_equal(answer[name], values)


@QUICK
@given(
    X=hnp.arrays(
        st.sampled_from([np.float64, np.float32, np.float16, ">f8"]),
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=6),
        elements=st.one_of(st.floats(-1000, 1000, width=16), st.just(np.nan)),
    )
)
def test_floating_arrays(X: np.ndarray[Any, Any]) -> None:
    X = X[:, ~np.isnan(X).all(axis=0)]
    if X.shape[1]:
        answer = back(X)
        assert answer.dtype == X.dtype
        np.testing.assert_array_equal(answer, X)


@QUICK
@given(
    X=hnp.arrays(
        st.sampled_from([np.bool_, np.uint8, np.int8, np.int16, np.uint32, np.int32]),
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=6),
    )
)
def test_whole_arrays(X: np.ndarray[Any, Any]) -> None:
    answer = back(X)
    assert answer.dtype == X.dtype
    np.testing.assert_array_equal(answer, X)


@QUICK
@given(table=tables())
def test_object_arrays(table: dict[str, list[Any]]) -> None:
    X = np.empty((len(table["word"]), len(table)), dtype=object)
    for j, cells in enumerate(table.values()):
        X[:, j] = cells
    answer = back(X)
    assert answer.dtype == object
    assert answer.tolist() == X.tolist()


def test_string_arrays() -> None:
    X = np.array([["red", "s"], ["green", "m"]])
    answer = back(X)
    assert answer.dtype == X.dtype
    assert answer.tolist() == X.tolist()


def test_numpy_variable_strings() -> None:
    X = np.array([["red"], ["green"]], dtype=np.dtypes.StringDType())
    assert back(X).dtype == X.dtype


def test_integer_column_labels_of_pandas() -> None:
    frame = pd.DataFrame(np.array([[1.5, 2.0], [0.5, 4.0]]))
    domain = Domain.infer(frame, kinds={1: "continuous"})
    assert domain.names == ("0", "1")
    assert domain.features[1].kind == "continuous"
    pd.testing.assert_frame_equal(
        domain.decode(domain.encode(frame)), frame.set_axis([0, 1], axis=1)
    )


def test_columns_in_any_order_and_across_libraries() -> None:
    data = {"age": np.array([31, 45]), "job": np.array(["cook", "clerk"])}
    domain = Domain.infer(data)
    matrix = domain.encode(data)
    frame = pd.DataFrame(data)[["job", "age"]]
    np.testing.assert_array_equal(domain.encode(frame), matrix)
    np.testing.assert_array_equal(domain.encode(pl.DataFrame(data)), matrix)
    np.testing.assert_array_equal(domain.encode([[31, "cook"], [45, "clerk"]]), matrix)
    assert isinstance(domain.decode(matrix), dict)


def test_infer_keeps_the_order_of_given_names() -> None:
    frame = pd.DataFrame({"a": [1.5, 2.5], "b": ["x", "y"]})
    domain = Domain.infer(frame, names=["b", "a"])
    np.testing.assert_array_equal(domain.encode(frame), [[0, 1.5], [1, 2.5]])
    pd.testing.assert_frame_equal(domain.decode(domain.encode(frame)), frame[["b", "a"]])


@pytest.mark.parametrize(
    "X",
    [
        np.asfortranarray(np.arange(12.0).reshape(4, 3) + 0.5),
        (np.arange(24.0).reshape(4, 6) + 0.5)[:, ::2],
        (np.arange(12.0).reshape(4, 3) + 0.5)[::-1],
        np.arange(12).reshape(4, 3)[:, ::-1],
    ],
    ids=["fortran", "strided", "reversed", "integer"],
)
def test_arrays_that_are_not_contiguous(X: np.ndarray[Any, Any]) -> None:
    matrix = Domain.infer(X).encode(X)
    assert matrix.flags.c_contiguous
    np.testing.assert_array_equal(matrix, X)


def test_a_complete_float64_array_is_not_copied() -> None:
    X = np.array([[0.5, 1.5], [2.5, 3.5]])
    domain = Domain.infer(X)
    assert domain.encode(X) is X
    assert domain.decode(X) is X
    assert domain.round(X) is X


def test_huge_values_pass_the_screen() -> None:
    X = np.array([[1e300, 0.5], [1e300, 1.5]])
    np.testing.assert_array_equal(Domain.infer(X).encode(X), X)


def test_torch_rows() -> None:
    torch = pytest.importorskip("torch")
    X = torch.tensor([[0.5, 1.5], [2.5, 3.5]], dtype=torch.float32)
    domain = Domain.infer(X)
    matrix = domain.encode(X)
    assert matrix.dtype == np.float64
    assert domain.decode(X) is X
    assert domain.decode(matrix).dtype == np.float32
    half = X.to(torch.bfloat16).requires_grad_()
    np.testing.assert_array_equal(domain.encode(half), matrix)


def test_widened_where_the_declared_kind_needs_it() -> None:
    X = np.array([[1, 2], [3, 5]], dtype=np.int32)
    domain = Domain.infer(X, kinds={0: "continuous"})
    assert domain.decode([[1.5, 2.0]]).tolist() == [[1.5, 2.0]]
    frame = pd.DataFrame({"n": pd.array([1, 2], "Int64"), "m": [1, 2], "b": [True, False]})
    domain = Domain.infer(frame, kinds={"n": "continuous"}, missing=["m"])
    decoded = domain.decode([[1.5, np.nan, 1.0]])
    assert decoded.dtypes.astype(str).tolist() == ["Float64", "float64", "bool"]
    narrow = Domain.infer(np.array([["a"], ["b"]]), categories={0: ["a", "b", "longer"]})
    assert narrow.decode([[2.0]]).tolist() == [["longer"]]


def test_numbers_as_categories_keep_their_dtype() -> None:
    X = np.array([[1.5, 7], [2.5, 9], [0.5, 7]])
    domain = Domain.infer(X, kinds={1: "categorical"})
    assert domain.features[1].categories == (7, 9)
    assert domain.encode(X)[:, 1].tolist() == [0, 1, 0]
    np.testing.assert_array_equal(domain.decode(domain.encode(X)), X)
    frame = pd.DataFrame({"n": pd.array([3, None, 5], "Int64")})
    domain = Domain.infer(frame, kinds={"n": "ordinal"})
    pd.testing.assert_frame_equal(domain.decode(domain.encode(frame)), frame)
    gaps = np.array([[3.0], [np.nan]])
    domain = Domain.infer(gaps, kinds={0: "categorical"})
    np.testing.assert_array_equal(domain.decode(domain.encode(gaps)), gaps)


def test_nan_and_null_of_polars_stay_apart() -> None:
    frame = pl.DataFrame({"nan": [0.5, np.nan], "null": [0.5, None]})
    polars.testing.assert_frame_equal(back(frame), frame)
