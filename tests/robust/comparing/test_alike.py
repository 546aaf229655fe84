"""Answers of different models read alike, also those that an error carries."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from surrogate.adapters import wrap
from surrogate.domain import Domain
from surrogate.errors import BudgetSpent, DataError
from surrogate.robust.comparing.agreeing import agree
from surrogate.robust.comparing.alike import Alike, softmax

X = np.random.Generator(np.random.Philox(key=1)).normal(size=(80, 2))
DOMAIN = Domain.infer(X)


def three(rows: Any) -> np.ndarray:
    scores = np.column_stack([rows[:, 0], rows[:, 1], 0 * rows[:, 0]])
    return softmax(scores)


def oracle(function: Any, **said: Any) -> Alike:
    made = Alike(wrap(function, **said), DOMAIN)
    made.settle(X)
    return made


def test_columns_come_in_the_order_of_the_first_model() -> None:
    first = oracle(three, classes=["a", "b", "c"])
    other = oracle(lambda rows: three(rows)[:, [2, 0, 1]], classes=["c", "a", "b"])
    agree({"first": first, "other": other})
    ours, theirs = first.ask(X), other.ask(X)
    assert (ours.values == theirs.values).all()
    assert (ours.decision == theirs.decision).all()
    assert other.classes == ("a", "b", "c")
    codes = np.array([0, 1, 2])
    assert other.own_codes(codes).tolist() == [1, 2, 0]
    parts = other.ask_parts([("fit", X[:3]), ("fit", X[3:7])])
    assert (parts[1].values == ours.values[3:7]).all()


def test_scores_become_probabilities_that_decide_alike() -> None:
    z = 3 * X[:, 0]
    column = oracle(lambda rows: 3 * rows[:, 0], output="scores")
    pair = oracle(lambda rows: np.c_[0 * rows[:, 0], 3 * rows[:, 0]], output="scores")
    assert agree({"column": column, "pair": pair}).scores
    for one in (column, pair):
        answers = one.ask(X)
        assert one.output == "probabilities"
        assert answers.values[:, 1] == pytest.approx(1 / (1 + np.exp(-z)))
        assert (answers.decision == (z > 0)).all()


def test_a_threshold_of_its_own_decides_still() -> None:
    late = oracle(lambda rows: three(rows)[:, :1], output="probabilities", threshold=0.8)
    plain = oracle(lambda rows: three(rows)[:, :1], output="probabilities")
    agree({"late": late, "plain": plain})
    assert late.ask(X).decision.sum() < plain.ask(X).decision.sum()


def test_labels_of_one_leave_decisions_of_all() -> None:
    labels = oracle(lambda rows: np.where(rows[:, 0] > 0, "yes", "no"))
    scores = oracle(lambda rows: np.c_[0 * rows, rows[:, 0]][:, 1:], classes=["no", "yes"])
    common = agree({"labels": labels, "scores": scores})
    assert common.said == "labels"
    values = scores.ask(X).values
    assert set(np.unique(values)) == {0.0, 1.0}
    assert (values == labels.ask(X).values).all()


def test_what_an_error_carries_reads_alike_too() -> None:
    box = wrap(lambda rows: three(rows)[:, ::-1], classes=["c", "b", "a"])
    short = Alike(box, DOMAIN, budget=30)
    short.settle(X)
    first = oracle(three, classes=["a", "b", "c"])
    agree({"first": first, "short": short})
    with pytest.raises(BudgetSpent) as ended:
        short.ask(X)
    assert (ended.value.answers.values == first.ask(X[:30]).values).all()


def test_other_classes_are_no_order() -> None:
    with pytest.raises(DataError, match="share their classes"):
        agree({"a": oracle(three, classes=["a", "b", "c"]), "b": oracle(three)})


def test_tensors_stay_tensors() -> None:
    torch = pytest.importorskip("torch")
    net = torch.nn.Linear(2, 3)
    box = Alike(wrap(net, output="scores", classes=["a", "b", "c"]), DOMAIN)
    turned = Alike(wrap(net, output="scores", classes=["c", "b", "a"]), DOMAIN)
    for one in (box, turned):
        one.settle(X)
    agree({"box": box, "turned": turned})
    values = box.ask(X).values
    assert values.dtype == torch.float64
    assert torch.allclose(turned.ask(X).values, values.flip(1))
    assert torch.equal(turned.ask(X).decision, 2 - box.ask(X).decision)
