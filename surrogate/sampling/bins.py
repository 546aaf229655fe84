"""LIME's bins: edges, and what lies within each bin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from surrogate.errors import DataError
from surrogate.types import Array, BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from surrogate.domain import Domain

__all__ = ["Binning", "Bins", "make_bins"]

Binning: TypeAlias = Literal["quartile", "decile", "entropy"]

PERCENTILES = {"quartile": (25, 50, 75), "decile": tuple(range(10, 100, 10))}


@dataclass(frozen=True, eq=False)
class Bins:
    """How each column is cut, and what each of its bins holds.

    A numeric column has bins ``edges[i-1] < x <= edges[i]``. Of a column of categories each
    code is a bin. The last bin of every column stands for a missing value.

    Parameters
    ----------
    coded : bool array of shape (d,)
        Columns whose bin is their code.
    edges : tuple of d float arrays
        Inner edges; empty for coded columns.
    mean, std, low, high : tuple of d float arrays, one entry per bin
        Mean, population standard deviation + 1e-11 and limits of the values in each bin, as
        lime has them (0 and 1e-11 where a bin is empty). Of coded columns: the code, 0, and
        the code.
    frequency : tuple of d float arrays, one entry per bin and one for "missing"
        Share of the reference rows in each bin; they sum to one.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.domain import Domain
    >>> from surrogate.sampling import make_bins
    >>> X = np.array([[1.0], [2.0], [3.0], [4.0]])
    >>> bins = make_bins(Domain.infer(X), X)
    >>> bins.edges[0].tolist()
    [1.75, 2.5, 3.25]
    >>> bins.digitise(np.array([[1.75], [9.0], [np.nan]])).ravel().tolist()
    [0, 3, 4]
    """

    coded: BoolArray
    edges: tuple[FloatArray, ...]
    mean: tuple[FloatArray, ...]
    std: tuple[FloatArray, ...]
    low: tuple[FloatArray, ...]
    high: tuple[FloatArray, ...]
    frequency: tuple[FloatArray, ...]

    def __len__(self) -> int:
        return len(self.edges)

    def digitise(self, rows: FloatArray) -> IntArray:
        """The bin of every value: (n, d) -> (n, d) numbers from 0 up."""
        ids = np.empty(rows.shape, dtype=np.intp)
        for j in range(len(self)):
            ids[:, j] = self._digitise_column(rows[:, j], j)
        return ids

    def _digitise_column(self, x: FloatArray, j: int) -> IntArray:
        missing = np.isnan(x)
        n_bins = len(self.mean[j])
        known = np.where(missing, 0.0, x)
        ids = known.astype(np.intp) if self.coded[j] else np.searchsorted(self.edges[j], known)
        return np.where(missing, n_bins, ids)


def make_bins(
    domain: Domain,
    reference: FloatArray,
    *,
    binning: Binning = "quartile",
    labels: Array | None = None,
    edges: Sequence[FloatArray | None] | None = None,
) -> Bins:
    """Cut every column as lime 0.2 does, or where it is said to be cut.

    Parameters
    ----------
    domain : Domain
        Continuous and integer columns are cut; all others have a bin for each code.
    reference : array of shape (m, d)
        Internal rows; missing values are left out of edges and moments.
    binning : {"quartile", "decile", "entropy"}
        Edges at quartiles, at deciles, or where an entropy tree of depth 3 cuts.
    labels : array of shape (m,), optional
        Classes of the reference rows, which "entropy" needs.
    edges : sequence of d ascending arrays, optional
        Inner edges of each column's bins, instead of a binning; not read for coded columns.

    Returns
    -------
    Bins

    Raises
    ------
    DataError
        If "entropy" has no labels, or not one for each row.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.domain import Domain
    >>> from surrogate.sampling import make_bins
    >>> X = np.array([[1.0], [2.0], [8.0], [9.0]])
    >>> make_bins(Domain.infer(X), X, binning="entropy", labels=[0, 0, 1, 1]).edges[0].tolist()
    [5.0]
    """
    made = edges is None and binning == "entropy"
    y = _check_labels(labels, len(reference)) if made else None
    grouped = {name for members in domain.groups.values() for name in members}
    coded = np.array(
        [f.is_coded or f.kind == "binary" or f.name in grouped for f in domain.features],
        dtype=np.bool_,
    )
    columns = []
    for j, feature in enumerate(domain.features):
        x = reference[:, j]
        if coded[j]:
            columns.append(_coded_column(x, max(len(feature.categories), 2)))
        else:
            given = None if edges is None else edges[j]
            cuts = _edges(x, binning, y) if given is None else np.asarray(given, dtype=np.float64)
            columns.append(_cut_column(x, cuts))
    inner, mean, std, low, high, frequency = zip(*columns)
    return Bins(coded, inner, mean, std, low, high, frequency)


def _check_labels(labels: Array | None, m: int) -> np.ndarray[Any, Any]:
    if labels is None:
        raise DataError('Bins of kind "entropy" need the `labels` of the reference rows; got None.')
    y = np.asarray(labels)
    if y.shape != (m,):
        raise DataError(f"The `labels` must be one for each of {m} rows; got shape {y.shape}.")
    return y


def _edges(x: FloatArray, binning: Binning, y: Array | None) -> FloatArray:
    """Inner edges of one column, ascending and distinct."""
    known = ~np.isnan(x)
    if not known.any():
        return np.zeros(1)
    if binning != "entropy":
        return np.unique(np.percentile(x[known], PERCENTILES[binning]))
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(criterion="entropy", max_depth=3, random_state=0)
    fitted = tree.fit(x[known].reshape(-1, 1), np.asarray(y)[known]).tree_
    cuts = np.unique(fitted.threshold[fitted.children_left > -1])
    return cuts if cuts.size else np.array([np.median(x[known])])


def _cut_column(x: FloatArray, edges: FloatArray) -> tuple[FloatArray, ...]:
    """Edges, mean, deviation, limits and frequency of the bins of a numeric column."""
    known = x[~np.isnan(x)]
    ids = np.searchsorted(edges, known)
    n_bins = len(edges) + 1
    mean, std = np.zeros(n_bins), np.full(n_bins, 1e-11)
    for i in np.unique(ids):
        mean[i], std[i] = np.mean(known[ids == i]), np.std(known[ids == i]) + 1e-11
    least, most = (known.min(), known.max()) if known.size else (0.0, 0.0)
    if len(edges):  # edges that are given may lie beyond the values
        least, most = min(least, edges[0]), max(most, edges[-1])
    count = np.bincount(ids, minlength=n_bins + 1).astype(np.float64)
    count[-1] = len(x) - known.size
    low, high = np.append(least, edges), np.append(edges, most)
    return edges, mean, std, low, high, count / len(x)


def _coded_column(x: FloatArray, n_codes: int) -> tuple[FloatArray, ...]:
    """The same for a column of codes."""
    codes = np.arange(n_codes, dtype=np.float64)
    known = x[~np.isnan(x)].astype(np.intp)
    count = np.bincount(known, minlength=n_codes + 1).astype(np.float64)
    count[-1] = len(x) - known.size
    return np.empty(0), codes, np.zeros(n_codes), codes, codes, count / len(x)
