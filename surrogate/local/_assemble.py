"""Arrays of a fit and of its fidelity, put together with what a reader must know of them."""

from __future__ import annotations

import numpy as np

from surrogate.explanation.encoding import Scaled
from surrogate.explanation.local_fidelity import LocalFidelity
from surrogate.local._fit import parts_of, z_of
from surrogate.local._flags import flag_rows
from surrogate.local._replicates import plan_errors
from surrogate.local._run import Found, Job
from surrogate.local.result import LimeResult

__all__ = ["assemble"]

_TIED = 10.0  # variance inflation from which a coefficient is not read alone


def assemble(job: Job, found: Found, *, seed: int) -> LimeResult:
    """Arrays of the fit and of its fidelity, with what is bad about them."""
    fit, fresh = found.fit, found.fresh
    z_row = z_of(job.design, found.rows)  # (r, d)
    local = fit.intercept + np.einsum("rkd,rd->rk", fit.coef, z_row)
    intercept = fit.intercept
    encoding = job.design.encoding
    if isinstance(encoding, Scaled) and encoding.centre is None:  # then a row's own numbers are 0
        number = ~job.design.equality
        intercept = intercept + np.einsum("rkd,rd->rk", fit.coef[:, :, number], z_row[:, number])
    fidelity = LocalFidelity(
        value=fresh.value,
        low=fresh.low,
        high=fresh.high,
        error=np.abs(local - found.answers),
        ess=fresh.ess,
        n=found.n,
        level=job.level,
        interval="sandwich",
        seed=seed,
    )
    classes = None if job.oracle.classes is None else tuple(job.classes or job.oracle.classes)
    dof = parts_of(job.design) - (not job.design.paired)
    return LimeResult(
        rows=found.rows,
        coef=fit.coef,
        coef_se=fit.errors if job.settings.has_errors else None,
        dof=dof if job.settings.has_errors else None,
        intercept=intercept,
        encoding=encoding,
        box_values=found.answers,
        local_values=local,
        fit_r2=fit.r2,
        fidelity=fidelity,
        ess=fit.ess,
        widths=np.full(len(found.rows), job.settings.width),
        classes=classes,
        flags=flag_rows(fit, fresh, fidelity, found.answers.argmax(axis=1)),
        queries=dict(found.asked),
        rejected=found.rejected,
        seed=seed,
        notes=_notes(job, found),
        plan_errors=plan_errors(fit.sums.sum(axis=0)) if job.settings.has_errors else None,
        interrupted=bool(found.ended),
    )


def _notes(job: Job, found: Found) -> tuple[str, ...]:
    """What holds for all rows alike."""
    notes = [found.ended] if found.ended else []
    tied = np.flatnonzero(np.median(found.fit.inflation, axis=0) > _TIED)
    if tied.size:
        names = [job.oracle.domain.features[j].name for j in tied.tolist()]
        more = f" and {len(names) - 8} more" if len(names) > 8 else ""
        notes.append(
            f"Read these features' coefficients together, since they move together in the "
            f"perturbed rows and one can make up for another: {', '.join(names[:8])}{more}."
        )
    if job.design.shared is not None:
        notes.append(
            "All rows share one set of queries, so their errors are not independent: a mean over "
            "rows is less sure than its rows suggest, and summary() says how sure it is."
        )
    if not job.settings.has_errors:
        notes.append("No standard errors: ridge and feature selection bias the coefficients.")
    if found.rejected:
        notes.append(f"The domain's constraint refused {found.rejected:.1%} of the drawn rows.")
    return tuple(notes)
