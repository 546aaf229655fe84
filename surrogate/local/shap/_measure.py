"""How well an additive form answers coalitions that it was not fitted on; what is bad."""

from __future__ import annotations

import numpy as np

from surrogate.fidelity import weighted_r2
from surrogate.local._flags import WEAK
from surrogate.local._fresh import Fresh
from surrogate.types import BoolArray, FloatArray

__all__ = ["flags_of", "measure"]

_UNSURE = 0.5  # of the largest value, from which a standard error says that little is known


def measure(
    values: FloatArray,
    masks: BoolArray,
    weight: FloatArray,
    *,
    none: FloatArray,
    phi: FloatArray,
    whole: bool,
    level: float,
) -> Fresh:
    """Kernel-weighted R² of one row's forms: values (f, k), masks (f, m), phi (k, m).

    Where these are all coalitions there are, it has no error of sampling.
    """
    k = len(phi)
    fresh = Fresh.empty(1, k)
    if not len(masks):  # one player or none: the form says what the model does
        spread = np.abs(phi).sum(axis=1)
        fresh.spread[0] = spread
        for part in (fresh.value, fresh.low, fresh.high):
            part[0] = np.where(spread > 0, 1.0, np.nan)
        return fresh
    errors = values - (none + masks @ phi.T)  # (f, k)
    found = weighted_r2(errors.T[None], values.T[None].copy(), weight[None], level=level)
    fresh.value[:], fresh.spread[:], fresh.ess[:] = found.value, found.spread, found.ess
    fresh.low[:], fresh.high[:] = (found.value,) * 2 if whole else (found.low, found.high)
    return fresh


def flags_of(
    fresh: Fresh, coef: FloatArray, errors: FloatArray, *, shown: int, level: float
) -> tuple[str, ...]:
    """Clauses on one row, about the class that the model decides for."""
    flags = []
    value, low, high = (float(a[0, shown]) for a in (fresh.value, fresh.low, fresh.high))
    if np.isnan(fresh.value).all():
        flags.append("the model does not vary as features are replaced, so fidelity is undefined")
    elif value < WEAK:
        interval = f" ({level:.0%} interval {low:.2f} to {high:.2f})" if low < high else ""
        flags.append(
            "features act together: adding up their values describes other coalitions poorly, "
            f"with weighted R² {value:.2f}{interval}"
        )
    largest, unsure = float(np.abs(coef[shown]).max()), float(errors[shown].max())
    if unsure > _UNSURE * largest > 0:
        flags.append(
            f"values are unsure: the largest standard error is {unsure:.2g} where the largest "
            f"value is {largest:.2g}; raise `n_samples`"
        )
    return tuple(flags)
