"""What is bad about an explanation, said in words."""

from __future__ import annotations

import numpy as np

from surrogate.explanation.local_fidelity import LocalFidelity
from surrogate.local._fit import Fit
from surrogate.local._fresh import Fresh
from surrogate.local._solve import COLLINEAR

__all__ = ["WEAK", "flag_rows"]

WEAK = 0.5
"""Weighted R² below which a linear form misses more than half of what happens near a row."""
FEW = 3.0
"""Effective samples for each coefficient below which coefficients are mostly noise."""


def flag_rows(fit: Fit, fresh: Fresh, fidelity: LocalFidelity) -> tuple[tuple[str, ...], ...]:
    """Clauses for each row; an empty tuple where nothing is wrong."""
    r, _, d = fit.coef.shape
    needed = FEW * (d + 1)
    return tuple(
        tuple(
            clause
            for clause in (
                _kernel(fit.ess[i], needed),
                _flat(fidelity, i),
                _weak(fidelity, i),
                _off(fidelity, fresh, i),
                _moving_together(fit.condition[i]),
            )
            if clause
        )
        for i in range(r)
    )


def _kernel(ess: float, needed: float) -> str:
    """Too few effective samples."""
    if ess >= needed:
        return ""
    return (
        f"the kernel leaves {ess:,.0f} effective samples where {needed:,.0f} are wanted: "
        "raise `n_samples` or `width`"
    )


def _flat(fidelity: LocalFidelity, i: int) -> str:
    """Nothing varies, so nothing was explained."""
    if not np.isnan(fidelity.value[i]).all():
        return ""
    return "the model does not vary around the row, so fidelity is undefined"


def _weak(fidelity: LocalFidelity, i: int) -> str:
    """A form that misses most of what the model does; told for the worst class."""
    values = fidelity.value[i]
    if np.isnan(values).all() or np.nanmin(values) >= WEAK:
        return ""
    c = int(np.nanargmin(values))
    return (
        f"a linear form describes the model poorly around the row: weighted R² "
        f"{values[c]:.2f} ({fidelity.level:.0%} interval {fidelity.low[i, c]:.2f} to "
        f"{fidelity.high[i, c]:.2f})"
    )


def _off(fidelity: LocalFidelity, fresh: Fresh, i: int) -> str:
    """A form that is wrong where it stands by more than the model varies around it."""
    spread, error = fresh.spread[i], fidelity.error[i]
    with np.errstate(invalid="ignore"):
        off = error > np.maximum(spread, 1e-9)
    if not off.any():
        return ""
    c = int(np.argmax(np.where(off, error, -1.0)))
    return (
        f"it misses the model's own answer at the row by {error[c]:.3g}, more than the answers' "
        f"standard deviation around it ({spread[c]:.3g})"
    )


def _moving_together(condition: float) -> str:
    """Coefficients that cannot be told apart."""
    if condition < COLLINEAR:
        return ""
    return "some features move together, and their coefficients cannot be told apart"
