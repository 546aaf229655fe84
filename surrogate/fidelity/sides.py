"""One model and its surrogate on some rows, and the metrics that two of them are compared by.

Every metric is a smooth function of totals over rows, so that a source row can be left out, or
swapped with another model's, by adding and taking away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from surrogate._array import to_numpy
from surrogate.errors import InputError
from surrogate.fidelity.answers import is_constant
from surrogate.fidelity.bootstrap import Scale, Statistic, smooth_intervals, source_totals
from surrogate.fidelity.intervals import share, share_interval, source_index
from surrogate.fidelity.rows import codes, matrix
from surrogate.fidelity.score import Score
from surrogate.types import Array, BoolArray, FloatArray, IntArray

__all__ = ["PAIRED_METRICS", "Side", "side_scores"]


@dataclass(frozen=True, eq=False)
class Side:
    """What one model answered on n rows, and what its surrogate said of them.

    Give what the metrics need: decisions for agreement, values for R², MSE and the spread,
    the truth for accuracies.

    Parameters
    ----------
    decision, said_decision : array of int of shape (n,), or None
        Codes of the model's decisions, and of its surrogate's.
    values, said : array of shape (n, k), or None
        The model's answers, and its surrogate's, on one scale.
    truth : array of int of shape (n,), or None
        Codes of the true classes.
    sources : array of int of shape (n,), or None
        The real row that each row was made from; None where every row is its own.
    weights : array of shape (n,), or None
        Weights of the rows, such as a kernel's.
    local : bool
        Whether each source has a surrogate of its own, so that R² and the spread are about
        the mean around each source and not over all rows.
    trivial_decision, trivial : int, array of shape (k,), or None
        What the trivial surrogate says, fitted where the surrogate was.
    """

    decision: Array | None = None
    said_decision: Array | None = None
    values: Array | None = None
    said: Array | None = None
    truth: Array | None = None
    sources: Array | None = None
    weights: Array | None = None
    local: bool = False
    trivial_decision: int | None = None
    trivial: Array | None = None

    @property
    def n(self) -> int:
        """Rows.

        Raises
        ------
        InputError
            If there are none.
        """
        for given in (self.decision, self.values, self.said_decision, self.said, self.truth):
            if given is not None and len(given):
                return len(given)
        raise InputError("There are no rows to compare models on.")

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of `PAIRED_METRICS` that what is given allows."""
        return tuple(
            name
            for name, how in PAIRED_METRICS.items()
            if all(getattr(self, part) is not None for part in how.needs)
        )


class Paired(NamedTuple):
    """How a metric is made of totals: what it needs, and its columns and statistic."""

    needs: tuple[str, ...]
    parts: Callable[[Side, IntArray], tuple[FloatArray, Statistic, bool]]
    scale: Scale
    share: bool


def side_scores(
    side: Side, metrics: Sequence[str] | None = None, *, level: float = 0.95, seed: int = 0
) -> tuple[Score, ...]:
    """One side's own figures, each with its interval by source row.

    Parameters
    ----------
    side : Side
    metrics : sequence of str, optional
        Names of `PAIRED_METRICS`; all that the side allows, if not given.
    level : float
    seed : int
        Of the bootstrap.

    Returns
    -------
    tuple of Score
        In the order of the metrics; agreement, R² and MSE beside the trivial surrogate
        where it is given.

    Raises
    ------
    InputError
        If a metric is unknown, or needs what the side does not have.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.fidelity import Side, side_scores
    >>> model = np.linspace(0, 1, 300)[:, None]
    >>> for score in side_scores(Side(values=model, said=model.round(1)), ["R2", "MSE"]):
    ...     print(score)
    R² 0.990 (95 % interval 0.988 to 0.992; n = 300)
    MSE 0.001 (95 % interval 0.000 to 0.001; n = 300)
    """
    index, groups = source_index(_sources(side), side.n)
    names = side.metrics if metrics is None else tuple(metrics)
    return tuple(_score(side, name, index, groups, level=level, seed=seed) for name in names)


def parts_of(side: Side, metric: str, index: IntArray) -> tuple[FloatArray, Statistic, bool]:
    """Columns (n, m) of a metric, the statistic of their totals, and whether it is defined.

    Raises
    ------
    InputError
        If the metric is unknown, or needs what the side does not have.
    """
    if metric not in PAIRED_METRICS:
        known = ", ".join(PAIRED_METRICS)
        raise InputError(f"Models are compared by {known}; got {metric!r}.")
    how = PAIRED_METRICS[metric]
    missing = [part for part in how.needs if getattr(side, part) is None]
    if missing:
        raise InputError(f"{metric} needs {' and '.join(missing)} of each model; got None.")
    return how.parts(side, index)


def _sources(side: Side) -> Any:
    return None if side.sources is None else to_numpy(side.sources)


def _weights(side: Side) -> FloatArray:
    if side.weights is None:
        return np.ones(side.n)
    found = np.asarray(to_numpy(side.weights), dtype=np.float64)
    if found.shape != (side.n,) or not (found >= 0).all() or not 0 < found.sum() < np.inf:
        raise InputError(f"weights must be {side.n} finite numbers of at least 0, not all 0.")
    return found


def _hits(first: str, second: str) -> Callable[..., tuple[FloatArray, Statistic, bool]]:
    """Share of rows on which two codes are the same."""

    def parts(side: Side, _: IntArray) -> tuple[FloatArray, Statistic, bool]:
        weight = _weights(side)
        hit = _alike(side, first, second)
        return np.stack([weight, weight * hit], axis=1), _mean, True

    return parts


def _alike(side: Side, first: str, second: str) -> BoolArray:
    a, b = (codes(part, getattr(side, part), side.n) for part in (first, second))
    return np.asarray(a == b)


def _squared(side: Side, _: IntArray) -> tuple[FloatArray, Statistic, bool]:
    """Mean squared error over rows and columns."""
    said, values = _both(side)
    weight = _weights(side)
    error = ((said - values) ** 2).mean(axis=1)
    return np.stack([weight, weight * error], axis=1), _mean, True


def _explained(side: Side, index: IntArray) -> tuple[FloatArray, Statistic, bool]:
    """R²: squared errors over squared deviations."""
    said, values = _both(side)
    weight = _weights(side)
    error = weight * ((said - values) ** 2).mean(axis=1)
    columns = np.concatenate([_deviations(side, values, weight, index), error[:, None]], axis=1)
    return columns, _r2, not _flat(side, values, index)


def _spread(side: Side, index: IntArray) -> tuple[FloatArray, Statistic, bool]:
    """Standard deviation of the model's output, over rows and columns."""
    values = matrix("values", np.asarray(to_numpy(side.values)))
    return _deviations(side, values, _weights(side), index), _deviation, True


def _deviations(side: Side, values: FloatArray, weight: FloatArray, index: IntArray) -> FloatArray:
    """Columns of the squared deviation: weight, squares, and the answers themselves."""
    k = values.shape[1]
    centred = values - values.mean(axis=0)  # against cancellation
    if side.local:
        total = np.maximum(np.bincount(index, weight), np.finfo(float).tiny)
        means = np.stack([np.bincount(index, weight * c) / total for c in centred.T], axis=1)
        centred = centred - means[index]
    scaled = centred / np.sqrt(k)
    squares = (scaled**2).sum(axis=1, keepdims=True)
    return np.asarray(weight[:, None] * np.concatenate([np.ones_like(squares), squares, scaled], 1))


def _both(side: Side) -> tuple[FloatArray, FloatArray]:
    said, values = (matrix(n, np.asarray(to_numpy(getattr(side, n)))) for n in ("said", "values"))
    if said.shape != values.shape:
        raise InputError(f"said has shape {said.shape}, values {values.shape}; they must match.")
    return said, values


def _flat(side: Side, values: FloatArray, index: IntArray) -> bool:
    """Whether the model answers the same on every row, or around every source."""
    eps = float(np.finfo(np.result_type(to_numpy(side.values).dtype, np.float16)).eps)
    if not side.local:
        return is_constant(values, eps)
    first = np.unique(index, return_index=True)[1]
    return is_constant(values - values[first][index], eps)


def _mean(totals: FloatArray) -> FloatArray:
    return np.asarray(totals[..., 1:2] / totals[..., :1])


def _variation(totals: FloatArray) -> FloatArray:
    """Squared deviations about the mean: columns weight, squares, answers."""
    about = (totals[..., 2:] ** 2).sum(axis=-1) / totals[..., 0]
    return np.asarray(totals[..., 1] - about)


def _r2(totals: FloatArray) -> FloatArray:
    return np.asarray(1 - totals[..., -1] / _variation(totals[..., :-1]))[..., None]


def _deviation(totals: FloatArray) -> FloatArray:
    return np.sqrt(np.maximum(_variation(totals), 0.0) / totals[..., 0])[..., None]


PAIRED_METRICS: Mapping[str, Paired] = MappingProxyType(
    {
        "agreement": Paired(
            ("decision", "said_decision"), _hits("decision", "said_decision"), "plain", True
        ),
        "R2": Paired(("values", "said"), _explained, "log rest", False),
        "MSE": Paired(("values", "said"), _squared, "log", False),
        "output spread": Paired(("values",), _spread, "log", False),
        "accuracy on true labels": Paired(
            ("said_decision", "truth"), _hits("said_decision", "truth"), "plain", True
        ),
        "accuracy": Paired(("decision", "truth"), _hits("decision", "truth"), "plain", True),
    }
)
"""Metrics by which models are compared, in the order that they are shown in."""


def _score(
    side: Side, metric: str, index: IntArray, groups: int, *, level: float, seed: int
) -> Score:
    """One metric with its interval, beside the trivial surrogate's where that is given."""
    columns, statistic, defined = parts_of(side, metric, index)
    if not defined:
        where = "around each row" if side.local else "on every row"
        reason = f"the model answers the same {where}"
        return Score(metric, None, None, side.n, groups, reason=reason)
    how = PAIRED_METRICS[metric]
    totals = source_totals(columns, index, groups)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = float(statistic(totals.sum(axis=0))[0])
    if how.share:
        found = share(_alike(side, *how.needs), index, weights=side.weights)
        interval, reason = share_interval(found, level=level, weighted=side.weights is not None)
    else:
        (interval, reason), *_ = smooth_intervals(
            totals, statistic, scales=[how.scale], level=level, seed=seed
        )
    main = Score(metric, value, interval, side.n, groups, reason=reason)
    blind = _blind(side, metric)
    return main if blind is None else _with_trivial(main, side, blind, index, seed=seed)


def _blind(side: Side, metric: str) -> Side | None:
    """The same rows with the trivial surrogate in the surrogate's place."""
    if metric == "agreement" and side.trivial_decision is not None:
        constant = np.full(side.n, side.trivial_decision)
        return Side(side.decision, constant, sources=side.sources, weights=side.weights)
    if metric in ("R2", "MSE") and side.trivial is not None:
        values = np.asarray(to_numpy(side.values))
        said = np.broadcast_to(np.asarray(to_numpy(side.trivial)), values.shape)
        return Side(
            values=values, said=said, sources=side.sources, weights=side.weights, local=side.local
        )
    return None


def _with_trivial(main: Score, side: Side, blind: Side, index: IntArray, *, seed: int) -> Score:
    """A score with the trivial surrogate's, and the lift paired by source."""
    groups = main.n_sources
    ours, statistic, _ = parts_of(side, main.metric, index)
    theirs, _, _ = parts_of(blind, main.metric, index)
    m, sign = ours.shape[1], -1.0 if main.metric == "MSE" else 1.0
    totals = source_totals(np.concatenate([ours, theirs], axis=1), index, groups)

    def lift(total: FloatArray) -> FloatArray:
        return sign * (statistic(total[..., :m]) - statistic(total[..., m:]))

    level = 0.95 if main.interval is None else main.interval.level
    with np.errstate(divide="ignore", invalid="ignore"):
        baseline = float(statistic(totals[:, m:].sum(axis=0))[0])
    (interval, why), *_ = smooth_intervals(totals, lift, scales=["plain"], level=level, seed=seed)
    return Score(
        main.metric,
        main.value,
        main.interval,
        main.n,
        groups,
        baseline=baseline,
        lift=None if main.value is None else sign * (main.value - baseline),
        lift_interval=interval,
        reason=main.reason or (f"lift: {why}" if why else ""),
    )
