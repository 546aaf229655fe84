from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.errors import BudgetTooSmall, OptionError
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


# ---- money and requests ----

PRICED = Terms(price_per_row=0.01, price_per_call=0.1, rate=4.0)


@given(
    st.integers(0, 50),
    st.integers(0, 200),
    st.one_of(st.none(), st.floats(0.01, 30)),
    st.one_of(st.none(), st.integers(1, 30)),
)
def test_what_there_is_room_for_never_passes_a_limit(requests, rows, money, most):
    budget = Budget(rows=150, requests=most, money=money)
    spent = Spent(rows, requests, rows * 0.01 + requests * 0.1)
    room = budget.room(spent, PRICED)
    assert room >= 0
    if room >= 1:
        after = spent + Spent.one(int(room), PRICED)
        assert after.rows <= 150
        assert most is None or after.requests <= most
        assert money is None or after.money <= money + 1e-6


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        (Budget(requests=9), r"take about 10 requests for 100 rows .* budget is 9 requests\."),
        (Budget(money=1.5), r"take about 2\.00 USD for 100 rows .* budget is 1\.50 USD\."),
        (Budget(rows=99, money=9), r"would ask 100 rows \(fit 60, fidelity 40\)"),
    ],
)
def test_every_limit_refuses_a_plan_that_passes_it(budget, message):
    with pytest.raises(BudgetTooSmall, match=message):
        admit(quote({"fit": 60, "fidelity": 40}, budget, terms=PRICED))


def test_what_the_ledger_may_answer_need_not_be_paid_for():
    plan = {"fit": 60, "fidelity": 40}
    admit(quote(plan, Budget(rows=100), spent=Spent(70, 7), remembered=70))
    with pytest.raises(BudgetTooSmall, match=r"of which 75 are used.*at least 105"):
        admit(quote(plan, Budget(rows=100), spent=Spent(75, 8), remembered=70))


@pytest.mark.parametrize("wrong", [{"rows": 0}, {"requests": 1.5}, {"money": 0}, {"money": True}])
def test_wrong_limits_are_refused(wrong):
    with pytest.raises(OptionError, match=f"`{next(iter(wrong))}` of a `budget` must be"):
        Budget(**wrong)


def test_all_that_was_counted_goes_to_json_and_back():
    queries = Queries(
        rows=10,
        calls=2,
        seconds=0.5,
        purposes={"fit": 10},
        budget=Budget(money=3.0),
        money=0.1,
        currency="EUR",
        remembered=4,
        retried=1,
        failed=2,
        unknown=3,
        earlier=Spent(5, 1, 0.05),
    )
    assert Queries.from_dict(json.loads(json.dumps(queries.to_dict()))) == queries
    assert str(queries) == (
        "10 rows asked in 2 calls and 0.5 s (fit 10) for 0.10 of 3.00 EUR; 4 rows remembered; "
        "1 attempt made again; 2 rows refused or not sent; 3 rows sent without a usable answer; "
        "5 rows asked by earlier runs"
    )
    json.dumps(quote({"fit": 5}, Budget(rows=9)).to_dict())


def test_queries_of_the_first_release_are_read():
    old = {"rows": 5, "calls": 1, "seconds": 0.1, "purposes": {"fit": 5}, "budget": 9}
    assert Queries.from_dict(old) == Queries(5, 1, 0.1, {"fit": 5}, Budget(9))
