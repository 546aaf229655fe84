"""What columns are taken for, and what the user may say of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from surrogate.domain import Domain
from surrogate.errors import DataError, OptionError
from surrogate.types import Feature


def only(values: Any, **options: Any) -> Feature:
    return Domain.infer({"c": values}, **{k: {"c": v} for k, v in options.items()}).features[0]


@pytest.mark.parametrize(
    ("values", "kind", "categories"),
    [
        ([True, False], "binary", ()),
        ([0, 1, 1], "binary", ()),
        ([0.0, 1.0], "binary", ()),
        (np.array([True, None], dtype=object), "binary", ()),
        ([0, 0], "integer", ()),
        ([1, 1], "integer", ()),
        ([0, 1, 2], "integer", ()),
        ([-1, 1], "integer", ()),
        ([3.0, 4.0, np.nan], "integer", ()),
        (np.array([3, None], dtype=object), "integer", ()),
        ([0.5, 1.0], "continuous", ()),
        ([1e300, 2e300], "continuous", ()),
        (np.array([0.5, 1.0], dtype=np.float16), "continuous", ()),
        (["b", "a", "b"], "categorical", ("a", "b")),
        (np.array(["b", None], dtype=object), "categorical", ("b",)),
        (["1", "2"], "categorical", ("1", "2")),
    ],
)
def test_kinds_of_arrays(values: Any, kind: str, categories: tuple[Any, ...]) -> None:
    feature = only(values)
    assert (feature.kind, feature.categories) == (kind, categories)


def test_kinds_of_categorical_dtypes() -> None:
    levels = ["low", "mid", "high"]
    values = ["mid", "low"]
    frame = pd.DataFrame(
        {
            "plain": pd.Categorical(values, levels),
            "ordered": pd.Categorical(values, levels, ordered=True),
            "numbers": pd.Categorical([3, 1]),
        }
    )
    plain, ordered, numbers = Domain.infer(frame).features
    assert (plain.kind, plain.categories) == ("categorical", ("high", "low", "mid"))
    assert (ordered.kind, ordered.categories) == ("ordinal", ("low", "mid", "high"))
    assert (numbers.kind, numbers.categories) == ("categorical", (1, 3))
    polars = pl.DataFrame(
        {
            "plain": pl.Series(values, dtype=pl.Categorical),
            "ordered": pl.Series(values, dtype=pl.Enum(levels)),
        }
    )
    plain, ordered = Domain.infer(polars).features
    assert (plain.kind, plain.categories) == ("categorical", ("low", "mid"))
    assert (ordered.kind, ordered.categories) == ("ordinal", ("low", "mid", "high"))


def test_a_decimal_column_is_a_number() -> None:
    frame = pl.DataFrame({"price": ["1.5", "2.25"]}).select(pl.col("price").cast(pl.Decimal(6, 2)))
    domain = Domain.infer(frame)
    assert domain.features[0].kind == "continuous"
    assert domain.decode(domain.encode(frame))["price"].to_list() == [1.5, 2.25]


def test_declarations_by_name_and_by_number() -> None:
    X = np.array([[1.0, 2.0, 0.5], [3.0, 2.0, 0.7]])
    domain = Domain.infer(
        X,
        names=["age", "level", "share"],
        kinds={0: "continuous", "level": "ordinal"},
        categories={"level": [1, 2, 3]},
        bounds={"share": (0, 1), 0: (0, None)},
        units={"age": "years"},
        protected=["age"],
        missing=["share"],
    )
    age, level, share = domain.features
    assert age == Feature("age", "continuous", low=0, unit="years", protected=True)
    assert level == Feature("level", "ordinal", low=0, high=2, categories=(1, 2, 3))
    assert share == Feature("share", "continuous", low=0, high=1, missing=True)


def test_declared_categories_make_a_categorical() -> None:
    feature = only(["a", "b"], categories=["b", "a", "c"])
    assert (feature.kind, feature.categories, feature.high) == ("categorical", ("b", "a", "c"), 2.0)
    assert only(np.array([1, 2]), categories=np.array([2, 1])).categories == (2, 1)


def test_further_categories_come_back_from_categorical_dtypes() -> None:
    frame = pd.DataFrame({"c": pd.Categorical(["a"], ["a"])})
    domain = Domain.infer(frame, categories={"c": ["a", "b"]})
    assert domain.decode([[1.0]])["c"].tolist() == ["b"]
    enum = pl.DataFrame({"c": pl.Series(["a"], dtype=pl.Enum(["a"]))})
    domain = Domain.infer(enum, categories={"c": ["a", "b"]})
    assert domain.decode([[1.0]])["c"].to_list() == ["b"]


def test_binary_with_other_values() -> None:
    assert only(["no", "yes"], kinds="binary").categories == ("no", "yes")
    assert only([1, 2], kinds="binary").categories == (1, 2)
    assert only([0, 0], kinds="binary").categories == ()
    with pytest.raises(DataError, match="'c' is declared binary but has 3 different values: 1, 2"):
        only([1, 2, 3], kinds="binary")


def test_mixed_labels_may_be_declared_categorical() -> None:
    values = np.array(["b", 2, "a", 1], dtype=object)
    domain = Domain.infer({"c": values}, kinds={"c": "categorical"})
    assert domain.features[0].categories == (1, 2, "a", "b")
    assert domain.decode(domain.encode({"c": values}))["c"].tolist() == ["b", 2, "a", 1]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            [1.5, 2.5, "abc", 4.5],
            "'c' mixes numbers and strings: row 2 holds 'abc', most others nu",
        ),
        (["a", "b", 3], "'c' mixes numbers and strings: row 2 holds 3, most others strings"),
        ([None, None], "'c' has no value in any row"),
        ([np.nan, np.nan], "'c' has no value in any row"),
        ([f"{i}.5" for i in range(30)], r"numbers written as strings, such as '0\.5'"),
        ([f"person {i}" for i in range(1500)], "1,500 different strings in 1,500 rows"),
        ([f"{i}" for i in range(30)], "declare kinds={'c': 'categorical'}"),
    ],
)
def test_columns_that_say_nothing_clear(values: list[Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        only(values)


def test_strings_in_a_column_declared_numeric() -> None:
    with pytest.raises(DataError, match="data column 'c' row 1 holds 'x', but the column is cont"):
        only(np.array([1.5, "x"], dtype=object), kinds="continuous")


def test_declared_categories_must_cover_the_data() -> None:
    with pytest.raises(DataError, match="data column 'c' row 1 holds the unknown category 'b'"):
        only(["a", "b"], categories=["a", "c"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kinds": {"agee": "integer"}}, "`kinds` .* unknown column 'agee'; did you mean 'age'?"),
        ({"bounds": {7: (0, 1)}}, "`bounds` .* unknown column 7. The data have: 'age', 'job'"),
        ({"protected": ["sex"]}, "`protected` .* unknown column 'sex'"),
        ({"protected": "sex"}, "`protected` .* unknown column 'sex'"),
        ({"missing": ["sex"]}, "`missing` .* unknown column 'sex'"),
        ({"groups": {"g": ["age", "j"]}}, "`groups` .* unknown column 'j'"),
        ({"derived": {"bmi": len}}, "`derived` .* unknown column 'bmi'"),
        ({"units": {"ago": "y"}}, "did you mean 'age'"),
        ({"kinds": {"age": "number"}}, "`kinds` .* one of continuous, .* got 'number' for column"),
        ({"bounds": {"age": 3}}, r"`bounds` .* must give \(low, high\), .* got 3"),
        ({"bounds": {"age": (50, 10)}}, "'age' has its lower bound 50 above its upper bound 10"),
        ({"bounds": {"job": (0, 1)}}, "'job' has categories, so it can have no bounds"),
        ({"categories": {"job": "cook"}}, "`categories` .* list of values; got 'cook'"),
        ({"categories": {"job": ["cook", "cook"]}}, "'job' names a category twice"),
        ({"kinds": {"age": "integer"}, "categories": {"age": [31]}}, "can have no categories"),
        ({"names": ["age"]}, "names gives 1 names, but the data have 2 columns"),
        ({"names": ["age", "age"]}, "names has more than once: 'age'"),
        ({"names": ["age", "work"]}, "names differ from the data's own columns: 'age', 'job'"),
        ({"groups": {"g": ["age"]}}, "'g' needs at least two columns"),
        ({"groups": {"g": ["age", "age"]}}, "'age' is in two groups"),
    ],
)
def test_wrong_declarations(options: dict[str, Any], message: str) -> None:
    with pytest.raises((DataError, OptionError), match=message):
        Domain.infer({"age": [31, 45], "job": ["cook", "clerk"]}, **options)


def test_one_row_is_enough() -> None:
    assert Domain.infer(np.array([[0.5, 2.0]])).n_features == 2


def test_data_are_not_changed() -> None:
    values = np.array(["a", np.nan, 1.5], dtype=object)
    Domain.infer({"c": values}, kinds={"c": "categorical"})
    assert values.tolist()[0] == "a"
    assert np.isnan(values[1])


def test_truth_values_with_gaps_are_binary() -> None:
    frame = pd.DataFrame({"b": pd.array([True, None], "boolean")})
    assert Domain.infer(frame).features[0].kind == "binary"
    assert Domain.infer(pl.DataFrame({"b": [True, None]})).features[0].kind == "binary"
    assert only(np.array([True, True])).kind == "binary"
