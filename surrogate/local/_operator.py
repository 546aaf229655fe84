"""Least squares whose rows differ from the explained one by the same offsets every time.

Then z, weights and the inverse of the normal equations are the same for all explained rows, and
coefficients are one fixed linear operator of the answers. What is left to do for a row is one
product of its answers with that operator, on whatever library and device they lie.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from surrogate._array import is_torch, namespace, to_numpy
from surrogate.local._fit import Fit, Settings
from surrogate.local._kernel import effective_size
from surrogate.local._moments import BLOCKS, block_size
from surrogate.local._replicates import replicate_sums
from surrogate.local._select import select
from surrogate.local._solve import (
    COLLINEAR,
    Centred,
    Solution,
    few_rows,
    solve,
    standard_errors,
)
from surrogate.local.compatible import fit_r2, refit
from surrogate.types import Array, FloatArray

__all__ = ["Operator"]


@dataclass(frozen=True, eq=False)
class Operator:
    """The part of the least squares that no answer changes.

    Parameters
    ----------
    left : array of shape (blocks, d + 1, size), NumPy or torch
        Weighed, centred z and the weights; samples beyond the plan are 0.
    ends : array of shape (blocks, d, d + 1)
        Sums of weighed, centred z against z and 1.
    zz : array of shape (d, d)
    mean_z : array of shape (d,)
    weight, square : float
        Sums of weights and of squared weights.
    n : int
    solution : Solution
        Of which the inverse and the condition are used.
    settings : Settings
    """

    left: Array
    ends: FloatArray
    zz: FloatArray
    mean_z: FloatArray
    weight: float
    square: float
    n: int
    solution: Solution
    settings: Settings

    @classmethod
    def of(cls, z: Array, settings: Settings, *, width: float | None) -> Operator:
        """From mirrored offsets (n, d) in units of z, weighed by a kernel if it has a width."""
        xp = namespace(z)
        n, d = z.shape
        weight = xp.ones_like(z[:, 0])
        if width is not None:
            weight = xp.exp(xp.sum(z * z, axis=1) / (-2.0 * width**2))
        total = float(xp.sum(weight))
        centre = weight @ z / (total or 1.0)
        weighed = (z - centre) * weight[:, None]
        mean, zz = to_numpy(centre), to_numpy(weighed.T @ (z - centre))
        one = Centred(
            weight=np.array([total]),
            mean_z=mean[None],
            mean_y=np.zeros((1, 0)),
            zz=zz[None],
            zy=np.zeros((1, d, 0)),
            yy=np.zeros((1, 0)),
        )
        left = _cut(xp.concat([weighed, weight[:, None]], axis=1))  # (blocks, d + 1, size)
        right = _cut(xp.concat([z, xp.ones_like(z[:, :1])], axis=1))
        return cls(
            left=left,
            ends=to_numpy(xp.matmul(left[:, :d], xp.permute_dims(right, (0, 2, 1)))),
            zz=zz,
            mean_z=mean,
            weight=total,
            square=float(xp.sum(weight * weight)),
            n=n,
            solution=solve(one, ridge=settings.ridge),
            settings=settings,
        )

    def fit(self, Y: Array, *, z_row: FloatArray) -> Fit:
        """Forms of a few rows from answers Y (c, n, k), where those lie.

        `z_row` (c, d) are the rows' own z, about which the intercepts are not told.
        """
        sums, square, level = self._sums(Y)
        c, blocks, _, k = sums.shape
        d = len(self.mean_z)
        fit = Fit.empty(c, k, d, parts=blocks)
        total = sums.sum(axis=1)  # (c, d + 1, k)
        mean_y = total[:, d] / (self.weight or 1.0)
        centred = Centred(
            weight=np.full(c, self.weight),
            mean_z=np.broadcast_to(self.mean_z, (c, d)),
            mean_y=mean_y,
            zz=np.broadcast_to(self.zz, (c, d, d)),
            zy=total[:, :d],
            yy=np.maximum(square - self.weight * mean_y**2, 0.0),
        )
        inverse = self.solution.inverse[0]
        fit.coef[...] = np.matmul(total[:, :d].swapaxes(1, 2), inverse)
        fit.intercept[...] = mean_y - fit.coef @ self.mean_z
        fit.condition[...] = self.solution.condition
        fit.inflation[...] = np.einsum("qq,qq->q", self.zz, inverse)
        fit.ess[...] = effective_size(centred.weight, np.full(c, self.square))
        if self.settings.has_errors:
            shares = self._shares(sums, fit)
            fit.errors[...] = standard_errors(shares)
            fit.add(replicate_sums(fit.coef, shares))
        elif self.settings.selection != "none":
            chosen = select(
                centred,
                z_row,
                method=self.settings.selection,
                n_features=self.settings.n_features,
                n_samples=self.n,
            )
            fit.coef[...], fit.intercept[...] = refit(centred, chosen, self.settings.ridge)
        fit.r2[...] = fit_r2(centred, fit.coef)
        fit.intercept[...] += level - np.einsum("rkd,rd->rk", fit.coef, z_row)
        return fit

    def _sums(self, Y: Array) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Products with the operator, block by block, (c, blocks, d + 1, k), on the host.

        Also sums of w · y², (c, k), of answers less one of each row's, (c, k), which keeps the
        digits of answers that vary little.
        """
        xp = namespace(Y)
        c, n, k = Y.shape
        blocks, rows, size = self.left.shape
        level = xp.astype(Y[:, 0], self.left.dtype)  # (c, k)
        away = _zeros((blocks * size, c, k), self.left)
        away[:n] = xp.permute_dims(Y - level[:, None], (1, 0, 2))
        inner = xp.reshape(away, (blocks, size, c * k))
        products = xp.matmul(self.left, inner)  # (blocks, d + 1, size) @ (blocks, size, c·k)
        square = xp.matmul(self.left[:, rows - 1 :, :], inner * inner)  # (blocks, 1, c·k)
        sums = to_numpy(products).reshape(blocks, rows, c, k).transpose(2, 0, 1, 3)
        return sums, to_numpy(square).sum(axis=(0, 1)).reshape(c, k), to_numpy(level)

    def _shares(self, sums: FloatArray, fit: Fit) -> FloatArray:
        """What each block adds to the coefficients' errors: (c, blocks, k, d).

        As `coefficient_shares`, of a plan whose blocks hold mirrored partners.
        """
        d, n_blocks = len(self.mean_z), len(self.ends)
        score = sums[:, :, :d].swapaxes(2, 3).copy()  # (c, blocks, k, d)
        score -= np.matmul(fit.coef[:, None], self.ends[:, :, :d].swapaxes(1, 2))
        score -= fit.intercept[:, None, :, None] * self.ends[:, None, :, d]
        shares: FloatArray = np.matmul(score, self.solution.inverse[0])
        small = few_rows(fit.ess[:1], d, mirrored=True)[0]
        shares *= np.sqrt(n_blocks / (n_blocks - 1) * small)
        if self.solution.condition[0] >= COLLINEAR:
            shares[...] = np.nan
        return shares


def _cut(columns: Array) -> Array:
    """(n, m) -> (blocks, m, size), filled up with zeros."""
    xp = namespace(columns)
    n, m = columns.shape
    size = block_size(n, mirrored=True)
    whole = _zeros((m, BLOCKS * size), columns)
    whole[:, :n] = columns.T
    blocks = xp.permute_dims(xp.reshape(whole, (m, BLOCKS, size)), (1, 0, 2))
    return xp.asarray(blocks, copy=True)


def _zeros(shape: tuple[int, ...], like: Array) -> Any:
    """Zeros on the library and device of another array, in its dtype."""
    xp = namespace(like)
    return xp.zeros(shape, dtype=like.dtype, **({"device": like.device} if is_torch(like) else {}))
