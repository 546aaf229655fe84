"""Whatever goes wrong on the way, the books agree with the bill, and no answer is mixed up."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from surrogate.domain import Domain
from surrogate.errors import AttemptError, BudgetSpent, ModelError
from surrogate.oracle import Budget, Ledger, Oracle, RetryPolicy

from faults.books import check, never_again
from faults.conftest import LONG, fresh
from faults.server import FAULTS, Fault, FaultyServer, probability

pytest.importorskip("httpx2")
from surrogate.adapters.http import Endpoint, HttpBox

ROWS = np.arange(48.0).reshape(24, 2)
HASTY = RetryPolicy(first_wait=0.001, longest_wait=0.005, quota=10.0)
STATUSES = (400, 401, 408, 413, 429, 500, 502, 503, 504)

refusals = st.builds(
    Fault,
    st.sampled_from(["refuse", "worked"]),
    st.sampled_from(STATUSES),
    st.sampled_from([None, "0", "0.01", "Wed, 21 Oct 2015 07:28:00 GMT"]),
)
others = st.builds(Fault, st.sampled_from([kind for kind in FAULTS if kind != "stall"]))
stalls = st.just(Fault("stall"))
schedules = st.lists(st.one_of(others, others, refusals, stalls), max_size=12)


def opened(server: FaultyServer, ledger: Path, *, concurrency: int = 3) -> Oracle:
    """An oracle of the server's model, in small batches and with little patience."""
    endpoint = Endpoint(
        server.url,
        protocol="v1",
        classes=("no", "yes"),
        rows_per_call=4,
        concurrency=concurrency,
        read_timeout=0.1,
    )
    return Oracle(
        HttpBox(endpoint),
        Domain.infer(ROWS),
        budget=Budget(rows=10_000),
        ledger=ledger,
        retry=HASTY,
    )


def settled_rows(box: HttpBox, ledger: Path) -> list[tuple[float, ...]]:
    """Rows of which the ledger keeps the answer."""
    with Ledger(ledger) as kept:
        keys = kept.keys(box.wire(ROWS))
        found = kept.find(keys)
    return [tuple(row) for row, key in zip(ROWS.tolist(), keys) if key in found]


def run_to_the_end(server: FaultyServer, ledger: Path) -> np.ndarray:
    """Start again, as a person would, until all is answered; check the books each time."""
    settled: list[tuple[float, ...]] = []
    for _ in range(40):
        calls = len(server.bill.calls)
        with opened(server, ledger) as oracle:
            try:
                values = np.asarray(oracle.ask(ROWS).values)
            except (ModelError, BudgetSpent) as error:
                values = None
                told = getattr(error.answers, "values", np.empty((0, 2)))
                assert np.array_equal(told, truth()[: len(told)])
        check(ledger, server.bill)
        never_again(server.bill, calls, settled)
        settled = settled_rows(oracle.box, ledger)
        if values is not None:
            return values
    raise AssertionError("forty starts were not enough")


def truth() -> np.ndarray:
    """What the model says of all rows."""
    return np.array([probability(row) for row in ROWS])


@settings(
    max_examples=2_000 if LONG else 40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(schedule=schedules)
def test_books_agree_with_the_bill(running: FaultyServer, schedule: list[Fault]) -> None:
    fresh(running)
    running.stall = 0.15
    running.schedule.extend(schedule)
    with tempfile.TemporaryDirectory() as folder:
        values = run_to_the_end(running, Path(folder, "ledger"))
    assert np.array_equal(values, truth())


@pytest.mark.parametrize("kind", FAULTS)
def test_each_fault_alone(server: FaultyServer, tmp_path: Path, kind: str) -> None:
    server.stall = 0.15
    server.schedule.extend([Fault("pass"), Fault(kind), Fault("pass")])
    assert np.array_equal(run_to_the_end(server, tmp_path / "ledger"), truth())


def test_without_faults_each_row_is_billed_once(server: FaultyServer, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    with opened(server, ledger) as oracle:
        oracle.ask(np.concatenate([ROWS, ROWS[::-1]]))
        oracle.ask(ROWS)
    with opened(server, ledger) as oracle:
        oracle.ask(ROWS)
        assert oracle.queries.rows == 0
    assert set(server.bill.rows.values()) == {1}
    assert check(ledger, server.bill).states == {"settled": len(ROWS)}


def test_an_answer_that_comes_twice_is_not_taken_for_the_next(
    server: FaultyServer, tmp_path: Path
) -> None:
    server.schedule.extend([Fault("repeated")] * 10)
    with opened(server, tmp_path / "ledger", concurrency=1) as oracle:
        assert np.array_equal(np.asarray(oracle.ask(ROWS).values), truth())


def test_what_is_lost_after_the_work_counts_as_unknown(
    server: FaultyServer, tmp_path: Path
) -> None:
    ledger = tmp_path / "ledger"
    server.schedule.extend([Fault("pass"), Fault("reset_after")])
    with opened(server, ledger, concurrency=1) as oracle:
        oracle.ask(ROWS)
        assert oracle.queries.unknown > 0
    books = check(ledger, server.bill)
    assert server.bill.rows.total() == books.settled + books.states["unknown"]


def test_a_server_that_is_gone_ends_the_job_and_keeps_what_there_is(
    server: FaultyServer, tmp_path: Path
) -> None:
    server.schedule.extend([Fault("pass")] * 3 + [Fault("reset_before")] * 60)
    with (
        opened(server, tmp_path / "ledger", concurrency=1) as oracle,
        pytest.raises(AttemptError) as ended,
    ):
        oracle.ask(ROWS)
    assert len(ended.value.answers) > 0
    check(tmp_path / "ledger", server.bill)
