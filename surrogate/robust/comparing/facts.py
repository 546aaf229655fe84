"""What the models themselves are worth: accuracy, calibration, and what looks wrong with one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from surrogate.fidelity import Score, outcome_score
from surrogate.fidelity.bootstrap import Statistic, jackknife, smooth_intervals
from surrogate.fidelity.values import number
from surrogate.types import FloatArray, IntArray, Label

__all__ = ["BINS", "brier", "constant_note", "ece", "suspected", "true_score"]

BINS = 15
FAR = 0.2  # how far above chance another model stands where a wrong input scale is suspected
NEAR = 0.05  # how near to chance counts as chance


def true_score(
    said: IntArray | FloatArray, truth: IntArray | FloatArray, *, metric: str, seed: int
) -> Score:
    """How often decisions (n,) are the true classes, or R² of values, under a name of its own."""
    return replace(outcome_score(said, truth, seed=seed), metric=metric)


def ece(values: FloatArray, truth: IntArray, *, level: float = 0.95) -> Score:
    """Expected calibration error of the most likely class, over bins of equal width.

    Parameters
    ----------
    values : array of shape (n, k)
        Probabilities.
    truth : int array of shape (n,)
    level : float

    References
    ----------
    Naeini, Cooper and Hauskrecht, AAAI 2015; Guo et al., ICML 2017 (15 bins).

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.robust.comparing.facts import ece
    >>> sure = np.tile([0.1, 0.9], (100, 1))
    >>> round(ece(sure, np.arange(100) % 2).value, 6)  # right half of the time, sure to .9
    0.4
    """
    confidence, right = values.max(axis=1), values.argmax(axis=1) == truth
    place = np.minimum((confidence * BINS).astype(np.intp), BINS - 1)
    totals = np.zeros((len(values), BINS + 1))  # each row in one bin: confidence less accuracy
    totals[np.arange(len(values)), place] = confidence - right
    totals[:, BINS] = 1.0

    def statistic(total: FloatArray) -> FloatArray:
        return np.asarray(np.abs(total[..., :BINS]).sum(axis=-1, keepdims=True) / total[..., BINS:])

    value = float(statistic(totals.sum(axis=0))[0])
    # a resample is worse calibrated than the rows themselves: bootstraps do not cover
    ((interval, reason),) = jackknife(totals, statistic, scales=["plain"], level=level)
    if interval is not None:
        interval = replace(interval, low=max(interval.low, 0.0))
    return Score("ECE", value, interval, len(totals), len(totals), reason=reason)


def brier(values: FloatArray, truth: IntArray, *, level: float = 0.95, seed: int = 0) -> Score:
    """Mean squared distance of probabilities (n, k) from the true class, summed over classes.

    References
    ----------
    Brier (1950), Monthly Weather Review 78; between 0 and 2.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.robust.comparing.facts import brier
    >>> brier(np.tile([0.0, 1.0], (4, 1)), np.array([1, 1, 1, 0])).value
    0.5
    """
    lost = ((values - np.eye(values.shape[1])[truth]) ** 2).sum(axis=1)
    totals = np.stack([lost, np.ones(len(lost))], axis=1)

    def statistic(total: FloatArray) -> FloatArray:
        return np.asarray(total[..., :1] / total[..., 1:])

    return _score("Brier", totals, statistic, level=level, seed=seed)


def _score(
    metric: str, totals: FloatArray, statistic: Statistic, *, level: float, seed: int
) -> Score:
    """A mean over rows with its interval."""
    value = float(statistic(totals.sum(axis=0))[0])
    found = smooth_intervals(totals, statistic, scales=["plain"], level=level, seed=seed)
    interval, reason = found[0]
    return Score(metric, value, interval, len(totals), len(totals), reason=reason)


def constant_note(name: str, decision: IntArray, classes: Sequence[Label] | None) -> str:
    """What a reader has to know of a model that decides alike on all rows; empty if it does not."""
    if len(decision) == 0 or (decision != decision[0]).any():
        return ""
    said = decision[0] if classes is None else classes[int(decision[0])]
    return (
        f"{name} decides for {said} on every held-out row: any constant follows it, so that its "
        "fidelity is an artefact and says nothing of how readable it is."
    )


def suspected(scores: Mapping[str, Score], n_classes: int) -> dict[str, str]:
    """Models that are right about as often as chance, where others are right far more often.

    Parameters
    ----------
    scores : mapping from name to Score
        Accuracy on the same rows; the baseline is that of the majority class.
    n_classes : int

    Returns
    -------
    dict from name to str
        What is suspected of each.
    """
    found = {}
    best = max((score.value or 0.0 for score in scores.values()), default=0.0)
    for name, score in scores.items():
        chance = max(score.baseline or 0.0, 1.0 / n_classes)
        value = score.value or 0.0
        if value > chance + NEAR * (1 - chance):
            continue
        far = best >= chance + FAR
        if not far and value > 1.0 / n_classes + NEAR:
            continue  # of a rare class, a good model may be right about as often as a constant
        others = f", where the best is right on {number(best, percent=True)}" if far else ""
        found[name] = (
            f"{name} is right on {number(value, percent=True)} of held-out rows, about as often as "
            f"chance ({number(chance, percent=True)}){others}: suspect that its input has another "
            "scale (pixels of 0 to 255 against 0 to 1, raw columns against standardised ones) or "
            "its classes another order, before its figures are read; wrap(model, preprocess=..., "
            "classes=...) says both."
        )
    return found
