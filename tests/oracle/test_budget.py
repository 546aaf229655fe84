from __future__ import annotations

import json

import numpy as np
import pytest

from surrogate.errors import BudgetTooSmall
from surrogate.oracle import Budget, Queries, Quote, Spent
from surrogate.oracle.quote import admit
from surrogate.types import Terms


def quote(plan, budget, *, terms=None, spent=None, remembered=0, batch=10):
    return Quote.of(
        plan,
        target="toy",
        batch=batch,
        terms=terms or Terms(),
        budget=budget,
        spent=spent or Spent(),
        remembered=remembered,
    )


def test_a_budget_is_what_a_user_writes():
    assert Budget.of(7) == Budget(7) == Budget.of(np.int64(7)) == Budget.of(Budget(7))
    assert Budget.of(None).rows is None


def test_queries_go_to_json_and_back():
    queries = Queries(10, 2, 0.5, {"fit": 10}, Budget())
    assert Queries.from_dict(json.loads(json.dumps(queries.to_dict()))) == queries


def test_queries_read_well():
    assert str(Queries(1, 1, 0.5, {"fit": 1})) == "1 rows asked in 1 call and 0.5 s (fit 1)"
    assert str(Queries()) == "0 rows asked in 0 calls and 0 s"


@pytest.mark.parametrize("budget", [1, 10, 999, 5000])
def test_what_is_said_to_fit_fits(budget):
    plan = {"fit": 4001, "fidelity": 1000}
    with pytest.raises(BudgetTooSmall) as caught:
        admit(quote(plan, Budget(budget)))
    shares = str(caught.value).rsplit("in the same shares, ", 1)[1]
    fits = [int(word.strip(",").replace(",", "")) for word in shares.split()[1:4:2]]
    assert sum(fits) <= budget
