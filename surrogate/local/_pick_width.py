"""Which kernel width to take, from how fidelity and stability change with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from surrogate.fidelity import Score
from surrogate.types import BoolArray, FloatArray

__all__ = ["LOSS", "STEADY", "Measured", "curve", "pick_width", "row_curve"]

STEADY = 0.6
"""Overlap of the largest coefficients of two fits, mean over rows, that a width has to reach."""
LOSS = 0.1
"""R² that a narrower kernel is allowed to lose against the best one, its interval included."""


@dataclass(frozen=True, eq=False)
class Measured:
    """Fidelity at w widths.

    Parameters
    ----------
    ends : array of shape (w, 3)
        R² over all rows, low and high.
    replicates : array of shape (blocks, w)
        R² with one block of the fresh rows left out.
    """

    ends: FloatArray
    replicates: FloatArray

    @staticmethod
    def of(score: Score) -> tuple[float, float, float]:
        """Value, low and high of a score; NaN where there is none."""
        value = np.nan if score.value is None else score.value
        if score.interval is None:
            return value, np.nan, np.nan
        return value, score.interval.low, score.interval.high


def curve(sums: FloatArray, *, level: float) -> Measured:
    """R² over all rows, with the jackknife over blocks of fresh rows.

    R² is one minus the forms' squared errors over the variance of the answers around the row,
    both summed over rows and fresh rows as the kernels weigh them: where the model does not vary,
    or no fresh row is near, nothing counts. The interval stands on log(1 - R²).

    Parameters
    ----------
    sums : array of shape (w, r, blocks, 4)
        Weighted sums of 1, y, y² and squared errors.
    level : float
    """
    whole = sums.sum(axis=2)
    blocks = sums.shape[2]
    without = np.stack([_rest(whole - sums[:, :, b]) for b in range(blocks)])  # (blocks, w)
    rest = _rest(whole)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(without)
        error = np.sqrt((blocks - 1) / blocks * ((logs - logs.mean(axis=0)) ** 2).sum(axis=0))
        half = special.stdtrit(blocks - 1, (1 + level) / 2) * error
    ends = np.stack([1 - rest, 1 - rest * np.exp(half), 1 - rest * np.exp(-half)], axis=1)
    ends[~np.isfinite(ends).all(axis=1), 1:] = np.nan
    return Measured(ends, 1 - without)


def row_curve(sums: FloatArray) -> FloatArray:
    """R² of every row (w, r); NaN where the model does not vary."""
    lost, varied = _parts(sums.sum(axis=2))
    return 1 - _ratio(lost, varied)


def _parts(sums: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Squared errors and squared deviations, weighted: (w, r) each, from sums (w, r, 4)."""
    weight, y, square, lost = np.moveaxis(sums, -1, 0)
    varied = square - y**2 / np.where(weight > 0, weight, 1.0)
    return lost, np.where(varied > 1e-14 * square, varied, 0.0)


def _rest(sums: FloatArray) -> FloatArray:
    """1 - R² over all rows, (w,)."""
    lost, varied = (part.sum(axis=1) for part in _parts(sums))
    return _ratio(lost, varied)


def _ratio(lost: FloatArray, varied: FloatArray) -> FloatArray:
    """Their ratio, NaN where nothing varies."""
    found: FloatArray = np.full(lost.shape, np.nan)
    np.divide(lost, varied, out=found, where=varied > 0)
    return found


def pick_width(
    measured: Measured, overlap: FloatArray, enough: BoolArray, *, widths: FloatArray, level: float
) -> tuple[int | None, str]:
    """The narrowest steady width that is shown to lose little, and the reason in words.

    Of the widths with enough effective samples at which two fits' largest coefficients overlap
    by `STEADY` or more, the best has the highest R²; picked is the narrowest whose loss against
    the best is at most `LOSS`, the upper end of its interval included (a test of
    non-inferiority). Where no width is steady, those within `LOSS` of the steadiest stand in.

    Parameters
    ----------
    measured : Measured
    overlap : array of shape (w,)
    enough : bool array of shape (w,)
        Where the kernel leaves enough effective samples.
    widths : array of shape (w,)
        Ascending.
    level : float

    Returns
    -------
    int or None
        None where R² is undefined at every width.
    str
    """
    value = measured.ends[:, 0]
    known = np.isfinite(value) & np.isfinite(overlap)
    if not known.any():
        return None, "the model does not vary around the rows, so no width is better than another"
    known = known & enough if (known & enough).any() else known
    steady, bar = known & (overlap >= STEADY), f"of at least {STEADY:g}"
    if not steady.any():
        steady = known & (overlap >= overlap[known].max() - LOSS)
        bar = f"near the highest there is, as none reaches {STEADY:g},"
    best = int(np.argmax(np.where(steady, value, -np.inf)))
    apart = measured.replicates[:, best, None] - measured.replicates  # (blocks, w)
    blocks = len(apart)
    error = np.sqrt((blocks - 1) / blocks * ((apart - apart.mean(axis=0)) ** 2).sum(axis=0))
    most = value[best] - value + special.stdtrit(blocks - 1, (1 + level) / 2) * error
    near = steady & (most <= LOSS)
    near[best] = True
    picked = int(np.argmax(near))
    return picked, _reason(widths, value, overlap, picked=picked, best=best, bar=bar)


def _reason(
    widths: FloatArray, value: FloatArray, overlap: FloatArray, *, picked: int, best: int, bar: str
) -> str:
    """Why a width was picked."""
    said = f"{widths[picked]:.3g} of {len(widths)} widths from {widths[0]:.3g} to {widths[-1]:.3g}"
    figures = f"R² {value[picked]:.2f}, overlap of the largest coefficients {overlap[picked]:.2f}"
    if picked == best:
        against = f"it has the best R², and no narrower one is shown to lose at most {LOSS:g} of it"
    else:
        against = (
            f"it is the narrowest that is shown to lose at most {LOSS:g} of the best R², "
            f"{value[best]:.2f} at {widths[best]:.3g}"
        )
    return f"{said} ({figures}): among those with an overlap {bar} {against}"
