"""More plans for the same rows: fitted again under another seed, or at other kernel widths."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from surrogate.local._designs import Drawn
from surrogate.local._fit import Fit, Settings, fit_own, fit_shared
from surrogate.local._run import Job, is_pair, mirrored
from surrogate.types import FloatArray

__all__ = ["Answered", "answered_plans", "fit_plan", "refit"]

_AT_ONCE = 200_000  # perturbed rows asked together where each explained row has its own


@dataclass(frozen=True, eq=False)
class Answered:
    """Perturbed rows with the model's answers, for some of a job's rows.

    Parameters
    ----------
    at : slice
        Of the job's rows.
    drawn : Drawn, or list of Drawn
        One that all rows share, or one a row.
    Y : array of shape (n, k), or (rows, n, k)
    """

    at: slice
    drawn: Drawn | list[Drawn]
    Y: FloatArray


def answered_plans(
    job: Job, n: int, *, seed: int, purpose: str, fresh: bool = False
) -> Iterator[Answered]:
    """Draw a plan and ask it: at once where rows share it, else for a few rows at a time.

    A plan to fit on is drawn in mirrored pairs where `Lime.explain` does; fresh rows are not.

    Raises
    ------
    BudgetSpent, Interrupted
        If asking ended on the way.
    """
    everything = slice(0, len(job.rows))
    if job.design.shared is not None:
        drawn = job.design.shared(n, seed)
        yield Answered(everything, drawn, _asked(job, [drawn], purpose)[0])
        return
    assert job.design.own is not None
    place = job.design.own(n, seed, mirrored=not fresh)
    step = max(1, _AT_ONCE // n)
    for start in range(0, len(job.rows), step):
        around = [place(row) for row in job.rows[start : start + step]]
        Y = np.stack(_asked(job, around, purpose))
        yield Answered(slice(start, start + len(around)), around, Y)


def _asked(job: Job, plans: list[Drawn], purpose: str) -> list[FloatArray]:
    answers, ended = job.ask([(purpose, drawn.rows) for drawn in plans])
    if ended is not None:
        raise ended
    return answers


def fit_plan(job: Job, plan: Answered, answers: FloatArray, settings: Settings) -> Fit:
    """Forms of the plan's rows; answers (r, k) are the model's to all rows of the job."""
    rows, y_row = job.rows[plan.at], answers[plan.at]
    if isinstance(plan.drawn, list):
        return fit_own(job.design, plan.drawn, rows, Y=plan.Y, y_row=y_row, settings=settings)
    pair = not settings.exact and is_pair(plan.Y) and is_pair(y_row)
    fit = fit_shared(
        job.design,
        plan.drawn,
        rows,
        Y=plan.Y[:, 1:] if pair else plan.Y,
        y_row=y_row[:, 1:] if pair else y_row,
        settings=settings,
    )
    return mirrored(fit) if pair else fit


def refit(job: Job, n: int, *, seed: int, answers: FloatArray) -> FloatArray:
    """Coefficients (r, k, d) on another plan."""
    plans = answered_plans(job, n, seed=seed, purpose="stability")
    return np.concatenate([fit_plan(job, plan, answers, job.settings).coef for plan in plans])
