from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from surrogate.domain import Domain
from surrogate.errors import (
    AnswerError,
    BudgetSpent,
    BudgetTooSmall,
    Interrupted,
    ModelError,
    OptionError,
)
from surrogate.oracle import Budget, Oracle
from surrogate.types import Reply


def probability(rows: Any) -> np.ndarray:
    p = 1 / (1 + np.exp(-rows[:, 0]))
    return np.column_stack([1 - p, p])


def test_answers_are_the_models_own(make_oracle, rows):
    oracle = make_oracle(probability)
    answers = oracle.ask(rows)
    np.testing.assert_array_equal(answers.values, probability(rows))
    np.testing.assert_array_equal(answers.decision, (rows[:, 0] > 0).astype(int))
    assert (oracle.task, oracle.output, oracle.classes) == (
        "classification",
        "probabilities",
        (0, 1),
    )
    assert (oracle.n_outputs, oracle.library, oracle.device, oracle.dtype) == (
        2,
        "numpy",
        "cpu",
        "float64",
    )


def test_batches_do_not_change_answers(make_oracle, rows):
    whole, split = make_oracle(probability), make_oracle(probability, batch_rows=3)
    np.testing.assert_array_equal(split.ask(rows).values, whole.ask(rows).values)
    assert [len(seen) for seen in split.box.seen] == [3, 3, 3, 1]
    assert (split.queries.calls, whole.queries.calls) == (4, 1)


def test_the_boxs_largest_batch_is_kept(make_oracle, rows):
    oracle = make_oracle(probability, batch_rows=5, max_batch=4)
    oracle.ask(rows)
    assert [len(seen) for seen in oracle.box.seen] == [4, 4, 2]


def test_float_rows_pass_without_a_copy(make_oracle, rows):
    oracle = make_oracle(probability)
    oracle.ask(rows)
    assert oracle.box.seen[0] is rows


def test_rows_are_decoded_to_what_the_users_are(make_oracle):
    domain = Domain.infer({"age": [31, 45], "job": ["cook", "clerk"]})
    oracle = make_oracle(lambda r: np.where(r["job"] == "cook", "yes", "no"), domain=domain)
    answers = oracle.ask(domain.encode({"age": [20, 30], "job": ["cook", "clerk"]}))
    assert [oracle.classes[code] for code in answers.decision] == ["yes", "no"]
    assert oracle.box.seen[0]["age"].tolist() == [20, 30]


def test_snap_rounds_to_kind_and_dtype(make_oracle):
    domain = Domain.infer({"age": [31, 45], "height": [1.75, 1.62]})
    oracle = make_oracle(probability, domain=domain, dtype="float32")
    assert oracle.snap(np.array([[30.6, 0.1]])).tolist() == [[31.0, float(np.float32(0.1))]]


def test_purposes_are_counted_apart(make_oracle, rows):
    oracle = make_oracle(probability, batch_rows=4)
    oracle.ask(rows, purpose="fit")
    oracle.ask(rows[:3], purpose="fidelity")
    oracle.ask(rows[:2], purpose="fit")
    queries = oracle.queries
    assert dict(queries.purposes) == {"fit": 12, "fidelity": 3}
    assert (queries.rows, queries.calls) == (15, 5)
    assert queries.seconds > 0


def test_progress_is_told_after_every_batch(make_oracle, rows):
    told: list[tuple[int, int, str]] = []
    oracle = make_oracle(probability, batch_rows=4, on_progress=lambda *args: told.append(args))
    oracle.ask(rows, purpose="fit")
    assert told == [(4, 10, "fit"), (8, 10, "fit"), (10, 10, "fit")]


# ---- what is known before asking ----


@pytest.mark.parametrize("fact", ["task", "output", "classes", "n_outputs"])
def test_unknown_facts_say_how_they_become_known(make_oracle, fact):
    oracle = make_oracle(probability)
    with pytest.raises(ModelError, match=r"of toy is not known before it was asked.*settle\(rows"):
        getattr(oracle, fact)


def test_declared_facts_are_known_without_asking(make_oracle):
    oracle = make_oracle(
        probability, task="classification", output="probabilities", classes=("a", "b")
    )
    assert (oracle.task, oracle.output, oracle.classes, oracle.n_outputs) == (
        "classification",
        "probabilities",
        ("a", "b"),
        2,
    )
    assert oracle.queries.rows == 0
    assert make_oracle(probability, task="regression").classes is None


# ---- settling ----


def test_settling_keeps_its_answers(make_oracle):
    rows = np.random.default_rng(0).normal(size=(100, 2))
    oracle = make_oracle(probability)
    oracle.settle(rows)
    assert dict(oracle.queries.purposes) == {"settle": 64}
    np.testing.assert_array_equal(oracle.ask(rows).values, probability(rows))
    assert dict(oracle.queries.purposes) == {"settle": 64, "fit": 36}
    oracle.ask(rows)
    assert oracle.queries.purposes["fit"] == 136


def test_settling_answers_are_not_reused_for_other_rows(make_oracle):
    rows = np.random.default_rng(0).normal(size=(100, 2))
    oracle = make_oracle(probability)
    oracle.settle(rows)
    other = rows + 1
    np.testing.assert_array_equal(oracle.ask(other).values, probability(other))
    assert dict(oracle.queries.purposes) == {"settle": 64, "fit": 100}


def test_rows_that_were_all_settled_cost_nothing_more(make_oracle, rows):
    oracle = make_oracle(probability, budget=10)
    oracle.settle(rows)
    assert len(oracle.ask(rows)) == 10
    assert oracle.queries.rows == 10


def test_settled_rows_with_missing_values_are_reused(make_oracle):
    rows = np.array([[0.5, np.nan], [-0.5, 1.5]])
    oracle = make_oracle(probability, domain=Domain.infer(rows))
    oracle.settle(rows)
    oracle.ask(rows)
    assert oracle.queries.rows == 2


def test_settling_twice_asks_once(make_oracle, rows):
    oracle = make_oracle(probability)
    oracle.settle(rows)
    oracle.settle(rows)
    assert oracle.queries.rows == 10


def test_settling_finds_every_class_of_a_label_box(make_oracle):
    rows = np.linspace(-1, 1, 300)[:, None]
    names = np.array(["low", "middle", "top"])
    oracle = make_oracle(lambda r: names[np.digitize(r[:, 0], [0, 0.9])], n_features=1)
    oracle.settle(rows)
    assert oracle.classes == ("low", "middle", "top")
    oracle.ask(rows)
    assert oracle.queries.rows == 300


def test_settling_within_a_small_budget(make_oracle):
    oracle = make_oracle(probability, budget=5)
    oracle.settle(np.random.default_rng(0).normal(size=(100, 2)))
    assert oracle.queries.rows == 5


# ---- budget ----


def test_a_plan_beyond_the_budget_is_refused(make_oracle):
    oracle = make_oracle(probability, budget=Budget(5000))
    oracle.admit({"fit": 4000, "fidelity": 1000})
    message = (
        r"would ask 7,000 rows \(fit 5,000, fidelity 2,000\), and the budget is 5,000 rows\. "
        r"Nothing was asked\. Give a budget of at least 7,000.*fit 3,571, fidelity 1,428 would fit"
    )
    with pytest.raises(BudgetTooSmall, match=message):
        oracle.admit({"fit": 5000, "fidelity": 2000})


def test_a_plan_counts_what_was_spent(make_oracle, rows):
    oracle = make_oracle(probability, budget=20)
    oracle.ask(rows)
    with pytest.raises(BudgetTooSmall, match=r"of which 10 are used.*at least 21"):
        oracle.admit({"fit": 11})
    oracle.admit({"fit": 10})


def test_no_budget_admits_everything(make_oracle):
    oracle = make_oracle(probability)
    oracle.admit({"fit": 10**9})
    assert oracle.remaining is None


def test_a_spent_budget_carries_the_answers(make_oracle, rows):
    oracle = make_oracle(probability, budget=7, batch_rows=2)
    with pytest.raises(BudgetSpent, match=r"budget of 7 rows is spent: 7 of the 10 rows") as caught:
        oracle.ask(rows)
    np.testing.assert_array_equal(caught.value.answers.values, probability(rows[:7]))
    assert (oracle.queries.rows, oracle.remaining) == (7, 0)
    with pytest.raises(BudgetSpent, match="0 of the 10 rows") as caught:
        oracle.ask(rows)
    assert caught.value.answers is None


@pytest.mark.parametrize("budget", [0, -3, 2.5, "many", True])
def test_wrong_budgets_are_refused(make_oracle, budget):
    with pytest.raises(OptionError, match=r"`budget` must be a number of rows in \[1, inf\)"):
        make_oracle(probability, budget=budget)


def test_wrong_batch_rows_are_refused(make_oracle):
    with pytest.raises(OptionError, match="`batch_rows` parameter of Oracle must be an int"):
        make_oracle(probability, batch_rows=0)


# ---- what breaks on the way ----


class Breaking:
    """Raises at one call."""

    def __init__(self, error: BaseException, at: int) -> None:
        self.error, self.at, self.calls = error, at, 0

    def __call__(self, rows: Any) -> np.ndarray:
        self.calls += 1
        if self.calls == self.at:
            raise self.error
        return probability(rows)


def test_a_model_that_raises_says_so_and_loses_nothing(make_oracle, rows):
    oracle = make_oracle(Breaking(ZeroDivisionError("by zero\nmore"), 3), batch_rows=3)
    with pytest.raises(
        ModelError,
        match=r"toy raised ZeroDivisionError: by zero \(while .* rows 6 to 8\)\.$",
    ) as caught:
        oracle.ask(rows)
    np.testing.assert_array_equal(caught.value.answers.values, probability(rows[:6]))
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert oracle.queries.rows == 9


def test_a_model_that_raises_at_once_has_no_answers(make_oracle, rows):
    oracle = make_oracle(Breaking(ValueError(), 1))
    with pytest.raises(ModelError, match="toy raised ValueError") as caught:
        oracle.ask(rows)
    assert caught.value.answers is None


def test_rows_with_missing_values_are_named_when_the_model_raises(make_oracle):
    rows = np.array([[0.5, np.nan], [-0.5, 1.5]])

    def strict(r: np.ndarray) -> np.ndarray:
        if np.isnan(r).any():
            raise ValueError("Input contains NaN")
        return probability(r)

    oracle = make_oracle(strict, domain=Domain.infer(rows))
    with pytest.raises(ModelError, match=r"Input contains NaN.*hold missing values, in 'x1'"):
        oracle.ask(rows)


def test_rows_with_missing_values_are_named_when_the_model_answers_nan(make_oracle):
    rows = np.array([[0.5, np.nan], [-0.5, 1.5]])
    oracle = make_oracle(lambda r: r.sum(axis=1) + 10, domain=Domain.infer(rows), task="regression")
    with pytest.raises(AnswerError, match=r"answered nan to row 0.*hold missing values, in 'x1'"):
        oracle.ask(rows)


def test_ctrl_c_carries_the_answers(make_oracle, rows):
    oracle = make_oracle(Breaking(KeyboardInterrupt(), 3), batch_rows=4)
    with pytest.raises(Interrupted, match=r"toy was asked: 8 of 10 rows") as caught:
        oracle.ask(rows)
    np.testing.assert_array_equal(caught.value.answers.values, probability(rows[:8]))


def test_ctrl_c_in_a_progress_callback_carries_the_answers(make_oracle, rows):
    def stop(done: int, total: int, purpose: str) -> None:
        raise KeyboardInterrupt

    oracle = make_oracle(probability, batch_rows=4, on_progress=stop)
    with pytest.raises(Interrupted) as caught:
        oracle.ask(rows)
    assert len(caught.value.answers) == 4


def test_good_answers_before_a_bad_one_are_kept(make_oracle, rows):
    calls = []

    def worse(r: np.ndarray) -> np.ndarray:
        calls.append(r)
        values = probability(r)
        if len(calls) == 3:
            values[1, 0] = np.nan
        return values

    oracle = make_oracle(worse, batch_rows=4, task="classification")
    oracle.ask(rows[:1])
    with pytest.raises(AnswerError, match="answered nan to row 5") as caught:
        oracle.ask(rows)
    assert len(caught.value.answers) == 4


# ---- copies ----


def test_clones_and_copies_are_the_oracle_itself(make_oracle):
    from sklearn.base import clone

    oracle = make_oracle(probability)
    assert copy.deepcopy(oracle) is oracle
    assert copy.copy(oracle) is oracle
    assert clone(oracle) is oracle


def test_an_oracle_pickles_closed(make_oracle, rows):
    oracle = make_oracle(probability, budget=50, on_progress=lambda *args: None)
    oracle.ask(rows)
    closed = pickle.loads(pickle.dumps(oracle))
    assert isinstance(closed, Oracle)
    assert closed.queries == oracle.queries
    assert closed.classes == (0, 1)
    for use in (lambda: closed.ask(rows), lambda: closed.box):
        with pytest.raises(ModelError, match=r"unpickled.*leave the model \(toy\) behind"):
            use()
    assert closed.queries == oracle.queries
    assert oracle.box.function is probability


def test_the_models_own_decision_is_kept(make_oracle, rows):
    labels = np.array(["a"] * 4 + ["b"] * 6)
    oracle = make_oracle(
        lambda r: Reply(values=probability(r), labels=labels[: len(r)]), classes=("a", "b")
    )
    assert oracle.ask(rows).decision.tolist() == [0] * 4 + [1] * 6


def test_a_threshold_decides(make_oracle, rows):
    oracle = make_oracle(probability, task="classification", threshold=0.6)
    answers = oracle.ask(rows)
    np.testing.assert_array_equal(answers.decision, probability(rows)[:, 1] > 0.6)
    assert 0 < answers.decision.sum() < (rows[:, 0] > 0).sum()


def test_repr_says_what_was_asked(make_oracle, rows):
    oracle = make_oracle(probability, budget=50)
    oracle.ask(rows)
    assert "<Oracle of toy: 10 of 50 rows asked in 1 call" in repr(oracle)
