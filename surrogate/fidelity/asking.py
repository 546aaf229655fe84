"""What every faithfulness metric does: change rows, ask the model, average over rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from surrogate.errors import InputError
from surrogate.fidelity.bootstrap import Scale, smooth_intervals, source_totals
from surrogate.fidelity.intervals import source_index
from surrogate.fidelity.score import Score
from surrogate.sampling import generator
from surrogate.types import BoolArray, FloatArray, IntArray

__all__ = [
    "Ask",
    "Faithfulness",
    "answer_columns",
    "asked",
    "checked",
    "mean_score",
    "perturbed_draws",
    "rank_of",
]


Ask = Callable[[FloatArray], Any]
"""Rows (n, d) to answers (n, k)."""
AT_ONCE = 100_000


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


def asked(ask: Ask, rows: FloatArray, columns: IntArray) -> FloatArray:
    """The wanted column of the answers, asked some rows at a time."""
    parts = []
    for first in range(0, len(rows), AT_ONCE):
        at = slice(first, first + AT_ONCE)
        answers = np.asarray(ask(rows[at]), dtype=np.float64)
        asked = len(rows[at])
        if answers.ndim != 2 or len(answers) != asked:
            raise InputError(f"ask must give ({asked}, k) answers; got shape {answers.shape}.")
        parts.append(answers[np.arange(asked), columns[at]])
    return np.concatenate(parts)


def rank_of(value: FloatArray) -> IntArray:
    """Place of each feature by falling value, in each row."""
    order = np.argsort(-value, axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(value.shape[1])[None, :], axis=1)
    return rank


def perturbed_draws(perturbed: FloatArray, X: FloatArray, draws: int, seed: int) -> FloatArray:
    """Perturbed rows of each explained row: (r, m, d)."""
    given = np.asarray(perturbed, dtype=np.float64)
    r, d = X.shape
    if given.ndim == 3 and given.shape[0] == r and given.shape[2] == d:
        return given
    if given.ndim != 2 or given.shape[1] != d or len(given) == 0:
        raise InputError(f"perturbed must have shape (m, {d}) or ({r}, m, {d}); got {given.shape}.")
    picks = generator(seed, "perturbed").integers(len(given), size=(r, draws))
    return given[picks]


def checked(rows: FloatArray, attribution: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Rows and attributions of one shape, or an error that says what was given."""
    X, phi = np.asarray(rows, dtype=np.float64), np.asarray(attribution, dtype=np.float64)
    if X.ndim != 2 or phi.shape != X.shape or len(X) == 0:
        raise InputError(
            f"rows and attribution need one shape (rows, d), with at least one row; got "
            f"{X.shape} and {phi.shape}."
        )
    if not np.isfinite(phi).all():
        raise InputError("attribution must be finite.")
    return X, phi


def answer_columns(columns: npt.ArrayLike, r: int) -> IntArray:
    """The column of the answers that each explained row is about."""
    return np.broadcast_to(np.asarray(columns, dtype=np.intp), (r,))


def mean_score(
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
