"""Moments of a shared plan whose columns look the same from every explained row.

Where no column is compared with the row's own bin or category only the weights differ between
rows, so that all moments of all rows are one product: weights times the products of columns,
each pair of columns once. Scores of blocks are taken from the residuals afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surrogate.local._moments import Planes
from surrogate.types import FloatArray, IntArray

__all__ = ["Common", "CommonMoments", "is_common"]

_MOST = 1 << 25  # entries of the products of columns, 256 MB


def is_common(planes: Planes) -> bool:
    """Whether all rows use the same planes, and their products fit into memory."""
    blocks, _, size = planes.bank.shape
    p = planes.index.shape[1]
    few = blocks * size * p * (p + 1) // 2 <= _MOST
    return few and len(planes.index) > 1 and bool((planes.index == planes.index[0]).all())


@dataclass(frozen=True, eq=False)
class CommonMoments:
    """What a fit needs to know of a few rows; as `Moments`.

    Parameters
    ----------
    total : array of shape (r, p, p)
        Sums of w · column · column.
    square : array of shape (r,)
    q : int
    columns : array of shape (blocks, p, size)
    weight : array of shape (blocks, r, size)
    paired : bool
    """

    total: FloatArray
    square: FloatArray
    q: int
    columns: FloatArray
    weight: FloatArray
    paired: bool = False
    mirrored: bool = False

    def scores(self, coef: FloatArray, intercept: FloatArray) -> FloatArray:
        """Sums of w · [Z, 1] · residual, block by block: (r, blocks, q + 1, k)."""
        r, k, q = coef.shape
        blocks, _, size = self.columns.shape
        ends, answers = self.columns[:, : q + 1], self.columns[:, None, q + 1 :]
        form = np.concatenate([coef, intercept[:, :, None]], axis=2).reshape(r * k, q + 1)
        rest = np.matmul(-form, ends).reshape(blocks, r, k, size)
        rest += answers
        rest *= self.weight[:, :, None]
        sums = np.matmul(rest.reshape(blocks, r * k, size), ends.swapaxes(1, 2))
        return np.asarray(sums.reshape(blocks, r, k, q + 1).transpose(1, 0, 3, 2))


class Common:
    """The columns that all rows share, and their products.

    Parameters
    ----------
    planes : Planes
        Of which `is_common` holds.
    """

    def __init__(self, planes: Planes) -> None:
        self._planes = planes
        self._columns = np.ascontiguousarray(planes.bank[:, planes.index[0]])  # (blocks, p, size)
        p = planes.index.shape[1]
        self._pairs: tuple[IntArray, IntArray] = np.triu_indices(p)
        i, j = self._pairs
        products = self._columns[:, i] * self._columns[:, j]
        self._products = np.ascontiguousarray(products.swapaxes(1, 2))  # (blocks, size, m)

    def moments(self, rows: slice) -> CommonMoments:
        """Moments of a few rows."""
        planes, columns, (i, j) = self._planes, self._columns, self._pairs
        slope = planes.slope[rows]  # (r, p)
        weight = np.matmul(slope, columns)  # (blocks, r, size)
        if planes.base is not None:
            weight += planes.base[:, None]
        np.exp(weight, out=weight)
        weight *= columns[:, planes.q, None]  # samples beyond the plan weigh nothing
        sums = np.matmul(weight, self._products).sum(axis=0)  # (r, m)
        r, p = slope.shape
        total = np.empty((r, p, p))
        total[:, i, j] = total[:, j, i] = sums
        square = np.einsum("brs,brs->r", weight, weight)
        return CommonMoments(total, square, planes.q, columns, weight, planes.paired)
