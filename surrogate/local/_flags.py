"""What is bad about an explanation, said in words."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special

from surrogate.explanation.local_fidelity import LocalFidelity
from surrogate.local._fit import Fit
from surrogate.local._fresh import Fresh
from surrogate.local._moments import BLOCKS
from surrogate.local._solve import COLLINEAR
from surrogate.types import BoolArray, FloatArray, IntArray

__all__ = ["FEW", "WEAK", "flag_rows"]

WEAK = 0.5
"""Weighted R² below which a linear form misses more than half of what happens near a row."""
FEW = 3.0
"""Effective samples for each coefficient below which coefficients are mostly noise."""


def flag_rows(
    fit: Fit, fresh: Fresh, fidelity: LocalFidelity, shown: IntArray
) -> tuple[tuple[str, ...], ...]:
    """Clauses for each row; an empty tuple where nothing is wrong.

    ``shown[i]`` is the class of row i that is judged: the one that the model decides for. Of
    classes that are out of the question near a row there is little to describe.
    """
    at = np.arange(len(shown)), shown
    value, error, spread = fidelity.value[at], fidelity.error[at], fresh.spread[at]
    needed = FEW * (fit.coef.shape[2] + 1)
    largest, half = _largest(fit, shown, fidelity.level)
    flat = np.asarray(np.isnan(fidelity.value).all(axis=1))
    flags: list[list[str]] = [[] for _ in shown]

    def say(where: BoolArray, clause: Callable[[int], str]) -> None:
        for i in np.flatnonzero(where).tolist():
            flags[i].append(clause(i))

    with np.errstate(invalid="ignore"):
        weak, off = value < WEAK, error > np.maximum(spread, 1e-9)
        blunt = ~off & (error >= np.maximum(largest, 1e-9))
        bare = ~weak & np.isfinite(value) & np.isnan(fidelity.low[at])
        unsure = half >= largest
    say(fit.ess < needed, lambda i: _few(float(fit.ess[i]), needed))
    say(flat, lambda _: _FLAT)
    say(weak, lambda i: _weak(fidelity, i, int(shown[i])))
    say(bare, lambda i: _bare(float(fidelity.ess[i])))
    say(off, lambda i: _off(float(error[i]), float(spread[i])))
    say(blunt, lambda i: _blunt(float(error[i]), float(largest[i])))
    say(unsure, lambda i: _unsure(float(largest[i]), float(half[i])))
    say(fit.condition >= COLLINEAR, lambda _: _TOGETHER)
    return tuple(map(tuple, flags))


def _largest(fit: Fit, shown: IntArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Size of each row's largest coefficient, and half the width of its interval."""
    rows = np.arange(len(shown))
    size = np.abs(fit.coef[rows, shown])
    place = rows, size.argmax(axis=1)
    quantile = special.stdtrit(BLOCKS - 1, (1 + level) / 2)
    return size[place], quantile * fit.errors[rows, shown][place]


_FLAT = "the model does not vary around the row, so fidelity is undefined"
_TOGETHER = "some features move together, and their coefficients cannot be told apart"


def _few(ess: float, needed: float) -> str:
    """Too few effective samples for the number of coefficients."""
    return (
        f"the kernel leaves {ess:,.0f} effective samples where {needed:,.0f} are wanted: "
        "raise `n_samples` or `width`"
    )


def _weak(fidelity: LocalFidelity, i: int, c: int) -> str:
    """A form that misses most of what the model does."""
    value, low, high = (float(a[i, c]) for a in (fidelity.value, fidelity.low, fidelity.high))
    if low <= 0 or (np.isnan(low) and value <= 0):
        poorly = "is not shown to describe the model better than a constant does around the row"
    else:
        poorly = "describes the model poorly around the row"
    interval = f"{fidelity.level:.0%} interval {low:.2f} to {high:.2f}"
    if np.isnan(low):
        interval = f"{fidelity.ess[i]:,.0f} effective fresh samples, too few for an interval"
    return f"a linear form {poorly}: weighted R² {value:.2f} ({interval})"


def _bare(ess: float) -> str:
    """A fidelity on too few rows to say how sure it is."""
    return (
        f"its fidelity rests on {ess:,.0f} effective fresh samples, too few for an interval: "
        "raise `fidelity` or `width`"
    )


def _off(error: float, spread: float) -> str:
    """A form that is wrong where it stands by more than the model varies around it."""
    return (
        f"it misses the model's own answer at the row by {error:.3g}, more than the answers' "
        f"standard deviation around it ({spread:.3g})"
    )


def _blunt(error: float, largest: float) -> str:
    """A form that is wrong where it stands by as much as its largest effect."""
    return (
        f"it misses the model's own answer at the row by {error:.3g}, as much as its largest "
        f"coefficient ({largest:.3g})"
    )


def _unsure(largest: float, half: float) -> str:
    """Not even the largest effect has a sign."""
    return (
        f"its largest coefficient, {largest:.3g} ± {half:.3g}, is not told from 0: raise "
        "`n_samples` or `width`"
    )
