"""LIME's discretised sampling: bins by their frequency, truncated normals within them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

from surrogate._array import on_library
from surrogate._validate import Choice, check
from surrogate.sampling.bins import Binning, Bins, make_bins
from surrogate.sampling.rows import (
    Host,
    Sample,
    check_count,
    check_reference,
    draw_feasible,
    finish,
    unit_of,
)
from surrogate.sampling.streams import generator
from surrogate.types import Array, FloatArray, IntArray

if TYPE_CHECKING:
    from surrogate.domain import Domain

__all__ = ["DiscretisedPlan", "DiscretisedSampler"]


@dataclass(frozen=True, eq=False)
class DiscretisedPlan:
    """Rows and their bins, which depend on no explained row, so that all may share them.

    Parameters
    ----------
    ids : int array of shape (n, d)
        Bin of every value.
    rows : array of shape (n, d)
        The values.
    rejected : float
        Share of drawn rows that the domain's constraint refused.
    """

    ids: IntArray
    rows: FloatArray
    rejected: float = 0.0

    def __len__(self) -> int:
        return len(self.rows)

    def apply(self, library: str = "numpy", device: str = "cpu") -> Array:
        """The rows as an array of a library, on a device."""
        return on_library(self.rows, library, device)


@dataclass(frozen=True, eq=False)
class DiscretisedSampler:
    """Rows drawn column by column from lime's bins: independent marginals.

    Numeric columns draw a bin by its share of the reference rows, then a value from the
    normal of the bin's mean and deviation, cut at the bin's limits. All other columns draw
    a category by its share. Ribeiro et al., KDD 2016; numerically lime 0.2's
    ``LimeTabularExplainer(discretize_continuous=True)``, with draws of our own.

    Parameters
    ----------
    domain : Domain
    reference : array of shape (m, d)
        Internal rows of the reference population.
    binning : {"quartile", "decile", "entropy"}
    labels : array of shape (m,), optional
        Classes of the reference rows, which "entropy" needs.
    edges : sequence of d ascending arrays, optional
        Inner edges of each column's bins, instead of a binning; not read for coded columns.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.domain import Domain
    >>> from surrogate.sampling import DiscretisedSampler
    >>> X = np.arange(20.0).reshape(10, 2)
    >>> plan = DiscretisedSampler(Domain.infer(X), X).plan(100, seed=0)
    >>> plan.ids.shape, int(plan.ids.max())
    ((100, 2), 3)
    """

    domain: Domain
    reference: FloatArray
    binning: Binning = "quartile"
    labels: Array | None = None
    edges: Sequence[FloatArray | None] | None = None

    def __post_init__(self) -> None:
        name = type(self).__name__
        check(name, {"binning": Choice(("quartile", "decile", "entropy"))}, vars(self))
        rows = check_reference(name, self.domain, self.reference)
        object.__setattr__(self, "reference", rows)

    @cached_property
    def bins(self) -> Bins:
        """How each column is cut."""
        return make_bins(
            self.domain,
            self.reference,
            binning=self.binning,
            labels=self.labels,
            edges=self.edges,
        )

    def plan(self, n: int, *, seed: int) -> DiscretisedPlan:
        """Draw n rows with their bins.

        Parameters
        ----------
        n : int
            Number of rows.
        seed : int

        Returns
        -------
        DiscretisedPlan

        Raises
        ------
        DataError
            If the domain's constraint refuses nearly everything.
        """
        n = check_count(type(self).__name__, n)

        def independent(count: int, attempt: int) -> tuple[Host, ...]:
            return (self._rows(count, seed, attempt),)

        (rows,), rejected = draw_feasible(
            self.domain, n, owner=type(self).__name__, draw=independent
        )
        return DiscretisedPlan(self.bins.digitise(rows), rows, rejected)

    def draw(self, n: int, *, seed: int, library: str = "numpy", device: str = "cpu") -> Sample:
        """The plan's rows as a sample, whose rows come from no reference row.

        Parameters
        ----------
        n : int
            Number of rows.
        seed : int
        library : {"numpy", "torch"}
            Whose array the rows are.
        device : str
            Where they lie.

        Returns
        -------
        Sample
        """
        plan = self.plan(n, seed=seed)
        return Sample(plan.apply(library, device), np.full(n, -1, dtype=np.intp), plan.rejected)

    def _rows(self, n: int, seed: int, attempt: int) -> FloatArray:
        """Finished rows (n, d) of one round."""
        unit = unit_of(self.domain)
        width = len(unit)
        uniform = generator(seed, "discretised bin", attempt).random((n, width))
        within = generator(seed, "discretised value", attempt).random((n, width))
        donor = generator(seed, "discretised group", attempt).integers(
            len(self.reference), size=(n, width)
        )
        shared = np.bincount(unit)[unit] > 1
        rows = np.empty((n, width))
        for j in range(width):
            if shared[j]:  # a one-hot group comes whole from one reference row
                rows[:, j] = self.reference[donor[:, unit[j]], j]
            else:
                ids = _pick(self.bins.frequency[j], uniform[:, j])
                rows[:, j] = self._values(j, ids, within[:, j])
        return np.asarray(finish(self.domain, rows))

    def _values(self, j: int, ids: IntArray, u: FloatArray) -> FloatArray:
        """A value (n,) of column j in each bin, from uniform numbers."""
        bins, n_bins = self.bins, len(self.bins.mean[j])
        known = np.minimum(ids, n_bins - 1)
        if bins.coded[j]:
            x = bins.mean[j][known]
        else:
            x = truncated_normal(
                u, known, mean=bins.mean[j], std=bins.std[j], low=bins.low[j], high=bins.high[j]
            )
            x = self._within(j, known, x)
        return np.where(ids == n_bins, np.nan, x)

    def _within(self, j: int, ids: IntArray, x: FloatArray) -> FloatArray:
        """Values (n,) that stay in their bins (low, high] when they are rounded."""
        low, high = self.bins.low[j], self.bins.high[j]
        if self.domain.features[j].kind == "continuous":
            least = np.minimum(np.nextafter(low, np.inf), high)
            least[0] = low[0]
        else:
            x, high = np.rint(x), np.floor(high)
            least = np.floor(low) + 1
            least[0] = np.ceil(low[0])
        return np.minimum(np.maximum(x, least[ids]), high[ids])


def _pick(frequency: FloatArray, u: FloatArray) -> IntArray:
    """Indices (n,) drawn by frequency, from uniform numbers; never one of frequency 0."""
    used = np.flatnonzero(frequency)
    cumulative = np.cumsum(frequency[used])
    at = np.searchsorted(cumulative / cumulative[-1], u, side="right")
    return used[np.minimum(at, used.size - 1)]


def truncated_normal(
    u: FloatArray,
    ids: IntArray,
    *,
    mean: FloatArray,
    std: FloatArray,
    low: FloatArray,
    high: FloatArray,
) -> FloatArray:
    """Values (n,) of the normals `ids`, cut at their limits, from uniform numbers, by inversion."""
    a, b = ndtr((low - mean) / std), ndtr((high - mean) / std)
    x = mean[ids] + std[ids] * ndtri(a[ids] + u * (b - a)[ids])
    return np.asarray(np.minimum(np.maximum(x, low[ids]), high[ids]))
