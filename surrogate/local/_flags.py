"""What is bad about an explanation, said in words."""

from __future__ import annotations

import numpy as np

from surrogate.explanation.local_fidelity import LocalFidelity
from surrogate.local._fit import Fit
from surrogate.local._fresh import Fresh
from surrogate.local._solve import COLLINEAR
from surrogate.types import IntArray

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
    flat = np.isnan(fidelity.value).all(axis=1)
    with np.errstate(invalid="ignore"):
        weak, off = value < WEAK, error > np.maximum(spread, 1e-9)
    flags: list[list[str]] = [[] for _ in shown]
    for i in np.flatnonzero(fit.ess < needed).tolist():
        flags[i].append(_few(float(fit.ess[i]), needed))
    for i in np.flatnonzero(flat).tolist():
        flags[i].append("the model does not vary around the row, so fidelity is undefined")
    for i in np.flatnonzero(weak).tolist():
        flags[i].append(_weak(fidelity, i, int(shown[i])))
    for i in np.flatnonzero(off).tolist():
        flags[i].append(_off(float(error[i]), float(spread[i])))
    for i in np.flatnonzero(fit.condition >= COLLINEAR).tolist():
        flags[i].append(_TOGETHER)
    return tuple(map(tuple, flags))


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
    interval = f"{fidelity.level:.0%} interval {low:.2f} to {high:.2f}"
    if np.isnan(low):
        interval = f"{fidelity.ess[i]:,.0f} effective fresh samples, too few for an interval"
    return (
        f"a linear form describes the model poorly around the row: weighted R² {value:.2f} "
        f"({interval})"
    )


def _off(error: float, spread: float) -> str:
    """A form that is wrong where it stands by more than the model varies around it."""
    return (
        f"it misses the model's own answer at the row by {error:.3g}, more than the answers' "
        f"standard deviation around it ({spread:.3g})"
    )
