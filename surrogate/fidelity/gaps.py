"""Prediction gaps and infidelity: whether the important moves the answer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from surrogate.fidelity.asking import (
    Ask,
    Faithfulness,
    answer_columns,
    asked,
    checked,
    mean_score,
    perturbed_draws,
    rank_of,
)
from surrogate.types import FloatArray

__all__ = ["infidelity", "prediction_gap"]


def prediction_gap(
    ask: Ask,
    rows: FloatArray,
    attribution: FloatArray,
    *,
    perturbed: FloatArray,
    top: int = 3,
    important: bool = True,
    draws: int = 50,
    columns: npt.ArrayLike = 0,
    sources: npt.ArrayLike | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> Faithfulness:
    """Prediction gap on the important (PGI) or the unimportant (PGU) features.

    The mean absolute difference of f(x) and f(x'), where x' has the top-k features, or all
    others, perturbed.

    Parameters
    ----------
    perturbed : array of shape (m, d) or (r, m, d)
        Rows to take the perturbed features from: a reference population, of which each
        explained row gets `draws` rows by seed, or draws for each explained row.
    top : int
        How many features of largest absolute attribution count as important.
    important : bool
        True for PGI, where higher is better, False for PGU, where lower is.
    draws : int
        Perturbed rows for each explained row.
    ask, rows, attribution, columns, sources, level, seed
        As in `deletion`.

    Returns
    -------
    Faithfulness

    References
    ----------
    Petsiuk et al. (2018); Dai, Upadhyay, Aivodji, Bach & Lakkaraju (2022), section 3.1.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.fidelity.faithfulness import prediction_gap
    >>> beta = np.array([4., 0.])
    >>> prediction_gap(lambda X: X @ beta[:, None], np.ones((3, 2)), np.tile(beta, (3, 1)),
    ...                perturbed=np.zeros((5, 2)), top=1, draws=2).per_row
    array([4., 4., 4.])
    """
    X, phi = checked(rows, attribution)
    changed = rank_of(np.abs(phi)) < top
    if not important:
        changed = ~changed
    others = perturbed_draws(perturbed, X, draws, seed)  # (r, m, d)
    r, m, d = others.shape
    moved = np.where(changed[:, None, :], others, X[:, None, :]).reshape(r * m, d)
    picks = answer_columns(columns, r)
    here, there = asked(ask, X, picks), asked(ask, moved, np.repeat(picks, m))
    gap = np.abs(there.reshape(r, m) - here[:, None]).mean(axis=1)
    score = mean_score("PGI" if important else "PGU", gap, sources, level, seed)
    return Faithfulness(score, gap, r + r * m)


def infidelity(
    ask: Ask,
    rows: FloatArray,
    attribution: FloatArray,
    *,
    perturbed: FloatArray,
    presence: bool = False,
    draws: int = 50,
    columns: npt.ArrayLike = 0,
    sources: npt.ArrayLike | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> Faithfulness:
    """Infidelity: mean of (I·φ - (f(x) - f(x - I)))², lower being better.

    Parameters
    ----------
    perturbed : array of shape (m, d) or (r, m, d)
        The rows x - I: see `prediction_gap`.
    presence : bool
        False: φ is a slope in the features' units, and I the difference. True: φ is what
        a feature adds by being as it is, and I is 1 where it was changed.
    ask, rows, attribution, draws, columns, sources, level, seed
        As in `prediction_gap`.

    Returns
    -------
    Faithfulness

    References
    ----------
    Yeh, Hsieh, Suggala, Inouye & Ravikumar (2019), definition 2.1.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.fidelity.faithfulness import infidelity
    >>> beta = np.array([4., 1.])
    >>> infidelity(lambda X: X @ beta[:, None], np.ones((3, 2)), np.tile(beta, (3, 1)),
    ...            perturbed=np.zeros((5, 2))).per_row
    array([0., 0., 0.])
    """
    X, phi = checked(rows, attribution)
    others = perturbed_draws(perturbed, X, draws, seed)  # (r, m, d)
    r, m, d = others.shape
    away = X[:, None, :] - others
    moved = (away != 0).astype(np.float64) if presence else away
    promised = np.einsum("rmd,rd->rm", moved, phi)
    picks = answer_columns(columns, r)
    here = asked(ask, X, picks)
    there = asked(ask, others.reshape(r * m, d), np.repeat(picks, m)).reshape(r, m)
    error = ((promised - (here[:, None] - there)) ** 2).mean(axis=1)
    score = mean_score("infidelity", error, sources, level, seed)
    return Faithfulness(score, error, r + r * m)
