"""A remote box of one function with scripted faults, a clock that does not run, and a bill."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from surrogate.domain import Domain
from surrogate.errors import AttemptError
from surrogate.oracle import Budget, Oracle
from surrogate.oracle.pace import Clock
from surrogate.oracle.workers import Arrival
from surrogate.types import Reply, Terms, Traits

DOMAIN = Domain.infer(np.random.default_rng(0).normal(size=(50, 2)))
TRAITS = {"task": "classification", "output": "probabilities", "classes": ("no", "yes")}


def probability(rows: Any) -> np.ndarray:
    p = 1 / (1 + np.exp(-rows[:, 0]))
    return np.column_stack([1 - p, p])


def rows_of(n: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, 2))


class StillClock(Clock):
    """Time that passes only where somebody waits for it and nothing is under way."""

    def __init__(self) -> None:
        self.time = 0.0
        self.waits: list[float] = []

    def now(self) -> float:
        return self.time

    def wait(
        self, arrivals: queue.SimpleQueue[Arrival], seconds: float | None, *, expected: bool
    ) -> Arrival | None:
        if expected:
            return arrivals.get(timeout=20)
        assert seconds is not None, "waits for nothing"
        self.time += seconds
        self.waits.append(seconds)
        return None


Fault = Callable[["FakeRemote", Any], Reply]


@dataclass(eq=False)
class FakeRemote:
    """Answers with a function; faults, one an attempt, come first.

    A fault is a name of `FAULTS`, an exception, or a function of the box and the rows.
    `billed` holds each row that the server worked on, whether or not the answer arrived.
    """

    function: Callable[[Any], Any] = probability
    faults: list[Any] = field(default_factory=list)
    terms: Terms = field(default_factory=lambda: Terms(identity="toy at example.org"))
    traits: Traits = field(default_factory=lambda: remote_traits())
    billed: list[bytes] = field(default_factory=list)
    attempts: list[int] = field(default_factory=list)
    most: int | None = None  # rows that the server takes at once
    under_way: int = 0
    widest: int = 0
    closed: int = 0
    lock: Any = field(default_factory=threading.Lock)

    def wire(self, rows: Any) -> list[bytes]:
        return [row.tobytes() for row in np.asarray(rows, dtype=np.float64)]

    def ask(self, rows: Any) -> Reply:
        with self.lock:
            self.attempts.append(len(rows))
            self.under_way += 1
            self.widest = max(self.widest, self.under_way)
            fault = self.faults.pop(0) if self.faults else None
        try:
            if self.most is not None and len(rows) > self.most:
                raise AttemptError("too large", reason="rejected", status=413, split=True)
            if isinstance(fault, str):
                fault = FAULTS[fault]
            if isinstance(fault, BaseException):
                raise fault
            return fault(self, rows) if fault is not None else self.answer(rows)
        finally:
            with self.lock:
                self.under_way -= 1

    def answer(self, rows: Any) -> Reply:
        self.bill(rows)
        found = self.function(rows)
        return found if isinstance(found, Reply) else Reply(values=found)

    def bill(self, rows: Any) -> None:
        with self.lock:
            self.billed += self.wire(rows)

    def close(self) -> None:
        self.closed += 1


def remote_traits(**said: Any) -> Traits:
    said = {"max_batch": 4, "concurrency": 3, **TRAITS, **said}
    return Traits(name="toy", adapter="fake", remote=True, **said)


def rejected(status: int, **more: Any) -> Fault:
    """The server says no, and works on nothing."""

    def fail(box: FakeRemote, rows: Any) -> Reply:
        raise AttemptError(f"status {status}", reason="rejected", status=status, **more)

    return fail


def refused(box: FakeRemote, rows: Any) -> Reply:
    raise AttemptError("connection refused", reason="unsent")


def reset_before(box: FakeRemote, rows: Any) -> Reply:
    raise AttemptError("reset before the body", reason="unknown")


def reset_after(box: FakeRemote, rows: Any) -> Reply:
    box.bill(rows)
    raise AttemptError("reset after the body", reason="unknown")


def failed_after(box: FakeRemote, rows: Any) -> Reply:
    box.bill(rows)
    raise AttemptError("status 500", reason="rejected", status=500)


def gateway(box: FakeRemote, rows: Any) -> Reply:
    box.bill(rows)
    raise AttemptError("status 504", reason="rejected", status=504)


def short(box: FakeRemote, rows: Any) -> Reply:
    return Reply(values=box.answer(rows).values[:-1])


def not_a_number(box: FakeRemote, rows: Any) -> Reply:
    values = np.array(box.answer(rows).values)
    values[-1, 0] = np.nan
    return Reply(values=values)


FAULTS: dict[str, Fault] = {
    "refused": refused,
    "reset before": reset_before,
    "reset after": reset_after,
    "500 after": failed_after,
    "504 after": gateway,
    "429": rejected(429),
    "429 with Retry-After": rejected(429, retry_after=2.0),
    "503": rejected(503),
    "401": rejected(401, fatal=True),
    "short": short,
    "nan": not_a_number,
}
TRANSIENT = ("refused", "reset before", "reset after", "504 after", "429", "429 with Retry-After")


def ask_oracle(box: FakeRemote, **options: Any) -> Oracle:
    """An oracle of a fake, with a clock that does not run."""
    options = {"budget": Budget(rows=100_000), "clock": StillClock(), **options}
    return Oracle(box, DOMAIN, **options)


def distinct(billed: Iterable[bytes]) -> int:
    return len(set(billed))
