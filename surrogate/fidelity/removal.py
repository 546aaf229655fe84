"""Deletion and insertion curves: the answer as ranked features go or come."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from surrogate.fidelity.asking import (
    AT_ONCE,
    Ask,
    Faithfulness,
    answer_columns,
    asked,
    checked,
    mean_score,
    rank_of,
)
from surrogate.sampling import generator
from surrogate.types import FloatArray, IntArray

__all__ = ["deletion", "insertion"]


def deletion(
    ask: Ask,
    rows: FloatArray,
    attribution: FloatArray,
    *,
    baseline: FloatArray,
    columns: npt.ArrayLike = 0,
    steps: int | None = None,
    random_orders: int = 1,
    sources: npt.ArrayLike | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> Faithfulness:
    """Deletion curve: the answer as features go, the one that speaks most for it first.

    Parameters
    ----------
    ask : callable
        Rows (n, d) to answers (n, k).
    rows : array of shape (r, d)
        The explained rows.
    attribution : array of shape (r, d)
        What each feature adds to the answer in `columns`; features go by falling value.
    baseline : array of shape (d,) or (r, d)
        What a feature is set to when it goes.
    columns : int or array of int of shape (r,)
        The column of the answers that each explanation is about.
    steps : int, or None
        Steps of the curve; None: one a feature.
    random_orders : int
        Random orders whose mean area is the baseline of the score; 0 for none.
    sources, level, seed
        Source of each explained row, level of the interval, seed of the random orders.

    Returns
    -------
    Faithfulness
        A lower area is better.

    References
    ----------
    Petsiuk, Das & Saenko (2018), RISE, section 4.2.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.fidelity.faithfulness import deletion
    >>> beta = np.array([4., 1., 0.])
    >>> found = deletion(lambda X: X @ beta[:, None], np.ones((2, 3)), np.stack([beta, -beta]),
    ...                  baseline=np.zeros(3), random_orders=0)
    >>> found.curves[0], found.per_row.round(3), found.queries
    (array([5., 1., 0., 0.]), array([1.167, 3.833]), 8)
    """
    return _removal(
        "deletion area",
        ask,
        (rows, attribution, baseline),
        columns=columns,
        steps=steps,
        random_orders=random_orders,
        sources=sources,
        level=level,
        seed=seed,
    )


def insertion(
    ask: Ask,
    rows: FloatArray,
    attribution: FloatArray,
    *,
    baseline: FloatArray,
    columns: npt.ArrayLike = 0,
    steps: int | None = None,
    random_orders: int = 1,
    sources: npt.ArrayLike | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> Faithfulness:
    """Insertion curve: the answer as features come, the one that speaks most for it first.

    Parameters and result are those of `deletion`; a higher area is better.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.fidelity.faithfulness import insertion
    >>> beta = np.array([4., 1., 0.])
    >>> insertion(lambda X: X @ beta[:, None], np.ones((1, 3)), beta[None],
    ...           baseline=np.zeros(3), random_orders=0).curves
    array([[0., 4., 5., 5.]])
    """
    return _removal(
        "insertion area",
        ask,
        (rows, attribution, baseline),
        columns=columns,
        steps=steps,
        random_orders=random_orders,
        sources=sources,
        level=level,
        seed=seed,
    )


def _removal(
    metric: Literal["deletion area", "insertion area"],
    ask: Ask,
    given: tuple[FloatArray, FloatArray, FloatArray],
    *,
    columns: npt.ArrayLike,
    steps: int | None,
    random_orders: int,
    sources: npt.ArrayLike | None,
    level: float,
    seed: int,
) -> Faithfulness:
    """Curve in the order of the attribution, and the mean area of random orders."""
    X, phi = checked(given[0], given[1])
    away = np.broadcast_to(np.asarray(given[2], dtype=np.float64), X.shape)
    if metric == "insertion area":
        start, end = away, X
    else:
        start, end = X, away
    r, d = X.shape
    counts = np.unique(np.linspace(0, d, (d if steps is None else steps) + 1).round().astype(int))
    picks = answer_columns(columns, r)
    curves = _curve(ask, start, end, rank=rank_of(phi), counts=counts, columns=picks)
    fractions = counts / d
    areas = np.asarray(np.trapezoid(curves, fractions, axis=1))
    rng, blind = generator(seed, "random orders"), np.zeros(r)
    for _ in range(random_orders):
        order = rank_of(rng.random((r, d)))
        curve = _curve(ask, start, end, rank=order, counts=counts, columns=picks)
        blind += np.trapezoid(curve, fractions, axis=1) / random_orders
    beside = blind if random_orders else None
    score = mean_score(metric, areas, sources, level, seed, beside=beside)
    return Faithfulness(score, areas, (1 + random_orders) * curves.size, fractions, curves)


def _curve(
    ask: Ask,
    start: FloatArray,
    end: FloatArray,
    *,
    rank: IntArray,
    counts: IntArray,
    columns: IntArray,
) -> FloatArray:
    """Answers as the first `counts` features by rank pass from start to end: (r, s)."""
    r, d = start.shape
    s = len(counts)
    curve = np.empty((r, s))
    step = max(1, AT_ONCE // s)
    for first in range(0, r, step):
        at = slice(first, first + step)
        passed = rank[at, None, :] < counts[None, :, None]  # (c, s, d)
        mixed = np.where(passed, end[at, None, :], start[at, None, :]).reshape(-1, d)
        curve[at] = asked(ask, mixed, np.repeat(columns[at], s)).reshape(-1, s)
    return curve
