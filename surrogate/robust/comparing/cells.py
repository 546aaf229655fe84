"""What was measured of one model in one region, as sums by source row.

Every metric is a ratio of two such sums, so that one table serves its value, its interval and
the paired tests, whichever rows the models have in common.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from surrogate.explanation.compared import Measured, Region, Scale
from surrogate.fidelity import Score
from surrogate.fidelity.bootstrap import Scale as IntervalScale
from surrogate.fidelity.bootstrap import smooth_intervals
from surrogate.fidelity.intervals import share, share_interval
from surrogate.types import BoolArray, FloatArray, IntArray

__all__ = ["Cell", "Ratio", "cell_of", "measure", "own_cell"]

Kind: TypeAlias = Literal["share", "mean", "rest", "root"]
_WAYS: Mapping[Kind, IntervalScale] = {
    "share": "plain",
    "mean": "log",
    "rest": "log rest",
    "root": "log",
}
_TINY = 1e-12  # variance up to which answers count as constant


@dataclass(frozen=True)
class Ratio:
    """A metric as a ratio of two sums over rows.

    Parameters
    ----------
    metric : str
    scale : str
    top, bottom : str
        Names of columns of a cell.
    kind : {"share", "mean", "rest", "root"}
        The ratio as it is (a share, a mean), 1 minus it, or its root.
    """

    metric: str
    scale: Scale
    top: str
    bottom: str
    kind: Kind

    def __call__(self, totals: FloatArray, names: Sequence[str]) -> FloatArray:
        """Values (...,) of totals (..., m); NaN where the metric is undefined."""
        top, bottom = (totals[..., names.index(name)] for name in (self.top, self.bottom))
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1.0), np.nan)
            if self.kind == "rest":
                return np.asarray(1.0 - ratio)
            return np.asarray(np.sqrt(ratio) if self.kind == "root" else ratio)


@dataclass(frozen=True, eq=False)
class Cell:
    """Sums by source row of what is measured of one model in one region.

    Parameters
    ----------
    model, arm : str
    method : str
        Empty for what is measured of the model itself.
    region : Region
    source : int array of shape (G,)
        Which held-out row each line is about, ascending.
    names : tuple of str
        Of the columns.
    totals : array of shape (G, m)
    ratios : tuple of Ratio
        The metrics.
    n : int
        Rows behind it.
    baseline : float or None
        Agreement of the trivial surrogate, the model's majority class, on these rows.
    constant : bool
        Whether the model answers the same on all of these rows.
    """

    model: str
    arm: str
    method: str
    region: Region
    source: IntArray
    names: tuple[str, ...]
    totals: FloatArray
    ratios: tuple[Ratio, ...]
    n: int
    baseline: float | None = None
    constant: bool = False

    def value(self, ratio: Ratio) -> float | None:
        """The metric; None where it is undefined."""
        found = float(ratio(self.totals.sum(axis=0), self.names))
        return found if np.isfinite(found) else None


def cell_of(
    who: tuple[str, str, str],
    region: Region,
    *,
    source: IntArray,
    agree: BoolArray | None,
    true: BoolArray | None,
    ours: Mapping[Scale, FloatArray],
    theirs: Mapping[Scale, FloatArray],
    baseline: float | None = None,
) -> Cell:
    """A cell of one surrogate, from what it and its model say of n rows.

    Parameters
    ----------
    who : (model, arm, method)
    region : Region
    source : int array of shape (n,)
    agree : bool array of shape (n,) or None
        Whether surrogate and model decide alike; None for numbers.
    true : bool array of shape (n,) or None
        Whether the surrogate decides for the true class.
    ours, theirs : mapping from scale to array of shape (n, q)
        Of the surrogate and of the model.
    baseline : float or None
    """
    columns: dict[str, FloatArray] = {"rows": np.ones(len(source))}
    ratios = []
    if agree is not None:
        columns["agree"] = agree.astype(np.float64)
        ratios.append(Ratio("agreement", "label", "agree", "rows", "share"))
    for scale, told in theirs.items():
        columns[f"lost {scale}"] = ((ours[scale] - told) ** 2).mean(axis=1)
        columns[f"varied {scale}"] = _varied(told)
        ratios += [
            Ratio("R2", scale, f"lost {scale}", f"varied {scale}", "rest"),
            Ratio("MSE", scale, f"lost {scale}", "rows", "mean"),
        ]
    if true is not None:
        columns["true"] = true.astype(np.float64)
        ratios.append(Ratio("accuracy on true labels", "label", "true", "rows", "share"))
    return _cell(who, region, source, columns, tuple(ratios), baseline=baseline)


def own_cell(
    who: tuple[str, str],
    region: Region,
    *,
    source: IntArray,
    theirs: Mapping[Scale, FloatArray],
    true: BoolArray | None = None,
    metric: str = "accuracy",
) -> Cell:
    """A cell of one model itself: how far its answers spread, and how often it is right.

    Parameters
    ----------
    who : (model, arm)
    region : Region
    source : int array of shape (n,)
    theirs : mapping from scale to array of shape (n, q)
    true : bool array of shape (n,) or None
        Whether it decides for the true class.
    metric : str
        What that share is called.
    """
    columns: dict[str, FloatArray] = {"rows": np.ones(len(source))}
    for scale, told in theirs.items():
        columns[f"varied {scale}"] = _varied(told)
    ratios = [Ratio("output spread", scale, f"varied {scale}", "rows", "root") for scale in theirs]
    if true is not None:
        columns["true"] = true.astype(np.float64)
        ratios.append(Ratio(metric, "label", "true", "rows", "share"))
    return _cell((*who, ""), region, source, columns, tuple(ratios))


def _varied(told: FloatArray) -> FloatArray:
    """Squared distance of answers (n, q) from their mean, over columns; 0 for rounding alone."""
    away = ((told - told.mean(axis=0)) ** 2).mean(axis=1)
    size = float((told**2).mean())
    return away if away.mean() > _TINY * max(size, 1e-30) else np.zeros_like(away)


def _cell(
    who: tuple[str, str, str],
    region: Region,
    source: IntArray,
    columns: Mapping[str, FloatArray],
    ratios: tuple[Ratio, ...],
    *,
    baseline: float | None = None,
) -> Cell:
    """Rows summed by their source."""
    ids: IntArray = np.unique(source)
    place = np.searchsorted(ids, source)
    whole = np.stack(list(columns.values()), axis=1)  # (n, m)
    totals = np.zeros((len(ids), whole.shape[1]))
    np.add.at(totals, place, whole)
    varied = [column for name, column in columns.items() if name.startswith("varied ")]
    constant = bool(varied) and all(not column.any() for column in varied)
    names = tuple(columns)
    return Cell(*who, region, ids, names, totals, ratios, len(source), baseline, constant)


def measure(cell: Cell, *, level: float, seed: int) -> tuple[Measured, ...]:
    """Every metric of a cell with its interval, clustered by source row."""
    if not len(cell.source) or not cell.ratios:
        return ()

    def statistic(totals: FloatArray) -> FloatArray:
        return np.stack([ratio(totals, cell.names) for ratio in cell.ratios], axis=-1)

    intervals = smooth_intervals(
        cell.totals,
        statistic,
        scales=[_WAYS[ratio.kind] for ratio in cell.ratios],
        level=level,
        seed=seed,
    )
    found = []
    for ratio, (interval, reason) in zip(cell.ratios, intervals, strict=True):
        value = cell.value(ratio)
        score = Score(ratio.metric, value, interval, cell.n, len(cell.source), reason=reason)
        if value is None:
            reason = "the model answers the same on every row"
            score = replace(score, interval=None, reason=reason)
        elif ratio.kind == "share" and cell.n == len(cell.source):
            score = _share(cell, ratio, score, level=level)
        if ratio.metric == "agreement" and cell.baseline is not None and value is not None:
            score = replace(score, baseline=cell.baseline, lift=value - cell.baseline)
        found.append(Measured(cell.model, cell.arm, cell.method, cell.region, ratio.scale, score))
    return tuple(found)


def _share(cell: Cell, ratio: Ratio, score: Score, *, level: float) -> Score:
    """A share of independent rows has Wilson's interval; one of weighted rows keeps its own."""
    hit = cell.totals[:, cell.names.index(ratio.top)]
    if not np.isin(hit, (0.0, 1.0)).all():
        return score
    interval, reason = share_interval(share(hit), level=level)
    return replace(score, interval=interval, reason=reason)
