"""Scores of decisions: agreement, balanced and in the worst class, beside the majority's."""

from __future__ import annotations

import numpy as np

from surrogate.fidelity.agreement import balanced_interval, class_shares, worst_interval
from surrogate.fidelity.bootstrap import smooth_intervals, source_totals
from surrogate.fidelity.intervals import share, share_interval
from surrogate.fidelity.rows import Rows
from surrogate.fidelity.score import Score
from surrogate.fidelity.values import Interval
from surrogate.types import BoolArray, IntArray

__all__ = ["decision_scores"]

_NAMES = ("agreement", "balanced agreement", "worst-class agreement")


def decision_scores(
    agree: BoolArray, theirs: IntArray, rows: Rows, majority: int | None
) -> list[Score]:
    """Agreement over all rows, balanced over classes, and in the worst class."""
    weight, level, guarantee = rows.weights, rows.level, rows.guarantee
    overall = share(agree, rows.index, weights=weight)
    interval, reason = share_interval(
        overall, level=level, guarantee=guarantee, weighted=weight is not None
    )
    found = class_shares(agree, theirs, rows.index, weights=weight)
    if interval is None:
        values = (overall.rate, float(found.rates.mean()), float(found.rates.min()))
        return [
            Score(name, value, None, rows.n, rows.n_sources, reason=reason)
            for name, value in zip(_NAMES, values, strict=True)
        ]
    blind = None if majority is None else theirs == majority
    main = Score("agreement", overall.rate, interval, rows.n, rows.n_sources)
    if blind is not None:
        main = _with_trivial(main, agree, blind, rows)
    each = [
        (_NAMES[1], float(found.rates.mean()), balanced_interval),
        (_NAMES[2], float(found.rates.min()), worst_interval),
    ]
    scores = [main]
    for name, value, make in each:
        around = make(found, level=level, guarantee=guarantee)
        scores.append(_by_classes(name, value, around, rows, found.codes, majority))
    return scores


def _with_trivial(main: Score, agree: BoolArray, blind: BoolArray, rows: Rows) -> Score:
    """The agreement beside the majority class's, with the paired interval of the lift."""
    weight = np.ones(rows.n) if rows.weights is None else rows.weights
    columns = np.stack([weight, weight * (agree.astype(float) - blind)], axis=1)
    totals = source_totals(columns, rows.index, rows.groups)
    (interval, reason), *_ = smooth_intervals(
        totals,
        lambda total: total[..., 1:] / total[..., :1],
        scales=["plain"],
        level=rows.level,
        seed=rows.seed,
    )
    baseline = float(weight @ blind / weight.sum())
    assert main.value is not None
    return Score(
        main.metric,
        main.value,
        main.interval,
        main.n,
        main.n_sources,
        baseline=baseline,
        lift=main.value - baseline,
        lift_interval=interval,
        reason=f"lift: {reason}" if reason else "",
    )


def _by_classes(
    name: str,
    value: float,
    interval: Interval,
    rows: Rows,
    codes: tuple[int, ...],
    majority: int | None,
) -> Score:
    """A score over classes; of a constant decision it is known without measuring."""
    if majority is None:
        return Score(name, value, interval, rows.n, rows.n_sources)
    hits = [float(code == majority) for code in codes]
    baseline = sum(hits) / len(hits) if name == "balanced agreement" else min(hits)
    lift = Interval(
        interval.low - baseline,
        interval.high - baseline,
        interval.level,
        interval.method,
        interval.guaranteed,
    )
    return Score(name, value, interval, rows.n, rows.n_sources, baseline, value - baseline, lift)
