"""Kernel widths side by side: ask once, fit at every width.

Neither the perturbed rows nor the model's answers depend on the kernel's width, only the weights
do. So three plans and one set of fresh rows, asked once, show fidelity and stability at any number
of widths (the trade-off of OptiLIME, Visani, Bagli and Chesani 2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate._validate import Real, Whole, check
from surrogate.errors import OptionError
from surrogate.explanation.width_sweep import WidthSweep
from surrogate.fidelity import linear_stability
from surrogate.fidelity.refits import refit_scores, shown_top
from surrogate.local._designs import child_seed
from surrogate.local._entropy import asks_bins, with_entropy_bins
from surrogate.local._fit import own_view, z_of
from surrogate.local._flags import FEW
from surrogate.local._pick_width import Measured, curve, pick_width, row_curve
from surrogate.local._refit import Answered, answered_plans, fit_plan
from surrogate.types import FloatArray, IntArray

if TYPE_CHECKING:
    from surrogate.local._run import Job
    from surrogate.local.lime import Lime

__all__ = ["sweep", "sweep_cost", "widths_around"]

FITS = 3
"""Fits at every width, each on a plan of its own: three pairs to compare."""
STEPS = (-4, -3, -2, -1, 0, 1, 2, 3, 4)
"""Half powers of 2 by which the default width is multiplied."""
_BLOCKS = 20  # of the fresh rows, for jackknife intervals


def widths_around(width: float) -> tuple[float, ...]:
    """Nine widths from a quarter of one to four times as much."""
    return tuple(width * 2.0 ** (step / 2) for step in STEPS)


def sweep_cost(lime: Lime, n_rows: int, *, fidelity: int = 1000, fits: int = FITS) -> int:
    """Rows that a sweep will ask, however many widths it fits."""
    cost = replace(lime, width=None).cost(n_rows, fidelity=fidelity)
    cost["rows"] += cost.get("bins", 0)
    return cost["rows"] + fits * cost["fit"] + cost["fidelity"]


def sweep(
    lime: Lime,
    matrix: Any,
    *,
    reference: Any,
    widths: Sequence[float] | None = None,
    fidelity: int = 1000,
    fits: int = FITS,
    seed: int = 0,
) -> WidthSweep:
    """Explain rows at several kernel widths from one set of queries.

    Parameters
    ----------
    lime : Lime
        How it samples and solves; its own width does not matter.
    matrix : array of shape (r, d)
        Rows to explain, as the domain encodes them; a few dozen show the curve.
    reference : array of shape (n, d)
        Rows of the population.
    widths : sequence of float, optional
        In units of z. None: nine around the default, from a quarter to four times as much.
    fidelity : int
        Fresh perturbations on which every form is measured.
    fits : int
        Plans, each fitted at every width.
    seed : int

    Returns
    -------
    WidthSweep

    Raises
    ------
    OptionError
        If a width is not above 0, or the sampling draws from the kernel, so that every width
        would need queries of its own.
    BudgetTooSmall, BudgetSpent, Interrupted
        If the budget does not suffice, or asking ended on the way.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.adapters import wrap
    >>> from surrogate.domain import Domain
    >>> from surrogate.local import Lime, sweep
    >>> from surrogate.oracle import Oracle
    >>> X = np.random.Generator(np.random.Philox(key=0)).normal(size=(200, 3))
    >>> box = wrap(lambda rows: np.sin(2 * rows[:, 0]) + rows[:, 1], task="regression")
    >>> lime = Lime(Oracle(box, Domain.infer(X)), n_samples=1000)
    >>> found = sweep(lime, X[:10], reference=X, widths=[0.5, 1.0, 2.0], seed=0)
    >>> found.fidelity.shape  # widths, and value, low, high
    (3, 3)
    """
    check("sweep", {"fidelity": Whole(100), "fits": Whole(2)}, {"fidelity": fidelity, "fits": fits})
    lime = replace(lime, width=None)
    if lime.sampling == "kernel":
        raise OptionError(
            "The `sampling` of a sweep over widths must not be 'kernel', which draws other rows "
            "for every width; use 'gaussian'."
        )
    job = lime.job(matrix, reference=reference, seed=seed)
    job.oracle.admit({"width": sweep_cost(lime, len(job.rows), fidelity=fidelity, fits=fits)})
    if asks_bins(lime):
        lime, _ = with_entropy_bins(lime, reference, seed=seed)
        job = lime.job(matrix, reference=reference, seed=seed)
    tried = _checked(widths, job.settings.width)
    told, ended = job.ask([("width", job.rows)])
    if ended is not None:
        raise ended
    answers = told[0]
    n_samples = lime.n_samples - lime.compatible
    forms = [
        _forms(job, tried, answers, n=n_samples, seed=child_seed(seed, f"width {i}"))
        for i in range(fits)
    ]
    stream = child_seed(seed, "width fidelity")
    fresh = answered_plans(job, fidelity, seed=stream, purpose="width", fresh=True)
    shown = answers.argmax(axis=1)
    sums = np.concatenate([_sums(job, plan, forms, tried, shown) for plan in fresh], axis=1)
    return _found(job, tried, forms, answers, sums, n=fidelity, seed=seed)


def _checked(widths: Sequence[float] | None, default: float) -> tuple[float, ...]:
    """Widths in ascending order, or those around the default."""
    if widths is None:
        return widths_around(default)
    rule = {"widths": Real(0, closed="neither")}
    for width in widths:
        check("sweep", rule, {"widths": width})
    if not len(widths):
        raise OptionError("The `widths` parameter of sweep must name at least one width; got none.")
    return tuple(sorted({float(width) for width in widths}))


@dataclass(frozen=True, eq=False)
class _Forms:
    """Forms of one plan at every width: coef (w, r, k, d), intercept (w, r, k), ess (w, r)."""

    coef: FloatArray
    intercept: FloatArray
    ess: FloatArray


def _forms(
    job: Job, widths: tuple[float, ...], answers: FloatArray, *, n: int, seed: int
) -> _Forms:
    """Ask a plan once and fit it at every width."""
    k, d = answers.shape[1], job.rows.shape[1]
    shape = len(widths), len(job.rows)
    forms = _Forms(np.empty((*shape, k, d)), np.empty((*shape, k)), np.empty(shape))
    for plan in answered_plans(job, n, seed=seed, purpose="width"):
        for w, width in enumerate(widths):
            fit = fit_plan(job, plan, answers, replace(job.settings, width=width))
            forms.coef[w, plan.at], forms.intercept[w, plan.at] = fit.coef, fit.intercept
            forms.ess[w, plan.at] = fit.ess
    return forms


def _sums(
    job: Job, plan: Answered, forms: list[_Forms], widths: tuple[float, ...], shown: IntArray
) -> FloatArray:
    """Sums over blocks of fresh rows of 1, y, y² and the forms' mean squared error, weighted.

    Shape (w, rows of the plan, blocks, 4), for the class that is shown of each row.
    """
    places = range(*plan.at.indices(len(job.rows)))
    sums = np.empty((len(widths), len(places), _BLOCKS, 4))
    for j, i in enumerate(places):
        drawn = plan.drawn[j] if isinstance(plan.drawn, list) else plan.drawn
        Y = plan.Y[j] if isinstance(plan.drawn, list) else plan.Y
        y = Y[:, shown[i]] - Y[:, shown[i]].mean()
        edges = np.linspace(0, len(y), _BLOCKS, endpoint=False, dtype=np.intp)
        for w, width in enumerate(widths):
            Z, weight = own_view(job.design, drawn, job.rows[i : i + 1], width)
            coef = np.stack([one.coef[w, i, shown[i]] for one in forms])  # (fits, d)
            base = np.stack([one.intercept[w, i, shown[i]] for one in forms])
            lost = ((Y[:, shown[i], None] - Z[0] @ coef.T - base) ** 2).mean(axis=1)
            terms = weight[0, :, None] * np.column_stack([np.ones_like(y), y, y**2, lost])
            sums[w, j] = np.add.reduceat(terms, edges, axis=0)
    return sums


def _found(
    job: Job,
    widths: tuple[float, ...],
    forms: list[_Forms],
    answers: FloatArray,
    sums: FloatArray,
    *,
    n: int,
    seed: int,
) -> WidthSweep:
    """Curves over the widths, and the width that is picked on them."""
    rows, shown = np.arange(len(job.rows)), answers.argmax(axis=1)
    coef = np.stack([one.coef[:, rows, shown] for one in forms])  # (fits, w, r, d)
    top = shown_top(coef.shape[-1])
    fits = [linear_stability(coef[:, w], top=top, level=job.level) for w in range(len(widths))]
    each = [refit_scores(coef[:, w, :, None], top=top).jaccard[:, 0, 0] for w in range(len(widths))]
    z_row = z_of(job.design, job.rows)
    local = [one.intercept + np.einsum("wrkd,rd->wrk", one.coef, z_row) for one in forms]
    away = np.mean(np.abs(np.stack(local) - answers), axis=0)[:, rows, shown]  # (w, r)
    measured = curve(sums, level=job.level)
    overlap = np.array([Measured.of(one.main) for one in fits])
    ess = np.mean([one.ess for one in forms], axis=0)  # (w, r)
    enough = np.median(ess, axis=1) >= FEW * (coef.shape[-1] + 1)
    picked, why = pick_width(
        measured, overlap[:, 0], enough, widths=np.array(widths), level=job.level
    )
    return WidthSweep(
        widths=np.array(widths),
        fidelity=measured.ends,
        overlap=overlap,
        rank=np.array([Measured.of(one["rank correlation"]) for one in fits]),
        error=away.mean(axis=1),
        ess=np.median(ess, axis=1),
        row_fidelity=row_curve(sums),
        row_overlap=np.stack(each),
        picked=picked,
        why=why,
        top=top,
        fits=len(forms),
        n=n,
        level=job.level,
        seed=seed,
    )
