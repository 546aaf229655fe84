"""Two classes whose answers sum to one: what is said of one says the other."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from surrogate.local._fit import Fit
from surrogate.local._fresh import Fresh
from surrogate.types import FloatArray

__all__ = ["doubled", "is_pair", "mirrored"]


def is_pair(Y: FloatArray) -> bool:
    """Whether there are two classes whose answers sum to one: then one tells the other."""
    return Y.shape[-1] == 2 and bool(np.all(np.abs(Y[..., 0] + Y[..., 1] - 1.0) < 1e-6))


def mirrored(fit: Fit) -> Fit:
    """Forms of both classes, from those of the second."""
    return replace(
        fit,
        coef=np.concatenate([-fit.coef, fit.coef], axis=1),
        errors=np.concatenate([fit.errors, fit.errors], axis=1),
        intercept=np.concatenate([1.0 - fit.intercept, fit.intercept], axis=1),
        r2=np.concatenate([fit.r2, fit.r2], axis=1),
        sums=np.concatenate([fit.sums, fit.sums], axis=3),  # of which only spreads are read
    )


def doubled(fresh: Fresh) -> Fresh:
    """The fidelity of both classes, which is that of the second."""
    both = {
        field.name: np.repeat(getattr(fresh, field.name), 2, axis=1)
        for field in fields(fresh)
        if field.name != "ess"
    }
    return replace(fresh, **both)
