"""Faithfulness of local explanations: change what they call important, and ask again.

Every function takes ``ask(matrix) -> (n, k)``, which may count or cache as it likes, and
works on all explained rows at once. Attributions have shape (rows, d), one class a row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from surrogate.errors import InputError
from surrogate.fidelity.bootstrap import Scale, smooth_intervals, source_totals
from surrogate.fidelity.intervals import source_index
from surrogate.fidelity.score import Score
from surrogate.sampling import generator
from surrogate.types import BoolArray, FloatArray, IntArray

__all__ = [
    "Faithfulness",
    "deletion",
    "infidelity",
    "insertion",
    "local_lipschitz",
    "max_sensitivity",
    "prediction_gap",
]

Ask = Callable[[FloatArray], Any]
_ASKED_AT_ONCE = 100_000


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """One faithfulness metric of many local explanations.

    Parameters
    ----------
    score : Score
        The mean over the explained rows, with its interval; for areas, the baseline is the
        mean area of random orders.
    per_row : array of shape (r,)
        The metric of each explained row.
    queries : int
        Rows asked of the model; for explainers, rows explained.
    fractions : array of shape (s,), or None
        For curves: the share of features changed at each step.
    curves : array of shape (r, s), or None
        For curves: the model's answer at each step.
    """

    score: Score
    per_row: FloatArray
    queries: int
    fractions: FloatArray | None = None
    curves: FloatArray | None = None

    def __str__(self) -> str:
        return f"{self.score}, {self.queries:,} queries"


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

    The mean of |f(x) - f(x')| where x' has the top-k features, or all others, perturbed.

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
    X, phi = _checked(rows, attribution)
    changed = _rank(np.abs(phi)) < top
    if not important:
        changed = ~changed
    others = _draws(perturbed, X, draws, seed)  # (r, m, d)
    r, m, d = others.shape
    moved = np.where(changed[:, None, :], others, X[:, None, :]).reshape(r * m, d)
    picks = _columns(columns, r)
    here, there = _asked(ask, X, picks), _asked(ask, moved, np.repeat(picks, m))
    gap = np.abs(there.reshape(r, m) - here[:, None]).mean(axis=1)
    score = _mean_score("PGI" if important else "PGU", gap, sources, level, seed)
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
    X, phi = _checked(rows, attribution)
    others = _draws(perturbed, X, draws, seed)  # (r, m, d)
    r, m, d = others.shape
    away = X[:, None, :] - others
    moved = (away != 0).astype(np.float64) if presence else away
    promised = np.einsum("rmd,rd->rm", moved, phi)
    picks = _columns(columns, r)
    here = _asked(ask, X, picks)
    there = _asked(ask, others.reshape(r * m, d), np.repeat(picks, m)).reshape(r, m)
    error = ((promised - (here[:, None] - there)) ** 2).mean(axis=1)
    score = _mean_score("infidelity", error, sources, level, seed)
    return Faithfulness(score, error, r + r * m)


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
    X, phi = _checked(rows, attribution)
    change, distance = _reexplained(explain, X, phi, nearby)
    ratio = np.divide(change, distance, out=np.zeros_like(change), where=distance > 0)
    worst = ratio.max(axis=1)
    return Faithfulness(
        _mean_score("local Lipschitz", worst, sources, level, seed), worst, change.size
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
    X, phi = _checked(rows, attribution)
    change, _ = _reexplained(explain, X, phi, nearby)
    size = np.sqrt((phi**2).sum(axis=1))
    worst = np.divide(change.max(axis=1), size, out=np.full(len(X), np.nan), where=size > 0)
    score = _mean_score("max-sensitivity", worst, sources, level, seed)
    return Faithfulness(score, worst, change.size)


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
    X, phi = _checked(given[0], given[1])
    away = np.broadcast_to(np.asarray(given[2], dtype=np.float64), X.shape)
    if metric == "insertion area":
        start, end = away, X
    else:
        start, end = X, away
    r, d = X.shape
    counts = np.unique(np.linspace(0, d, (d if steps is None else steps) + 1).round().astype(int))
    picks = _columns(columns, r)
    curves = _curve(ask, start, end, rank=_rank(phi), counts=counts, columns=picks)
    fractions = counts / d
    areas = np.asarray(np.trapezoid(curves, fractions, axis=1))
    rng, blind = generator(seed, "random orders"), np.zeros(r)
    for _ in range(random_orders):
        order = _rank(rng.random((r, d)))
        curve = _curve(ask, start, end, rank=order, counts=counts, columns=picks)
        blind += np.trapezoid(curve, fractions, axis=1) / random_orders
    beside = blind if random_orders else None
    score = _mean_score(metric, areas, sources, level, seed, beside=beside)
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
    step = max(1, _ASKED_AT_ONCE // s)
    for first in range(0, r, step):
        at = slice(first, first + step)
        passed = rank[at, None, :] < counts[None, :, None]  # (c, s, d)
        mixed = np.where(passed, end[at, None, :], start[at, None, :]).reshape(-1, d)
        curve[at] = _asked(ask, mixed, np.repeat(columns[at], s)).reshape(-1, s)
    return curve


def _rank(value: FloatArray) -> IntArray:
    """Place of each feature by falling value, in each row."""
    order = np.argsort(-value, axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(value.shape[1])[None, :], axis=1)
    return rank


def _asked(ask: Ask, rows: FloatArray, columns: IntArray) -> FloatArray:
    """The wanted column of the answers, asked some rows at a time."""
    parts = []
    for first in range(0, len(rows), _ASKED_AT_ONCE):
        at = slice(first, first + _ASKED_AT_ONCE)
        answers = np.asarray(ask(rows[at]), dtype=np.float64)
        asked = len(rows[at])
        if answers.ndim != 2 or len(answers) != asked:
            raise InputError(f"ask must give ({asked}, k) answers; got shape {answers.shape}.")
        parts.append(answers[np.arange(asked), columns[at]])
    return np.concatenate(parts)


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


def _draws(perturbed: FloatArray, X: FloatArray, draws: int, seed: int) -> FloatArray:
    """Perturbed rows of each explained row: (r, m, d)."""
    given = np.asarray(perturbed, dtype=np.float64)
    r, d = X.shape
    if given.ndim == 3 and given.shape[0] == r and given.shape[2] == d:
        return given
    if given.ndim != 2 or given.shape[1] != d or len(given) == 0:
        raise InputError(f"perturbed must have shape (m, {d}) or ({r}, m, {d}); got {given.shape}.")
    picks = generator(seed, "perturbed").integers(len(given), size=(r, draws))
    return given[picks]


def _checked(rows: FloatArray, attribution: FloatArray) -> tuple[FloatArray, FloatArray]:
    X, phi = np.asarray(rows, dtype=np.float64), np.asarray(attribution, dtype=np.float64)
    if X.ndim != 2 or phi.shape != X.shape or len(X) == 0:
        raise InputError(
            f"rows and attribution need one shape (rows, d), with at least one row; got "
            f"{X.shape} and {phi.shape}."
        )
    if not np.isfinite(phi).all():
        raise InputError("attribution must be finite.")
    return X, phi


def _columns(columns: npt.ArrayLike, r: int) -> IntArray:
    return np.broadcast_to(np.asarray(columns, dtype=np.intp), (r,))


def _mean_score(
    metric: str,
    per_row: FloatArray,
    sources: npt.ArrayLike | None,
    level: float,
    seed: int,
    *,
    beside: FloatArray | None = None,
) -> Score:
    """Mean over explained rows with its interval, and its lift over random orders."""
    defined: BoolArray = np.isfinite(per_row)
    index, _ = source_index(sources, len(per_row))
    if not defined.any():
        return Score(metric, None, None, 0, 0, reason="no row has a defined value")
    kept, index = per_row[defined], np.unique(index[defined], return_inverse=True)[1]
    sign = -1.0 if metric == "deletion area" else 1.0
    lift = np.zeros_like(kept) if beside is None else sign * (kept - beside[defined])
    totals = source_totals(
        np.stack([np.ones_like(kept), kept, lift], axis=1), index, int(index.max()) + 1
    )
    scales: list[Scale] = ["plain", "plain"]
    (interval, reason), (gain, _) = smooth_intervals(
        totals, lambda total: total[..., 1:] / total[..., :1], scales=scales, level=level, seed=seed
    )
    return Score(
        metric,
        float(kept.mean()),
        interval,
        len(kept),
        len(totals),
        baseline=None if beside is None else float(beside[defined].mean()),
        lift=None if beside is None else float(lift.mean()),
        lift_interval=None if beside is None else gain,
        reason=reason,
    )
