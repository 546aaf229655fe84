"""One oracle through several domains: all but what a row is, is shared."""

from __future__ import annotations

import numpy as np
import pytest

from surrogate import Domain, Oracle, wrap
from surrogate.errors import BudgetSpent, DataError

from remote_boxes import FakeRemote

SHORT = Domain.infer(np.array([[0.5, 1.5], [2.5, 3.5]]))
LONG = Domain.infer(np.array([[0.5, 1.5, 2.5], [4.5, 3.5, 3.5]]))


class Twice(Domain):
    """A domain whose rows the model gets doubled."""

    def decode(self, matrix: np.ndarray) -> np.ndarray:
        return 2 * matrix


class Wide(Domain):
    """A domain of which one row is large to the model."""

    @property
    def entries(self) -> int:
        return 1 << 16


def sums(rows: np.ndarray) -> np.ndarray:
    return rows.sum(axis=1)


def test_budget_and_counts_are_shared() -> None:
    oracle = Oracle(wrap(sums, task="regression"), SHORT, budget=5)
    view = oracle.seen(LONG)
    oracle.ask(np.ones((2, 2)), purpose="a")
    assert view.ask(np.ones((1, 3)), purpose="b").values.tolist() == [[3.0]]
    assert oracle.ask(np.ones((1, 2)), purpose="a").values.tolist() == [[2.0]]
    assert dict(oracle.queries.purposes) == dict(view.queries.purposes) == {"a": 3, "b": 1}
    assert oracle.remaining == view.remaining == 1
    with pytest.raises(BudgetSpent):
        view.ask(np.ones((2, 3)))


def test_each_view_checks_rows_of_its_own() -> None:
    oracle = Oracle(wrap(sums, task="regression"), SHORT)
    view = oracle.seen(LONG)
    with pytest.raises(DataError, match=r"shape \(n, 3\)"):
        view.ask(np.ones((1, 2)))
    with pytest.raises(DataError, match=r"shape \(n, 2\)"):
        oracle.ask(np.ones((1, 3)))
    assert (view.domain, oracle.domain) == (LONG, SHORT)


def test_what_answers_are_is_settled_once_for_all_views() -> None:
    oracle = Oracle(wrap(lambda rows: np.where(sums(rows) > 3, "yes", "no")), SHORT)
    oracle.settle(np.array([[0.0, 1.0], [3.0, 3.0]]))
    assert oracle.seen(LONG).classes == ("no", "yes")


def test_rows_kept_from_settling_are_those_of_one_domain_only() -> None:
    twice = Twice(SHORT.features)
    oracle = Oracle(wrap(sums, task="regression"), SHORT)
    oracle.settle(np.ones((1, 2)))
    assert oracle.seen(twice).ask(np.ones((1, 2))).values.tolist() == [[4.0]]


def test_a_remote_model_is_asked_equal_inputs_once_through_all_views() -> None:
    same = Domain.infer(np.array([[0.5, 1.5], [2.5, 3.5]]))
    box = FakeRemote()
    with Oracle(box, SHORT, budget=10) as oracle:
        first = oracle.ask(np.ones((1, 2)))
        again = oracle.seen(same).ask(np.array([[1.0, 1.0], [2.0, 2.0]]))
        assert again.values[0].tolist() == first.values[0].tolist()
        assert len(box.billed) == 2
        assert oracle.queries.rows == 2


def test_wide_inputs_go_in_smaller_batches() -> None:
    sizes = []

    def count(rows: np.ndarray) -> np.ndarray:
        sizes.append(len(rows))
        return sums(rows)

    oracle = Oracle(wrap(count, task="regression"), SHORT)
    oracle.seen(Wide(SHORT.features)).ask(np.ones((200, 2)))
    assert max(sizes) == 64
