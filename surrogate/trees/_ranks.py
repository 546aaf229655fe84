"""Ranks of the values of each column, in which every cut is found by running sums."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surrogate.types import Feature, FloatArray, IntArray

__all__ = ["Ranks", "edges_of", "rank"]


@dataclass(frozen=True, eq=False)
class Ranks:
    """For each column the rank, bin or category of each row.

    Parameters
    ----------
    codes : int array of shape (d, n)
        From 0; a missing value has the column's number of ranks.
    sizes : tuple of d int
        How many ranks a column has.
    """

    codes: npt.NDArray[np.integer]
    sizes: tuple[int, ...]

    def sums(self, column: int, rows: IntArray, amount: FloatArray) -> tuple[FloatArray, float]:
        """What some rows have, summed by rank, and the sum of those that miss a value."""
        size = self.sizes[column]
        total = np.bincount(self.codes[column][rows], amount, minlength=size + 1)
        return np.asarray(total[:size], dtype=np.float64), float(total[size])


def rank(matrix: FloatArray, features: tuple[Feature, ...], *, most: int | None = None) -> Ranks:
    """Ranks of a matrix (n, d).

    Parameters
    ----------
    matrix : float array of shape (n, d)
    features : tuple of Feature, length d
        Categories are their own ranks.
    most : int, optional
        A column of more distinct values gets so many bins of about as many rows each. None:
        one rank a value.
    """
    kind = np.uint16 if most is not None and most < 2**16 else np.intp
    codes = np.empty(matrix.shape[::-1], dtype=kind)
    sizes = []
    for column, feature in enumerate(features):
        x = np.ascontiguousarray(matrix[:, column])
        missing = np.isnan(x)
        if feature.is_nominal:
            size = len(feature.categories)
            codes[column] = np.where(missing, size, x)
        else:
            edges = edges_of(x, most)
            size = len(edges) + 1
            codes[column] = np.where(missing, size, np.searchsorted(edges, x))
        sizes.append(size)
    return Ranks(codes, tuple(sizes))


def edges_of(x: FloatArray, most: int | None) -> FloatArray:
    """The greatest value of every rank of a column but the last, rising; NaN is no value."""
    points = np.sort(x)
    points = points[: len(points) - int(np.isnan(x).sum())]  # NaN is sorted last
    distinct = points[np.append(True, np.diff(points) > 0)] if len(points) else points
    if most is None or len(distinct) <= most:
        return distinct[:-1]
    at = (np.arange(1, most) * len(points)) // most
    ends = np.unique(points[at - 1])
    return np.asarray(ends[ends < points[-1]])
