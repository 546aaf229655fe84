"""Rows that stand where a feature is taken away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate._array import to_numpy
from surrogate.domain import MaskDomain
from surrogate.sampling import child_seed, generator
from surrogate.types import FloatArray

if TYPE_CHECKING:
    from surrogate.oracle import Oracle

__all__ = ["MOST", "Background", "draw_background"]

MOST = 100
"""Reference rows that are taken as they are."""


@dataclass(frozen=True, eq=False)
class Background:
    """b rows and their weights, which sum to 1.

    Parameters
    ----------
    rows : array of shape (b, d)
        Rounded as the model sees them.
    weights : array of shape (b,)
    """

    rows: FloatArray
    weights: FloatArray

    def __len__(self) -> int:
        return len(self.rows)


def draw_background(
    reference: FloatArray, choice: int | str | None, *, centres: int, oracle: Oracle, seed: int
) -> Background:
    """Some reference rows, or weighted centres of them."""
    if isinstance(oracle.domain, MaskDomain):
        reference, choice = np.zeros((1, reference.shape[1])), None
    if choice == "kmeans" and len(reference) > centres:
        rows, weights = _centres(reference, centres, oracle, seed)
    else:
        most = choice if isinstance(choice, int) else MOST
        rows = reference
        if len(rows) > most:
            chosen = generator(seed, "shap", "background").permutation(len(rows))[:most]
            rows = rows[np.sort(chosen)]
        weights = np.ones(len(rows))
    snapped = np.asarray(to_numpy(oracle.snap(rows)), dtype=np.float64)
    return Background(snapped, weights / weights.sum())


def _centres(
    reference: FloatArray, centres: int, oracle: Oracle, seed: int
) -> tuple[FloatArray, FloatArray]:
    """Centres (b, d) of clusters, and their sizes (b,).

    Means where the feature is a plain number; else the value of the row nearest to the centre,
    so that categories, one-hot groups and rows under a constraint are such as exist.
    """
    from sklearn.cluster import KMeans

    domain = oracle.domain
    points = _points(reference, oracle)
    found: Any = KMeans(centres, n_init=1, random_state=child_seed(seed, "shap kmeans"))
    found.fit(points)
    near = [
        int(np.square(points - centre).sum(axis=1).argmin()) for centre in found.cluster_centers_
    ]
    rows = reference[near].copy()
    sizes = np.bincount(found.labels_, minlength=centres).astype(np.float64)
    grouped = {name for members in domain.groups.values() for name in members}
    for j, feature in enumerate(domain.features):
        numeric = feature.kind in ("continuous", "integer") and feature.name not in grouped
        if numeric and domain.constraint is None and not np.isnan(reference[:, j]).any():
            sums = np.bincount(found.labels_, weights=reference[:, j], minlength=centres)
            rows[:, j] = sums / np.maximum(sizes, 1.0)
    return rows[sizes > 0], sizes[sizes > 0]


def _points(reference: FloatArray, oracle: Oracle) -> FloatArray:
    """Columns on one scale, categories one by one, missing values at the mean."""
    parts = []
    for j, feature in enumerate(oracle.domain.features):
        column = reference[:, j]
        if feature.is_nominal:
            codes = np.unique(column[~np.isnan(column)])
            parts.append((column[:, None] == codes) / np.sqrt(2.0))
            continue
        known = column[~np.isnan(column)]
        spread = float(known.std()) if known.size else 0.0
        filled = np.where(np.isnan(column), known.mean() if known.size else 0.0, column)
        parts.append(((filled - filled.mean()) / (spread or 1.0))[:, None])
    return np.concatenate(parts, axis=1)
