"""From weighted moments to linear coefficients, their standard errors, and what is unsure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surrogate.local._common import CommonMoments
from surrogate.local._kernel import effective_size
from surrogate.local._moments import Moments
from surrogate.types import BoolArray, FloatArray

__all__ = [
    "COLLINEAR",
    "Centred",
    "Solution",
    "centre",
    "coefficient_shares",
    "few_rows",
    "solve",
    "standard_errors",
]

COLLINEAR = 1e10
"""Condition number from which columns count as moving together."""


@dataclass(frozen=True, eq=False)
class Centred:
    """Weighted, centred sums of r rows, q columns of Z and k of Y.

    Parameters
    ----------
    weight : array of shape (r,)
    mean_z, mean_y : arrays of shape (r, q), (r, k)
    zz, zy : arrays of shape (r, q, q), (r, q, k)
    yy : array of shape (r, k)
    """

    weight: FloatArray
    mean_z: FloatArray
    mean_y: FloatArray
    zz: FloatArray
    zy: FloatArray
    yy: FloatArray


@dataclass(frozen=True, eq=False)
class Solution:
    """Linear forms of r rows.

    Parameters
    ----------
    coef : array of shape (r, k, q)
    intercept : array of shape (r, k)
    inverse : array of shape (r, q, q)
        Inverse of the centred sums (with ridge), for standard errors.
    condition : array of shape (r,)
        Condition number of the columns' correlations.
    """

    coef: FloatArray
    intercept: FloatArray
    inverse: FloatArray
    condition: FloatArray


def centre(total: FloatArray, q: int) -> Centred:
    """Centred sums from raw sums (r, p, p) of [Z, 1, Y]."""
    weight = total[:, q, q]
    safe = np.where(weight > 0, weight, 1.0)
    mean = total[:, :, q] / safe[:, None]
    scatter = total - weight[:, None, None] * mean[:, :, None] * mean[:, None, :]
    z, y = slice(0, q), slice(q + 1, None)
    return Centred(
        weight=weight,
        mean_z=mean[:, z],
        mean_y=mean[:, y],
        zz=scatter[:, z, z],
        zy=scatter[:, z, y],
        yy=np.maximum(np.einsum("rkk->rk", scatter[:, y, y]), 0.0),
    )


def solve(moments: Centred, *, ridge: float = 0.0) -> Solution:
    """Weighted least squares with an intercept, all rows and classes at once.

    A column that does not vary gets the coefficient 0; columns that move together share
    theirs (the solution of least norm).
    """
    zz, varies = _regular(moments, ridge)
    scale = 1.0 / np.sqrt(np.einsum("rqq->rq", zz))
    correlation = zz * scale[:, :, None] * scale[:, None, :]
    inverse, condition = _invert(correlation)
    inverse = inverse * scale[:, :, None] * scale[:, None, :]
    inverse *= varies[:, :, None] & varies[:, None, :]
    coef = np.matmul(moments.zy.swapaxes(1, 2), inverse)  # symmetric
    intercept = moments.mean_y - np.einsum("rkq,rq->rk", coef, moments.mean_z)
    return Solution(coef, intercept, inverse, condition)


def _regular(moments: Centred, ridge: float) -> tuple[FloatArray, BoolArray]:
    """Sums with ridge, in which columns that do not vary are set to the identity."""
    zz = moments.zz.copy()
    diagonal = np.einsum("rqq->rq", zz)  # a view
    level = moments.weight[:, None] * np.maximum(moments.mean_z**2, 1e-30)
    varies = diagonal > np.finfo(np.float64).eps * 64 * level
    zz *= varies[:, :, None] & varies[:, None, :]
    diagonal += ridge
    diagonal[~varies] = 1.0
    return zz, varies


def _invert(matrices: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Inverses and condition numbers (in the 1-norm) of correlation matrices (r, q, q)."""
    try:
        inverse = np.linalg.inv(matrices)
    except np.linalg.LinAlgError:
        inverse = np.full_like(matrices, np.inf)
    norm = np.abs(matrices).sum(axis=1).max(axis=1, initial=1.0)
    with np.errstate(invalid="ignore", over="ignore"):
        condition = norm * np.abs(inverse).sum(axis=1).max(axis=1, initial=1.0)
    bad = ~(condition < COLLINEAR)
    for i in np.flatnonzero(bad):
        inverse[i] = np.linalg.pinv(matrices[i], rcond=1.0 / COLLINEAR, hermitian=True)
        rank = np.linalg.matrix_rank(matrices[i], tol=len(matrices[i]) / COLLINEAR, hermitian=True)
        spread = np.abs(inverse[i]).sum(axis=0).max(initial=1.0)
        condition[i] = np.inf if rank < len(matrices[i]) else norm[i] * spread
    return np.asarray(inverse, dtype=np.float64), condition


def coefficient_shares(
    moments: Moments | CommonMoments, solution: Solution, centred: Centred
) -> FloatArray:
    """What each independent part of the plan adds to the coefficients' errors: (r, parts, k, q).

    Coefficients are without ridge or selection; their variance is the sum of squared shares. The
    blocks of the plan are independent, so the coefficient's error is the sum of the
    blocks' scores, led through the inverse: the sandwich estimator with blocks as clusters
    (Liang and Zeger 1986), with the usual factors for few clusters and few rows. Where blocks
    hold partners, their differences are taken instead. Quantiles are those of Student's t on
    ``BLOCKS - 1`` or ``PAIRED_BLOCKS / 2`` degrees of freedom.
    """
    q = moments.q
    score = moments.scores(solution.coef, solution.intercept)  # (r, blocks, q + 1, k)
    n_blocks = score.shape[1]
    score = score[:, :, :q] - centred.mean_z[:, None, :, None] * score[:, :, q, None]
    influence = np.matmul(solution.inverse[:, None], score)  # (r, blocks, q, k)
    ess = effective_size(centred.weight, moments.square)
    factor = n_blocks / (n_blocks - 1)
    if moments.paired:
        influence, factor = influence[:, 0::2] - influence[:, 1::2], 1.0
    small = few_rows(ess, q, mirrored=moments.mirrored)
    influence *= np.sqrt(factor * small)[:, None, None, None]
    influence[solution.condition >= COLLINEAR] = np.nan
    shares: FloatArray = influence.swapaxes(2, 3)
    return shares


def few_rows(ess: FloatArray, q: int, *, mirrored: bool) -> FloatArray:
    """How much the residuals of q slopes and an intercept understate a variance.

    Slopes see the differences of mirrored partners alone: half as many, and no intercept.
    """
    rows, terms = (ess / 2, q) if mirrored else (ess, q + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(rows > terms, rows / (rows - terms), np.nan)


def standard_errors(shares: FloatArray) -> FloatArray:
    """Standard errors (r, k, q) from the shares of the plan's parts."""
    errors: FloatArray = np.sqrt(np.einsum("rbkq,rbkq->rkq", shares, shares))
    return errors
