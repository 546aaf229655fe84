"""Rows between near reference rows: new ones that keep the features' dependence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from surrogate._array import is_torch, namespace, on_library
from surrogate._validate import Real, Rule, Whole, check
from surrogate.errors import DataError
from surrogate.sampling.rows import (
    Host,
    Sample,
    check_count,
    check_reference,
    column_scale,
    draw_feasible,
    finish,
    is_switched,
    spread,
    unit_of,
)
from surrogate.sampling.streams import generator
from surrogate.types import Array, BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from surrogate.domain import Domain

__all__ = ["NeighbourPlan", "NeighbourSampler"]

RULES: dict[str, Rule] = {"n_neighbors": Whole(1), "jitter": Real(0), "candidates": Whole(2)}
CHUNK = 1024  # sources whose distances to all candidates are held at once


@dataclass(frozen=True, eq=False)
class NeighbourPlan:
    """New rows as weighted sums of near reference rows.

    Parameters
    ----------
    domain : Domain
    ids : int array of shape (n, k + 1)
        Reference rows: the source first, a partner second, then other neighbours.
    weights : array of shape (n, k + 1)
        Of each row; they sum to one, so that linear relations between columns stay.
    partner : bool array of shape (n, d)
        Where a category comes from the partner and not from the source.
    rejected : float
        Share of drawn rows that the domain's constraint refused.
    """

    domain: Domain
    ids: IntArray
    weights: FloatArray
    partner: BoolArray
    rejected: float = 0.0

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def source(self) -> IntArray:
        """Index (n,) of the reference row that each row came from."""
        return np.asarray(self.ids[:, 0])

    def apply(self, reference: Array) -> Array:
        """The rows, from reference rows of any library on any device.

        Parameters
        ----------
        reference : array of shape (m, d), NumPy or torch
            The rows that the sampler was made with.

        Returns
        -------
        array of shape (n, d)
        """
        xp = namespace(reference)
        ids, weights, partner = self.ids, self.weights, self.partner
        switched = np.broadcast_to(is_switched(self.domain), partner.shape)
        if is_torch(reference):
            device = str(reference.device)
            ids, weights, partner, switched = (
                on_library(part, "torch", device) for part in (ids, weights, partner, switched)
            )
        taken = xp.where(partner, reference[ids[:, 1]], reference[ids[:, 0]])
        mixed = weights[:, :1] * reference[ids[:, 0]]
        for i in range(1, ids.shape[1]):
            mixed = mixed + weights[:, i : i + 1] * reference[ids[:, i]]
        # a sum over rows of which one lacks the value is NaN: then it is taken, not mixed
        return finish(self.domain, xp.where(switched | xp.isnan(mixed), taken, mixed))


@dataclass(frozen=True, eq=False)
class NeighbourSampler:
    """Rows between near reference rows, which keep the dependence between features.

    A row starts at a source, goes up to half of the way to one of its nearest neighbours
    (SMOTE; Chawla et al., JAIR 2002), and is shaken by normal noise of the neighbours' own
    covariance. Categories come from the source or from that neighbour, a one-hot group
    whole. Distance is Gower-like: numeric columns in standard deviations, one for two
    categories that differ, one for a value that only one row has.

    Neighbours are searched exactly, by one matrix product, among at most `candidates` rows
    drawn from the reference: the search is linear in the rows drawn, whatever the size of
    the reference, and in many columns it beats a k-d tree. Rows equal to the source are no
    neighbours, since between equal rows there is nothing new.

    Parameters
    ----------
    domain : Domain
    reference : array of shape (m, d)
        Internal rows of the reference population, m at least 2.
    n_neighbors : int
        Neighbours of a row.
    jitter : float
        Standard deviation of the noise, in standard deviations of the neighbours.
    candidates : int
        Among how many reference rows neighbours are searched.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.domain import Domain
    >>> from surrogate.sampling import NeighbourSampler
    >>> X = np.linspace(0.1, 1.0, 10)[:, None] * [1.0, 2.0]
    >>> sample = NeighbourSampler(Domain.infer(X), X, n_neighbors=3).draw(100, seed=0)
    >>> bool(np.allclose(sample.rows[:, 1], 2 * sample.rows[:, 0]))
    True
    """

    domain: Domain
    reference: FloatArray
    n_neighbors: int = 10
    jitter: float = 0.3
    candidates: int = 4096

    def __post_init__(self) -> None:
        name = type(self).__name__
        rules: dict[str, Rule] = {
            "n_neighbors": Whole(1),
            "jitter": Real(0),
            "candidates": Whole(2),
        }
        check(name, rules, vars(self))
        rows = check_reference(name, self.domain, self.reference)
        if len(rows) < 2:
            raise DataError(
                f"The `reference` of {name} holds one row, which has no neighbours; give at "
                "least 2 rows, or use GaussianSampler."
            )
        object.__setattr__(self, "reference", rows)

    def plan(self, n: int, *, seed: int) -> NeighbourPlan:
        """Draw which rows are mixed, and how.

        Parameters
        ----------
        n : int
            Number of rows; every reference row is a source equally often.
        seed : int

        Returns
        -------
        NeighbourPlan

        Raises
        ------
        DataError
            If all reference rows are equal, or if the domain's constraint refuses nearly
            everything.
        """
        return self._settled(n, seed)[0]

    def draw(self, n: int, *, seed: int, library: str = "numpy", device: str = "cpu") -> Sample:
        """The plan's rows.

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

        Raises
        ------
        DataError
            As in `plan`.
        """
        plan, rows = self._settled(n, seed)
        if library != "numpy":
            rows = plan.apply(on_library(self.reference, library, device))
        return Sample(rows, plan.source, plan.rejected)

    def _settled(self, n: int, seed: int) -> tuple[NeighbourPlan, FloatArray]:
        """A plan whose rows are feasible, and those rows."""
        n = check_count(type(self).__name__, n)
        pool = self._pool(seed)

        def mix(count: int, attempt: int) -> tuple[Host, ...]:
            plan = self._plan(count, seed, attempt, pool)
            rows = np.asarray(plan.apply(self.reference))
            return rows, plan.ids, plan.weights, plan.partner

        (rows, ids, weights, partner), rejected = draw_feasible(
            self.domain, n, owner=type(self).__name__, draw=mix
        )
        plan = NeighbourPlan(
            self.domain, ids.astype(np.intp), weights, partner.astype(np.bool_), rejected
        )
        return plan, rows

    def _plan(self, n: int, seed: int, attempt: int, pool: _Pool) -> NeighbourPlan:
        """The draws of one round."""
        source = spread(n, len(self.reference), generator(seed, "neighbour source", attempt))
        distinct, back = np.unique(source, return_inverse=True)
        near = pool.nearest(distinct, self.n_neighbors)[back]  # (n, k)
        k = near.shape[1]
        rng = generator(seed, "neighbour order", attempt)
        near = rng.permuted(near, axis=1)  # the partner is any of them
        step = 0.5 * generator(seed, "neighbour step", attempt).random((n, 1))
        noise = generator(seed, "neighbour noise", attempt).standard_normal((n, k))
        noise -= noise.mean(axis=1, keepdims=True)
        weights = np.hstack([1.0 - step, self.jitter / np.sqrt(k) * noise])  # (n, k + 1)
        weights[:, 1:2] += step
        unit = unit_of(self.domain)
        coin = generator(seed, "neighbour coin", attempt).random((n, int(unit.max()) + 1))
        ids = np.hstack([source[:, None], near])
        return NeighbourPlan(self.domain, ids, weights, (coin < step)[:, unit])

    def _pool(self, seed: int) -> _Pool:
        """The candidates among which neighbours are searched."""
        m = len(self.reference)
        chosen = np.arange(m)
        if m > self.candidates:
            rng = generator(seed, "neighbour candidates")
            chosen = np.sort(rng.choice(m, self.candidates, replace=False))
        place = embed(self.domain, self.reference)
        _, first = np.unique(place[chosen], axis=0, return_index=True)
        chosen = chosen[np.sort(first)]
        if len(chosen) < 2:
            raise DataError(
                "All `reference` rows of NeighbourSampler are equal, so that nothing lies "
                "between them; give rows that differ, or use GaussianSampler."
            )
        return _Pool(place, chosen)


@dataclass(frozen=True, eq=False)
class _Pool:
    """Places (m, p) of all reference rows, and which of them may be neighbours."""

    place: FloatArray
    chosen: IntArray

    def nearest(self, rows: IntArray, k: int) -> IntArray:
        """The k nearest candidates of each row, in no order: (r,) -> (r, k)."""
        k = min(k, len(self.chosen) - 1)
        there = self.place[self.chosen].astype(np.float32)  # ranks only; half the traffic
        half_norm = 0.5 * np.einsum("ij,ij->i", there, there)
        near = np.empty((len(rows), k), dtype=np.intp)
        for start in range(0, len(rows), CHUNK):
            here = self.place[rows[start : start + CHUNK]]
            rank = here.astype(np.float32) @ there.T  # (r, c)
            np.subtract(half_norm, rank, out=rank)  # half the squared distance, less a constant
            near[start : start + CHUNK] = self._others(here, rank, k)
        return near

    def _others(self, here: FloatArray, rank: Host, k: int) -> IntArray:
        """Of the k + 1 nearest, those that are not the row itself, or all but the last."""
        first = np.argpartition(rank, k, axis=1)[:, : k + 1]
        same = (self.place[self.chosen[first]] == here[:, None, :]).all(axis=2)  # (r, k + 1)
        lost = np.where(same.any(axis=1), same.argmax(axis=1), k)
        keep = np.arange(k + 1) != lost[:, None]
        return np.asarray(self.chosen[first[keep].reshape(len(here), k)])


def embed(domain: Domain, rows: FloatArray) -> FloatArray:
    """Places (m, p) whose Euclidean distance is the rows' mixed-type distance."""
    blocks = []
    scale, switched = column_scale(rows), is_switched(domain)
    grouped = {name for members in domain.groups.values() for name in members}
    for j, feature in enumerate(domain.features):
        x = rows[:, j]
        missing = np.isnan(x)
        if feature.is_nominal:
            codes = np.where(missing, len(feature.categories), x).astype(np.intp)
            # two rows differ in two entries of 1/sqrt(2): a distance of one
            blocks.append(np.eye(len(feature.categories) + 1)[codes] / np.sqrt(2.0))
            continue
        unit = scale[j] if scale[j] > 0 else 1.0
        if switched[j]:
            unit = np.sqrt(2.0) if feature.name in grouped else 1.0
        centre = x[~missing].mean() if not missing.all() else 0.0
        blocks.append((np.where(missing, 0.0, x - centre) / unit)[:, None])
        if missing.any():
            blocks.append(missing[:, None].astype(np.float64))
    return np.hstack(blocks)
