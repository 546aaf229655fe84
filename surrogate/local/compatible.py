"""lime 0.2.0.1, followed exactly: its bins, its random draws, its fit.

Ribeiro, Singh and Guestrin 2016, "Why should I trust you?", as the lime package computes it.
`Lime(compatible=True)` runs on this; `lime_fit` takes anybody's draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from surrogate.errors import DataError
from surrogate.local._kernel import exponential
from surrogate.local._moments import from_samples
from surrogate.local._select import select
from surrogate.local._solve import Centred, centre, solve
from surrogate.types import BoolArray, FloatArray, IntArray

__all__ = ["LimeDraws", "LimeFit", "LimeTable", "lime_fit"]

_PERCENTILES = {"quartile": [25, 50, 75], "decile": [10, 20, 30, 40, 50, 60, 70, 80, 90]}
_TINY = 1e-11  # what lime adds to the deviation of every bin


@dataclass(frozen=True, eq=False)
class LimeFit:
    """What lime returns for one row, all classes at once.

    Parameters
    ----------
    coef : array of shape (k, q)
        0 for features that were not selected.
    intercept, score, local_value : arrays of shape (k,)
        `score` is weighted R² on the rows of the fit, as lime has it.
    """

    coef: FloatArray
    intercept: FloatArray
    score: FloatArray
    local_value: FloatArray


def lime_fit(
    Z: FloatArray,
    Y: FloatArray,
    *,
    width: float,
    distances: FloatArray | None = None,
    n_features: int = 10,
    selection: str = "auto",
    ridge: float = 1.0,
) -> LimeFit:
    """Fit as lime does, from draws and answers that are given.

    Parameters
    ----------
    Z : array of shape (n, q)
        Interpretable rows, scaled as lime scales them; row 0 is the explained row.
    Y : array of shape (n, k)
        The model's answers.
    width : float
        Kernel width.
    distances : array of shape (n,), or None
        Distances to row 0; None: Euclidean.
    n_features : int
        How many features `selection` keeps.
    selection : {"auto", "forward_selection", "highest_weights", "lasso_path", "none"}
    ridge : float
        Penalty, beside weights that are not normalised.

    Returns
    -------
    LimeFit

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.local import lime_fit
    >>> Z = np.array([[1.0, 1.0], [0.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
    >>> fit = lime_fit(Z, Z[:, :1], width=1.0, selection="none", ridge=0.0)
    >>> fit.coef.round(6).tolist()
    [[1.0, 0.0]]
    """
    Z, Y = np.asarray(Z, dtype=np.float64), np.asarray(Y, dtype=np.float64)
    squared = ((Z - Z[0]) ** 2).sum(axis=1) if distances is None else np.square(distances)
    moments = from_samples(Z[None], Y[None], exponential(squared, width)[None])
    sums = centre(moments.blocks.sum(axis=1), Z.shape[1])
    chosen = select(sums, Z[None, 0], method=selection, n_features=n_features, n_samples=len(Z))
    coef, intercept = refit(sums, chosen, ridge)
    local = intercept + coef @ Z[0]
    return LimeFit(coef[0], intercept[0], fit_r2(sums, coef)[0], local[0])


def refit(
    sums: Centred, chosen: list[list[IntArray]], ridge: float
) -> tuple[FloatArray, FloatArray]:
    """Ridge on the chosen features of each row and class: coef (r, k, q), intercept (r, k)."""
    r, q, k = sums.zy.shape
    if all(len(kept) == q for row in chosen for kept in row):
        whole = solve(sums, ridge=ridge)
        return whole.coef, whole.intercept
    coef, intercept = np.zeros((r, k, q)), sums.mean_y.copy()
    for i, row in enumerate(chosen):
        for c, kept in enumerate(row):
            part = Centred(
                weight=sums.weight[i : i + 1],
                mean_z=sums.mean_z[i : i + 1, kept],
                mean_y=sums.mean_y[i : i + 1, c : c + 1],
                zz=sums.zz[i : i + 1, kept][:, :, kept],
                zy=sums.zy[i : i + 1, kept, c : c + 1],
                yy=sums.yy[i : i + 1, c : c + 1],
            )
            solution = solve(part, ridge=ridge)
            coef[i, c, kept] = solution.coef[0, 0]
            intercept[i, c] = solution.intercept[0, 0]
    return coef, intercept


def fit_r2(sums: Centred, coef: FloatArray) -> FloatArray:
    """Weighted R² on the rows of the fit, (r, k); NaN where the answers do not vary."""
    cross = np.einsum("rkq,rqk->rk", coef, sums.zy)
    square = np.einsum("rkq,rkq->rk", np.matmul(coef, sums.zz), coef)
    flat = sums.yy <= 1e-24 * np.maximum(sums.weight[:, None], 1e-300)
    safe = np.where(flat, 1.0, sums.yy)
    return np.where(flat, np.nan, (2.0 * cross - square) / safe)


@dataclass(frozen=True, eq=False)
class LimeDraws:
    """lime's perturbed rows without its row 0, the explained row.

    Parameters
    ----------
    rows : array of shape (n - 1, d)
        What the model is asked. Around the row: offsets from it in numeric columns.
    codes : array of shape (n - 1, d)
        Bin of each value, or the category itself.
    """

    rows: FloatArray
    codes: FloatArray


@dataclass(frozen=True, eq=False)
class LimeTable:
    """What lime learns of the reference rows.

    Parameters
    ----------
    reference : array of shape (n, d)
    categorical : bool array of shape (d,)
    edges : tuple of arrays or None
        Inner edges of each discretised feature's bins; None for other features.
    mean, scale : arrays of shape (d,)
        0 and 1 for features that are compared for equality.
    binned : bool
        Whether lime would hold a discretiser; it then draws no normal numbers.
    labels : array of shape (n,) or None
        Classes of the reference rows, of entropy bins: lime grows its trees with the generator
        that it draws with afterwards.
    """

    reference: FloatArray
    categorical: BoolArray
    edges: tuple[FloatArray | None, ...]
    mean: FloatArray
    scale: FloatArray
    binned: bool
    labels: npt.NDArray[Any] | None = None

    @classmethod
    def learn(
        cls,
        reference: FloatArray,
        categorical: BoolArray,
        *,
        bins: str | None,
        labels: npt.NDArray[Any] | None = None,
    ) -> LimeTable:
        """Bins ("quartile", "decile", "entropy", or None: continuous), and each feature's scale.

        Raises
        ------
        DataError
            If a value is missing: lime knows no missing values.
        """
        from sklearn.preprocessing import StandardScaler

        if np.isnan(reference).any():
            i, j = np.argwhere(np.isnan(reference))[0]
            raise DataError(
                f"lime knows no missing values, and row {i} of the reference rows misses column "
                f"{j}; use compatible=False."
            )
        equality = categorical | (bins is not None)
        scaler = StandardScaler(with_mean=False).fit(reference)
        edges = tuple(
            None
            if bins is None or categorical[j]
            else _cuts(reference[:, j], bins, labels, np.random.RandomState(0))
            for j in range(reference.shape[1])
        )
        return cls(
            reference,
            categorical,
            edges,
            np.where(equality, 0.0, scaler.mean_),
            np.where(equality, 1.0, scaler.scale_),
            bins is not None,
            labels if bins == "entropy" else None,
        )

    @property
    def equality(self) -> BoolArray:
        """Features whose z is whether bin or category equal the row's."""
        return np.asarray(self.categorical | self.binned, dtype=np.bool_)

    def codes(self, rows: FloatArray) -> FloatArray:
        """Bins of discretised features, other values as they are: (n, d) -> (n, d)."""
        codes = rows.astype(np.float64, copy=True)
        for j, edges in enumerate(self.edges):
            if edges is not None:
                codes[:, j] = np.searchsorted(edges, rows[:, j])
        return codes

    def draw(self, n_samples: int, *, seed: int, around: bool = False) -> LimeDraws:
        """Draw as a fresh `LimeTabularExplainer(random_state=seed)` does for its first row.

        Parameters
        ----------
        n_samples : int
            lime's `num_samples`, the explained row included.
        seed : int
        around : bool
            lime's `sample_around_instance` (continuous only).
        """
        # lime's stream is NumPy's old generator; anything else would draw other rows.
        random = np.random.RandomState(seed)
        n, d = n_samples, self.reference.shape[1]
        if self.labels is not None:
            for j in np.flatnonzero(~self.categorical).tolist():
                _cuts(self.reference[:, j], "entropy", self.labels, random)
        rows = np.zeros((n, d))
        if not self.binned:
            noise = random.normal(0, 1, n * d).reshape(n, d)
            rows = noise * self.scale + (0.0 if around else self.mean)
        table = self.codes(self.reference)
        for j in np.flatnonzero(self.equality).tolist():
            values, counts = np.unique(table[:, j], return_counts=True)
            rows[:, j] = random.choice(values, size=n, replace=True, p=counts / counts.sum())
        codes = rows[1:].copy()
        for j, edges in enumerate(self.edges):
            if edges is not None:
                bins = codes[:, j].astype(np.intp)
                rows[1:, j] = _truncated(self.reference[:, j], table[:, j], edges, bins, random)
        return LimeDraws(rows[1:], codes)


def _cuts(
    column: FloatArray, bins: str, labels: npt.NDArray[Any] | None, random: np.random.RandomState
) -> FloatArray:
    """Inner edges of one column; growing a tree takes a number from the generator."""
    if bins != "entropy":
        return np.unique(np.percentile(column, _PERCENTILES[bins]))
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(criterion="entropy", max_depth=3, random_state=random)
    grown = tree.fit(column.reshape(-1, 1), labels).tree_
    cuts = np.unique(grown.threshold[grown.children_left > -1])
    return cuts if cuts.size else np.array([np.median(column)])


def _truncated(
    column: FloatArray,
    column_bins: FloatArray,
    edges: FloatArray,
    bins: IntArray,
    random: np.random.RandomState,
) -> FloatArray:
    """A value for each bin, from a normal with the bin's moments, cut at its limits.

    A bin whose limits are equal gets (limit - mean) / deviation, not the limit: lime does so.
    """
    from scipy.stats import truncnorm

    members = [column[column_bins == b] for b in range(len(edges) + 1)]
    mean = np.array([m.mean() if m.size else 0.0 for m in members])[bins]
    deviation = np.array([m.std() if m.size else 0.0 for m in members])[bins] + _TINY
    low = np.r_[column.min(), edges][bins]
    high = np.r_[edges, column.max()][bins]
    a, b = (low - mean) / deviation, (high - mean) / deviation
    values: FloatArray = a.copy()
    open_ = a != b
    values[open_] = truncnorm.rvs(
        a[open_], b[open_], loc=mean[open_], scale=deviation[open_], random_state=random
    )
    return values
