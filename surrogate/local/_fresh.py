"""How well local forms answer fresh queries: weighted R² with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surrogate.fidelity import weighted_r2
from surrogate.local._common import is_common
from surrogate.local._designs import Design, Drawn
from surrogate.local._fit import own_view
from surrogate.local._moments import each_chunk
from surrogate.local._planes import make_planes
from surrogate.types import FloatArray

__all__ = ["Fresh", "measure_own", "measure_shared"]


@dataclass(frozen=True, eq=False)
class Fresh:
    """Local fidelity of r rows and k classes.

    Parameters
    ----------
    value, low, high : arrays of shape (r, k)
        Weighted R² and its interval; NaN where the model does not vary, or the
        interval has too few effective samples.
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

    def fill(
        self, at: slice, errors: FloatArray, answers: FloatArray, weight: FloatArray, level: float
    ) -> None:
        """Measure a few rows: errors (c, k, n), answers (c or 1, k, n), weight (c, n)."""
        found = weighted_r2(errors, answers, weight, level=level)
        for name in vars(self):
            getattr(self, name)[at] = getattr(found, name)


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

    alike = bank[planes.index[0]] if is_common(planes) else None

    def work(at: slice) -> None:
        if alike is not None:  # (d + 1, n)
            weight = planes.slope[at] @ alike
            told = (beta[at].reshape(-1, d + 1) @ alike).reshape(-1, k, len(Y))
        else:
            columns = np.take(bank, planes.index[at], axis=0)  # (c, d + 1, n)
            weight = np.matmul(planes.slope[at, None, :], columns)[:, 0]
            told = np.matmul(beta[at], columns)
        if planes.base is not None:
            weight += planes.base[0]
        np.exp(weight, out=weight)
        fresh.fill(at, answers - told, answers, weight, level)

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
        fresh.fill(slice(i, i + 1), errors, answers, weight, level)
    return fresh
