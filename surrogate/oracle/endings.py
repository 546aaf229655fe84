"""How an ask over a wire ends before its last row: errors that carry what was answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from surrogate.errors import AnswerError, BudgetSpent, Interrupted, LedgerError, ModelError
from surrogate.oracle.answers import Answers
from surrogate.oracle.direct import purpose_text
from surrogate.oracle.job import Job
from surrogate.oracle.line import Line
from surrogate.oracle.rows import row_text

if TYPE_CHECKING:
    from surrogate.domain import Domain

__all__ = ["ending"]


def ending(
    ended: BaseException, job: Job, *, answers: Answers | None, line: Line, domain: Domain
) -> BaseException:
    """The error to raise, with the answers to the rows from the first on that have one."""
    name = line.box.traits.name
    done = 0 if answers is None else len(answers)
    state = f"{done:,} of the {len(job):,} rows asked for {purpose_text(job.purpose)} were answered"
    carried = ", which this error carries as `answers`" if done else ""
    if isinstance(ended, KeyboardInterrupt):
        return Interrupted(
            f"Interrupted while {name} was asked: {state}{carried}.{_kept(job, line)}", answers
        )
    if isinstance(ended, BudgetSpent):
        why = str(ended) or f"the budget of {line.budget.text(line.currency)} is spent{_used(line)}"
        return BudgetSpent(
            f"{why[:1].upper()}{why[1:]}: {state}{carried}."
            + ("" if isinstance(ended.__cause__, LedgerError) else _kept(job, line))
            + ("" if str(ended) else " Give a larger budget, or ask less."),
            answers,
            why=ended.why,
        )
    if isinstance(ended, ModelError):
        message = str(ended).rstrip()
        if isinstance(ended, AnswerError) and ended.row is not None:
            message += f" Row {ended.row:,} is {row_text(domain, job.matrix[ended.row])}."
        stop = "" if message.endswith((".", "?", "!")) else "."
        ended.args = (f"{message}{stop} {state[:1].upper()}{state[1:]}.{_kept(job, line)}",)
        ended.answers = answers
    return ended


def _kept(job: Job, line: Line) -> str:
    """Where what was answered is, in words."""
    ledger = line.ledger
    if ledger.path is not None:
        return (
            f" All that was answered is in {ledger.name}: started again with it, nothing of it is "
            "asked twice."
        )
    return " A ledger (`ledger=`) would keep it for another start." if job.found else ""


def _used(line: Line) -> str:
    """What earlier runs took of the budget, in words."""
    earlier = line.earlier.rows
    return f", of which earlier runs on {line.ledger.name} took {earlier:,} rows" if earlier else ""
