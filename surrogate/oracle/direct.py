"""The way to a model in this process: its budget, and the rows kept from settling."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from surrogate._array import is_torch, namespace
from surrogate.errors import BudgetSpent
from surrogate.oracle.answers import Answers
from surrogate.oracle.asker import Asker, OnProgress, Purpose
from surrogate.oracle.budget import Budget, Spent
from surrogate.oracle.queries import Queries
from surrogate.oracle.quote import Quote, admit
from surrogate.oracle.settle import Settled
from surrogate.types import Array, BlackBox, Terms

if TYPE_CHECKING:
    from surrogate.domain import Domain

__all__ = ["Direct", "purpose_text"]


class Direct:
    """Asks a model in this process.

    Parameters
    ----------
    box : BlackBox
    domain : Domain
    budget : Budget
    batch_rows : int or None
    on_progress : callable or None
    """

    def __init__(
        self,
        box: BlackBox,
        domain: Domain,
        *,
        budget: Budget,
        batch_rows: int | None,
        on_progress: OnProgress | None,
    ) -> None:
        self._asker = Asker(box, domain, batch_rows=batch_rows, on_progress=on_progress)
        self._budget = budget
        self._bounded = budget.rows is not None or budget.requests is not None
        self._kept: tuple[Array, Answers] | None = None

    @property
    def box(self) -> BlackBox | None:
        """The black box, unless this was pickled."""
        return self._asker.box

    @property
    def settled(self) -> Settled | None:
        """What answers are, once that is known."""
        return self._asker.settled

    @property
    def queries(self) -> Queries:
        """What was asked until now."""
        asked = self._asker
        purposes = MappingProxyType(dict(asked.purposes))
        return Queries(
            asked.rows,
            asked.calls,
            asked.seconds,
            purposes,
            self._budget,
            timeline=asked.recorder.timeline(purposes),
        )

    @property
    def spent(self) -> Spent:
        """What counts against the budget."""
        return Spent(self._asker.rows, self._asker.calls)

    def quote(self, plan: Mapping[str, int]) -> Quote:
        """What a plan would take."""
        return Quote.of(
            plan,
            target=self._asker.traits.name,
            batch=self._asker.batch,
            terms=Terms(),
            budget=self._budget,
            spent=self.spent,
        )

    def admit(self, plan: Mapping[str, int]) -> None:
        """Refuse a plan that the budget does not cover."""
        admit(self.quote(plan))

    def see(self, domain: Domain) -> None:
        """From now on, rows are rows of this domain; equal rows of another are not equal."""
        if domain is not self._asker.domain:
            self._asker.see(domain)
            self._kept = None

    def settle(self, rows: Array, *, domain: Domain) -> None:
        """Ask a few rows, and keep their answers."""
        self.see(domain)
        matrix, left = self._asker.check(rows), self._left()
        if left is not None:
            matrix = matrix[:left]
        if len(matrix) == 0:
            raise self._spent(0, len(rows), "settle", None)
        answers = self._asker.settle(matrix)
        self._kept = (matrix[: len(answers)], answers)

    def ask(
        self, matrix: Array, purpose: Purpose, *, domain: Domain, replicate: int = 0
    ) -> Answers:
        """Ask rows as far as the budget goes; a deliberate repeat is asked like any row."""
        self.see(domain)
        matrix = self._asker.check(matrix)
        kept = None if self._kept is None or replicate else self._take_kept(matrix)
        done, n, left = 0 if kept is None else len(kept), int(matrix.shape[0]), self._left()
        if left is None or n - done <= left:
            return kept if kept and done == n else self._asker.ask(matrix, purpose, kept)
        answers = kept
        if left > 0:
            answers = self._asker.ask(matrix[: done + left], purpose, kept)
        raise self._spent(done + left, n, purpose, answers)

    def look(
        self, matrix: Array, purpose: str, layers: tuple[str, ...], *, domain: Domain
    ) -> Answers:
        """Ask rows with the activations of some layers, as far as the budget goes.

        Rows kept from settling are run again for their activations, and not counted again.
        """
        self.see(domain)
        matrix = self._asker.check(matrix)
        kept = self._take_kept(matrix)
        paid = 0 if kept is None else len(kept)
        n, left = int(matrix.shape[0]), self._left()
        if left is None or n - paid <= left:
            return self._asker.look(matrix, purpose, layers, paid=paid)
        answers = None
        if paid + left > 0:
            answers = self._asker.look(matrix[: paid + left], purpose, layers, paid=paid)
        raise self._spent(paid + left, n, purpose, answers)

    def close(self) -> None:
        """Nothing is open."""

    def without_box(self) -> Direct:
        """A copy that remembers what was asked, and has no box: what is pickled."""
        other = copy.copy(self)
        other._asker, other._kept = self._asker.without_box(), None
        return other

    def _left(self) -> int | None:
        """Rows that the budget leaves."""
        if not self._bounded:
            return None
        budget, asked = self._budget, self._asker
        rows = [] if budget.rows is None else [budget.rows - asked.rows]
        if budget.requests is not None:
            rows.append((budget.requests - asked.calls) * self._asker.batch)
        return max(min(rows), 0)

    def _take_kept(self, matrix: Array) -> Answers | None:
        """Answers kept from settling, once, if the rows begin with the rows asked then."""
        if self._kept is None:
            return None
        rows, answers = self._kept
        if len(matrix) < len(rows) or is_torch(rows) != is_torch(matrix):
            return None
        xp = namespace(rows)
        head = matrix[: len(rows)]
        if not bool(xp.all((rows == head) | (xp.isnan(rows) & xp.isnan(head)))):
            return None
        self._kept = None
        return answers

    def _spent(self, done: int, n: int, purpose: Purpose, answers: Answers | None) -> BudgetSpent:
        carried = ", which this error carries as `answers`" if done else ""
        return BudgetSpent(
            f"The budget of {self._budget} is spent: {done:,} of the {n:,} rows asked for "
            f"{purpose_text(purpose)} were answered{carried}. Give a larger budget, or ask less.",
            answers,
        )


def purpose_text(purpose: Purpose) -> str:
    """What rows are asked for, in words."""
    names = [purpose] if isinstance(purpose, str) else [name for name, _ in purpose]
    return " and ".join(map(repr, dict.fromkeys(names)))
