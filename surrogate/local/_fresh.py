"""How well local forms answer fresh queries: weighted R² with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from surrogate.local._designs import Design, Drawn, make_planes
from surrogate.local._fit import own_view
from surrogate.local._kernel import effective_size
from surrogate.local._moments import each_chunk
from surrogate.types import FloatArray

__all__ = ["Fresh", "measure_own", "measure_shared", "weighted_r2"]


@dataclass(frozen=True, eq=False)
class Fresh:
    """Local fidelity of r rows and k classes.

    Parameters
    ----------
    value, low, high : arrays of shape (r, k)
        Weighted R² and its interval; NaN where the model does not vary.
    spread : array of shape (r, k)
        Weighted standard deviation of the model's answers around the row.
    ess : array of shape (r,)
    """

    value: FloatArray
    low: FloatArray
    high: FloatArray
    spread: FloatArray
    ess: FloatArray

    @classmethod
    def empty(cls, r: int, k: int) -> Fresh:
        """Room for r rows."""
        value, low, high, spread = (np.full((r, k), np.nan) for _ in range(4))
        return cls(value, low, high, spread, np.zeros(r))


def weighted_r2(
    errors: FloatArray, answers: FloatArray, weight: FloatArray, *, level: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Weighted R² of r rows and k classes with sandwich intervals.

    Parameters
    ----------
    errors : array of shape (r, k, n)
        Answer minus local value.
    answers : array of shape (r or 1, k, n)
    weight : array of shape (r, n)
    level : float

    Returns
    -------
    value, low, high, spread : arrays of shape (r, k)
    ess : array of shape (r,)

    The interval is taken on log(1 - R²), a difference of two log sums, so that it never
    passes 1; its quantile is Student's t on the effective sample size minus one.
    """
    total, square = weight.sum(axis=1), (weight**2).sum(axis=1)
    ess = effective_size(total, square)
    safe = np.where(total > 0, total, 1.0)[:, None]
    mean = np.einsum("rn,rkn->rk", weight, np.broadcast_to(answers, errors.shape)) / safe
    away = (answers - mean[:, :, None]) ** 2
    lost, varied = (weight[:, None] * errors**2), (weight[:, None] * away)
    sse, sst = lost.sum(axis=2), varied.sum(axis=2)
    scale = np.maximum(mean**2, 1e-12) * safe
    defined = (sst > 1e-12 * scale) & (ess[:, None] > 2)
    sst_, sse_ = np.where(defined, sst, 1.0), np.where(sse > 0, sse, 1.0)
    # influence of each sample on log SSE - log SST
    influence = lost / sse_[:, :, None] - varied / sst_[:, :, None]
    se = np.sqrt((influence**2).sum(axis=2) * (1.0 + 1.0 / np.maximum(ess, 2.0))[:, None])
    reach = special.stdtrit(np.maximum(ess - 1.0, 1.0), 0.5 + level / 2.0)[:, None] * se
    rest = np.where(defined, sse / sst_, np.nan)
    with np.errstate(over="ignore"):
        low, high = 1.0 - rest * np.exp(reach), 1.0 - rest * np.exp(-reach)
    return 1.0 - rest, low, high, np.sqrt(sst / safe), ess


def measure_shared(
    design: Design,
    drawn: Drawn,
    rows: FloatArray,
    *,
    Y: FloatArray,
    coef: FloatArray,
    intercept: FloatArray,
    width: float,
    level: float,
) -> Fresh:
    """Fidelity of r forms on one fresh plan (n, d) with answers Y (n, k)."""
    r, k, d = coef.shape
    fresh = Fresh.empty(r, k)
    single = bool(design.equality.all()) and d / (2.0 * width**2) < 60.0
    planes = make_planes(
        design,
        drawn,
        rows,
        Y[:, :0],
        width=width,
        dtype="float32" if single else "float64",
        single=True,
    )
    bank, answers = planes.bank[0], np.ascontiguousarray(Y.T)[None]  # (m, n), (1, k, n)
    beta = np.concatenate([coef, intercept[:, :, None]], axis=2)
    if single:  # forms are centred on the answers, so that float32 holds the difference
        centre = Y.mean(axis=0)
        answers = (answers - centre[None, :, None]).astype(np.float32)
        beta[:, :, -1] -= centre
        beta = beta.astype(np.float32)

    def work(at: slice) -> None:
        columns = np.take(bank, planes.index[at], axis=0)  # (c, d + 1, n)
        weight = np.matmul(planes.slope[at, None, :], columns)[:, 0]
        if planes.base is not None:
            weight += planes.base[0]
        np.exp(weight, out=weight)
        errors = answers - np.matmul(beta[at], columns)
        results = weighted_r2(errors, answers, weight, level=level)
        for name, result in zip(vars(fresh), results):
            getattr(fresh, name)[at] = result

    each_chunk(r, work)
    return fresh


def measure_own(
    design: Design,
    drawn: list[Drawn],
    rows: FloatArray,
    *,
    Y: FloatArray,
    coef: FloatArray,
    intercept: FloatArray,
    width: float,
    level: float,
) -> Fresh:
    """Fidelity of r forms on fresh rows of their own, answers Y (r, n, k)."""
    fresh = Fresh.empty(len(rows), Y.shape[2])
    for i in range(len(rows)):
        Z, weight = own_view(design, drawn[i], rows[i : i + 1], width)
        answers = Y[i].T[None]
        errors = answers - (coef[i] @ Z[0].T + intercept[i][:, None])[None]
        results = weighted_r2(errors, answers, weight, level=level)
        for name, result in zip(vars(fresh), results):
            getattr(fresh, name)[i : i + 1] = result
    return fresh
