"""Local Lipschitz estimate and max-sensitivity: whether nearby rows stay alike."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from surrogate.errors import InputError
from surrogate.fidelity.asking import (
    Ask,
    Faithfulness,
    checked,
    mean_score,
)
from surrogate.types import FloatArray

__all__ = ["local_lipschitz", "max_sensitivity"]


def local_lipschitz(
    explain: Ask,
    rows: FloatArray,
    attribution: FloatArray,
    *,
    nearby: FloatArray,
    sources: npt.ArrayLike | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> Faithfulness:
    """Local Lipschitz estimate: the greatest ‖φ(x) - φ(x')‖ / ‖x - x'‖ over nearby rows.

    A maximum over m rows is a lower bound of the constant, and grows with m.

    Parameters
    ----------
    explain : callable
        Rows (n, d) to attributions (n, d).
    nearby : array of shape (r, m, d)
        Rows near each explained row.
    rows, attribution, sources, level, seed
        As in `deletion`.

    References
    ----------
    Alvarez-Melis & Jaakkola (2018), equation 2.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.fidelity.faithfulness import local_lipschitz
    >>> X = np.zeros((1, 2))
    >>> local_lipschitz(lambda X: 3 * X, X, X, nearby=np.ones((1, 4, 2))).per_row
    array([3.])
    """
    X, phi = checked(rows, attribution)
    change, distance = _reexplained(explain, X, phi, nearby)
    ratio = np.divide(change, distance, out=np.zeros_like(change), where=distance > 0)
    worst = ratio.max(axis=1)
    return Faithfulness(
        mean_score("local Lipschitz", worst, sources, level, seed), worst, change.size
    )


def max_sensitivity(
    explain: Ask,
    rows: FloatArray,
    attribution: FloatArray,
    *,
    nearby: FloatArray,
    sources: npt.ArrayLike | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> Faithfulness:
    """Max-sensitivity: the greatest ‖φ(x') - φ(x)‖ / ‖φ(x)‖ over nearby rows.

    Parameters are those of `local_lipschitz`. Rows whose attribution is 0 everywhere have
    no relative change; they are left out of the mean, and NaN in `per_row`.

    References
    ----------
    Yeh, Hsieh, Suggala, Inouye & Ravikumar (2019), definition 3.1.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.fidelity.faithfulness import max_sensitivity
    >>> X = np.ones((1, 2))
    >>> max_sensitivity(lambda X: 3 * X, X, 3 * X, nearby=1.5 * np.ones((1, 4, 2))).per_row
    array([0.5])
    """
    X, phi = checked(rows, attribution)
    change, _ = _reexplained(explain, X, phi, nearby)
    size = np.sqrt((phi**2).sum(axis=1))
    worst = np.divide(change.max(axis=1), size, out=np.full(len(X), np.nan), where=size > 0)
    score = mean_score("max-sensitivity", worst, sources, level, seed)
    return Faithfulness(score, worst, change.size)


def _reexplained(
    explain: Ask, X: FloatArray, phi: FloatArray, nearby: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Change of the explanation and distance, for each nearby row: (r, m) each."""
    near = np.asarray(nearby, dtype=np.float64)
    if near.ndim != 3 or near.shape[0] != len(X) or near.shape[2] != X.shape[1]:
        raise InputError(f"nearby must have shape ({len(X)}, m, {X.shape[1]}); got {near.shape}.")
    r, m, d = near.shape
    found = np.asarray(explain(near.reshape(r * m, d)), dtype=np.float64)
    if found.shape != (r * m, phi.shape[1]):
        raise InputError(f"explain must give {(r * m, phi.shape[1])}; got {found.shape}.")
    change = found.reshape(r, m, -1) - phi[:, None, :]
    away = near - X[:, None, :]
    return np.sqrt((change**2).sum(axis=2)), np.sqrt((away**2).sum(axis=2))
