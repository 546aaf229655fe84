from __future__ import annotations

import numpy as np
import pytest

from surrogate.oracle import Answers

VALUES = np.array([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2], [0.1, 0.2, 0.7]])


def test_the_largest_column_decides_and_the_first_of_equals():
    assert Answers(VALUES, decide="largest").decision.tolist() == [1, 0, 2]
    assert Answers(np.array([[0.5, 0.5], [0.4, 0.6]]), decide="largest").decision.tolist() == [0, 1]


def test_a_threshold_is_exceeded_not_met():
    values = np.array([[0.6, 0.4], [0.59, 0.41]])
    assert Answers(values, decide=0.4).decision.tolist() == [0, 1]


def test_regression_has_no_decision():
    assert Answers(np.ones((3, 1))).decision is None


@pytest.mark.parametrize("index", [slice(1, 3), np.array([2, 0]), np.array([True, False, True])])
@pytest.mark.parametrize("given", [True, False])
def test_some_of_the_answers(index, given):
    codes = np.array([2, 1, 0])
    answers = Answers(VALUES, codes) if given else Answers(VALUES, decide="largest")
    some = answers[index]
    np.testing.assert_array_equal(some.values, VALUES[index])
    np.testing.assert_array_equal(some.decision, answers.decision[index])


def test_answers_one_after_another():
    answers = Answers(VALUES, decide="largest")
    joined = Answers.concat([answers[:1], answers[1:]])
    np.testing.assert_array_equal(joined.values, VALUES)
    np.testing.assert_array_equal(joined.decision, answers.decision)
    given = Answers(VALUES, np.array([2, 1, 0]))
    assert Answers.concat([given, given]).decision.tolist() == [2, 1, 0, 2, 1, 0]
    assert len(joined) == 3


def test_torch_decides_like_numpy():
    torch = pytest.importorskip("torch")
    for values in (VALUES, VALUES[:, :2]):
        answers = Answers(torch.from_numpy(values), decide="largest")
        assert answers.decision.tolist() == Answers(values, decide="largest").decision.tolist()
    pair = Answers(torch.from_numpy(VALUES[:, :2]), decide=0.4)
    assert pair.decision.tolist() == [1, 0, 0]
    assert Answers.concat([pair, pair]).decision.tolist() == [1, 0, 0] * 2
