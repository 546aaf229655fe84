"""One job from plan to measured forms: draw, ask, fit, draw afresh, ask, measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from surrogate._array import to_numpy
from surrogate.local._designs import Design, Drawn
from surrogate.local._fit import Fit, Settings, fit_own, fit_shared
from surrogate.local._fresh import Fresh, measure_own, measure_shared
from surrogate.types import FloatArray, IntArray

if TYPE_CHECKING:
    from surrogate.oracle import Oracle

__all__ = ["Job", "run"]

_AT_ONCE = 200_000  # perturbed rows asked together where each explained row has its own


@dataclass(frozen=True, eq=False)
class Job:
    """What is to be explained, and how.

    Parameters
    ----------
    oracle : Oracle
    design : Design
    rows : array of shape (r, d)
    answers : array of shape (r, k)
        The model's, to the rows.
    kept : int array of shape (k,)
        Columns of the model's answers that are explained.
    settings : Settings
    level : float
    """

    oracle: Oracle
    design: Design
    rows: FloatArray
    answers: FloatArray
    kept: IntArray
    settings: Settings
    level: float

    def ask(self, rows: FloatArray, purpose: str) -> FloatArray:
        """Answers (n, k) of the model in float64 on the host."""
        return ask(self.oracle, rows, self.kept, purpose=purpose)


def ask(oracle: Oracle, rows: FloatArray, kept: IntArray | None, *, purpose: str) -> FloatArray:
    """Answers (n, k) of a model, the columns that are wanted."""
    values = to_numpy(oracle.ask(rows, purpose=purpose).values).astype(np.float64)
    return values if kept is None else values[:, kept]


def run(
    job: Job, *, n_samples: int, fidelity: int, seeds: Mapping[str, int]
) -> tuple[Fit, Fresh, float]:
    """Fit and measure; also the share of drawn rows that the constraint refused."""
    if job.design.shared is None:
        return _own(job, n_samples, fidelity, seeds)
    return _shared(job, n_samples, fidelity, seeds)


def _shared(
    job: Job, n_samples: int, fidelity: int, seeds: Mapping[str, int]
) -> tuple[Fit, Fresh, float]:
    """One plan for all rows, and one fresh plan."""
    assert job.design.shared is not None
    drawn = job.design.shared(n_samples, seeds["fit"])
    Y = job.ask(drawn.rows, "fit")
    pair = not job.settings.exact and _is_pair(Y) and _is_pair(job.answers)
    fit = fit_shared(
        job.design,
        drawn,
        job.rows,
        Y=Y[:, 1:] if pair else Y,
        y_row=job.answers[:, 1:] if pair else job.answers,
        settings=job.settings,
    )
    if pair:
        fit = _mirrored(fit)
    fresh_drawn = job.design.shared(fidelity, seeds["fidelity"])
    fresh = measure_shared(
        job.design,
        fresh_drawn,
        job.rows,
        Y=job.ask(fresh_drawn.rows, "fidelity"),
        coef=fit.coef,
        intercept=fit.intercept,
        width=job.settings.width,
        level=job.level,
    )
    return fit, fresh, drawn.rejected


def _own(
    job: Job, n_samples: int, fidelity: int, seeds: Mapping[str, int]
) -> tuple[Fit, Fresh, float]:
    """A plan around each row; rows are asked many at a time."""
    assert job.design.own is not None
    place, place_fresh = (
        job.design.own(n, seeds[p]) for n, p in ((n_samples, "fit"), (fidelity, "fidelity"))
    )
    r, d = job.rows.shape
    fit, fresh = Fit.empty(r, job.answers.shape[1], d), Fresh.empty(r, job.answers.shape[1])
    step = max(1, _AT_ONCE // (n_samples + fidelity))
    for start in range(0, r, step):
        at = slice(start, min(start + step, r))
        rows = job.rows[at]
        drawn = [place(row) for row in rows]
        part = fit_own(
            job.design,
            drawn,
            rows,
            Y=_ask_all(job, drawn, "fit"),
            y_row=job.answers[at],
            settings=job.settings,
        )
        drawn = [place_fresh(row) for row in rows]
        measured = measure_own(
            job.design,
            drawn,
            rows,
            Y=_ask_all(job, drawn, "fidelity"),
            coef=part.coef,
            intercept=part.intercept,
            width=job.settings.width,
            level=job.level,
        )
        for name in vars(fit):
            getattr(fit, name)[at] = getattr(part, name)
        for name in vars(fresh):
            getattr(fresh, name)[at] = getattr(measured, name)
    return fit, fresh, 0.0


def _ask_all(job: Job, drawn: list[Drawn], purpose: str) -> FloatArray:
    """Answers (c, n, k) to the rows around each of c explained rows."""
    answers = job.ask(np.concatenate([one.rows for one in drawn]), purpose)
    return answers.reshape(len(drawn), -1, answers.shape[1])


def _is_pair(Y: FloatArray) -> bool:
    """Whether there are two classes whose answers sum to one: then one tells the other."""
    return Y.shape[1] == 2 and bool(np.all(np.abs(Y.sum(axis=1) - 1.0) < 1e-6))


def _mirrored(fit: Fit) -> Fit:
    """Forms of both classes, from those of the second."""
    return replace(
        fit,
        coef=np.concatenate([-fit.coef, fit.coef], axis=1),
        errors=np.concatenate([fit.errors, fit.errors], axis=1),
        intercept=np.concatenate([1.0 - fit.intercept, fit.intercept], axis=1),
        r2=np.concatenate([fit.r2, fit.r2], axis=1),
    )
