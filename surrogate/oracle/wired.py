"""The way to a remote model: nothing is asked twice, and nothing that was paid for is lost."""

from __future__ import annotations

import copy
import os
import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate._array import to_numpy
from surrogate.errors import LedgerError, ModelError, OptionError
from surrogate.oracle.answers import Answers
from surrogate.oracle.asker import SETTLING_ROWS, OnProgress, Purpose, batch_size, closed
from surrogate.oracle.budget import Budget, Spent
from surrogate.oracle.dispatch import Dispatch
from surrogate.oracle.endings import ending
from surrogate.oracle.job import Job
from surrogate.oracle.judge import Judge
from surrogate.oracle.ledger import Ledger
from surrogate.oracle.line import Line, currency_of, open_ledger
from surrogate.oracle.pace import Clock
from surrogate.oracle.policy import RetryPolicy
from surrogate.oracle.queries import Queries
from surrogate.oracle.quote import Quote, admit, budget_needed
from surrogate.oracle.rows import RowCheck
from surrogate.oracle.settle import Settled, lacks_classes, settle
from surrogate.types import Array, BlackBox, Traits

if TYPE_CHECKING:
    from surrogate.domain import Domain

__all__ = ["Wired"]

_BATCH = 100  # rows in a request, where neither the box nor the user says


class Wired:
    """Asks a model over a wire.

    Threads may share it; they wait for each other, so that a row that two of them want is
    asked once.

    Parameters
    ----------
    box : BlackBox
        One that is `surrogate.types.Remote`.
    domain : Domain
    budget : Budget
    batch_rows : int or None
    on_progress : callable or None
    ledger : Ledger, path or None
    offline : bool
        Answer from the ledger alone.
    retry : RetryPolicy or None
    clock : Clock or None
    """

    def __init__(
        self,
        box: Any,
        domain: Domain,
        *,
        budget: Budget,
        batch_rows: int | None,
        on_progress: OnProgress | None,
        ledger: Ledger | str | os.PathLike[str] | None = None,
        offline: bool = False,
        retry: RetryPolicy | None = None,
        clock: Clock | None = None,
    ) -> None:
        if offline and ledger is None:
            raise OptionError("`offline=True` answers from a ledger alone; give `ledger=`.")
        self.box: BlackBox | None = box
        self.settled: Settled | None = None
        self._traits, self._terms = box.traits, box.terms
        self._budget, self._offline, self._on_progress = budget, offline, on_progress
        self._batch_rows = batch_rows or box.traits.max_batch or _BATCH
        self._ledger, self._policy = ledger, retry or RetryPolicy()
        self._clock = clock or Clock()
        self._judge: Judge | None = None
        self._line: Line | None = None
        self._domain = domain
        self._look_through()
        self._lock: Any = threading.RLock()
        self._before = 0  # answers of earlier runs that were not yet used
        self._seen: set[bytes] = set()  # answers that were used or asked
        self._closed: Queries | None = None

    # ---- counts ----

    @property
    def queries(self) -> Queries:
        """What was asked until now."""
        if self._closed is not None:
            return self._closed
        if self._line is None:
            return Queries(budget=self._budget, currency=currency_of(self._terms))
        return self._line.queries()

    @property
    def spent(self) -> Spent:
        """What counts against the budget."""
        if self._closed is not None:
            return self._closed.spent
        line = self._open()
        return line.earlier + line.spent

    @property
    def ledger_sha256(self) -> str:
        """Hash of all answers that are kept."""
        with self._alone():
            return self._open().ledger.sha256()

    def quote(self, plan: Mapping[str, int]) -> Quote:
        """What a plan would take."""
        with self._alone():
            line = self._open()
            return Quote.of(
                plan,
                target=self._traits.name,
                batch=self._batch,
                terms=self._terms,
                budget=self._budget,
                spent=line.earlier + line.spent,
                remembered=self._before,
            )

    def admit(self, plan: Mapping[str, int]) -> None:
        """Refuse a plan without a budget, or one that the budget does not cover."""
        if self._offline:
            return
        quote = self.quote(plan)
        if not self._budget:
            raise budget_needed(quote)
        admit(quote)

    # ---- asking ----

    def settle(self, rows: Array, *, domain: Domain) -> None:
        """Ask a few rows, so that it is known what answers are."""
        with self._alone():
            self._see(domain)
            job = self._job(rows, "settle", 0)
            ended = self._settle(job)
            self._enter(job)
            if ended is not None:
                self._finish(job, ended)

    def ask(
        self, matrix: Array, purpose: Purpose, *, domain: Domain, replicate: int = 0
    ) -> Answers:
        """Ask the rows that nobody asked before."""
        with self._alone():
            self._see(domain)
            job = self._job(matrix, purpose, replicate)
            ended = None if self._judge is not None else self._settle(job)
            if ended is None:
                ended = self._send_all(job)
            self._enter(job)
            return self._finish(job, ended)

    def close(self) -> None:
        """Close the ledger, unless it was given open, and the connections."""
        with self._alone():
            self._closed = self.queries
            line, self._line = self._line, None
            if line is not None and line.ledger is not self._ledger:
                line.ledger.close()
            if self.box is not None:
                self.box.close()  # type: ignore[attr-defined]

    def without_box(self) -> Wired:
        """A copy that remembers what was asked, and has no box: what is pickled."""
        other = copy.copy(self)
        queries = self.queries
        other._closed = replace(queries, purposes=dict(queries.purposes))
        other.box = other._line = other._lock = other._ledger = other._on_progress = None
        other._seen = set()
        return other

    def _see(self, domain: Domain) -> None:
        """From now on, rows are rows of this domain; equal rows are told by what is sent."""
        if domain is not self._domain:
            self._domain = domain
            self._look_through()

    def _look_through(self) -> None:
        """Check and batch rows as the domain has them; a server's own bound stays."""
        self._check = RowCheck(self._domain)
        self._batch = batch_size(self._traits, self._batch_rows, width=self._domain.entries)
        if self._line is not None:
            self._line.batch = min(self._line.batch, self._batch)

    def _alone(self) -> Any:
        """One thread at a time, and only with a box."""
        if self.box is None:
            raise closed(self._traits)
        return self._lock

    def _open(self) -> Line:
        """The line, with its ledger."""
        if self._line is None:
            ledger = open_ledger(
                self._ledger, target=self._traits.name, terms=self._terms, offline=self._offline
            )
            self._before, self._closed = ledger.n_answers(), None
            assert self.box is not None
            self._line = Line(
                self.box,
                self._terms,
                ledger,
                budget=self._budget,
                policy=self._policy,
                clock=self._clock,
                batch=self._batch,
            )
        return self._line

    def _job(self, rows: Array, purpose: Purpose, replicate: int) -> Job:
        """One ask, with what is remembered of it."""
        matrix = self._check(np.asarray(to_numpy(rows)))
        line = self._open()
        job = Job(
            self._traits.name,
            matrix,
            self._domain,
            wire=self.box.wire,  # type: ignore[union-attr]
            ledger=line.ledger,
            purpose=purpose,
            replicate=replicate,
            tell=self._tell,
        )
        job.judge = self._judge
        return job

    def _send_all(self, job: Job) -> BaseException | None:
        """Ask all rows that have no answer; what ended it, if something did."""
        job.flow()
        return self._send(job)

    def _send(self, job: Job) -> BaseException | None:
        """Ask what is to be asked; what ended it, if something did."""
        if not job.fill(1):
            return None
        line = self._open()
        if self._offline or not self._budget:
            job.prepare()
            missing = job.missing()
            if not self._offline:
                raise budget_needed(self.quote(job.purposes(missing)))
            name = line.ledger.name
            raise LedgerError(
                f"{name[:1].upper()}{name[1:]} lacks {len(missing):,} of the "
                f"{len(job.first):,} rows that this job asks now; it cannot be done offline. Run "
                "it without offline=True, with a budget for them."
            )
        return Dispatch(line, job).run()

    def _settle(self, job: Job) -> BaseException | None:
        """Find out what answers are: one row first, which costs least where all would fail."""
        few = 1 if _is_said(self._traits) else min(SETTLING_ROWS, len(job))
        job.prepare(few)
        head = job.missing(few)
        for some in (head[:1], head[1:]):
            job.todo.extend(some)
            ended = self._send(job)
            if ended is not None:
                return ended
        if lacks_classes(self._traits, job.reply(few)):
            few = len(job)
            ended = self._send_all(job)
        if ended is None:
            self._settled_by(job, few)
        return ended

    def _settled_by(self, job: Job, stop: int) -> None:
        """What answers are, from the first of them."""
        self.settled = settle(self._traits, [job.reply(stop)])
        self._judge = job.judge = Judge(self._traits, self.settled, deferred=False)

    def _finish(self, job: Job, ended: BaseException | None) -> Answers:
        """All answers, or an error that carries those from the first on."""
        line = self._open()
        line.counts.remembered += len(job.keys) - len(job.first.keys() - job.remembered)
        try:
            answers = self._answers(job)
        except ModelError as error:
            ended, answers = ended or error, None
        if ended is None:
            assert answers is not None
            return answers
        raise ending(ended, job, answers=answers, line=line, domain=self._domain)

    def _answers(self, job: Job) -> Answers | None:
        """Answers to the rows from the first on, as far as they go."""
        done = job.answered()
        if not done:
            return None
        if self._judge is None:
            self._settled_by(job, done)
        assert self._judge is not None
        return self._judge(job.reply(done))

    def _enter(self, job: Job) -> None:
        """Note which answers of earlier runs were used; others may still save rows."""
        mark = job.replicate.to_bytes(4)
        fresh = {key + mark for key in job.found.keys() - job.remembered}
        old = {key + mark for key in job.remembered} - self._seen
        self._before -= len(old)
        self._seen |= old | fresh

    def _tell(self, job: Job) -> None:
        """Tell how far it is, and what it cost until now."""
        if self._on_progress is None:
            return
        purpose = job.purpose if isinstance(job.purpose, str) else job.purpose[-1][0]
        line = self._open()
        used = self._budget.used(line.earlier + line.spent, line.currency)
        done = len(job.keys) - len(job.missing())
        self._on_progress(done, len(job), f"{purpose}, {used}" if used else purpose)


def _is_said(traits: Traits) -> bool:
    """Whether all is said of what answers are, so that one answer settles it."""
    return traits.output == "values" or (traits.output is not None and traits.classes is not None)
