"""Several matrices in one ask, and models that change what they are given."""

from __future__ import annotations

import numpy as np
import pytest

from surrogate.adapters import wrap
from surrogate.domain import Domain
from surrogate.errors import AnswerError, BudgetSpent, Interrupted, ModelError
from surrogate.oracle import Oracle


def rows(n: int, first: float = 0.25) -> np.ndarray:
    return np.column_stack([np.arange(n) + first, -np.arange(n) - first])


def labels(asked: np.ndarray) -> np.ndarray:
    return np.where(asked[:, 0] > 6, "high", "low")


def test_parts_are_settled_together_and_counted_apart() -> None:
    oracle = Oracle(wrap(labels), Domain.infer(rows(20)), batch_rows=4)
    low, high, more = oracle.ask_parts([("a", rows(3)), ("b", rows(5, 7.5)), ("a", rows(2))])
    assert oracle.classes == ("high", "low")  # the first part alone has one class
    assert (len(low), len(high), len(more)) == (3, 5, 2)
    assert low.decision.tolist() == [1, 1, 1]
    assert high.decision.tolist() == [0] * 5
    assert dict(oracle.queries.purposes) == {"a": 5, "b": 5}
    assert oracle.queries.calls == 3


def test_parts_under_one_count_are_counted_there() -> None:
    oracle = Oracle(wrap(labels), Domain.infer(rows(20)))
    with oracle.counting("local"):
        oracle.ask_parts([("a", rows(3)), ("b", rows(5, 7.5))])
    assert dict(oracle.queries.purposes) == {"local": 8}


def test_progress_names_the_part_that_was_reached() -> None:
    seen: list[tuple[int, int, str]] = []
    oracle = Oracle(
        wrap(labels),
        Domain.infer(rows(20)),
        batch_rows=4,
        on_progress=lambda done, planned, purpose: seen.append((done, planned, purpose)),
    )
    oracle.ask_parts([("a", rows(5)), ("b", rows(5, 7.5))])
    assert seen == [(4, 10, "a"), (8, 10, "b"), (10, 10, "b")]


def test_an_ended_ask_carries_the_answers_of_all_parts() -> None:
    oracle = Oracle(wrap(labels), Domain.infer(rows(20)), budget=10)
    with pytest.raises(BudgetSpent, match="asked for 'a' and 'b' were answered") as spent:
        oracle.ask_parts([("a", rows(8)), ("b", rows(8, 7.5))])
    assert len(spent.value.answers) == 10
    assert spent.value.why == "the budget was spent"

    def pressed(asked: np.ndarray) -> np.ndarray:
        if asked[0, 0] > 7:
            raise KeyboardInterrupt
        return labels(asked)

    oracle = Oracle(wrap(pressed), Domain.infer(rows(20)), batch_rows=4)
    with pytest.raises(Interrupted) as stopped:
        oracle.ask_parts([("a", rows(8)), ("b", rows(8, 7.5))])
    assert len(stopped.value.answers) == 8
    assert stopped.value.why == "interrupted by Ctrl-C"


@pytest.mark.parametrize("at", [0, 19])
def test_a_model_that_changes_its_rows_is_found_out(at: int) -> None:
    def model(asked: np.ndarray) -> np.ndarray:
        asked[at] *= 2
        return labels(asked)

    X = rows(20)
    oracle = Oracle(wrap(model), Domain.infer(X))
    with pytest.raises(ModelError, match=r"model changed the rows .* in place, .* rows\.copy\(\)"):
        oracle.ask(X.copy())


def test_a_bad_answer_shows_its_row() -> None:
    data = {"age": np.arange(30.0) + 0.5, "job": np.array(["cook", None, "clerk"] * 10)}
    domain = Domain.infer(data)
    box = wrap(lambda asked: np.where(asked["age"] == 7.5, np.nan, 2 * asked["age"]))
    with pytest.raises(AnswerError, match=r"Row 7 is age = 7\.5, job = missing\.") as caught:
        Oracle(box, domain).ask(domain.encode(data))
    assert caught.value.row == 7


def test_numbers_are_refused_where_they_cannot_be_squared() -> None:
    oracle = Oracle(wrap(lambda asked: 1e160 * asked[:, 0]), Domain.infer(rows(20)))
    answers = oracle.ask(rows(20))
    with pytest.raises(AnswerError, match=r"answered 2\.5e\+159 to row 0, more than can be squ"):
        answers.numbers()
    small = oracle.ask(rows(20) * 1e-20)
    np.testing.assert_array_equal(small.numbers(), small.values)
