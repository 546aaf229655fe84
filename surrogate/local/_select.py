"""lime's ways of choosing k features, from moments instead of from samples."""

from __future__ import annotations

import numpy as np

from surrogate.local._solve import Centred, solve
from surrogate.types import FloatArray, IntArray

__all__ = ["SELECTIONS", "select"]

SELECTIONS = ("none", "auto", "forward_selection", "highest_weights", "lasso_path")


def select(
    moments: Centred, z_row: FloatArray, *, method: str, n_features: int, n_samples: int
) -> list[list[IntArray]]:
    """Features that lime would keep, for each of r rows and k classes.

    Parameters
    ----------
    moments : Centred
    z_row : array of shape (r, q)
        The explained rows in units of z, by which `highest_weights` multiplies.
    method : str
        One of SELECTIONS; "auto" is forward selection up to 6 features and the highest
        weights beyond.
    n_features : int
    n_samples : int

    Returns
    -------
    list of r lists of k int arrays
    """
    r, q, k = moments.zy.shape
    if method == "auto":
        method = "forward_selection" if n_features <= 6 else "highest_weights"
    if method == "none":
        return [[np.arange(q)] * k] * r
    if method == "highest_weights":
        product = np.abs(solve(moments, ridge=0.01).coef * z_row[:, None, :])
        order = np.argsort(-product, axis=2, kind="stable")[:, :, :n_features]
        return [[order[i, c] for c in range(k)] for i in range(r)]
    one = _forward if method == "forward_selection" else _lasso
    return [
        [one(moments.zz[i], moments.zy[i, :, c], n_features, n_samples) for c in range(k)]
        for i in range(r)
    ]


def _forward(zz: FloatArray, zy: FloatArray, n_features: int, n_samples: int) -> IntArray:
    """Add the feature that raises weighted R² most, again and again.

    Sweeping a chosen column out of the sums leaves what the others still explain.
    """
    zz, zy = zz.copy(), zy.copy()
    floor = 1e-12 * np.maximum(np.diag(zz), 1e-300)
    left = np.ones(len(zy), dtype=np.bool_)
    chosen: list[int] = []
    for _ in range(min(n_features, len(zy))):
        rest = np.diag(zz)
        solid = rest > floor
        gain = np.where(solid, zy**2 / np.where(solid, rest, 1.0), 0.0)
        best = int(np.argmax(np.where(left, gain, -1.0)))
        chosen.append(best)
        left[best] = False
        if solid[best]:
            step = zz[:, best] / zz[best, best]
            zy -= step * zy[best]
            zz -= np.outer(step, zz[best])
    return np.array(chosen, dtype=np.intp)


def _lasso(zz: FloatArray, zy: FloatArray, n_features: int, n_samples: int) -> IntArray:
    """Walk back the lasso path until at most n features are left."""
    from sklearn.linear_model import lars_path_gram

    _, _, path = lars_path_gram(zy, zz, n_samples=n_samples, method="lasso")
    chosen = np.arange(len(zy))
    for column in path.T[:0:-1]:
        chosen = np.flatnonzero(column)
        if len(chosen) <= n_features:
            break
    return chosen.astype(np.intp)
