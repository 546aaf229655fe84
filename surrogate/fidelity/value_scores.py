"""Scores of values: R², MAE, RMSE over the range, divergence, beside the mean's."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from surrogate.fidelity.answers import value_errors
from surrogate.fidelity.bootstrap import Scale, smooth_intervals, source_totals
from surrogate.fidelity.rows import Rows, are_probabilities
from surrogate.fidelity.score import Score
from surrogate.types import FloatArray

__all__ = ["value_scores"]

_SCALES: Mapping[str, Scale] = {
    "R2": "log rest",
    "MAE": "log",
    "RMSE / range": "log",
    "JS divergence": "log",
}


def value_scores(
    said: FloatArray,
    target: FloatArray,
    rows: Rows,
    *,
    names: tuple[str, ...],
    trivial: FloatArray | None,
    span: FloatArray | float,
    eps: float,
) -> list[Score]:
    """Metrics of values, with one bootstrap for all of them."""
    undefined: dict[str, str] = {}
    if "JS divergence" in names and not are_probabilities(said):
        undefined["JS divergence"] = "the surrogate's values are not probabilities"
    wanted = tuple(name for name in names if name not in undefined)
    errors = value_errors(
        said, target, names=wanted, trivial=trivial, weights=rows.weights, span=span, eps=eps
    )
    if errors.constant:
        undefined["R2"] = "the model answers the same on every row"
    totals = source_totals(errors.columns, rows.index, rows.groups)
    with np.errstate(divide="ignore", invalid="ignore"):
        measured = errors.metrics(totals.sum(axis=0)).tolist()
    q = len(wanted)
    scales: list[Scale] = [_SCALES[name] for name in wanted]
    intervals = smooth_intervals(
        totals,
        errors.metrics,
        scales=[*scales, *scales, *["plain"] * q],  # type: ignore[list-item]
        level=rows.level,
        seed=rows.seed,
    )
    scores = []
    for name in names:
        if name in undefined:
            reason = undefined[name]
            scores.append(Score(name, None, None, rows.n, rows.n_sources, reason=reason))
            continue
        at = wanted.index(name)
        interval, reason = intervals[at]
        paired = trivial is not None
        scores.append(
            Score(
                name,
                measured[at],
                interval,
                rows.n,
                rows.n_sources,
                baseline=measured[q + at] if paired else None,
                lift=measured[2 * q + at] if paired else None,
                lift_interval=intervals[2 * q + at][0] if paired else None,
                reason=reason,
            )
        )
    return scores
