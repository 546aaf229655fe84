"""Ranks of values, and an order of categories, so that one kind of cut serves both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surrogate.trees._ranks import edges_of
from surrogate.types import Feature, FloatArray

__all__ = ["Coding", "coding_of"]


@dataclass(frozen=True, eq=False)
class Coding:
    """For each column, what its ranks stand for.

    Parameters
    ----------
    points : tuple of float arrays
        Of a column with an order: the greatest value of each rank but the last, rising. Of
        a nominal one: the rank of each of its codes.
    nominal : tuple of bool
    """

    points: tuple[FloatArray, ...]
    nominal: tuple[bool, ...]

    def encode(self, matrix: FloatArray) -> npt.NDArray[np.float32]:
        """Ranks of a matrix (n, d), missing values as NaN: (n, d)."""
        codes = np.empty(matrix.shape, dtype=np.float32)
        for column, points in enumerate(self.points):
            x = matrix[:, column]
            known = ~np.isnan(x)
            codes[~known, column] = np.nan
            if self.nominal[column]:
                codes[known, column] = points[x[known].astype(np.intp)]
            else:
                codes[known, column] = np.searchsorted(points, x[known])
        return codes

    def bins(self, matrix: FloatArray) -> tuple[npt.NDArray[np.uint16], tuple[int, ...]]:
        """Ranks column by column (d, n), a missing value as the column's number of ranks."""
        codes = np.empty(matrix.shape[::-1], dtype=np.uint16)
        sizes = tuple(len(p) + (not n) for p, n in zip(self.points, self.nominal))
        for column, points in enumerate(self.points):
            x = np.ascontiguousarray(matrix[:, column])
            missing = np.isnan(x)
            if self.nominal[column]:
                codes[column] = points[np.where(missing, 0, x).astype(np.intp)]
            else:
                codes[column] = np.searchsorted(points, x)
            codes[column, missing] = sizes[column]
        return codes, sizes

    def codes_up_to(self, column: int, split: float) -> frozenset[int]:
        """Codes of a nominal column whose ranks are at most `split`."""
        return frozenset(np.flatnonzero(self.points[column] <= split).tolist())


def coding_of(
    matrix: FloatArray,
    features: tuple[Feature, ...],
    values: FloatArray,
    weight: FloatArray,
    *,
    most: int | None = None,
) -> Coding:
    """Ranks for each column of a matrix (n, d) whose rows have values (n, k).

    A column of more than `most` values gets so many ranks, each of about as many rows.

    Categories are ordered by the mean value of their rows, which for one output makes the
    best cut of the order the best of all sets (Breiman et al. 1984, section 4.2.2), and
    for several by the first principal component of these means.
    """
    points = tuple(
        _category_ranks(matrix[:, j], len(feature.categories), values, weight)
        if feature.is_nominal
        else edges_of(matrix[:, j], most)
        for j, feature in enumerate(features)
    )
    return Coding(points, tuple(feature.is_nominal for feature in features))


def _category_ranks(
    x: FloatArray, n_codes: int, values: FloatArray, weight: FloatArray
) -> FloatArray:
    """The rank of each code; codes that no row has rank with the mean of all rows."""
    known = ~np.isnan(x)
    code, w = x[known].astype(np.intp), weight[known]
    total = np.bincount(code, weights=w, minlength=n_codes)  # (codes,)
    sums = np.stack(
        [np.bincount(code, weights=w * v, minlength=n_codes) for v in values[known].T], axis=1
    )  # (codes, k)
    centre = sums.sum(axis=0) / max(total.sum(), np.finfo(float).tiny)
    seen = total > 0
    means = np.where(seen[:, None], sums / np.where(seen, total, 1.0)[:, None], centre)
    scatter = np.sqrt(total)[:, None] * (means - centre)
    # (codes, k) -> (codes,): the direction in which the categories' means differ most
    _, _, directions = np.linalg.svd(scatter, full_matrices=False)
    along = (means - centre) @ directions[0]
    ranks = np.empty(n_codes)
    ranks[np.argsort(along, kind="stable")] = np.arange(n_codes)
    return ranks
