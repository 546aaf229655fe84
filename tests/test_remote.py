"""explain, distill and audit of a remote model: quotes, budgets, ledgers, offline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from surrogate import Budget, audit, distill, explain
from surrogate.errors import AttemptError, BudgetTooSmall, LedgerError, OptionError
from surrogate.explanation import AuditResult
from surrogate.oracle import Quote
from surrogate.types import Terms

from remote_boxes import FakeRemote, probability, rejected, remote_traits, rows_of

X = rows_of(120)
SMALL: dict[str, Any] = {"fidelity": 40, "stability": 1}
CART = {"n_queries": 150}
AUDIT: dict[str, Any] = {**SMALL, "options": {"cart": CART, "lime": {"n_samples": 200}}}
MUCH = Budget(rows=20_000)


def remote(**more: Any) -> FakeRemote:
    more = {"traits": remote_traits(max_batch=40), **more}
    return FakeRemote(terms=Terms(identity="toy at example.org", price_per_row=0.001), **more)


def measured(result: Any) -> Any:
    """All of a result but how it was asked, when, and what that cost."""

    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            kept = value.keys() - {"queries", "asking", "call", "integrity"}
            return {key: strip(value[key]) for key in sorted(kept)}
        return [strip(item) for item in value] if isinstance(value, list) else value

    return strip(json.loads(result.to_json()))


@pytest.mark.parametrize(
    ("ask", "rows"),
    [
        (lambda box, **how: explain(box, X[:3], data=X, **how), 3 + 5_000 + 1_000),
        (lambda box, **how: explain(box, X, method="cart", fidelity=40, **how), None),
        (lambda box, **how: distill(box, X, **SMALL, options=CART, **how), 2 * (84 + 150) + 76),
        (lambda box, **how: audit(box, X, **AUDIT, **how), 2 * (84 + 150) + 76 + 1_205 + 60),
    ],
)
def test_a_dry_run_prices_a_job_and_asks_nothing(ask, rows):
    box = remote()
    quote = ask(box, dry_run=True)
    assert isinstance(quote, Quote)
    assert rows in (None, quote.rows)
    assert quote.money == pytest.approx(quote.rows * 0.001)
    with pytest.raises(OptionError, match=rf"give a `budget`, such as Budget\(rows={quote.rows}, "):
        ask(box)
    with pytest.raises(BudgetTooSmall, match="Nothing was asked"):
        ask(box, budget=quote.rows - 1)
    assert box.attempts == []


def test_a_quote_is_never_exceeded_without_faults():
    box = remote()
    quote = audit(box, X, **AUDIT, dry_run=True)
    found = audit(box, X, **AUDIT, budget=Budget(rows=quote.rows, money=quote.money))
    assert not found.interrupted
    assert found.queries.rows == len(box.billed) <= quote.rows


def test_the_surrogate_is_that_of_the_model_in_process():
    from surrogate.adapters import wrap

    near = wrap(probability, output="probabilities", classes=("no", "yes"))
    here = distill(near, X, **SMALL, options=CART)
    there = distill(remote(), X, **SMALL, options=CART, budget=MUCH)
    assert here.form == there.form
    assert [str(one) for one in here.fidelity] == [str(one) for one in there.fidelity]


def test_an_audit_goes_on_where_it_was_cut_off(tmp_path: Path):
    whole = audit(remote(), X, **AUDIT, budget=MUCH)
    box = remote(faults=[*[None] * 20, rejected(401, fatal=True)])
    cut = audit(box, X, **AUDIT, budget=MUCH, ledger=tmp_path / "ledger.db")
    assert cut.interrupted
    assert "status 401" in str(cut)
    paid = len(box.billed)
    found = audit(box, X, **AUDIT, budget=MUCH, ledger=tmp_path / "ledger.db")
    assert measured(found) == measured(whole)
    assert len(box.billed) == len(set(box.billed)) + 60  # noise is asked again on purpose
    assert found.queries.earlier.rows == paid
    assert "rows asked by earlier runs" in " ".join(str(found).split())


def test_a_failure_at_once_is_raised():
    with pytest.raises(AttemptError, match="status 401"):
        audit(remote(faults=["401"]), X, **AUDIT, budget=MUCH)


def test_a_replay_equals_the_job_and_asks_nothing(tmp_path: Path):
    box, path = remote(), tmp_path / "ledger.db"
    jobs = (
        lambda **how: audit(box, X, **AUDIT, ledger=path, **how),
        lambda **how: distill(box, X, **SMALL, options=CART, ledger=path, **how),
        lambda **how: explain(
            box, X[:2], data=X, fidelity=40, options={"n_samples": 90}, ledger=path, **how
        ),
    )
    for job in jobs:
        first = job(budget=MUCH)
        n = len(box.attempts)
        assert measured(job(offline=True)) == measured(first)
        assert len(box.attempts) == n
    with pytest.raises(LedgerError, match=r"lacks [\d,]+ of the"):
        audit(box, X, **AUDIT, ledger=path, offline=True, seed=5)


def test_money_that_ends_on_the_way_leaves_what_there_is():
    box = remote(faults=[None, *["reset after", None, None, None] * 6])
    quote = audit(box, X, **AUDIT, dry_run=True)
    found = audit(box, X, **AUDIT, budget=Budget(money=quote.money))
    assert found.interrupted
    assert found.queries.exhausted or "No single rows were explained" in str(found)
    assert found.queries.unknown > 0
    assert len(box.billed) <= quote.rows


def test_a_report_says_how_steady_the_target_is_and_what_it_cost(tmp_path: Path):
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    found = audit(remote(), X, **AUDIT, budget=MUCH)
    assert AuditResult.from_json(found.to_json()) == found
    page = found.report(tmp_path / "report.html").read_text(encoding="utf-8")
    for text in ("How steady the model is", "has no noise of its own", "rows remembered", "USD"):
        assert text in page
    assert "the target itself: 10 rows were asked twice" in str(found)


def test_drift_stands_at_the_top():
    box = remote()
    rows = 0

    def drifting(asked: np.ndarray) -> np.ndarray:
        nonlocal rows
        rows += len(asked)
        return probability(asked - (rows > 500))

    box.function = drifting
    found = audit(box, X, **AUDIT, budget=MUCH)
    assert found.steadiness is not None
    assert found.steadiness.drifted
    assert str(found).startswith("! The target changed while it was audited")


def test_audits_written_before_steadiness_are_read():
    found = audit(remote(), X, **AUDIT, budget=MUCH)
    old = json.loads(found.to_json())
    del old["steadiness"]
    old["queries"] = {
        name: old["queries"][name] for name in ("rows", "calls", "seconds", "purposes")
    } | {"budget": 5_000}
    read = AuditResult.from_json(json.dumps(old))
    assert read.steadiness is None
    assert read.queries is not None
    assert read.queries.budget == Budget(5_000)


def test_a_model_in_process_is_watched_by_nobody():
    from surrogate.adapters import wrap

    found = audit(wrap(probability, output="probabilities"), X, **AUDIT)
    assert found.steadiness is None
    assert "noise" not in found.queries.purposes
