"""Asking a remote box: what is sent, what is kept, and how it ends."""

from __future__ import annotations

import os
import pickle
import signal
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from surrogate.domain import Domain
from surrogate.errors import (
    AnswerError,
    AttemptError,
    BudgetSpent,
    BudgetTooSmall,
    Interrupted,
    LedgerError,
    ModelError,
    OptionError,
)
from surrogate.oracle import Budget, Ledger, Oracle, RetryPolicy
from surrogate.oracle.ledger_tools import summary
from surrogate.types import Reply, Terms

from remote_boxes import (
    DOMAIN,
    FakeRemote,
    StillClock,
    ask_oracle,
    distinct,
    probability,
    rejected,
    remote_traits,
    rows_of,
)

X = rows_of(40)


def terms(**more: Any) -> Terms:
    return Terms(identity="toy at example.org", **more)


# ---- equal rows are asked once ----


def test_answers_are_the_models_own_in_the_order_asked():
    box = FakeRemote()
    answers = ask_oracle(box).ask(X)
    np.testing.assert_array_equal(answers.values, probability(X))
    assert distinct(box.billed) == len(box.billed) == 40


def test_equal_rows_are_asked_once_in_one_ask_and_over_many():
    box = FakeRemote()
    oracle = ask_oracle(box)
    twice = np.vstack([X, X[::-1]])
    np.testing.assert_array_equal(oracle.ask(twice).values, probability(twice))
    oracle.ask(X[:7], purpose="fidelity")
    assert len(box.billed) == 40
    assert (oracle.queries.rows, oracle.queries.remembered) == (40, 47)


def test_deliberate_repeats_are_asked_each_once():
    box = FakeRemote()
    oracle = ask_oracle(box)
    oracle.ask(X)
    for replicate in (1, 2, 1, 2):
        oracle.ask(X[:5], replicate=replicate)
    assert len(box.billed) == 50


def test_threads_that_want_the_same_rows_ask_them_once():
    box = FakeRemote()
    oracle, found = ask_oracle(box), []
    threads = [
        threading.Thread(target=lambda i=i: found.append((i, oracle.ask(X[i : i + 20]).values)))
        for i in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    for i, values in found:
        np.testing.assert_array_equal(values, probability(X[i : i + 20]))
    assert len(box.billed) == distinct(box.billed) == 27


def test_requests_run_side_by_side_as_far_as_the_box_stands_it():
    ready = threading.Barrier(3, timeout=20)

    def wait(box: FakeRemote, rows: Any) -> Reply:
        ready.wait()
        return box.answer(rows)

    box = FakeRemote(faults=[None, wait, wait, wait])
    ask_oracle(box).ask(X[:13])
    assert box.widest == 3


def test_one_row_is_asked_first():
    box = FakeRemote(faults=[rejected(401, fatal=True)])
    with pytest.raises(AttemptError, match="status 401"):
        ask_oracle(box).ask(X)
    assert box.attempts == [1]


def test_a_batch_that_is_too_large_is_halved_for_good():
    box = FakeRemote(traits=remote_traits(max_batch=16, concurrency=1), most=4)
    oracle = ask_oracle(box)
    np.testing.assert_array_equal(oracle.ask(X).values, probability(X))
    assert box.attempts == [1, 16, 8, *[4] * 9, 3]
    assert len(box.billed) == 40


def test_rows_are_decoded_to_what_the_users_are():
    domain = Domain.infer({"age": [31, 45], "job": ["cook", "clerk"]})

    class Named(FakeRemote):
        def wire(self, rows: Any) -> list[bytes]:
            return [f"{age},{job}".encode() for age, job in zip(rows["age"], rows["job"])]

    box = Named(lambda r: np.where(r["job"] == "cook", "yes", "no"))
    box.ask = box.answer  # type: ignore[method-assign]
    box.traits = remote_traits(output="labels", classes=("no", "yes"))
    oracle = Oracle(box, domain, budget=9)
    answers = oracle.ask(domain.encode({"age": [20, 30], "job": ["cook", "clerk"]}))
    assert answers.decision.tolist() == [1, 0]


def test_classes_of_a_label_box_are_those_of_all_rows_asked():
    rows = np.column_stack([np.linspace(-1, 1, 300), np.zeros(300)])
    names = np.array(["low", "middle", "top"])
    traits = remote_traits(task=None, output=None, classes=None, max_batch=20)
    box = FakeRemote(lambda r: names[np.digitize(r[:, 0], [0, 0.9])], traits=traits)
    oracle = ask_oracle(box)
    oracle.settle(rows)
    assert oracle.classes == ("low", "middle", "top")
    oracle.ask(rows)
    assert len(box.billed) == 300


def test_answers_that_could_be_several_things_are_kept_for_the_next_start(tmp_path):
    traits = remote_traits(task=None, output=None, classes=None)
    box = FakeRemote(lambda r: probability(r)[:, 0], traits=traits)
    with (
        ask_oracle(box, ledger=tmp_path / "l") as oracle,
        pytest.raises(AnswerError, match="say task='classification' or task='regression'"),
    ):
        oracle.ask(X)
    box.traits = remote_traits(task="regression", output="values", classes=None)
    with ask_oracle(box, ledger=tmp_path / "l") as oracle:
        oracle.ask(X)
    assert len(box.billed) == 40


def test_columns_that_the_answers_name_may_come_in_any_order():
    def named(rows: Any) -> Reply:
        values, order = probability(rows), [1, 0] if len(rows) % 2 else [0, 1]
        names = ("no", "yes")
        return Reply(values=values[:, order], classes=tuple(names[i] for i in order))

    box = FakeRemote(named, traits=remote_traits(task=None, output=None, classes=None))
    oracle = ask_oracle(box)
    answers = oracle.ask(X)
    assert oracle.classes == ("yes", "no")
    np.testing.assert_array_equal(answers.values, probability(X)[:, ::-1])


# ---- what goes wrong, and is tried again ----


@pytest.mark.parametrize(
    "fault", ["refused", "429", "503", "504 after", "reset after", "500 after"]
)
def test_a_passing_fault_is_got_over(fault):
    box = FakeRemote(faults=[None, fault])
    oracle = ask_oracle(box)
    np.testing.assert_array_equal(oracle.ask(X).values, probability(X))
    assert oracle.queries.retried == 1


def test_what_may_be_paid_for_counts_and_what_was_refused_does_not():
    box = FakeRemote(
        faults=[None, "reset after", "429", "refused"], traits=remote_traits(concurrency=1)
    )
    oracle = ask_oracle(box)
    oracle.ask(X[:9])
    queries = oracle.queries
    assert (queries.rows, queries.unknown, queries.failed) == (9 + 4, 4, 4 + 4)
    assert queries.purposes == {"fit": 13}
    assert queries.rows == len(box.billed)


def test_everyone_waits_as_long_as_the_server_says():
    clock = StillClock()
    box = FakeRemote(faults=[None, rejected(429, retry_after=7.0)])
    ask_oracle(box, clock=clock).ask(X)
    assert 7.0 <= clock.now() < 8.0


def test_requests_keep_to_the_rate():
    clock = StillClock()
    box = FakeRemote(terms=terms(rate=2.0), traits=remote_traits(max_batch=4))
    ask_oracle(box, clock=clock).ask(X)
    assert clock.now() == pytest.approx((len(box.attempts) - 1) / 2.0, rel=0.05)


def test_waits_are_drawn_by_seed():
    def waits(seed: int) -> list[float]:
        clock = StillClock()
        box = FakeRemote(faults=[None, *["refused"] * 5], traits=remote_traits(concurrency=1))
        ask_oracle(box, clock=clock, retry=RetryPolicy(seed=seed)).ask(X)
        return clock.waits

    assert waits(3) == waits(3) != waits(4)


def test_failures_in_a_row_break_the_circuit():
    box = FakeRemote(faults=[None, *["refused"] * 100])
    oracle = ask_oracle(box, retry=RetryPolicy(breaker=5, quota=10))
    with pytest.raises(
        ModelError, match=r"5 attempts failed in a row; .*refused.*1 of the 40"
    ) as e:
        oracle.ask(X)
    assert len(e.value.answers) == 1
    assert 6 <= len(box.attempts) <= 6 + 2  # what was under way by then


def test_too_many_repeats_end_the_job():
    faults = [None, *["refused", None] * 50]
    box = FakeRemote(faults=faults, traits=remote_traits(max_batch=1, concurrency=1))
    with pytest.raises(ModelError, match="Too many attempts had to be made again"):
        ask_oracle(box).ask(rows_of(100))
    assert 20 <= len(box.attempts) <= 40


def test_a_fatal_failure_keeps_what_was_answered_and_says_where(tmp_path):
    box = FakeRemote(faults=[*[None] * 4, "401"], traits=remote_traits(concurrency=1))
    path = tmp_path / "ledger.db"
    with (
        ask_oracle(box, ledger=path) as oracle,
        pytest.raises(AttemptError, match=r"401\. 13 of the 40 rows .* is in the ledger") as caught,
    ):
        oracle.ask(X)
    np.testing.assert_array_equal(caught.value.answers.values, probability(X[:13]))
    with ask_oracle(box, ledger=path) as oracle:
        oracle.ask(X)
        assert (oracle.queries.rows, oracle.queries.remembered) == (27, 13)
    assert distinct(box.billed) == len(box.billed)


def test_a_model_that_raises_says_so():
    box = FakeRemote(faults=[None, ZeroDivisionError("by zero\nmore")])
    with pytest.raises(ModelError, match=r"toy raised ZeroDivisionError: by zero\. \d+ of the 40"):
        ask_oracle(box).ask(X)


@pytest.mark.parametrize(
    ("fault", "message", "good"),
    [
        ("nan", r"not finite to row 4\..*Row 4 is x0 = ", 4),
        ("short", "3 answers to 4", 1),
    ],
)
def test_only_good_rows_of_a_bad_answer_are_kept(tmp_path, fault, message, good):
    box = FakeRemote(faults=[None, None, fault], traits=remote_traits(concurrency=1))
    oracle = ask_oracle(box, ledger=tmp_path / "l")
    oracle.ask(X[:1])
    box.faults = [fault]
    with pytest.raises(AnswerError, match=message) as caught:
        oracle.ask(X)
    assert len(caught.value.answers) == good
    states = summary(oracle._way._open().ledger).states
    assert states == {"settled": (1, 1), "unknown": (1, 4)}
    assert oracle.ask(X[:good]).values.shape == (good, 2)
    assert box.attempts == [1, 4]
    oracle.close()


def test_what_is_sent_was_noted_on_the_disk_before(tmp_path):
    path, copy, seen = tmp_path / "ledger.db", tmp_path / "copy.db", []

    def look(box: FakeRemote, rows: Any) -> Reply:
        for end in ("", "-wal"):  # what a power cut would leave at this moment
            copy.with_name(f"copy.db{end}").write_bytes(Path(f"{path}{end}").read_bytes())
        with Ledger(copy) as left:
            left.claim("toy", box.terms.identity)
            keys = left.keys(box.wire(rows))
            seen.append({(key, 0) for key in keys} <= left.unknown().keys())
        return box.answer(rows)

    box = FakeRemote(faults=[look] * 9, traits=remote_traits(concurrency=1))
    with ask_oracle(box, ledger=path) as oracle:
        oracle.ask(X[:20])
    assert seen == [True] * 6


# ---- budgets ----


def test_without_a_budget_nothing_is_asked():
    box = FakeRemote(terms=terms(price_per_row=0.01))
    oracle = ask_oracle(box, budget=None)
    message = (
        r"asked over a network.*such as Budget\(rows=40, money=0\.40\)\. Asking toy would take up "
        r"to 40 rows.*about 10 requests of at most 4 rows, for about 0\.40 USD"
    )
    for ask in (lambda: oracle.admit({"fit": 40}), lambda: oracle.ask(X), lambda: oracle.settle(X)):
        with pytest.raises(OptionError, match=message):
            ask()
    assert box.attempts == []


@pytest.mark.parametrize(
    ("budget", "rows"),
    [
        (Budget(rows=17), 17),
        (Budget(requests=4), 13),
        (Budget(money=0.21), 21),
        (Budget(rows=30, money=0.1), 10),
    ],
)
def test_no_limit_is_passed(budget, rows):
    box = FakeRemote(terms=terms(price_per_row=0.01), traits=remote_traits(concurrency=1))
    oracle = ask_oracle(box, budget=budget)
    with pytest.raises(BudgetSpent, match=rf"The budget of .* is spent: {rows} of the 40") as e:
        oracle.ask(X)
    assert len(box.billed) == len(e.value.answers) == rows
    assert oracle.queries.exhausted
    assert oracle.ask(X[:rows]).values.shape == (rows, 2)  # what is remembered costs nothing
    with pytest.raises(BudgetSpent):
        oracle.ask(X[rows:])


def test_a_price_for_each_call_is_paid_for_each_call():
    box = FakeRemote(terms=terms(price_per_call=0.1), traits=remote_traits(concurrency=1))
    oracle = ask_oracle(box, budget=Budget(money=0.35))
    with pytest.raises(BudgetSpent, match=r"budget of 0\.35 USD"):
        oracle.ask(X)
    assert box.attempts == [1, 4, 4]
    assert oracle.queries.money == pytest.approx(0.3)


def test_unknown_rows_count_in_the_budget():
    box = FakeRemote(faults=[None, "reset after"], traits=remote_traits(concurrency=1))
    oracle = ask_oracle(box, budget=Budget(rows=12))
    with pytest.raises(BudgetSpent):
        oracle.ask(X[:12])
    assert len(box.billed) == 12


def test_refused_rows_leave_the_budget_whole():
    box = FakeRemote(faults=[None, "429", "refused", "429"])
    oracle = ask_oracle(box, budget=Budget(rows=40))
    oracle.ask(X)
    assert oracle.remaining == 0


def test_a_budget_covers_all_starts_with_one_ledger(tmp_path):
    path, box = tmp_path / "ledger.db", FakeRemote()
    for rows in (10, 5, 3):
        with ask_oracle(box, ledger=path, budget=Budget(rows=18)) as oracle:
            oracle.ask(X[len(box.billed) :][:rows])
    with ask_oracle(box, ledger=path, budget=Budget(rows=20)) as oracle:
        assert oracle.remaining == 2
        oracle.admit({"fit": 20})  # 18 of them may be answered by the ledger
        with pytest.raises(BudgetTooSmall, match=r"of which 18 are used.*at least 21"):
            oracle.admit({"fit": 21})
        oracle.ask(X[:18])
        with pytest.raises(BudgetTooSmall):  # those answers are used now
            oracle.admit({"fit": 3})
        with pytest.raises(BudgetSpent, match=r"earlier runs on the ledger .* took 18 rows"):
            oracle.ask(X)
    assert len(box.billed) == 20


def test_a_quote_asks_nothing():
    box = FakeRemote(terms=terms(price_per_row=0.01, price_per_call=0.5, rate=4.0))
    quote = ask_oracle(box).quote({"fit": 40, "fidelity": 10})
    assert (quote.rows, quote.calls, quote.seconds) == (50, 13, 3.0)
    assert quote.money == pytest.approx(50 * 0.01 + 13 * 0.5)
    assert "for about 7.00 USD, and at least 3 s. The budget is 100,000 rows." in str(quote)
    assert box.attempts == []


# ---- the deadline, the disk, Ctrl-C ----


def test_the_deadline_stops_resumably(tmp_path):
    box = FakeRemote(terms=terms(rate=1.0, deadline=4.5))
    with (
        ask_oracle(box, ledger=tmp_path / "l") as oracle,
        pytest.raises(BudgetSpent, match=r"The deadline of 4\.5 s passed: 17 of the 40") as caught,
    ):
        oracle.ask(X)
    assert caught.value.why == "the deadline of 4.5 s passed"
    with ask_oracle(box, ledger=tmp_path / "l") as oracle, pytest.raises(BudgetSpent):
        oracle.ask(X)
    assert distinct(box.billed) == len(box.billed) > 30


def test_a_wait_beyond_the_deadline_is_not_waited():
    clock = StillClock()
    box = FakeRemote(faults=[None, rejected(429, retry_after=60.0)], terms=terms(deadline=30.0))
    with pytest.raises(BudgetSpent, match="asks to wait beyond the deadline"):
        ask_oracle(box, clock=clock).ask(X)
    assert clock.now() < 1.0


def test_a_disk_that_fills_stops_the_sending_and_loses_no_answer(tmp_path, monkeypatch):
    free = iter([10**12] * 4 + [10**6] * 100)
    monkeypatch.setattr("surrogate.oracle.ledger.free_bytes", lambda path: next(free))
    box = FakeRemote(traits=remote_traits(concurrency=1))
    with (
        ask_oracle(box, ledger=tmp_path / "l") as oracle,
        pytest.raises(BudgetSpent, match=r"Only 1 MiB of the disk .* are free: \d+ of the") as e,
    ):
        oracle.ask(X)
    assert len(e.value.answers) == len(box.billed) > 0


def test_a_ledger_that_cannot_be_written_loses_no_answer(tmp_path):
    box = FakeRemote(traits=remote_traits(concurrency=1))
    ledger = Ledger(tmp_path / "l")
    oracle = ask_oracle(box, ledger=ledger)
    oracle.ask(X[:1])
    (pages,) = ledger.run("SELECT * FROM pragma_page_count").fetchone()
    ledger._db.execute(f"PRAGMA max_page_count = {pages}")  # a full disk, as SQLite sees it
    many = rows_of(2_000)
    with pytest.raises(BudgetSpent, match=r"The ledger .* cannot be used: the disk is full") as e:
        oracle.ask(many)
    assert len(e.value.answers) == len(box.billed) > 1
    ledger.close()


def test_ctrl_c_waits_for_what_is_under_way_and_keeps_it(tmp_path):
    asked = threading.Event()

    def press(box: FakeRemote, rows: Any) -> Reply:
        os.kill(os.getpid(), signal.SIGINT)
        asked.wait(0.2)
        return box.answer(rows)

    box = FakeRemote(faults=[None, press])
    with (
        ask_oracle(box, ledger=tmp_path / "l") as oracle,
        pytest.raises(Interrupted, match=r"Interrupted while toy was asked: \d+ of the 40") as e,
    ):
        oracle.ask(X)
    assert len(e.value.answers) >= 5
    with ask_oracle(box, ledger=tmp_path / "l") as oracle:
        oracle.ask(X)
    assert distinct(box.billed) == len(box.billed) == 40
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_ctrl_c_waits_no_longer(tmp_path):
    hangs = threading.Event()

    def press_twice(box: FakeRemote, rows: Any) -> Reply:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
            hangs.wait(0.05)
        hangs.wait(20)
        return box.answer(rows)

    box = FakeRemote(faults=[None, press_twice], traits=remote_traits(concurrency=1))
    oracle = ask_oracle(box, ledger=tmp_path / "l")
    with pytest.raises(Interrupted):
        oracle.ask(X)
    assert oracle.queries.unknown == 4
    hangs.set()
    oracle.close()


def test_ctrl_c_in_a_progress_callback_carries_the_answers():
    def stop(done: int, planned: int, purpose: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(Interrupted) as caught:
        ask_oracle(FakeRemote(), on_progress=stop).ask(X)
    assert len(caught.value.answers) == 1


def test_progress_says_what_was_spent_and_of_how_much():
    told: list[tuple[int, int, str]] = []
    box = FakeRemote(terms=terms(price_per_row=0.01), traits=remote_traits(concurrency=1))
    oracle = ask_oracle(box, budget=Budget(money=2), on_progress=lambda *said: told.append(said))
    oracle.ask(X[:9], purpose="fit")
    assert told == [
        (1, 9, "fit, 0.01 of 2.00 USD"),
        (5, 9, "fit, 0.05 of 2.00 USD"),
        (9, 9, "fit, 0.09 of 2.00 USD"),
    ]


# ---- offline, and copies ----


def test_offline_answers_equal_those_of_the_ledger(tmp_path):
    box = FakeRemote()
    with ask_oracle(box, ledger=tmp_path / "l") as oracle:
        before = oracle.ask(X)
    box.faults = ["401"] * 9
    with Oracle(box, DOMAIN, ledger=tmp_path / "l", offline=True) as oracle:
        oracle.admit({"fit": 10**6})
        after = oracle.ask(X)
        np.testing.assert_array_equal(after.values, before.values)
        with pytest.raises(LedgerError, match=r"lacks 3 of the 8 rows .* cannot be done offline"):
            oracle.ask(np.vstack([X[:5], rows_of(3, seed=9)]))
    assert len(box.attempts) < 20
    assert box.faults == ["401"] * 9


def test_offline_needs_a_ledger_that_is_there(tmp_path):
    with pytest.raises(OptionError, match="`offline=True` answers from a ledger alone"):
        ask_oracle(FakeRemote(), offline=True)
    with pytest.raises(LedgerError, match="There is no ledger"):
        ask_oracle(FakeRemote(), offline=True, ledger=tmp_path / "none").ask(X)
    assert list(tmp_path.iterdir()) == []


def test_a_model_in_this_process_takes_no_ledger(tmp_path):
    from surrogate.adapters import wrap

    with pytest.raises(OptionError, match="`ledger` and `offline` are for remote models"):
        Oracle(wrap(probability, output="probabilities"), DOMAIN, ledger=tmp_path / "l")


def test_closing_lets_go_of_ledger_and_connections_and_asking_opens_them(tmp_path):
    box, path = FakeRemote(), tmp_path / "ledger.db"
    oracle = ask_oracle(box, ledger=path)
    oracle.ask(X)
    queries = oracle.queries
    oracle.close()
    assert box.closed == 1
    assert oracle.queries == queries
    Ledger(path).close()
    oracle.ask(X)
    assert len(box.billed) == 40
    oracle.close()


def test_a_ledger_that_was_given_open_stays_open(tmp_path):
    with Ledger(tmp_path / "ledger.db") as ledger:
        box = FakeRemote()
        for _ in range(2):
            with ask_oracle(box, ledger=ledger) as oracle:
                oracle.ask(X)
        assert ledger.spent().rows == 40


def test_an_oracle_pickles_closed(tmp_path):
    oracle = ask_oracle(FakeRemote(), ledger=tmp_path / "l")
    oracle.ask(X)
    closed = pickle.loads(pickle.dumps(oracle))
    assert closed.queries == oracle.queries
    assert closed.classes == ("no", "yes")
    with pytest.raises(ModelError, match=r"unpickled.*leave the model \(toy\) behind"):
        closed.ask(X)
    oracle.close()
