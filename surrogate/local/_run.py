"""One job from plan to measured forms: draw, ask in one go, fit, measure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from surrogate.local._around import Around, Moved, moves_alike
from surrogate.local._fit import Fit, fit_shared
from surrogate.local._fresh import Fresh, measure_shared
from surrogate.local._job import Ended, Found, Job, kept_columns
from surrogate.local._pairs import doubled, is_pair, mirrored
from surrogate.local._there import fit_there, measure_there, works_there
from surrogate.types import FloatArray

__all__ = ["Ended", "Found", "Job", "is_pair", "kept_columns", "mirrored", "run", "run_chunks"]

Explain: TypeAlias = Callable[[slice], Found]
"""Explains some of a job's rows."""

_LEAST_FRESH = 50  # rows that a form is measured on where asking ended before its plan
_HELD_BACK = 6  # where none were fresh by then, one in so many of the fit's own is held back


def run(job: Job, *, n_samples: int, fidelity: int, seeds: Mapping[str, int]) -> Found:
    """Fit and measure. A budget or a Ctrl-C that ends on the way leaves what can be measured.

    Raises
    ------
    BudgetSpent, Interrupted
        If that is nothing.
    """
    every = [slice(0, len(job.rows))]
    chunks = run_chunks(job, every, n_samples=n_samples, fidelity=fidelity, seeds=seeds)
    return next(found for _, found in chunks)


def run_chunks(
    job: Job,
    at: Sequence[slice],
    *,
    n_samples: int,
    fidelity: int,
    seeds: Mapping[str, int],
) -> Iterator[tuple[slice, Found]]:
    """Fit and measure some rows at a time, so that what was found can be put away.

    Together the chunks are what one run finds: equal draws, and equal queries, since a shared
    plan is asked once, with the first chunk. A job that goes on later with the chunks that are
    missing draws the same plan from the same seeds, and asks it once more.

    Parameters
    ----------
    job : Job
    at : sequence of slice
        Of the job's rows.
    n_samples, fidelity : int
    seeds : mapping
        Of "fit" and "fidelity".

    Yields
    ------
    slice, Found
        Which of the job's rows, and what was found; the last is shorter than planned where a
        budget or a Ctrl-C ended it.

    Raises
    ------
    BudgetSpent, Interrupted
        If asking ended before a chunk had anything to measure.
    """
    explain = _explainer(job, n_samples, fidelity, seeds)
    for part in at:
        found = explain(part)
        yield slice(part.start, part.start + len(found.rows)), found
        if found.ended:
            return


def _explainer(job: Job, n_samples: int, fidelity: int, seeds: Mapping[str, int]) -> Explain:
    """The way that a job's rows are explained, its plan drawn."""
    if job.design.shared is not None:
        return _Shared(job, n_samples, fidelity, seeds)
    if moves_alike(job):
        return Moved(job, n_samples, fidelity, seeds)
    return Around(job, n_samples, fidelity, seeds)


class _Shared:
    """Explains rows that share one plan, and one fresh plan, asked with the first of them."""

    def __init__(self, job: Job, n_samples: int, fidelity: int, seeds: Mapping[str, int]) -> None:
        assert job.design.shared is not None
        self._job, self._wanted = job, (n_samples, fidelity)
        self._drawn = job.design.shared(n_samples, seeds["fit"])
        self._again = job.design.shared(fidelity, seeds["fidelity"])
        self._told: tuple[FloatArray, FloatArray] | None = None

    def __call__(self, at: slice) -> Found:
        """Ask, fit and measure some of the job's rows."""
        job, rows = self._job, self._job.rows[at]
        asked: dict[str, int] = {}
        said = ""
        if self._told is None:
            parts = [("rows", rows), ("fit", self._drawn.rows), ("fidelity", self._again.rows)]
            (answers, Y, fresh_Y), ended = job.ask(parts)
            asked = {"fit": len(Y), "fidelity": len(fresh_Y)}
            if ended is not None:
                Y, fresh_Y, said = self._curtail(Y, fresh_Y, ended)
            self._told = Y, fresh_Y
        else:
            (answers,), ended = job.ask([("rows", rows)])
            if ended is not None:
                rows = rows[: len(answers)]
                done = at.start + len(rows)
                said = f"{done:,} of {len(job.rows):,} rows were explained: {ended.why}."
        asked = {"rows": len(answers), **asked}
        return self._found(rows, answers, asked, said)

    def _found(
        self, rows: FloatArray, answers: FloatArray, asked: Mapping[str, int], said: str
    ) -> Found:
        """Forms of rows and their fidelity, from what was answered."""
        assert self._told is not None
        job, (Y, fresh_Y) = self._job, self._told
        pair = not job.settings.exact and is_pair(Y) and is_pair(answers)
        half = pair and is_pair(fresh_Y)
        fit = self._fit(rows, Y[:, 1:] if pair else Y, answers[:, 1:] if pair else answers)
        if pair and not half:
            fit = mirrored(fit)
        fresh = self._measure(rows, fit, fresh_Y[:, 1:] if half else fresh_Y)
        if half:
            fit, fresh = mirrored(fit), doubled(fresh)
        rejected = self._drawn.rejected
        return Found(rows, answers, fit, fresh, len(fresh_Y), asked, rejected, said)

    def _fit(self, rows: FloatArray, Y: FloatArray, y_row: FloatArray) -> Fit:
        """Forms of rows, on the host or on a device."""
        job, drawn = self._job, self._drawn
        settings, device = job.settings, job.device
        if device != "cpu" and works_there(settings):
            return fit_there(job.design, drawn, rows, Y=Y, settings=settings, device=device)
        return fit_shared(job.design, drawn, rows, Y=Y, y_row=y_row, settings=settings)

    def _measure(self, rows: FloatArray, fit: Fit, Y: FloatArray) -> Fresh:
        """Their fidelity."""
        job, again = self._job, self._again
        if job.device != "cpu" and works_there(job.settings):
            return measure_there(
                job.design,
                again,
                rows,
                Y=Y,
                fit=fit,
                settings=job.settings,
                level=job.level,
                device=job.device,
            )
        return measure_shared(
            job.design,
            again,
            rows,
            Y=Y,
            coef=fit.coef,
            intercept=fit.intercept,
            width=job.settings.width,
            level=job.level,
        )

    def _curtail(
        self, Y: FloatArray, fresh_Y: FloatArray, ended: Ended
    ) -> tuple[FloatArray, FloatArray, str]:
        """Of what was answered, what is fitted on and what is measured on."""
        n_samples, fidelity = self._wanted
        if len(fresh_Y) >= min(_LEAST_FRESH, fidelity):
            self._again = self._again.take(slice(len(fresh_Y)))
        else:
            held = len(Y) // _HELD_BACK
            cut = len(Y) - held
            if held < _LEAST_FRESH or cut < self._job.least:
                raise ended
            self._again = self._drawn.take(slice(cut, len(Y)))
            self._drawn = self._drawn.take(slice(cut))
            Y, fresh_Y = Y[:cut], Y[cut:]
        said = (
            f"Fitted on {len(Y):,} of {n_samples:,} perturbed rows, and measured on "
            f"{len(fresh_Y):,} others instead of {fidelity:,}: {ended.why}."
        )
        return Y, fresh_Y, said
