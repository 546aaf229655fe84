"""What lasts over all asks of one remote job: the ledger, the count, and how fast to send."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np

from surrogate.errors import AttemptError, InputError, LedgerError
from surrogate.oracle.budget import Budget, Spent
from surrogate.oracle.ledger import Ledger
from surrogate.oracle.pace import Bucket, Clock, Concurrency
from surrogate.oracle.policy import RetryPolicy, may_be_billed
from surrogate.oracle.queries import Queries
from surrogate.oracle.timeline import Recorder
from surrogate.types import BlackBox, Terms

__all__ = ["Counts", "Line", "currency_of", "open_ledger"]


@dataclass
class Counts:
    """What this run sent, and what became of it."""

    settled: int = 0
    unknown: int = 0
    failed: int = 0
    remembered: int = 0
    retried: int = 0
    attempts: int = 0
    seconds: float = 0.0
    purposes: dict[str, int] = field(default_factory=dict)


class Line:
    """The line to one target.

    Parameters
    ----------
    box : BlackBox
        One that is `surrogate.types.Remote`.
    terms : Terms
    ledger : Ledger
    budget : Budget
    policy : RetryPolicy
    clock : Clock
    batch : int
        Most rows in one request; less once the target said that it is too much.
    """

    def __init__(
        self,
        box: BlackBox,
        terms: Terms,
        ledger: Ledger,
        *,
        budget: Budget,
        policy: RetryPolicy,
        clock: Clock,
        batch: int,
    ) -> None:
        self.box, self.terms, self.ledger = box, terms, ledger
        self.budget, self.policy, self.clock, self.batch = budget, policy, clock, batch
        self.earlier = ledger.spent()
        self.spent = Spent()  # by this run
        self.counts = Counts()
        self.concurrency = Concurrency(max(box.traits.concurrency, 1))
        self.bucket = Bucket(terms.rate)
        self.failures = 0  # in a row
        self.paused_until = 0.0
        self._draws = np.random.Generator(np.random.Philox(key=policy.seed))
        self._ends_at: float | None = None
        self._recorder = Recorder()

    @property
    def currency(self) -> str:
        """Of the prices; empty where there are none."""
        return currency_of(self.terms)

    def queries(self) -> Queries:
        """What was asked until now."""
        spent, counts = self.spent, self.counts
        return Queries(
            rows=spent.rows,
            calls=spent.requests,
            seconds=counts.seconds,
            purposes=MappingProxyType(dict(counts.purposes)),
            budget=self.budget,
            money=spent.money,
            currency=self.currency,
            remembered=counts.remembered,
            retried=counts.retried,
            failed=counts.failed,
            unknown=counts.unknown,
            earlier=self.earlier,
            timeline=self._recorder.timeline(counts.purposes),
        )

    def room(self) -> float:
        """Most rows that one more request may hold."""
        return self.budget.room(self.earlier + self.spent, self.terms)

    def late(self, at: float) -> bool:
        """Whether a moment lies beyond the deadline, which runs from the first question."""
        if self.terms.deadline is None:
            return False
        if self._ends_at is None:
            self._ends_at = self.clock.now() + self.terms.deadline
        return at >= self._ends_at

    def draw(self) -> float:
        """A random number in [0, 1)."""
        return float(self._draws.random())

    def reserve(self, keys: list[bytes], *, replicate: int, purposes: Mapping[str, int]) -> int:
        """Count a request that is about to be sent."""
        one = Spent.one(len(keys), self.terms)
        request = self.ledger.reserve(keys, replicate=replicate, purposes=purposes, money=one.money)
        self.spent += one
        self.counts.attempts += 1
        for purpose, n in purposes.items():
            self.counts.purposes[purpose] = self.counts.purposes.get(purpose, 0) + n
        now = self.clock.now()
        self._recorder.begin(now)
        self._recorder.take(now, self.counts.purposes)
        return request

    def refund(self, n: int, purposes: Mapping[str, int], *, failed: bool = True) -> None:
        """Take back the count of a request that cannot have been billed."""
        one = Spent.one(n, self.terms)
        self.spent += Spent(-one.rows, -one.requests, -one.money)
        self.counts.failed += n if failed else 0
        for purpose, rows in purposes.items():
            self.counts.purposes[purpose] -= rows
            if not self.counts.purposes[purpose]:
                del self.counts.purposes[purpose]

    def outcome(self, error: BaseException) -> str:
        """What the ledger calls a request that ended so."""
        if isinstance(error, InputError):
            return "failed"  # a row that cannot be written down
        if not isinstance(error, AttemptError) or may_be_billed(error):
            return "unknown"
        return "failed" if error.reason == "unsent" else "refused"


def currency_of(terms: Terms) -> str:
    """The currency of the prices; empty where there are none."""
    return terms.currency if terms.price_per_row or terms.price_per_call else ""


def open_ledger(
    ledger: Ledger | str | os.PathLike[str] | None, *, target: str, terms: Terms, offline: bool
) -> Ledger:
    """A ledger of one target: the one given, that of a file, or one in memory.

    Raises
    ------
    LedgerError
        If it is in use, of another model or a newer version, or is to answer and is not there.
    """
    if not isinstance(ledger, Ledger):
        if offline and not Path(str(ledger)).exists():
            raise LedgerError(f"There is no ledger {ledger} to answer from.")
        ledger = Ledger(ledger)
    ledger.claim(target, terms.identity)
    return ledger
