from __future__ import annotations

import numpy as np
import pytest

from surrogate.errors import AnswerError
from surrogate.types import Reply

N = 10
SOFT = np.random.default_rng(0).dirichlet(np.ones(3), N)


def changed(row, column, value):
    values = SOFT.copy()
    values[row, column] = value
    return values


def negative():
    values = SOFT.copy()
    values[2] = [-0.5, 0.75, 0.75]
    return values


BAD = {
    "too few answers": (SOFT[:9], r"array of shape \(9, 3\) to 10 rows.*That is 9 answers to 10"),
    "too many answers": (np.tile(SOFT, (2, 1)), r"That is 20 answers to 10 rows"),
    "transposed": (SOFT.T, r"shape \(3, 10\) to 10 rows.*It looks transposed"),
    "three axes": (
        SOFT[:, :, None, None],
        r"shape \(10, 3, 1, 1\).*Pick or average",
    ),
    "a number": (np.float64(3.0), r"shape \(\) to 10 rows"),
    "nothing": (Reply(), r"answered nothing"),
    "a list": ([0.1] * N, r"answered a list to 10 rows"),
    "no columns": (SOFT[:, :0], r"10 rows without columns"),
    "other columns": (SOFT[:, :2], r"answered 2 columns to rows 0 to 9, and 3 before"),
    "NaN": (changed(4, 1, np.nan), r"answered nan to row 4 for class 1; 1 of 10 answers"),
    "infinity": (changed(4, 2, np.inf), r"answered inf to row 4 for class 2"),
    "unnormalised": (SOFT * 2, r"probabilities that sum to 2 to row|the probability 1\.\d+ to row"),
    "a little unnormalised": (SOFT * 0.99, r"sum to 0.99 to row 0; they must sum to 1.*Normalise"),
    "negative": (negative(), r"the probability -0.5 to row 2 for class 0; .* between 0 and 1"),
}


@pytest.mark.parametrize("case", BAD)
def test_answers_that_are_none(make_oracle, rows, case):
    answer, message = BAD[case]
    answers = iter([SOFT, answer])
    oracle = make_oracle(lambda r: next(answers))
    oracle.ask(rows)
    with pytest.raises(AnswerError, match=message):
        oracle.ask(rows)


@pytest.mark.parametrize("case", ["too few answers", "transposed", "three axes", "a list"])
def test_first_answers_are_judged_too(make_oracle, rows, case):
    answer, message = BAD[case]
    with pytest.raises(AnswerError, match=message):
        make_oracle(lambda r: answer).ask(rows)


def test_rows_are_numbered_in_the_whole_ask(make_oracle, rows):
    oracle = make_oracle(
        lambda r: np.where(r[:, 0] == rows[7, 0], np.nan, r[:, 0]),
        batch_rows=3,
        task="regression",
    )
    with pytest.raises(AnswerError, match=r"answered nan to row 7; 1 of 3 answers"):
        oracle.ask(rows)


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.5, 1.5])
def test_one_column_of_probabilities(make_oracle, rows, value):
    p = np.linspace(0, 1, N)
    answers = iter([p.copy(), np.where(np.arange(N) == 3, value, p)])
    oracle = make_oracle(lambda r: next(answers), task="classification")
    oracle.ask(rows)
    with pytest.raises(AnswerError, match="to row 3"):
        oracle.ask(rows)


def test_infinities_that_cancel_are_found(make_oracle, rows):
    p = np.full((N, 2), 0.5)
    bad = p.copy()
    bad[3] = [np.inf, -np.inf]
    answers = iter([p, bad])
    oracle = make_oracle(lambda r: next(answers))
    oracle.ask(rows)
    with pytest.raises(AnswerError, match="answered inf to row 3 for class 0"):
        oracle.ask(rows)


@pytest.mark.parametrize("n", [N, 20_000])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_of_a_regression_are_finite(make_oracle, n, value):
    values = np.full(n, 1e308)
    values[n // 2 :] = value
    oracle = make_oracle(lambda r: values, task="regression", batch_rows=n)
    with pytest.raises(AnswerError, match=rf"answered {value} to row {n // 2:,}"):
        oracle.ask(np.zeros((n, 2)))


def test_large_values_are_answers(make_oracle):
    oracle = make_oracle(lambda r: np.full(len(r), 1e308), task="regression", batch_rows=20_000)
    assert len(oracle.ask(np.zeros((20_000, 2)))) == 20_000


@pytest.mark.parametrize("k", [2, 3, 100])
@pytest.mark.parametrize("n", [7, 1_000, 8_000])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_good_probabilities_pass_and_one_bad_row_is_found(make_oracle, n, k, dtype):
    good = np.random.default_rng(k).dirichlet(np.ones(k), n).astype(dtype)
    bad = good.copy()
    bad[n // 2] *= 0.5
    answers = iter([good, bad])
    oracle = make_oracle(lambda r: next(answers), task="classification", output="probabilities")
    values = oracle.ask(np.zeros((n, 2))).values
    assert values.dtype == ("float64" if dtype == "float64" else "float32")
    with pytest.raises(AnswerError, match=rf"to row {n // 2:,}; they must sum to 1"):
        oracle.ask(np.zeros((n, 2)))


def test_probabilities_may_miss_zero_by_rounding(make_oracle, rows):
    values = SOFT.copy()
    values[0] = [-1e-16, 0.5, 0.5 + 1e-16]
    assert len(make_oracle(lambda r: values, output="probabilities").ask(rows)) == N


@pytest.mark.parametrize(
    ("labels", "traits", "message"),
    [
        (np.array(["a", "c"] * 5), {"classes": ("a", "b")}, r"label 'c' to row 1.*declared \('a'"),
        (np.array([0, 2] * 5), {"classes": (0, 1)}, r"label 2 to row 1.*declared \(0, 1\)"),
        (np.array([0, -1] * 5), {"classes": (0, 1)}, r"label -1 to row 1"),
        (np.array([0.5, 1.0] * 5), {"classes": (0, 1)}, r"label 0.5 to row 0"),
    ],
)
def test_labels_that_were_never_declared(make_oracle, rows, labels, traits, message):
    oracle = make_oracle(lambda r: Reply(labels=labels), output="labels", **traits)
    with pytest.raises(AnswerError, match=message):
        oracle.ask(rows)


def test_labels_that_were_never_answered_before(make_oracle, rows):
    answers = iter([np.array(["a", "b"] * 5), np.array(["b", "new"] * 5)])
    oracle = make_oracle(lambda r: next(answers))
    oracle.ask(rows)
    with pytest.raises(AnswerError, match=r"label 'new' to row 1.*answered before \('a', 'b'\)"):
        oracle.ask(rows)


def test_a_label_beside_columns_that_is_no_class(make_oracle, rows):
    reply = Reply(values=SOFT, labels=np.array(["a"] * 9 + ["z"]))
    with pytest.raises(AnswerError, match="label 'z' to row 9"):
        make_oracle(lambda r: reply, classes=("a", "b", "c")).ask(rows)


def test_labels_of_the_wrong_length(make_oracle, rows):
    oracle = make_oracle(lambda r: Reply(labels=np.array(["a", "b"])))
    with pytest.raises(AnswerError, match=r"labels of shape \(2,\) to 10 rows"):
        oracle.ask(rows)


@pytest.mark.parametrize(
    ("classes", "labels"),
    [
        ((False, True), np.array([True, False] * 5)),
        ((1.5, 2.5), np.array([2.5, 1.5] * 5)),
        ((3, 7), np.array([7, 3] * 5)),
        (("a", "b"), np.array(["b", "a"] * 5, dtype=object)),
        ((0, 1), np.array([1.0, 0.0] * 5)),
    ],
)
def test_labels_of_every_type_are_found(make_oracle, rows, classes, labels):
    oracle = make_oracle(lambda r: Reply(labels=labels), classes=classes)
    assert oracle.ask(rows).decision.tolist() == [1, 0] * 5
