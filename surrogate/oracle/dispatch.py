"""Sends the rows of one ask: in parallel, paced, again where the policy says so.

One thread, the caller's, does all the book-keeping; others make the attempts. Nothing goes out
before it is reserved in the ledger and committed. Whatever ends the sending, what is under way
is waited for, and kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from surrogate.errors import AttemptError, BudgetSpent, LedgerError, ModelError, SurrogateError
from surrogate.oracle.job import BadRows, Job
from surrogate.oracle.line import Line
from surrogate.oracle.policy import kind_of
from surrogate.oracle.workers import Arrival, Workers, interrupts_into
from surrogate.types import Reply

__all__ = ["Dispatch"]

_WAITING = 4  # one request waits for a thread where so many are under way


@dataclass(eq=False)
class Batch:
    """Rows that are sent together, and how it went until now."""

    keys: list[bytes]
    kinds: list[str] = field(default_factory=list)
    due: float = 0.0
    sent_at: float = 0.0
    purposes: dict[str, int] = field(default_factory=dict)


class Dispatch:
    """One sending.

    Parameters
    ----------
    line : Line
    job : Job
    """

    def __init__(self, line: Line, job: Job) -> None:
        self.line, self.job = line, job
        self.ended: BaseException | None = None
        self._under_way: dict[int, Batch] = {}
        self._again: list[Batch] = []
        self._short = False  # whether the budget lacks room for what could go out
        self._workers = Workers(line.box.ask)

    def run(self) -> BaseException | None:
        """Send all there is to send; what ended it, if something did."""
        start = self.line.clock.now()
        try:
            with interrupts_into(self._workers.arrivals):
                while self._under_way or (self.ended is None and self._left()):
                    self._keeping(self._send)
                    self._keeping(self._take)
        except KeyboardInterrupt as error:  # a second one, or one that came as an exception
            self.ended = error
        finally:
            self._workers.close()
            for request, batch in self._under_way.items():
                self._keeping(partial(self._lose, request, batch))
            self._keeping(self.line.ledger.commit)
            self.line.counts.seconds += self.line.clock.now() - start
        return self.ended

    def _keeping(self, step: Callable[[], None]) -> None:
        """Do a step; a ledger that cannot be written ends the sending, and loses no answer."""
        try:
            step()
        except LedgerError as error:
            why = str(error).rstrip(".")
            ended = BudgetSpent(why, why=why[:1].lower() + why[1:])
            ended.__cause__ = error
            self._end(ended)

    def _left(self) -> bool:
        """Whether anything is still to be sent."""
        return bool(self._again) or self.job.fill(1)

    def _end(self, error: BaseException) -> None:
        """Send nothing more, for the first of several reasons."""
        self.ended = self.ended or error

    # ---- out ----

    def _send(self) -> None:
        """Reserve as many batches as may go out now, commit, and send them.

        The rows after those are prepared when these are under way.
        """
        line, job, self._short = self.line, self.job, False
        going: list[tuple[int, Batch, Any]] = []
        while self.ended is None and self._may_send(len(going)):
            batch = self._next(bool(going))
            if batch is None:
                break
            line.bucket.take()
            rows, batch.purposes = job.rows(batch.keys), job.purposes(batch.keys)
            request = line.reserve(batch.keys, replicate=job.replicate, purposes=batch.purposes)
            going.append((request, batch, rows))
        line.ledger.commit()
        for request, batch, rows in going:
            batch.sent_at = line.clock.now()
            self._under_way[request] = batch
            self._workers.submit(request, rows, threads=line.concurrency.limit)
        if self.ended is None:
            job.fill(line.batch * line.concurrency.limit)

    def _most(self) -> int:
        """Most requests that are sent or wait for a thread: a few, so that no thread waits."""
        limit = self.line.concurrency.limit
        paced = self.line.terms.rate is not None or limit < self._workers.started
        return limit if paced else limit + limit // _WAITING

    def _withdraw(self) -> None:
        """Take back what no thread has begun to send."""
        for request in self._workers.withdraw():
            batch = self._under_way.pop(request)
            self.line.refund(len(batch.keys), batch.purposes, failed=False)
            self.line.ledger.fail(request, "failed", seconds=0.0, why="withdrawn")
            self._again.append(batch)

    def _may_send(self, going: int) -> bool:
        """Whether one more may go out now, as far as pace, time and disk are concerned."""
        line, now = self.line, self.line.clock.now()
        if line.late(now):
            why = f"the deadline of {line.terms.deadline:,.6g} s passed"
            self._end(BudgetSpent(why, why=why))
            return False
        free = line.ledger.short_of_disk()
        if free is not None:
            why = f"only {free / 2**20:,.0f} MiB of the disk of {line.ledger.name} are free"
            self._end(BudgetSpent(why, why=why))
            return False
        full = len(self._under_way) + going >= self._most()
        return not full and now >= line.paused_until and line.bucket.delay(now) <= 0.0

    def _next(self, more: bool) -> Batch | None:
        """The next batch that may go out, within the budget."""
        now, room = self.line.clock.now(), self.line.room()
        due = next((batch for batch in self._again if batch.due <= now), None)
        if due is None:
            self.job.fill(self.line.batch)
        wanted = len(due.keys) if due else min(len(self.job.todo), self.line.batch)
        if not wanted:
            return None
        if room < (wanted if due else 1):
            self._short = True
            if not self._under_way and not more:  # else something may yet be refunded
                self._end(BudgetSpent(""))
            return None
        if due is not None:
            self._again.remove(due)
            return due
        todo = self.job.todo
        return Batch([todo.popleft() for _ in range(int(min(wanted, room)))])

    # ---- in ----

    def _take(self) -> None:
        """Wait for what comes next, and take all that has come."""
        clock, arrivals = self.line.clock, self._workers.arrivals
        seconds = self._until_next()
        if not self._under_way and (seconds is None or seconds <= 0.0):
            return
        arrival = clock.wait(arrivals, seconds, expected=bool(self._under_way))
        while arrival is not None:
            self._took(arrival)
            arrival = None if arrivals.empty() else arrivals.get()
        if self.ended is not None or len(self._under_way) > self._most():
            self._withdraw()

    def _until_next(self) -> float | None:
        """Seconds until something may be sent that may not be sent now; None: no matter when."""
        line, now = self.line, self.line.clock.now()
        full = len(self._under_way) >= self._most()
        if self.ended is not None or self._short or full:
            return None
        due = min((batch.due for batch in self._again), default=math.inf)
        if self.job.fill(1):
            due = now
        if due == math.inf:
            return None
        return max(due - now, line.paused_until - now, line.bucket.delay(now), 0.0)

    def _took(self, arrival: Arrival) -> None:
        """Take one arrival."""
        if isinstance(arrival.result, KeyboardInterrupt):
            if arrival.request is None and isinstance(self.ended, KeyboardInterrupt):
                raise arrival.result  # a second time: wait no longer
            self.ended = arrival.result
        if arrival.request is None or arrival.request not in self._under_way:
            return
        batch = self._under_way.pop(arrival.request)
        if isinstance(arrival.result, Reply):
            self._answered(arrival, batch)
        else:
            self._failed(arrival.request, batch, arrival.result, arrival.seconds)

    def _answered(self, arrival: Arrival, batch: Batch) -> None:
        """Keep what is good of a reply."""
        line, counts, why = self.line, self.line.counts, None
        assert isinstance(arrival.result, Reply)
        assert arrival.request is not None
        try:
            good = self.job.accept(batch.keys, arrival.result)
        except BadRows as bad:
            good, why = bad.good, type(bad.error).__name__
            self._end(bad.error)
        counts.settled += len(good)
        counts.unknown += len(batch.keys) - len(good)
        line.failures = 0
        line.concurrency.succeeded()
        line.ledger.settle(
            arrival.request,
            good,
            replicate=self.job.replicate,
            seconds=arrival.seconds,
            why=why,
        )
        try:
            self.job.tell()
        except KeyboardInterrupt as error:
            self._end(error)

    def _failed(self, request: int, batch: Batch, error: BaseException, seconds: float) -> None:
        """Enter a failure, and decide what becomes of the batch."""
        line, state = self.line, self.line.outcome(error)
        if state == "unknown":
            line.counts.unknown += len(batch.keys)
        else:
            line.refund(len(batch.keys), batch.purposes)
        line.ledger.fail(request, state, seconds=seconds, why=_briefly(error))
        if isinstance(error, AttemptError):
            self._decide(batch, error)
        elif isinstance(error, SurrogateError):
            self._end(error)
        elif not isinstance(error, KeyboardInterrupt):
            lines = str(error).strip().splitlines() or [""]
            name = line.box.traits.name
            wrapped = ModelError(f"{name} raised {type(error).__name__}: {lines[0]}")
            wrapped.__cause__ = error
            self._end(wrapped)

    def _decide(self, batch: Batch, error: AttemptError) -> None:
        """Send again later, in halves, or stop."""
        line, now = self.line, self.line.clock.now()
        batch.kinds.append(kind_of(error))
        decision = line.policy.decide(
            error, kinds=batch.kinds, rows=len(batch.keys), draw=line.draw()
        )
        if not error.split:
            line.failures += 1
            line.concurrency.failed(sent_at=batch.sent_at, now=now)
        if decision.what == "stop":
            self._end(error)
        elif decision.what == "split":
            line.batch = min(line.batch, (len(batch.keys) + 1) // 2)
            self.job.todo.extendleft(reversed(batch.keys))
        elif line.failures >= line.policy.breaker:
            self._end(_added(error, f"{line.failures} attempts failed in a row"))
        elif line.policy.overdrawn(line.counts.retried + 1, line.counts.attempts):
            self._end(_added(error, "too many attempts had to be made again"))
        else:
            batch.due = now + decision.wait
            if decision.everyone:
                line.paused_until = max(line.paused_until, batch.due)
            if line.late(batch.due):
                why = "the target asks to wait beyond the deadline"
                self._end(BudgetSpent(why, why=why))
            line.counts.retried += 1
            self._again.append(batch)

    def _lose(self, request: int, batch: Batch) -> None:
        """Give up waiting for a request."""
        self.line.counts.unknown += len(batch.keys)
        self.line.ledger.fail(request, "unknown", seconds=0.0, why="no longer waited for")


def _added(error: AttemptError, why: str) -> ModelError:
    """The last failure, and why it was one too many."""
    found = ModelError(f"{why[:1].upper()}{why[1:]}; the last one: {error}")
    found.__cause__ = error
    return found


def _briefly(error: BaseException) -> str:
    """What the ledger says of a failure: no word of the server's, which may echo rows."""
    return kind_of(error) if isinstance(error, AttemptError) else type(error).__name__
