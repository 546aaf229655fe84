"""Stability: the same explanation refitted under other seeds, compared pair by pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from surrogate.errors import InputError
from surrogate.fidelity.score import Score
from surrogate.fidelity.values import Interval
from surrogate.types import BoolArray, FloatArray

__all__ = ["Stability", "form_stability", "linear_stability", "rule_overlap"]


@dataclass(frozen=True)
class Stability:
    """How alike refits under other seeds are.

    Parameters
    ----------
    scores : tuple of Score
        The first is the main one; `n` of each counts refits.
    seeds : tuple of int
        One a refit, or empty where they were not told.
    notes : tuple of str

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.fidelity import form_stability
    >>> said = np.array([[0, 1, 1, 0], [0, 1, 1, 0], [0, 1, 0, 0]])
    >>> print(form_stability(said, task="classification"))
    prediction agreement 83.3 % (95 % interval 11.6 to 100.0; n = 3 refits)
    """

    scores: tuple[Score, ...]
    seeds: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def main(self) -> Score:
        """The score to read first."""
        return self.scores[0]

    def __getitem__(self, metric: str) -> Score:
        for score in self.scores:
            if score.metric == metric:
                return score
        known = ", ".join(score.metric for score in self.scores)
        raise KeyError(f"no metric {metric!r}; there are: {known}")

    def __str__(self) -> str:
        return "\n".join(str(score) for score in self.scores)

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return {
            "scores": [score.to_dict() for score in self.scores],
            "seeds": list(self.seeds),
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Stability:
        """Rebuild what `to_dict` gave."""
        scores = tuple(Score.from_dict(score) for score in data["scores"])
        return cls(scores, tuple(data["seeds"]), tuple(data["notes"]))


def linear_stability(
    coef: npt.ArrayLike, *, top: int = 5, level: float = 0.95, seeds: Sequence[int] = ()
) -> Stability:
    """Stability of linear forms: top-k Jaccard, rank correlation, coefficient spread.

    Parameters
    ----------
    coef : array of shape (S, ..., p)
        Coefficients of S refits; axes between (rows, classes) are averaged over.
    top : int
        How many of the largest coefficients are compared as a set; zeros never count.
    level : float
    seeds : sequence of S int

    Returns
    -------
    Stability

    Examples
    --------
    >>> from surrogate.fidelity import linear_stability
    >>> found = linear_stability([[3., 2., .1], [3., 1.9, -.2], [2.8, 2., .1]], top=2)
    >>> print(found["coefficient spread"])
    coefficient spread 0.061 (95 % interval 0.000 to 0.151; n = 3 refits)
    """
    beta = np.asarray(coef, dtype=np.float64)
    if beta.ndim < 2 or not np.isfinite(beta).all():
        raise InputError(f"coef must be finite, of shape (refits, ..., p); got {beta.shape}.")
    refits = _refits(len(beta))
    size = np.abs(beta).reshape(refits, -1, beta.shape[-1])  # (S, r, p)
    order = (-size).argsort(axis=-1, kind="stable").argsort(axis=-1, kind="stable")
    chosen = (order < top) & (size > 0)
    scores = (
        _pair_score(f"top-{top} Jaccard", _jaccard(chosen), level, (0.0, 1.0)),
        _pair_score("rank correlation", _spearman(size), level, (-1.0, 1.0)),
        _spread_score(beta.reshape(refits, -1, beta.shape[-1]), level),
    )
    return Stability(scores, tuple(seeds))


def form_stability(
    predictions: npt.ArrayLike,
    fired: npt.ArrayLike | None = None,
    *,
    task: str,
    span: float = 1.0,
    features: Sequence[AbstractSet[int]] | None = None,
    level: float = 0.95,
    seeds: Sequence[int] = (),
) -> Stability:
    """Stability of trees and rules: predictions alike, rules that cover the same rows.

    Parameters
    ----------
    predictions : array of shape (S, n)
        Decisions or values of S refits on the same rows, which none was fitted on.
    fired : array of int of shape (S, n), or None
        Leaf, or rule, that each refit sends each row to.
    task : {"classification", "regression"}
    span : float
        Range of the model's answers, for regression.
    features : sequence of S sets of int, or None
        Features that each refit uses.
    level : float
    seeds : sequence of S int

    Returns
    -------
    Stability

    Examples
    --------
    >>> from surrogate.fidelity import form_stability
    >>> leaves = [[1, 1, 2, 2], [5, 5, 7, 7], [3, 3, 3, 4]]
    >>> found = form_stability([[0, 0, 1, 1]] * 3, leaves, task="classification")
    >>> print(found.main)
    prediction agreement 100.0 % (no interval: every refit is as like the others; n = 3 refits)
    >>> found["rule overlap"].value_text()
    '0.736'
    """
    said = np.asarray(predictions)
    if said.ndim != 2 or said.shape[1] == 0:
        raise InputError(f"predictions must have shape (refits, rows); got {said.shape}.")
    refits = _refits(len(said))
    if task == "classification":
        alike = _pairs(refits, lambda a, b: float((said[a] == said[b]).mean()))
        scores = [_pair_score("prediction agreement", alike, level, (0.0, 1.0))]
    else:
        apart = _pairs(refits, lambda a, b: float(np.abs(said[a] - said[b]).mean()) / span)
        scores = [_pair_score("prediction difference / range", apart, level, (0.0, np.inf))]
    if fired is not None:
        ids = np.asarray(fired)
        overlap = _pairs(refits, lambda a, b: rule_overlap(ids[a], ids[b]))
        scores.append(_pair_score("rule overlap", overlap, level, (0.0, 1.0)))
    if features is not None:
        used = _pairs(refits, lambda a, b: _set_jaccard(features[a], features[b]))
        scores.append(_pair_score("feature overlap", used, level, (0.0, 1.0)))
    return Stability(tuple(scores), tuple(seeds))


def rule_overlap(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """Overlap of the rows that two sets of rules cover, in [0, 1].

    Each rule is matched with the rule of the other set whose rows overlap its own most
    (Jaccard), weighed by its rows; both directions are averaged.

    Parameters
    ----------
    first, second : arrays of int of shape (n,)
        Rule, or leaf, that fires for each row.

    Examples
    --------
    >>> from surrogate.fidelity.stability import rule_overlap
    >>> rule_overlap([0, 0, 1, 1], [8, 8, 9, 9]), rule_overlap([0, 0, 1, 1], [0, 0, 0, 0])
    (1.0, 0.5)
    """
    a, left = np.unique(np.asarray(first), return_inverse=True)
    b, right = np.unique(np.asarray(second), return_inverse=True)
    both = np.bincount(left * len(b) + right, minlength=len(a) * len(b)).reshape(len(a), len(b))
    rows, columns = both.sum(axis=1), both.sum(axis=0)
    overlap = both / (rows[:, None] + columns[None, :] - both)
    n = rows.sum()
    return float(overlap.max(axis=1) @ rows + overlap.max(axis=0) @ columns) / (2 * int(n))


def _refits(count: int) -> int:
    if count < 2:
        raise InputError(f"Stability compares at least 2 refits; got {count}.")
    return count


def _pairs(refits: int, alike: Any) -> FloatArray:
    """Symmetric matrix (S, S) of a comparison of two refits; the diagonal is 0."""
    found = np.zeros((refits, refits))
    for a in range(refits):
        for b in range(a):
            found[a, b] = found[b, a] = alike(a, b)
    return found


def _jaccard(chosen: BoolArray) -> FloatArray:
    """Mean Jaccard of the chosen features, pair by pair of refits: (S, r, p) -> (S, S)."""

    def alike(a: int, b: int) -> float:
        both = (chosen[a] & chosen[b]).sum(axis=-1)
        either = (chosen[a] | chosen[b]).sum(axis=-1)
        return float(np.where(either > 0, both / np.maximum(either, 1), 1.0).mean())

    return _pairs(len(chosen), alike)


def _spearman(size: FloatArray) -> FloatArray:
    """Mean rank correlation of coefficient sizes: (S, r, p) -> (S, S); NaN if undefined."""
    from scipy import stats  # slow to import, and seldom needed

    ranks = np.asarray(stats.rankdata(size, axis=-1))
    ranks = ranks - ranks.mean(axis=-1, keepdims=True)
    length = np.sqrt((ranks**2).sum(axis=-1))

    def alike(a: int, b: int) -> float:
        scale = length[a] * length[b]
        defined = scale > 0
        if not defined.any():
            return float("nan")
        return float(((ranks[a] * ranks[b]).sum(axis=-1)[defined] / scale[defined]).mean())

    return _pairs(len(size), alike)


def _set_jaccard(a: AbstractSet[int], b: AbstractSet[int]) -> float:
    return len(a & b) / len(a | b) if a | b else 1.0


def _pair_score(metric: str, pairs: FloatArray, level: float, bounds: tuple[float, float]) -> Score:
    """Mean over pairs of refits, with the jackknife over refits (Arvesen 1969)."""
    refits = len(pairs)
    if np.isnan(pairs).any():
        reason = "all coefficients of a refit are equal"
        return Score(metric, None, None, refits, refits, reason=reason, unit="refits")
    sums = pairs.sum(axis=1)
    total = sums.sum()
    value = float(total) / (refits * (refits - 1))
    if refits < 3:
        reason = "two refits give one pair"
        return Score(metric, value, None, refits, refits, reason=reason, unit="refits")
    without = (total - 2 * sums) / ((refits - 1) * (refits - 2))
    return _jackknifed(metric, value, without, level, bounds)


def _spread_score(beta: FloatArray, level: float) -> Score:
    """Standard deviation of coefficients over refits, over their size; mean over rows."""
    refits = len(beta)

    def spread(kept: FloatArray) -> float:
        size = np.sqrt((kept.mean(axis=0) ** 2).sum(axis=-1))
        width = np.sqrt(kept.var(axis=0, ddof=1).sum(axis=-1))
        return float((width[size > 0] / size[size > 0]).mean()) if (size > 0).any() else np.nan

    value = spread(beta)
    if np.isnan(value):
        reason = "all coefficients are 0"
        return Score("coefficient spread", None, None, refits, refits, reason=reason, unit="refits")
    if refits < 3:
        reason = "two refits give one difference"
        return Score(
            "coefficient spread", value, None, refits, refits, reason=reason, unit="refits"
        )
    without = np.array([spread(np.delete(beta, i, axis=0)) for i in range(refits)])
    return _jackknifed("coefficient spread", value, without, level, (0.0, np.inf))


def _jackknifed(
    metric: str, value: float, without: FloatArray, level: float, bounds: tuple[float, float]
) -> Score:
    """A value with the jackknife's t interval over refits, cut at its bounds."""
    refits = len(without)
    error = np.sqrt((refits - 1) / refits * ((without - without.mean()) ** 2).sum())
    if not error > 1e-12:
        reason = "every refit is as like the others"
        return Score(metric, value, None, refits, refits, reason=reason, unit="refits")
    half = float(special.stdtrit(refits - 1, (1 + level) / 2) * error)
    low, high = max(value - half, bounds[0]), min(value + half, bounds[1])
    interval = Interval(low, high, level, "jackknife t over refits")
    return Score(metric, value, interval, refits, refits, unit="refits")
