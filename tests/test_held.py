"""Groups and true outcomes of held-out rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from surrogate._held import encode_outcomes, flip_columns, group_labels, true_outcomes
from surrogate._target import Split, split_rows
from surrogate.domain import Domain
from surrogate.errors import DataError, OptionError

from doors import numbers, people


def split_of(data: Any, **options: Any) -> tuple[Domain, Split]:
    domain = Domain.infer(data, **options)
    return domain, split_rows(domain, data, None, seed=0)


def test_categories_are_groups_by_name() -> None:
    data = people(100)
    domain, split = split_of(data)
    groups = group_labels(domain, split, ["job"])
    assert list(groups) == ["job"]
    assert groups["job"].tolist() == data["job"][split.test_index].tolist()


def test_numbers_are_groups_by_quarter_of_the_population() -> None:
    X = np.arange(100.0)[:, None] + 0.5
    domain, split = split_of(X)
    labels = group_labels(domain, split, ["x0"])["x0"]
    names = np.array(["up to 25.25", "25.25 to 50", "50 to 74.75", "more than 74.75"])
    np.testing.assert_array_equal(
        labels, names[np.searchsorted([25.25, 50, 74.75], split.test[:, 0])]
    )


def test_a_few_numbers_are_groups_by_value() -> None:
    X = np.column_stack([numbers(60, 1), np.tile([1.0, 2.0, 7.0], 20)])
    domain, split = split_of(X)
    labels = group_labels(domain, split, ["x1"])["x1"]
    assert labels.tolist() == [f"{x:g}" for x in split.test[:, 1]]


def test_what_is_missing_is_a_group() -> None:
    age = np.where(np.arange(100) % 4 == 0, np.nan, np.arange(100.0) / 7)
    job = np.array(["cook", None, "clerk", "cook"] * 25, dtype=object)
    domain, split = split_of({"age": age, "job": job})
    groups = group_labels(domain, split, ["age", "job"])
    np.testing.assert_array_equal(groups["age"] == "missing", np.isnan(age[split.test_index]))
    np.testing.assert_array_equal(groups["job"] == "missing", job[split.test_index] == None)  # noqa: E711


def test_protected_columns_are_groups_unless_others_are_named() -> None:
    domain, split = split_of(people(60), protected=["job"])
    assert list(group_labels(domain, split, None)) == ["job"]
    assert list(group_labels(domain, split, ["owns"])) == ["owns"]
    assert group_labels(domain, split, []) == {}


@pytest.mark.parametrize(
    ("names", "error", "said"),
    [
        (["jobs"], DataError, "`groups` names the column 'jobs', which `data` does not have; it"),
        ("job", OptionError, "`groups` of audit must be a list of columns; got 'job'"),
        (3, OptionError, "must be a list of columns; got 3"),
    ],
)
def test_groups_that_are_not_there_are_refused(names: Any, error: type, said: str) -> None:
    domain, split = split_of(people(60))
    with pytest.raises(error, match=said):
        group_labels(domain, split, names)


def test_outcomes_follow_their_rows() -> None:
    X = numbers(50)
    _, split = split_of(X)
    np.testing.assert_array_equal(true_outcomes(X[:, 0], split), split.test[:, 0])
    domain = Domain.infer(X)
    apart = split_rows(domain, X[:30], X[30:], seed=0)
    np.testing.assert_array_equal(true_outcomes(X[30:, 0], apart), X[30:, 0])


@pytest.mark.parametrize(
    ("y", "said"),
    [
        ([0, 1], r"`y` must hold one outcome for each of the 50 rows of `data`; got shape \(2,\)"),
        (np.zeros((50, 1)), r"got shape \(50, 1\)"),
        ([0.0] * 48 + [np.nan] * 2, "`y` lacks the outcome of row 48, 2 in all; leave out rows"),
        ([None] + ["a"] * 49, "`y` lacks the outcome of row 0, 1 in all"),
    ],
)
def test_outcomes_that_do_not_fit_are_refused(y: Any, said: str) -> None:
    _, split = split_of(numbers(50))
    with pytest.raises(DataError, match=said):
        true_outcomes(y, split)


@pytest.mark.parametrize(
    ("truth", "classes"),
    [
        (["no", "yes", "no"], ("no", "yes")),
        ([0, 1, 0], (0, 1)),
        ([0.0, 1.0, 0.0], (0, 1)),
        ([False, True, False], (0, 1)),
        (["0", "1", "0"], (0, 1)),
        ([0, 1, 0], ("0", "1")),
        ([0, 1, 0], (False, True)),
    ],
)
def test_one_class_has_many_spellings(truth: list[Any], classes: tuple[Any, ...]) -> None:
    assert encode_outcomes(np.array(truth), classes, 2).tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("truth", "classes", "outputs", "said"),
    [
        (["maybe"], ("no", "yes"), 2, "holds 'maybe', which the model does not answer: its cla"),
        ([2], (0, 1), 2, r"holds '2', .* with wrap\(model, classes=\[\.\.\.\]\)"),
        (["many"], None, 1, "`y` must hold numbers, since the model answers numbers; got 'many'"),
        ([1.0], None, 3, "`y` holds one outcome a row, and the model answers 3 numbers; leave"),
    ],
)
def test_outcomes_of_other_kinds_are_refused(
    truth: Any, classes: Any, outputs: int, said: str
) -> None:
    with pytest.raises(DataError, match=said):
        encode_outcomes(np.array(truth), classes, outputs)


def test_protected_columns_and_those_of_groups_are_changed_one_by_one() -> None:
    domain = Domain.infer(people(60), protected=["job"])
    assert flip_columns(domain, None) == ("job",)
    assert flip_columns(domain, [["age", "job"], "age"]) == ("job", "age")
