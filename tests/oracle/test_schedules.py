"""Nothing is paid for twice: the ledger's invariant under any schedule of faults and kills.

settled <= billed <= settled + rows of attempts unknown or refused after sending, and a settled
row is never asked again. The bill is kept on the server's side.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.errors import BudgetSpent, Interrupted, ModelError
from surrogate.oracle import Budget, Ledger
from surrogate.oracle.ledger_tools import summary

from remote_boxes import (
    FAULTS,
    TRANSIENT,
    FakeRemote,
    ask_oracle,
    probability,
    remote_traits,
    rows_of,
)

N = 30
X = rows_of(N)
ENDED = (ModelError, BudgetSpent, Interrupted)
SCHEDULES = st.lists(st.sampled_from([None, None, *FAULTS]), max_size=25)
PASSING = st.lists(st.sampled_from([None, None, None, *TRANSIENT]), max_size=20)


def check_invariant(ledger: Ledger, box: FakeRemote) -> None:
    states = summary(ledger).states
    rows = {state: states.get(state, (0, 0))[1] for state in ("settled", "unknown", "refused")}
    kept = ledger.n_answers()
    billed = len(box.billed)
    assert kept <= billed <= rows["settled"] + rows["unknown"] + rows["refused"]
    assert rows["settled"] <= kept <= rows["settled"] + rows["unknown"]


@given(SCHEDULES, st.integers(1, 9), st.integers(1, 7))
@settings(deadline=None, max_examples=150)
def test_the_invariant_holds_under_any_schedule(faults, concurrency, batch):
    traits = remote_traits(concurrency=concurrency, max_batch=batch)
    box = FakeRemote(faults=list(faults), traits=traits)
    ledger = Ledger()
    settled_before: set[bytes] = set()
    for _ in range(4):  # a job that ends is started again with the same ledger
        asked = Counter(box.billed)
        oracle = ask_oracle(box, ledger=ledger)
        try:
            answers = oracle.ask(X)
        except ENDED as error:
            answers = error.answers
        check_invariant(ledger, box)
        again = {row for row, n in Counter(box.billed).items() if n > asked[row]}
        assert not again & settled_before
        wires = {key: row.tobytes() for key, row in zip(ledger.keys(box.wire(X)), X)}
        settled_before = {wires[key] for key in ledger.find(list(wires))}
        if answers is not None:
            np.testing.assert_array_equal(answers.values, probability(X[: len(answers)]))
            if len(answers) == N:
                break


@given(PASSING, st.integers(1, 4), st.integers(N, 3 * N))
@settings(deadline=None, max_examples=100)
def test_no_more_is_billed_than_the_budget_over_all_starts(faults, concurrency, most):
    box = FakeRemote(faults=list(faults), traits=remote_traits(concurrency=concurrency))
    ledger = Ledger()
    for _ in range(3):
        oracle = ask_oracle(box, ledger=ledger, budget=Budget(rows=most))
        with contextlib.suppress(*ENDED):
            oracle.ask(X)
        assert len(box.billed) <= ledger.spent().rows <= most


# ---- killed at any moment ----

WORKER = """
import os, sys, time
sys.path[:0] = [{tests!r}]
import numpy as np
from remote_boxes import DOMAIN, FakeRemote, remote_traits, rows_of
from surrogate.oracle import Oracle

bill = os.open({bill!r}, os.O_APPEND | os.O_CREAT | os.O_WRONLY)

class Server(FakeRemote):
    def bill(self, rows):
        os.write(bill, b"".join(self.wire(rows)))  # outlives the client, as a server does

def slow(box, rows):
    time.sleep(0.002)
    return box.answer(rows)

box = Server(faults=[slow] * 10_000, traits=remote_traits(max_batch=3, concurrency=4))
print("ready", flush=True)
with Oracle(box, DOMAIN, budget=10_000, ledger={ledger!r}) as oracle:
    answers = oracle.ask(rows_of(400), purpose="fit")
    np.save({out!r}, answers.values)
"""


@pytest.mark.parametrize("seed", range(3))
def test_a_job_that_is_killed_again_and_again_pays_for_no_answer_twice(seed):
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        names = {name: str(Path(folder) / name) for name in ("bill", "ledger", "out.npy")}
        code = WORKER.format(
            tests=str(Path(__file__).parents[1]),
            bill=names["bill"],
            ledger=names["ledger"],
            out=names["out.npy"],
        )
        for delay in [draw.uniform(0.005, 0.15) for _ in range(3)] + [60.0]:
            child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
            assert child.stdout is not None
            child.stdout.readline()
            killed = _killed_after(child, delay)
            child.stdout.close()
        assert not killed
        np.testing.assert_array_equal(np.load(names["out.npy"]), probability(rows_of(400)))
        billed = Path(names["bill"]).read_bytes()
        rows = [billed[at : at + 16] for at in range(0, len(billed), 16)]
        with Ledger(names["ledger"]) as ledger:
            found = summary(ledger)
        unknown = found.states.get("unknown", (0, 0))[1]
        assert found.answers == 400
        assert found.pending == 0
        assert 400 <= len(rows) <= 400 + unknown
        assert found.spent.rows == 400 + unknown


def _killed_after(child: subprocess.Popen[bytes], seconds: float) -> bool:
    """Kill a process unless it ends before; whether it was killed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if child.poll() is not None:
            assert child.returncode == 0
            return False
        time.sleep(0.001)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    return True
