"""Groups, derived columns, constraints, storage and printing of domains."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from surrogate.domain import ColumnType, Domain, Frame
from surrogate.errors import DataError
from surrogate.types import Feature

PEOPLE = {
    "weight": np.array([60.5, 80.25, 71.0]),
    "height": np.array([1.5, 2.0, 1.75]),
    "bmi": np.array([60.5 / 2.25, 80.25 / 4, 71.0 / 1.75**2]),
    "adult": np.array([True, True, False]),
}


def bmi(columns: Any) -> Any:
    return columns["weight"] / columns["height"] ** 2


def with_bmi(data: Any = PEOPLE) -> Domain:
    return Domain.infer(data, derived={"bmi": bmi})


@pytest.mark.parametrize("kind", [dict, pd.DataFrame, pl.DataFrame])
def test_derived_columns_are_worked_out_anew(kind: Any) -> None:
    domain = with_bmi(kind(PEOPLE))
    matrix = domain.encode(kind(PEOPLE))
    np.testing.assert_array_equal(domain.round(matrix), matrix)
    moved = domain.round(np.array([[90.0, 1.5, 0.0, 0.7]]))
    np.testing.assert_array_equal(moved, [[90, 1.5, 40, 1]])


def test_derived_columns_see_rounded_rows_and_are_rounded() -> None:
    domain = with_bmi()
    moved = domain.round(np.array([[90.1, 1.7, 0.0, 1.0]]), "float16")
    weight, height = np.float16(90.1).astype(float), np.float16(1.7).astype(float)
    assert moved[0, 2] == np.float16(weight / height**2)


def test_derived_columns_on_torch() -> None:
    torch = pytest.importorskip("torch")
    domain = with_bmi()
    X = np.array([[90.1, 1.7, 0.0, 1.0], [60.3, 1.9, 0.0, 0.0]])
    rounded = domain.round(torch.from_numpy(X), "float32")
    np.testing.assert_array_equal(rounded.numpy(), domain.round(X, "float32"))


def test_derived_columns_may_be_categories_and_use_each_other() -> None:
    data = {"x": [0.5, -0.5], "sign": ["plus", "minus"], "word": ["pluss", "minuss"]}
    domain = Domain.infer(
        data,
        derived={
            "sign": lambda columns: np.where(columns["x"] > 0, "plus", "minus"),
            "word": lambda columns: [f"{sign}s" for sign in columns["sign"]],
        },
    )
    np.testing.assert_array_equal(domain.round(np.array([[0.7, 0.0, 0.0]])), [[0.7, 1, 1]])


def test_rows_that_differ_from_the_derived_value() -> None:
    with pytest.raises(DataError, match=r"data column 'bmi' row 1 is 5.0, but its function gives"):
        with_bmi({**PEOPLE, "bmi": PEOPLE["bmi"] * [1, 0, 1] + [0, 5, 0]})


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda columns: columns["wieght"], "derived column 'bmi' raised KeyError: 'wieght'"),
        (lambda columns: [1.0], "must return one value per row, 3; got 1"),
        (lambda columns: columns["weight"] * np.inf, "not finite, as in row 0"),
        (lambda columns: ["a", "b", "c"], "The derived column 'bmi': column 'bmi' row 0 holds 'a'"),
    ],
)
def test_functions_that_fail(function: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Domain.infer(PEOPLE, derived={"bmi": function})


@pytest.mark.parametrize("kind", [dict, pd.DataFrame, pl.DataFrame])
def test_constraint_gets_the_users_rows(kind: Any) -> None:
    rows = kind(PEOPLE)
    seen = []

    def tall(rows: Any) -> Any:
        seen.append(type(rows))
        return rows["height"] > 1.6

    domain = Domain.infer(rows, constraint=tall)
    keep = domain.feasible(domain.encode(rows))
    assert keep.dtype == bool
    assert keep.tolist() == [False, True, True]
    assert seen == [kind]


def test_constraint_on_arrays_and_torch() -> None:
    torch = pytest.importorskip("torch")
    X = np.array([[0.5, 1.5], [2.5, 1.5]])
    domain = Domain.infer(
        X, constraint=lambda rows: np.less(*rows.T) & isinstance(rows, np.ndarray)
    )
    assert domain.feasible(X).tolist() == [True, False]
    assert domain.feasible(torch.from_numpy(X)).tolist() == [True, False]
    assert Domain.infer(X).feasible(torch.from_numpy(X)).tolist() == [True, True]


@pytest.mark.parametrize(
    ("constraint", "message"),
    [
        (lambda rows: rows["height"], "must return truth values; got an array of float64"),
        (lambda rows: True, r"one truth value per row, shape \(3,\); got shape \(\)"),
        (lambda rows: [True], r"shape \(3,\); got shape \(1,\)"),
        (lambda rows: 1 / 0, "constraint raised ZeroDivisionError: division by zero"),
        (lambda rows: np.array([True, None, True]), "truth values; got an array of object"),
    ],
)
def test_constraints_that_fail(constraint: Any, message: str) -> None:
    domain = Domain.infer(PEOPLE, constraint=constraint)
    with pytest.raises(DataError, match=message):
        domain.feasible(domain.encode(PEOPLE))


def described() -> Domain:
    frame = pd.DataFrame(
        {
            "age": pd.array([31, None], "Int64"),
            "job": pd.Categorical(["cook", "clerk"]),
            "red": [1, 0],
            "blue": [0, 1],
            3: [0.5, 1.5],
        }
    )
    return Domain.infer(
        frame,
        bounds={"age": (0, None)},
        units={"age": "years"},
        protected=["job"],
        groups={"colour": ["red", "blue"]},
        derived={3: lambda columns: columns["red"] * -1.0 + 1.5},
        constraint=lambda rows: rows["age"] > 18,
    )


def test_json_and_back() -> None:
    domain = described()
    text = json.dumps(domain.to_dict(), allow_nan=False)
    again = Domain.from_dict(json.loads(text))
    assert again == domain
    assert hash(again) == hash(domain)
    assert json.dumps(again.to_dict(), allow_nan=False) == text
    matrix = np.array([[31.0, 1, 1, 0, 0.5]])
    pd.testing.assert_frame_equal(again.decode(matrix), domain.decode(matrix))
    np.testing.assert_array_equal(again.encode(domain.decode(matrix)), matrix)


def test_functions_are_not_stored_but_may_be_given_again() -> None:
    data = json.loads(json.dumps(described().to_dict()))
    bare = Domain.from_dict(data)
    matrix = np.array([[31.0, 1, 1, 0, 0.5]])
    with pytest.raises(DataError, match="The constraint was not stored with the domain"):
        bare.feasible(matrix)
    with pytest.raises(DataError, match="Derived column '3' was not stored with the domain"):
        bare.round(matrix)
    full = Domain.from_dict(
        data,
        derived={"3": lambda columns: columns["red"] * -1.0 + 1.5},
        constraint=lambda rows: rows["age"] > 18,
    )
    assert full.feasible(matrix).tolist() == [True]
    np.testing.assert_array_equal(full.round(matrix), matrix)


def test_equality() -> None:
    domain = Domain.infer(PEOPLE)
    assert domain == Domain.infer(PEOPLE)
    assert domain != Domain.infer(PEOPLE, units={"height": "m"})
    assert domain != Domain.infer(pd.DataFrame(PEOPLE))
    assert domain != "domain"


def test_pickle_and_copy() -> None:
    domain = with_bmi()
    domain.round(domain.encode(PEOPLE))
    assert pickle.loads(pickle.dumps(domain)) == domain
    assert copy.deepcopy(domain) == domain


def test_text() -> None:
    assert repr(described()).splitlines() == [
        "Domain of 5 features, rows of a pandas DataFrame, constrained",
        "  age   integer      >= 0 years   may be missing",
        "  job   categorical  clerk, cook  protected",
        "  red   binary       0, 1         one of colour",
        "  blue  binary       0, 1         one of colour",
        "  3     continuous                derived",
    ]
    wide = repr(Domain.infer(np.random.Generator(np.random.Philox(key=0)).normal(size=(3, 40))))
    assert wide.endswith("... and 10 more")


def test_html_is_escaped() -> None:
    domain = Domain.infer({"<b>": ["<script>", "x"]}, units={"<b>": "<i>"})
    html = domain._repr_html_()
    assert "<script>" not in html
    assert "<b>" not in html
    assert "&lt;script&gt;" in html


def test_names_and_places() -> None:
    domain = Domain.infer(PEOPLE)
    assert domain.names == ("weight", "height", "bmi", "adult")
    assert len(domain) == domain.n_features == 4
    assert domain.index("bmi") == 2
    with pytest.raises(DataError, match="no column 'hieght'; did you mean 'height'"):
        domain.index("hieght")


def test_declared_by_hand() -> None:
    numbers = Domain((Feature("a"), Feature("b", "integer")))
    assert numbers.frame == Frame("array", (ColumnType(), ColumnType()))
    assert numbers.decode([[0.5, 2.0]]).tolist() == [[0.5, 2.0]]
    words = Domain((Feature("a"), Feature("b", "categorical", categories=("x", "y"), high=1.0)))
    assert words.decode([[0.5, 1.0]]).tolist() == [[0.5, "y"]]
    np.testing.assert_array_equal(words.encode([[0.5, "y"]]), [[0.5, 1]])


@pytest.mark.parametrize(
    ("features", "options", "message"),
    [
        ((), {}, "at least one feature"),
        ((Feature("a"), Feature("a")), {}, "features of one name: 'a'"),
        ((Feature("a", "categorical"),), {}, "'a' is categorical but names no categories"),
        ((Feature("a", "binary", categories=(1, 2, 3)),), {}, "binary but has 3 categories"),
        ((Feature("a"),), {"derived": {"b": bmi}}, "derived column 'b' is not a feature"),
        ((Feature("a"),), {"groups": {"g": ("a", "b")}}, "must be 0 or 1 and complete"),
        ((Feature("a", "binary"),), {"groups": {"g": ("a", "b")}}, "unknown column 'b'"),
        ((Feature("a"),), {"frame": Frame("array", (ColumnType(),) * 2)}, "2 columns for 1 fea"),
    ],
)
def test_parts_that_do_not_fit(
    features: tuple[Feature, ...], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        Domain(features, **options)


def test_a_column_is_in_one_group_and_not_derived() -> None:
    X = np.array([[1, 0, 0, 1], [0, 1, 1, 0]])
    with pytest.raises(DataError, match="'x1' is in two groups"):
        Domain.infer(X, groups={"g": [0, 1], "h": [1, 2]})
    with pytest.raises(DataError, match="'x0' is in two groups, or derived and in a group"):
        Domain.infer(X, groups={"g": [0, 1]}, derived={0: lambda columns: columns["x3"]})


def test_matrix_of_the_wrong_width() -> None:
    with pytest.raises(DataError, match=r"matrix must have shape \(n, 4\); got \(1, 2\)"):
        Domain.infer(PEOPLE).decode([[1.0, 2.0]])


def test_importing_loads_no_dataframe_library() -> None:
    code = (
        "import sys, numpy, surrogate.domain as d; d.Domain.infer(numpy.eye(3) + .5);"
        "heavy = {'pandas', 'polars', 'narwhals', 'torch', 'sklearn', 'scipy'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_polars_alone_loads_no_pandas() -> None:
    code = (
        "import sys, polars, surrogate.domain as d; rows = polars.DataFrame({'a': [1.5, None]});"
        "domain = d.Domain.infer(rows); domain.decode(domain.encode(rows));"
        "assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
