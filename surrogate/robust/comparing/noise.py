"""Held-out rows with noise of growing radius: one direction a row, the same for all models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from surrogate.sampling import generator
from surrogate.types import BoolArray, FloatArray

if TYPE_CHECKING:
    from surrogate.domain import Domain
    from surrogate.robust.attacks import Limits

__all__ = ["noisy"]


def noisy(
    rows: FloatArray, radius: float, *, limits: Limits, domain: Domain, dtype: str, seed: int
) -> tuple[FloatArray, BoolArray]:
    """Rows moved in a random direction, and which of them the domain's constraint allows.

    The direction is uniform in the cube of half-width 1, in units of the limits, and is drawn
    once for each row: a larger radius goes on in the same direction. What may not move stays,
    and what leaves the box is brought back to it.

    Parameters
    ----------
    rows : array of shape (n, d)
    radius : float
    limits : surrogate.robust.attacks.Limits
    domain : Domain
    dtype : str
        Floating type that rows are rounded to.
    seed : int

    Returns
    -------
    array of shape (n, d), bool array of shape (n,)
    """
    direction = generator(seed, "noise").uniform(-1.0, 1.0, rows.shape)
    moved = rows + radius * np.where(limits.mutable, limits.unit, 0.0) * direction
    moved = np.clip(moved, limits.low, limits.high)
    moved = np.where(limits.mutable, moved, rows)  # clipping moves nothing that may not move
    rounded = np.asarray(domain.round(moved, dtype), dtype=np.float64)
    return rounded, domain.feasible(rounded)
