from __future__ import annotations

import numpy as np
import pytest

from surrogate.errors import AnswerError, OptionError
from surrogate.types import Reply

TEN = np.arange(10)
SOFT = np.random.default_rng(0).dirichlet(np.ones(3), 10)
UNIT = np.linspace(0, 1, 10)
WIDE = np.linspace(-3, 3, 10)


def told(oracle):
    return oracle.task, oracle.output, oracle.classes, oracle.n_outputs


CERTAIN = {
    "strings": (np.array(["b", "a"] * 5), {}, ("classification", "labels", ("a", "b"), 2)),
    "truth values": (TEN > 5, {}, ("classification", "labels", (False, True), 2)),
    "rows that sum to one": (SOFT, {}, ("classification", "probabilities", (0, 1, 2), 3)),
    "rounded rows": (SOFT.round(3), {}, ("classification", "probabilities", (0, 1, 2), 3)),
    "floats": (WIDE, {}, ("regression", "values", None, 1)),
    "floats in a column": (WIDE[:, None], {}, ("regression", "values", None, 1)),
    "regression of a unit": (UNIT, {"task": "regression"}, ("regression", "values", None, 1)),
    "regression of whole numbers": (TEN, {"task": "regression"}, ("regression", "values", None, 1)),
    "two outputs": (
        np.column_stack([UNIT, WIDE]),
        {"task": "regression"},
        ("regression", "values", None, 2),
    ),
    "one probability": (
        UNIT,
        {"task": "classification"},
        ("classification", "probabilities", (0, 1), 2),
    ),
    "one score": (WIDE, {"task": "classification"}, ("classification", "scores", (0, 1), 2)),
    "whole labels": (
        TEN % 3 + 5,
        {"task": "classification"},
        ("classification", "labels", (5, 6, 7), 3),
    ),
    "scores": (SOFT * 4, {"task": "classification"}, ("classification", "scores", (0, 1, 2), 3)),
    "declared classes": (
        SOFT,
        {"classes": ("x", "y", "z")},
        ("classification", "probabilities", ("x", "y", "z"), 3),
    ),
    "declared classes of one column": (
        UNIT,
        {"classes": ("no", "yes")},
        ("classification", "probabilities", ("no", "yes"), 2),
    ),
    "declared labels": (
        TEN % 2,
        {"output": "labels", "classes": (0, 1, 2)},
        ("classification", "labels", (0, 1, 2), 3),
    ),
    "classes of the reply": (
        Reply(values=SOFT, classes=("r", "g", "b")),
        {},
        ("classification", "probabilities", ("r", "g", "b"), 3),
    ),
    "labels beside columns": (
        Reply(values=SOFT, labels=np.array(list("abcabcabca"))),
        {},
        ("classification", "probabilities", ("a", "b", "c"), 3),
    ),
}


@pytest.mark.parametrize("case", CERTAIN)
def test_what_answers_are(make_oracle, rows, case):
    answer, traits, expected = CERTAIN[case]
    oracle = make_oracle(lambda r: answer, **traits)
    answers = oracle.ask(rows)
    assert told(oracle) == expected
    assert answers.values.shape == (10, expected[3])
    assert answers.values.dtype.kind == "f"
    assert (answers.decision is None) == (expected[0] == "regression")


WRONG = {
    "whole numbers": (TEN, {}, r"whole numbers \(row 0: 0\).*say task='classification' or task="),
    "one column in the unit": (UNIT, {}, r"one column of numbers between 0 and 1"),
    "unnormalised columns": (SOFT * 4, {}, r"columns that do not sum to one \(row 0: "),
    "strings for regression": (
        np.array(["a", "b"] * 5),
        {"task": "regression"},
        r"labels such as 'a', and task='regression' was said",
    ),
    "labels for probabilities": (
        Reply(labels=np.array(["a", "b"] * 5)),
        {"output": "probabilities"},
        r"labels alone, and output='probabilities' was said",
    ),
    "one class only": (
        np.array(["a"] * 10),
        {},
        r"one class only, 'a', for all 10 rows; give rows of other classes too.*classes=",
    ),
    "fewer columns than classes": (
        SOFT,
        {"classes": (1, 2, 3, 4)},
        r"answered 3 columns for 4 classes \(1, 2, 3, 4\)",
    ),
    "labels that fit no column": (
        Reply(values=SOFT, labels=np.array(["a", "b"] * 5)),
        {},
        r"3 columns and the labels 'a', 'b'; say which class each column stands for",
    ),
    "strings where numbers were said": (
        np.array(["a", "b"] * 5),
        {"output": "scores"},
        r"array of <U1 \(such as 'a'\) where numbers were expected",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_answers_cannot_be(make_oracle, rows, case):
    answer, traits, message = WRONG[case]
    with pytest.raises(AnswerError, match=message):
        make_oracle(lambda r: answer, **traits).ask(rows)


def test_one_column_stands_for_two_classes(make_oracle, rows):
    p = make_oracle(lambda r: UNIT, task="classification").ask(rows)
    np.testing.assert_array_equal(p.values, np.column_stack([1 - UNIT, UNIT]))
    s = make_oracle(lambda r: WIDE, task="classification").ask(rows)
    np.testing.assert_array_equal(s.values, np.column_stack([-WIDE, WIDE]))
    np.testing.assert_array_equal(s.decision, WIDE > 0)


def test_classes_are_those_of_the_whole_first_ask(make_oracle, rows):
    labels = iter([np.array(["b"] * 5), np.array(["a"] * 5)])
    oracle = make_oracle(lambda r: next(labels), batch_rows=5)
    assert oracle.ask(rows).decision.tolist() == [1] * 5 + [0] * 5
    assert oracle.classes == ("a", "b")


def test_labels_become_one_hot(make_oracle, rows):
    oracle = make_oracle(lambda r: np.array(["b", "a"] * 5))
    assert oracle.ask(rows).values[:2].tolist() == [[0.0, 1.0], [1.0, 0.0]]


@pytest.mark.parametrize(
    ("answer", "traits"),
    [
        (SOFT, {"task": "classification"}),
        (np.array(["a", "b"] * 5), {"task": "classification"}),
    ],
)
def test_a_threshold_needs_two_classes_with_numbers(make_oracle, rows, answer, traits):
    with pytest.raises(OptionError, match="`threshold` cuts the probability of the second of two"):
        make_oracle(lambda r: answer, threshold=0.4, **traits).ask(rows)
