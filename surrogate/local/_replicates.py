"""How a plan's error reaches a summary over rows that share it.

The parts of a plan are independent, and the share that each has in the error of each row's
coefficients is known. A replicate flips the signs of these shares by one row of a Hadamard
matrix and adds them: the same flip for all rows, since they share the plan (balanced
repeated replication, McCarthy 1969). Sums over rows are kept for each replicate, so that memory
does not grow with the rows.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from surrogate.types import FloatArray

__all__ = ["STATISTICS", "empty_sums", "flips", "plan_errors", "replicate_sums"]

STATISTICS = ("mean", "size", "positive")
"""Over rows: the mean coefficient, its mean absolute value, the share above 0."""


@cache
def flips(parts: int) -> FloatArray:
    """Balanced signs (replicates, parts): columns sum to 0 and are orthogonal."""
    flips = np.ones((1, 1))
    while len(flips) <= parts:
        flips = np.block([[flips, flips], [flips, -flips]])
    return flips[:, 1 : parts + 1]


def empty_sums(parts: int, k: int, q: int) -> FloatArray:
    """Room for `replicate_sums`."""
    return np.zeros((len(flips(parts)), len(STATISTICS) + 1, k, q))


def replicate_sums(coef: FloatArray, shares: FloatArray) -> FloatArray:
    """Sums over a few rows, replicate by replicate: (h, 4, k, q), the last the rows counted.

    Parameters
    ----------
    coef : array of shape (r, k, q)
    shares : array of shape (r, parts, k, q)
        Of `coefficient_shares`; rows whose errors are unknown are left out.
    """
    known = np.isfinite(shares.sum(axis=(1, 2, 3)))
    if not known.all():
        coef, shares = coef[known], shares[known]
    r, parts, k, q = shares.shape
    signs = flips(parts)
    sums = np.empty((len(signs), len(STATISTICS) + 1, k, q))
    flat = shares.reshape(r, parts, k * q)
    moved = np.matmul(signs, flat).reshape(r, len(signs), k, q)
    moved += coef[:, None]
    sums[:, 0] = (signs @ flat.sum(axis=0)).reshape(-1, k, q) + coef.sum(axis=0)
    sums[:, 2] = (moved > 0).sum(axis=0)
    sums[:, 1] = np.abs(moved, out=moved).sum(axis=0)
    sums[:, 3] = r
    return sums


def plan_errors(sums: FloatArray) -> FloatArray:
    """Standard errors (3, k, q) of the statistics over rows; NaN where no row has errors."""
    rows = sums[:, -1:]
    with np.errstate(invalid="ignore", divide="ignore"):
        replicates = sums[:, :-1] / np.where(rows > 0, rows, np.nan)
    return np.asarray(replicates.std(axis=0))
