from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from surrogate.adapters._rows import check_width, column, count, frame, matrix, numbers, select
from surrogate.errors import DataError

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")

MIXED = {"age": np.array([31.0, 44.0]), "job": np.array(["cook", "judge"], dtype=object)}
KINDS = {"mapping": dict, "pandas": pd.DataFrame, "polars": pl.DataFrame}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Any:
    return KINDS[request.param]


def test_columns_are_picked_in_order(kind: Any) -> None:
    picked = select(kind(MIXED), ["job", "age"], who="net")
    assert list(getattr(picked, "columns", picked)) == ["job", "age"]
    assert count(picked) == 2


def test_missing_and_double_columns_are_named(kind: Any) -> None:
    with pytest.raises(
        DataError, match=r"net needs the column 'jobs', .* \(did you mean 'job'\?\)"
    ):
        select(kind(MIXED), ["age", "jobs"], who="net")
    twice = pd.DataFrame(np.zeros((2, 2)), columns=["a", "a"])
    with pytest.raises(DataError, match="2 columns named 'a'; net needs one"):
        select(twice, ["a"], who="net")
    with pytest.raises(DataError, match="duplicate column names: 'a', 'a'"):
        matrix(twice)


def test_matrix_keeps_numbers_numbers_and_the_rest_objects(kind: Any) -> None:
    assert matrix(kind({"age": MIXED["age"]})).tolist() == [[31.0], [44.0]]
    assert matrix(kind({"age": MIXED["age"]})).dtype == np.float64
    assert matrix(kind(MIXED)).tolist() == [[31.0, "cook"], [44.0, "judge"]]
    assert matrix(kind({})).shape == (0, 0)


def test_matrix_of_whole_and_truth_values(kind: Any) -> None:
    rows = kind({"n": np.array([1, 2]), "b": np.array([True, False])})
    assert matrix(rows).dtype.kind == "i"
    assert matrix(rows).tolist() == [[1, 1], [2, 0]]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (lambda: pd.Series([1, None], dtype="Int64"), [1.0, np.nan]),
        (lambda: pd.Series([1, 2], dtype="Int64"), [1, 2]),
        (lambda: pd.Series([0.5, None], dtype="Float32"), [0.5, np.nan]),
        (lambda: pd.Series([True, None], dtype="boolean"), [1.0, np.nan]),
        (lambda: pd.Series([3, 4], dtype="category"), [3, 4]),
        (lambda: pl.Series([1, None]), [1.0, np.nan]),
        (lambda: [1, 2], [1, 2]),
    ],
)
def test_numbers_with_gaps_become_nan(values: Any, expected: list[float]) -> None:
    found = column({"a": values()}, "a")
    assert found.dtype.kind in "if"
    np.testing.assert_array_equal(found, expected)


def test_strings_where_numbers_are_wanted_are_named(kind: Any) -> None:
    with pytest.raises(
        DataError, match="net takes numbers, but column 'job' holds 'cook' in row 0"
    ):
        numbers(kind(MIXED), who="net")
    with pytest.raises(DataError, match="column 1 holds 'x' in row 1"):
        numbers(np.array([[1, 2], [3, "x"]], dtype=object), who="net")
    assert numbers(np.array([[1, "2.5"]], dtype=object), who="net").tolist() == [[1.0, 2.5]]


def test_width_of_images_is_left_to_the_model() -> None:
    check_width(np.zeros((2, 3, 4)), 5, who="net")
    check_width([[1, 2], [3, 4]], 2, who="net")
    with pytest.raises(DataError, match="net takes 5 columns; the rows have 2"):
        check_width([[1, 2], [3, 4]], 5, who="net")


def test_frames_keep_their_library() -> None:
    for library in (pd, pl):
        kept = frame(library.DataFrame(MIXED), ["job", "age"], who="net")
        assert isinstance(kept, library.DataFrame)
        assert list(kept.columns) == ["job", "age"]


def test_arrays_and_mappings_become_frames_with_fitting_types() -> None:
    made = frame(np.array([[31.0, "cook"], [44.0, "judge"]], dtype=object), MIXED, who="net")
    assert isinstance(made, pd.DataFrame)
    assert made["age"].dtype == np.float64
    assert made["job"].tolist() == ["cook", "judge"]
    made = frame(MIXED, ["job", "age"], who="net")
    assert list(made.columns) == ["job", "age"]
    assert frame(np.ones((2, 1)), ["a"], who="net")["a"].tolist() == [1.0, 1.0]


def test_without_pandas_frames_are_polars_and_without_both_arrays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert isinstance(frame(np.ones((2, 1)), ["a"], who="net"), pl.DataFrame)
    assert isinstance(frame(MIXED, list(MIXED), who="net"), pl.DataFrame)
    monkeypatch.setitem(sys.modules, "polars", None)
    assert frame(np.ones((2, 1)), ["a"], who="net").tolist() == [[1.0], [1.0]]
    assert frame(MIXED, ["job", "age"], who="net").tolist() == [["cook", 31.0], ["judge", 44.0]]
