"""What attacks share that look for the nearest row which fools."""

from __future__ import annotations

import numpy as np

from surrogate.robust.attacks.job import Found, Job
from surrogate.types import FloatArray, IntArray

__all__ = ["cross", "nearest", "wrong"]

LONGER = (0.0, 1e-5, 1e-4, 1e-3, 3e-3, 0.01, 0.03, 0.06, 0.1, 0.2, 0.3, 0.5, 1.0)


def wrong(job: Job, rows: FloatArray, at: IntArray | slice = slice(None)) -> np.ndarray:
    """Which rows (m,) the gradients' module decides otherwise than their true class."""
    decided = job.logits.logits(rows).argmax(axis=1)
    return np.asarray(decided != job.y[at])


def nearest(job: Job, rows: FloatArray) -> Found:
    """Rows that fool as they can be asked, the others clean.

    A row that ends on the boundary may fall back over it when it is rounded, far where a
    column moves in whole steps; it is sent further along its way until it does not. Rows
    that are wrong as they are stay.
    """
    space = job.space
    best = space.clean.copy()
    left = np.flatnonzero(~wrong(job, best))
    for share in LONGER:
        if not len(left):
            break
        further = space.clean[left] + (rows[left] - space.clean[left]) * (1.0 + share)
        kept = space.keep(further, left, norm=job.norm)
        over = wrong(job, kept, left)
        best[left[over]] = kept[over]
        left = left[~over]
    return Found(best)


def cross(job: Job, rows: FloatArray, at: IntArray, *, halvings: int) -> FloatArray:
    """Rows back along the line to their clean rows, to where the decision changes.

    Parameters
    ----------
    rows : float array of shape (m, d)
        Each of which the module has wrong.
    at : int array of shape (m,)
        Its clean row.
    halvings : int

    Returns
    -------
    float array of shape (m, d)
        Just behind the boundary.
    """
    clean = job.space.clean[at]
    low, high = np.zeros(len(rows)), np.ones(len(rows))
    for _ in range(halvings):
        middle = (low + high) / 2
        over = wrong(job, clean + middle[:, None] * (rows - clean), at)
        low, high = np.where(over, low, middle), np.where(over, middle, high)
    return np.asarray(clean + high[:, None] * (rows - clean))
